"""Specification of tinytorch_hf.hub.croissant: what MLCommons' own library makes of the built folders."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from croissant_records import compare, record_sets

from docs.tools import tables
from tinytorch_hf import catalog
from tinytorch_hf.catalog import DatasetInfo

EVERY_DATASET = pytest.mark.parametrize("name", catalog.shipped_names())


def opened(hub: Path, name: str) -> Any:
    """A built folder's description, as MLCommons' library understands it."""
    import mlcroissant

    return mlcroissant.Dataset(jsonld=str(hub / name / "croissant.json"))


def described(hub: Path, name: str) -> Any:
    """A built folder's description, as JSON."""
    return json.loads((hub / name / "croissant.json").read_text(encoding="utf-8"))


@EVERY_DATASET
def test_it_is_valid(name: str, hub: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No error, and no advice but for the date of a publication that has not happened."""
    with caplog.at_level(logging.WARNING):
        dataset = opened(hub, name)

    assert dataset.metadata.ctx.issues.errors == set()
    advice = {line for line in dataset.metadata.ctx.issues.warnings if "datePublished" not in line}
    assert advice == set()
    assert "@context" not in caplog.text


@EVERY_DATASET
def test_it_says_what_the_catalog_says(name: str, hub: Path) -> None:
    """Name, version, licence, source and citation."""
    metadata = opened(hub, name).metadata
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


def test_every_record_can_be_read_through_it(
    hub: Path, own: dict[str, DatasetInfo], own_hub: Path, run_with_libraries: Run, tmp_path: Path
) -> None:
    """Each field of each configuration and split of each dataset, with the curated values, without network.

    A thousand arrays of 28x28 take MLCommons' library seconds: these are read in `nox -s longer`.
    """
    datasets = {hub / name: catalog.info(name) for name in catalog.shipped_names()}
    datasets |= {own_hub / name: dataset for name, dataset in own.items()}
    wanted = {folder: (dataset, record_sets(dataset)) for folder, dataset in datasets.items()}
    wanted[hub / "tinymnist"][1].remove("array/train")

    compare(wanted, run_with_libraries, tmp_path)
