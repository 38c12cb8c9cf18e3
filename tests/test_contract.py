"""Specification of what holds for every dataset, built-in or of the user's own: the same content on every road.

MNIST and CIFAR-10 stand here with a few images in their own files' format. What takes seconds for the two that are
built on the user's machine, and all of MNIST, is in `nox -s longer`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from own_datasets import MAKERS
from serving import ask, serving

import tinytorch_hf
from tinytorch_hf import as_hf, as_tinytorch, catalog
from tinytorch_hf.as_torch import read_back
from tinytorch_hf.catalog import KINDS, DatasetInfo
from tinytorch_hf.cli import main
from tinytorch_hf.compare import lockstep, tasks
from tinytorch_hf.data import content_hash, statistics
from tinytorch_hf.files.splits import Split, dtype_name
from tinytorch_hf.hub.contents import Snapshot
from tinytorch_hf.mirror import server
from tinytorch_hf.mirror.repositories import Repository, by_id

# In files of their own size; the others among the built-in ones are in MAKERS.
GENUINE = [name for name in catalog.built_in_names() if name not in MAKERS]
NAMES = [*GENUINE, *MAKERS]
EVERY_DATASET = pytest.mark.parametrize("name", NAMES)
# Without those of which `tests/contract_in_full.py` says the same.
EVERY_QUICK_ONE = pytest.mark.parametrize("name", [n for n in NAMES if n in MAKERS or catalog.info(n).is_shipped])

Splits = Mapping[str, Split]
Find = Callable[[str], DatasetInfo]


@pytest.fixture
def find(own: dict[str, DatasetInfo], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Find:
    """Facts of a dataset whose files are here; what has to be made first is made."""

    def find(name: str) -> DatasetInfo:
        dataset = own.get(name) or catalog.info(name)
        if dataset.provided == "built":
            # One is cut from genuine images, where there are any; the other needs only a Python.
            root = request.getfixturevalue(f"{name}_root") if dataset.cut_from else request.getfixturevalue("cache")
            if not dataset.cut_from:
                request.getfixturevalue(name)
            monkeypatch.setenv("TINYTORCH_HF_CACHE", str(root))
        return dataset

    return find


@pytest.fixture
def built(hub: Path, own_hub: Path) -> Callable[[DatasetInfo], Path]:
    """The folder of a dataset that was built for the Hub."""

    def built(dataset: DatasetInfo) -> Path:
        return next(folder / dataset.name for folder in (hub, own_hub) if (folder / dataset.name).is_dir())

    return built


def _same(dataset: DatasetInfo, served: Splits) -> None:
    """What a road serves is what the files hold."""
    found, expected = content_hash.fingerprints(dataset, served)
    assert found == expected
    assert list(served) == [split.name for split in dataset.splits]


@EVERY_DATASET
def test_numpy_gives_the_columns_that_the_facts_state(name: str, find: Find) -> None:
    """With the dtypes, shapes and numbers of samples; among them those that every dataset of its kind has."""
    dataset = find(name)
    splits = tinytorch_hf.load(dataset)

    _same(dataset, splits)
    for split in dataset.splits:
        columns = splits[split.name]
        assert len(columns) == split.n_samples
        assert {c.name: (c.dtype, c.shape) for c in dataset.columns} == {
            column: (dtype_name(array), array.shape[1:]) for column, array in columns.items()
        }
    assert {column for column, _dtype in KINDS[dataset.kind].required} <= {c.name for c in dataset.columns}
    (first, *_), one = splits.values(), tinytorch_hf.load(dataset, dataset.splits[0].name)
    assert all(np.array_equal(first[column], one[column]) for column in one)


@EVERY_DATASET
def test_the_class_serves_the_same(name: str, find: Find) -> None:
    """One sample after the other, by its class; images also as tensors."""
    dataset = find(name)

    _same(dataset, read_back.from_class(dataset))
    if dataset.kind == "images":
        _same(dataset, read_back.from_tensors(dataset))


@EVERY_DATASET
def test_the_tinytorch_bridge_serves_the_same(name: str, find: Find) -> None:
    """Images and labels, or texts as windows of ids."""
    dataset = find(name)

    _same(dataset, as_tinytorch.read_back(dataset))


@EVERY_QUICK_ONE
def test_hugging_face_serves_the_same(name: str, find: Find) -> None:
    """In memory, in the default configuration."""
    dataset = find(name)

    found, expected = as_hf.fingerprints(dataset, as_hf.load(dataset))
    assert found == expected


@EVERY_QUICK_ONE
def test_what_is_built_is_loaded_as_the_same(
    name: str, find: Find, built: Callable[[DatasetInfo], Path], tmp_path: Path
) -> None:
    """By `load_dataset`, from Parquet, in the default configuration; its card and Croissant lie beside it."""
    import datasets

    dataset = find(name)
    folder = built(dataset)
    loaded = datasets.load_dataset(str(folder), cache_dir=str(tmp_path))

    found, expected = as_hf.fingerprints(dataset, loaded)
    assert found == expected
    assert {"README.md", "croissant.json", "samples.png"} <= {path.name for path in folder.iterdir()}


@pytest.fixture(scope="module")
def shelf(own: dict[str, DatasetInfo]) -> Iterator[str]:
    """A mirror's pages of every dataset, without files; the address."""
    nothing = {"main": Snapshot("0" * 40, {})}
    infos = [own.get(name) or catalog.info(name) for name in NAMES]
    shown = [Repository(dataset.repo_id, nothing, dataset=dataset) for dataset in infos]
    with serving(server.server(by_id(shown))) as address:
        yield address


