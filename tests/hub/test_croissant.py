"""Specification of tinytorch_hf.hub.croissant: what MLCommons' own library makes of the built folders."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Run

from docs.tools import tables
from tinytorch_hf import as_hf, catalog
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


# In a process that has not imported `datasets`: that registers a type for arrays, with which pandas hands
# mlcroissant something it does not expect.
READ = """
import pathlib, sys, mlcroissant, numpy
plain = lambda value: value.decode("utf-8") if isinstance(value, bytes) else numpy.asarray(value)
def columns(path):
    dataset = mlcroissant.Dataset(jsonld=str(path))
    for record_set in dataset.metadata.record_sets:
        records = list(dataset.records(record_set.id))
        for column in records[0]:
            yield f"{path.parent.name}/{column}", numpy.array([plain(record[column]) for record in records])
files = [pathlib.Path(folder, "croissant.json") for folder in sys.argv[1:]]
numpy.savez("read.npz", **{name: values for path in files for name, values in columns(path)})
"""


def doubles(rows: Any) -> dict[str, Any]:
    """The columns of float64, which the library's own format for NumPy rounds to float32."""
    return {name: np.array(rows[name][:]) for name, of in rows.features.items() if of.dtype == "float64"}


def test_every_record_can_be_read_through_it(
    hub: Path, own: dict[str, DatasetInfo], own_hub: Path, run_with_libraries: Run, tmp_path: Path
) -> None:
    """Each field of each configuration and split of each dataset, with the curated values, without network."""
    datasets = {**{name: catalog.info(name) for name in catalog.shipped_names()}, **own}
    done = run_with_libraries("-c", READ, *(str((own_hub if name in own else hub) / name) for name in datasets))
    assert done.returncode == 0, done.stderr

    expected = {
        f"{name}/{config}/{split}/{column}": values
        for name, dataset in datasets.items()
        for config in as_hf.config_names(dataset)
        for split, rows in as_hf.load(dataset, config).items()
        for column, values in {**rows.with_format("numpy")[:], **doubles(rows)}.items()
    }
    with np.load(tmp_path / "read.npz") as read:
        assert set(read) == set(expected)
        for column, values in expected.items():
            np.testing.assert_array_equal(read[column], values, err_msg=column)
