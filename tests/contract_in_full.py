"""The contract of `test_contract` for what takes its time: MNIST and TinyCIFAR in full, for `nox -s longer`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinytorch_hf import as_hf, catalog
from tinytorch_hf.data import content_hash
from tinytorch_hf.hub import parquet


@pytest.mark.parametrize("name", ["mnist", "tinycifar"])
def test_what_is_built_in_full_is_loaded_as_the_same(
    name: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every image through PNG and Parquet and back."""
    monkeypatch.setenv("TINYTORCH_HF_CACHE", str(request.getfixturevalue(f"{name}_root")))
    dataset = catalog.info(name)

    folder = parquet.build(dataset, tmp_path)

    for config in as_hf.config_names(dataset):
        found, expected = content_hash.fingerprints(dataset, parquet.read_back(dataset, folder, config))
        assert found == expected