@EVERY_DATASET
def test_the_mirror_has_a_page_with_samples(name: str, find: Find, shelf: str) -> None:
    """Summary, choice of a split, samples and statistics."""
    dataset = find(name)

    answer = ask(shelf, f"/datasets/{quote(dataset.repo_id)}")

    page = answer.body.decode("utf-8")
    assert answer.status == 200
    assert "cannot be shown" not in page
    assert f"{dataset.splits[0].n_samples} samples, page 1" in page
    assert all(f'value="{split.name}"' in page for split in dataset.splits)


@EVERY_DATASET
def test_it_is_described_and_counted(name: str, find: Find, capsys: pytest.CaptureFixture[str]) -> None:
    """Statistics of every split; the command line shows it where it has a name there."""
    dataset = find(name)

    measured = statistics.statistics(tinytorch_hf.load(dataset))
    assert {split: values["n_samples"] for split, values in measured.items()} == {
        split.name: split.n_samples for split in dataset.splits
    }
    where = dataset.name if name in GENUINE else getattr(dataset.provider, "path", "")
    if name in GENUINE or (Path(where) / catalog.DESCRIPTION).exists():
        try:
            assert main(["show", where]) == main(["info", where]) == 0
        finally:
            catalog.forget(dataset.name)
        assert dataset.summary in capsys.readouterr().out


@EVERY_QUICK_ONE
def test_both_frameworks_agree_on_it(name: str, find: Find) -> None:
    """A training of one epoch, of an MLP or a GPT."""
    dataset = find(name)
    model = "mlp" if dataset.kind == "images" else "gpt"
    batch_size = 4 if dataset.splits[0].n_samples < 100 else 256
    if name not in GENUINE:
        dataset = catalog.add(replace(dataset, name=f"small_{name}"))
    try:
        result = lockstep.run(tasks.settings_for(dataset, model, epochs=1, batch_size=batch_size))
    finally:
        catalog.forget(f"small_{name}")

    assert result.agree and result.n_steps > 0


def test_a_registered_dataset_is_found_by_its_name(own: dict[str, DatasetInfo]) -> None:
    """Everywhere where a built-in one is."""
    folder = Path(getattr(own["own_colours"].provider, "path"))  # noqa: B009 -- only some providers have one
    info = tinytorch_hf.register(folder)
    try:
        assert tinytorch_hf.info("own_colours") == info
        assert "own_colours" in tinytorch_hf.names()
        assert tinytorch_hf.fingerprint("own_colours") == info.fingerprint == own["own_colours"].fingerprint
        assert len(tinytorch_hf.dataset_class("own_colours")(train=False)) == 9
        assert {check.outcome.value for check in tinytorch_hf.verify("own_colours")} == {"ok"}
    finally:
        catalog.forget("own_colours")
