"""Specification of tinytorch_hf.hub.croissant: what MLCommons' own library makes of the built folders."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import mlcroissant
import numpy as np
import pytest

from tinytorch_hf import as_hf, catalog
from tinytorch_hf.hub import parquet, tables

EVERY_DATASET = pytest.mark.parametrize("name", catalog.names())


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every dataset built."""
    out = tmp_path_factory.mktemp("hub")
    for name in catalog.names():
        parquet.build(name, out)
    return out


def described(hub: Path, name: str) -> Any:
    """A built folder's description, as JSON."""
    return json.loads((hub / name / "croissant.json").read_text(encoding="utf-8"))


@EVERY_DATASET
def test_it_is_valid(name: str, hub: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No error, and no advice but for the date of a publication that has not happened."""
    with caplog.at_level(logging.WARNING):
        dataset = mlcroissant.Dataset(jsonld=str(hub / name / "croissant.json"))

    assert dataset.metadata.ctx.issues.errors == set()
    advice = {line for line in dataset.metadata.ctx.issues.warnings if "datePublished" not in line}
    assert advice == set()
    assert "@context" not in caplog.text


@EVERY_DATASET
def test_it_says_what_the_catalog_says(name: str, hub: Path) -> None:
    """Name, version, licence, source and citation."""
    metadata = mlcroissant.Dataset(jsonld=str(hub / name / "croissant.json")).metadata
    dataset = catalog.info(name)

    assert (metadata.name, metadata.description, metadata.version) == (name, dataset.summary, dataset.version)
    assert metadata.license == [f"https://spdx.org/licenses/{dataset.license}"]
    assert metadata.cite_as == tables.citation(name)
    assert described(hub, name)["isBasedOn"] == dataset.source_url


@EVERY_DATASET
def test_it_lists_every_parquet_file_with_its_hash(name: str, hub: Path) -> None:
    """And no other."""
    files = {file["contentUrl"]: file["sha256"] for file in described(hub, name)["distribution"]}

    assert files == {
        path.relative_to(hub / name).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (hub / name / "data").rglob("*.parquet")
    }


@EVERY_DATASET
def test_every_record_can_be_read_through_it(name: str, hub: Path) -> None:
    """Each field of each configuration and split, with the curated values, without network."""
    dataset = mlcroissant.Dataset(jsonld=str(hub / name / "croissant.json"))
    sets = {f"{config}/{split.name}" for config in as_hf.config_names(name) for split in catalog.info(name).splits}
    assert {record_set.id for record_set in dataset.metadata.record_sets} == sets

    for record_set in sets:
        config, split = record_set.split("/")
        expected = as_hf.load(name, config)[split]
        records = list(dataset.records(record_set))
        assert len(records) == len(expected)
        for column, feature in expected.features.items():
            values = [record[f"{record_set}/{column}"] for record in records]
            if feature.dtype == "string":
                assert [value.decode("utf-8") for value in values] == expected[column][:]
            else:
                assert np.array_equal([np.asarray(value) for value in values], plain(expected[column][:]))


def plain(values: Any) -> list[Any]:
    """Images, lists and numbers as arrays."""
    return [np.asarray(value) for value in values]
