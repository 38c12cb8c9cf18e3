"""Every record of a built folder, as MLCommons' own library reads it, beside what the curated files hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from conftest import Run

from tinytorch_hf import as_hf
from tinytorch_hf.catalog import DatasetInfo

# In a process that has not imported `datasets`: that registers a type for arrays, with which pandas hands
# mlcroissant something it does not expect.
_READ = """
import json, sys, mlcroissant, numpy
plain = lambda value: value.decode("utf-8") if isinstance(value, bytes) else numpy.asarray(value)
def columns(folder, wanted):
    dataset = mlcroissant.Dataset(jsonld=f"{folder}/croissant.json")
    assert set(wanted) <= {record_set.id for record_set in dataset.metadata.record_sets}
    for record_set in wanted:
        records = list(dataset.records(record_set))
        of_split = [f"{record_set}/split", f"split/{record_set}"][f"split/{record_set}" in records[0]]
        for split in {record[of_split] for record in records}:
            found = [record for record in records if record[of_split] == split]
            for column in set(found[0]) - {of_split}:
                values = numpy.array([plain(record[column]) for record in found])
                yield f"{folder}/{record_set}/{split.decode()}/{column.removeprefix(record_set + '/')}", values
wanted = json.loads(sys.argv[1])
numpy.savez("read.npz", **{name: values for folder in wanted for name, values in columns(folder, wanted[folder])})
"""


def record_sets(dataset: DatasetInfo) -> list[str]:
    """All that a built folder has: one for each configuration."""
    return list(as_hf.config_names(dataset))


def doubles(rows: Any) -> dict[str, Any]:
    """The columns of float64, which the library's own format for NumPy rounds to float32."""
    return {name: np.array(rows[name][:]) for name, of in rows.features.items() if of.dtype == "float64"}


def compare(wanted: Mapping[Path, tuple[DatasetInfo, list[str]]], run_with_libraries: Run, scratch: Path) -> None:
    """Read these record sets of built folders, and compare each field with the curated values."""
    ids = {str(folder): record_sets for folder, (_, record_sets) in wanted.items()}
    done = run_with_libraries("-c", _READ, json.dumps(ids), cwd=scratch)
    assert done.returncode == 0, done.stderr

    expected = {
        f"{folder}/{config}/{split}/{column}": values
        for folder, (dataset, record_sets) in wanted.items()
        for config in as_hf.config_names(dataset)
        for split, rows in as_hf.load(dataset, config).items()
        if config in record_sets
        for column, values in {**rows.with_format("numpy")[:], **doubles(rows)}.items()
    }
    with np.load(scratch / "read.npz") as read:
        assert set(read) == set(expected)
        for column, values in expected.items():
            np.testing.assert_array_equal(read[column], values, err_msg=column)
