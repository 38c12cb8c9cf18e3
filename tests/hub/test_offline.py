"""Specification of tinytorch_hf.hub.offline: the literal call with the network unplugged."""

from __future__ import annotations

from pathlib import Path

import datasets
import forked
import pytest
from conftest import Run, Start

from tinytorch_hf import as_hf, catalog
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.hub import cache, offline

ON_HUB = catalog.shipped_names()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of the library's cache; `run_python` finds the same."""
    root = tmp_path / "hf-home" / "datasets"
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", root)
    return root


@pytest.fixture
def forking(monkeypatch: pytest.MonkeyPatch, start: Start) -> None:
    """The fresh process is a forked one, in the tests that use this."""
    forked.use(monkeypatch, start, offline)


@pytest.mark.usefixtures("forking")
def test_every_literal_call_gives_the_curated_numbers(root: Path, own: dict[str, DatasetInfo]) -> None:
    """Each dataset alone, and with each configuration, also of users; the default carries all that is curated."""
    datasets = [*map(catalog.info, ON_HUB), *(dataset for name, dataset in own.items() if name.startswith("own_"))]
    cache.prepare(datasets)

    answers = offline.check(datasets)

    assert list(answers) == offline.literals(datasets)
    for dataset in datasets:
        for config in (None, as_hf.config_names(dataset)[0]):
            assert answers[offline.Literal(dataset, config)] == dataset.fingerprint


def test_a_stranger_without_our_package_needs_no_socket(root: Path, run_with_libraries: Run, tmp_path: Path) -> None:
    """Nothing of ours on the path, no connection made, one variable set."""
    cache.prepare(ON_HUB)
    program = (
        "import socket, sys\n"
        "def refuse(*_): sys.exit('a socket was opened')\n"
        "socket.socket.connect = refuse\n"
        "import datasets\n"
        f"for name in {ON_HUB}:\n"
        "    loaded = datasets.load_dataset('tinytorch/' + name)\n"
        "    print(name, {split: rows.num_rows for split, rows in loaded.items()})\n"
    )

    done = run_with_libraries("-c", program, PYTHONPATH="")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"{name} { {split.name: split.n_samples for split in catalog.info(name).splits} }" for name in ON_HUB
    ]


def test_calls_are_written_as_a_user_writes_them() -> None:
    """To be copied."""
    assert [str(call) for call in offline.literals(["tinytalks"])] == [
        'load_dataset("tinytorch/tinytalks")',
        'load_dataset("tinytorch/tinytalks", "pair")',
        'load_dataset("tinytorch/tinytalks", "text")',
    ]


@pytest.mark.usefixtures("forking")
def test_other_numbers_are_found(root: Path, tmp_path: Path) -> None:
    """A file with other labels, as whole as it looks, fails by its fingerprint."""
    cache.prepare(["tinydigits"])
    folder = cache.place("tinydigits", "array")
    other = as_hf.load("tinydigits", "array")["train"].map(lambda row: {"label": 9 - row["label"]})
    other.save_to_disk(tmp_path / "other")
    (written,) = (tmp_path / "other").glob("*.arrow")
    written.replace(folder / "tinydigits-train.arrow")

    with pytest.raises(CorruptFileError, match=r"tinydigits.* gives fingerprint .* --undo"):
        offline.check(["tinydigits"])


def test_a_cache_that_does_not_load_says_what_to_run(root: Path) -> None:
    """With the last line of the library's own complaint."""
    cache.prepare(["tinydigits"])
    (cache.place("tinydigits", "array") / "tinydigits-train.arrow").unlink()

    with pytest.raises(CorruptFileError, match=r"cache --undo.*tinydigits-train\.arrow"):
        offline.check(["tinydigits"])
