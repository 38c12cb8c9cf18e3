"""The contract of `test_contract` for what takes seconds: what is built here, and all of MNIST, for `nox -s longer`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinytorch_hf import as_hf, catalog
from tinytorch_hf.compare import lockstep, tasks
from tinytorch_hf.data import content_hash
from tinytorch_hf.hub import parquet


@pytest.fixture(params=["mnist", "tinycifar", "tinypy"])
def dataset(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> catalog.DatasetInfo:
    """Facts of a dataset whose files are here."""
    found = catalog.info(request.param)
    if found.archives or found.cut_from:
        monkeypatch.setenv("TINYTORCH_HF_CACHE", str(request.getfixturevalue(f"{found.name}_root")))
    else:
        request.getfixturevalue(found.name)
    return found


def test_hugging_face_serves_the_same(dataset: catalog.DatasetInfo, tmp_path: Path) -> None:
    """In memory, and every sample through Parquet and back, in every configuration."""
    folder = parquet.build(dataset, tmp_path)

    for config in as_hf.config_names(dataset):
        found, expected = as_hf.fingerprints(dataset, as_hf.load(dataset, config))
        assert found == expected
        found, expected = content_hash.fingerprints(dataset, parquet.read_back(dataset, folder, config))
        assert found == expected


def test_both_frameworks_agree_on_it(dataset: catalog.DatasetInfo) -> None:
    """A training of one epoch, with the model that comes first."""
    assert lockstep.run(tasks.settings_for(dataset, epochs=1)).agree
