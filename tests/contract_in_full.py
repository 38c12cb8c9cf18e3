"""The contract of `test_contract` for what takes seconds: what is built here, and all of MNIST, for `nox -s longer`.

With it what else says the same of more, or of larger datasets.
"""

from __future__ import annotations

from pathlib import Path

import croissant_records
import pytest
import yaml
from conftest import Run

from docs.tools import tables
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
    # Building has compared every configuration; the default is loaded once more.
    read = parquet.read_back(dataset, folder, as_hf.config_names(dataset)[0])
    found, expected = content_hash.fingerprints(dataset, read)
    assert found == expected


def test_the_statistics_of_mnist_are_those_of_its_datasheet(mnist_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From where its card takes them: nobody who writes a card has to have the files."""
    monkeypatch.setenv("TINYTORCH_HF_CACHE", str(mnist_root))

    assert tables.measured_part("statistics", 1, "mnist") == tables.statistics_table("mnist")


def test_the_folder_of_functions_has_their_licence(tinypy: str, tmp_path: Path) -> None:
    """Licence and datasheet lie beside the card, which names a licence that the Hub has no word for."""
    folder = parquet.build("tinypy", tmp_path)
    said = yaml.safe_load((folder / "README.md").read_text(encoding="utf-8").split("---\n")[1])

    assert {"LICENSE", "DATASHEET.md"} <= {path.name for path in folder.iterdir()}
    assert (said["task_categories"][0], said["license"], said["size_categories"][0]) == (
        *("text-generation", "other", "1K<n<10K"),
    )
    assert (said["license_name"], said["license_link"]) == ("psf-2.0", "LICENSE")


def test_both_frameworks_agree_on_it(dataset: catalog.DatasetInfo) -> None:
    """A training of one epoch, with the model that comes first."""
    assert lockstep.run(tasks.settings_for(dataset, epochs=1)).agree


def test_every_record_of_large_arrays_can_be_read_through_croissant(
    hub: Path, run_with_libraries: Run, tmp_path: Path
) -> None:
    """The thousand of 28x28 that `test_croissant` leaves out."""
    croissant_records.compare({hub / "tinymnist": (catalog.TINYMNIST, ["array"])}, run_with_libraries, tmp_path)
