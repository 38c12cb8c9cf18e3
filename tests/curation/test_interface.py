"""Specification of `tinytorch_hf.tinify`: any dataset in memory, and what is asked for in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from array_source import ArraySource

import tinytorch_hf
from tinytorch_hf import catalog
from tinytorch_hf.curation import interface
from tinytorch_hf.curation.planning import Plan
from tinytorch_hf.curation.sources.opening import Opened
from tinytorch_hf.curation.wish import Wish
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError

Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """No other test finds the sets in the catalogue."""
    yield
    catalog.forget("small")


class Pictures:
    """As torchvision's datasets are: coloured and grey pictures of Pillow's, and the numbers of their classes."""

    classes = ("left", "right")

    def __len__(self) -> int:
        return 60

    def __getitem__(self, place: int) -> tuple[Any, int]:
        pixels = np.random.default_rng(place).integers(0, 100, (12, 12, 3)).astype(np.uint8)
        pixels[:, 6 * (place % 2) :][:, :6] += 120
        picture = Image.fromarray(pixels)
        return (picture.convert("RGBA") if place % 3 else picture.convert("L")), place % 2


WORDS = {"n_per_class": 4, "n_test_per_class": 2, "is_proven": False}


def test_a_dataset_in_memory_becomes_a_tiny_one(tmp_path: Path) -> None:
    """Registered by its folder's name, with its classes; what comes back says what was found and cannot be changed."""
    told: list[tuple[str, int, int]] = []
    with ThreadPoolExecutor(2) as threads:
        made = tinytorch_hf.tinify(
            Pictures(),
            tmp_path / "small",
            license="MIT",
            executor=threads,
            on_progress=lambda *step: told.append(step),
            **WORDS,
        )
    train = tinytorch_hf.load("small", "train")

    assert train["images"].shape == (8, 3, 12, 12)
    assert made.dataset is not None and made.dataset.classes == ("left", "right")
    assert made.as_dict()["n_rows"] == {"left": 30, "right": 30}
    assert {what for what, _, _ in told} >= {"hashing shards", "reading", "choosing", "writing"}
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.folder = tmp_path  # type: ignore[misc]


def test_texts_in_memory_become_a_tiny_set(tmp_path: Path) -> None:
    """Any list of pairs will do."""
    words = {"sea": "ship wave port tide".split(), "hill": "rock peak goat path".split()}  # noqa: SIM905
    rng = np.random.default_rng(0)
    pairs = [(f"{' '.join(rng.permutation(words[label]))} {number}", label) for number in range(40) for label in words]
    made = tinytorch_hf.tinify(pairs, tmp_path / "small", license="CC0-1.0", workers=1, near=1.0, **WORDS)

    assert made.dataset is not None and made.dataset.kind == "plain text"
    assert len(tinytorch_hf.load("small", "test")["text"]) == 4


def test_numbers_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    """Before anything is read."""
    for words, message in (
        ({"n_per_class": 0}, "number of samples of each class must be a whole number of at least 1"),
        ({"near": 0.0}, "cosine of centred values from 0 to 1, not 0.0"),
        ({"seed": 2**40}, "seed .* is above"),
        ({"size": 1000}, "from 4 to 128"),
        ({"workers": 1, "executor": ThreadPoolExecutor(1)}, "Leave out workers or executor"),
        ({"workers": 0}, "number of workers must be a whole number of at least 1"),
        ({"memory": "1 parsec"}, "is not an amount of memory"),
    ):
        with pytest.raises(InvalidArgumentError, match=message):
            tinytorch_hf.tinify(Pictures(), tmp_path / "small", **words)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("memory", "n_bytes"), [("1GB", 10**9), ("0.5 gb", 5 * 10**8), ("300M", 3 * 10**8), (10**9, 10**9)]
)
def test_memory_is_written_as_people_write_it(memory: int | str, n_bytes: int) -> None:
    """In units of a thousand."""
    assert interface.bytes_of(memory) == n_bytes


def test_of_large_samples_fewer_are_in_memory_at_once() -> None:
    """What comes out does not hang on that."""
    for size, n_rows in ((10, 500), (2_000_000, 15), (100_000_000, 1)):
        source = ArraySource({"0": ([b"x" * size], ["a"])})
        plan = Plan(Opened(source), Path("out"), Wish(), {})
        assert interface._rows_at_once(plan, 10**9) == n_rows


@pytest.mark.parametrize(("folder", "name"), [("Tiny-Photos", "tiny_photos"), ("10 photos", "tiny_10_photos")])
def test_a_folder_gives_its_set_a_name(folder: str, name: str) -> None:
    """One that code can call."""
    opened = Opened(ArraySource({"0": (["a", "b"], ["x", "y"])}, kind="texts"))
    assert interface.planned(opened, folder).facts["name"] == name


def test_a_set_is_not_made_inside_its_source(tmp_path: Path) -> None:
    """It would become a part of it, and the source another one."""
    np.savez(tmp_path / "a.npz", images=np.zeros((2, 8, 8), np.uint8), labels=np.arange(2))
    for out in (tmp_path / "out", tmp_path / "deep" / "out", tmp_path / "x" / ".." / "out"):
        with pytest.raises(InvalidArgumentError, match=r"out lies inside the source .*Choose a folder beside it"):
            tinytorch_hf.tinify(tmp_path, out, **WORDS)
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_a_source_that_shrinks_while_it_is_read_is_refused(tmp_path: Path) -> None:
    """A file that vanishes after its folder was hashed would leave a recipe that nobody can follow."""
    for place in range(60):
        folder = tmp_path / "source" / Pictures.classes[place % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Pictures()[place][0].save(folder / f"{place:02}.png")

    def vanish(what: str, done: int, _: int) -> None:
        if (what, done) == ("reading", 0):
            (tmp_path / "source" / "left" / "58.png").unlink()

    with pytest.raises(CorruptFileError, match=r"left has lost files while it was read: there are 29 now"):
        tinytorch_hf.tinify(tmp_path / "source", tmp_path / "small", workers=1, on_progress=vanish, **WORDS)
    catalog.forget("small")

    def cut_off(what: str, *_: int) -> None:
        if what == "reading":
            Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "source" / "left" / "56.png")

    with pytest.raises(CorruptFileError, match=r"left has changed while it was read: it had \d+ bytes, now \d+"):
        tinytorch_hf.tinify(tmp_path / "source", tmp_path / "small", workers=1, on_progress=cut_off, **WORDS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.log", "source"]
