"""TinyShakespeare: whole scenes from the lines its table names, balanced, split by scene, rebuilt by its recipe."""

from __future__ import annotations

import csv
import re
import runpy
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import CHECKOUT

import tinytorch_hf
from tinytorch_hf import TinyShakespeare, catalog
from tinytorch_hf.acquire import provision
from tinytorch_hf.data.texts import texts
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError, MissingFileError, UnknownNameError
from tinytorch_hf.files import folders, store

FOLDER = folders.folder(catalog.TINYSHAKESPEARE)
WHOLE = CHECKOUT.parent / "shared" / "data" / "tinyshakespeare.txt"
SPLITS = tinytorch_hf.load("tinyshakespeare")
EVERY_SPLIT = pytest.mark.parametrize("split", list(SPLITS))


@pytest.fixture(scope="module")
def recipe() -> dict[str, Any]:
    """The names of the recipe's module."""
    return runpy.run_path(str(FOLDER / "create_tinyshakespeare.py"))


@pytest.fixture(scope="module")
def scenes() -> list[dict[str, str]]:
    """The table of every scene of the whole."""
    with (FOLDER / "scenes.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def whole() -> bytes:
    """All of Tiny Shakespeare, where it is."""
    if not WHOLE.is_file():
        pytest.skip("all of Tiny Shakespeare is not in ../shared/data")
    return WHOLE.read_bytes()


def test_the_recipe_writes_the_published_bytes(recipe: dict[str, Any], whole: bytes) -> None:
    """Of every file, cut from the whole by the lines of the table."""
    made = recipe["contents"](recipe["cut"](whole, recipe["read_scenes"]()))

    assert made == {file.name: store.read(catalog.TINYSHAKESPEARE, file) for file in catalog.TINYSHAKESPEARE.files}


def test_the_recipe_refuses_another_whole(
    recipe: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the file and what to do, and nothing is written."""
    other = tmp_path / "input.txt"
    other.write_bytes(b"KING:\nNot all of it.\n")

    assert recipe["main"](["--whole", str(other)]) == 1
    told = capsys.readouterr().err
    assert str(other) in told and "Get the whole, input.txt" in told
    assert recipe["main"](["--whole", str(tmp_path / "absent")]) == 1


def test_the_whole_is_covered_by_scenes(scenes: list[dict[str, str]], whole: bytes) -> None:
    """One after the other; between them stand blank lines and one blemish, and each begins with a speaker."""
    lines = whole.decode("ascii").splitlines()
    places = [(int(row["first_line"]), int(row["last_line"])) for row in scenes]

    assert (len(scenes), places[0][0], places[-1][1]) == (174, 1, len(lines))
    assert all(lines[first - 1].endswith(":") for first, _ in places)
    between = {line for (_, end), (start, _) in pairwise(places) for line in lines[end : start - 1]}
    assert between == {"", "3 KING HENRY VI"}
    assert all(a < b for a, b in pairwise([place for both in places for place in both]))


def test_the_table_marks_the_scenes_that_are_here(scenes: list[dict[str, str]]) -> None:
    """In their order, with everything that the columns say of them; none is in two splits."""
    for name, split in SPLITS.items():
        rows = sorted((row for row in scenes if row["split"] == name), key=lambda row: int(row["position"]))
        assert [int(row["position"]) for row in rows] == [*range(1, len(split) + 1)]
        assert [row["play"] for row in rows] == split["play"].tolist()
        names = catalog.TINYSHAKESPEARE.column("genre").names
        assert [row["genre"] for row in rows] == [names[genre] for genre in split["genre"]]
        for column in ("act", "scene", "first_line", "last_line"):
            assert [int(row[column]) for row in rows] == split[column].tolist()
    assert {row["split"] for row in scenes} == {*SPLITS, ""}


@EVERY_SPLIT
def test_a_scene_is_whole(split: str) -> None:
    """It has as many lines as its place has, begins with a speaker, and ends with a line end; no blemish is in it."""
    columns = SPLITS[split]
    for text, first, last in zip(
        *(columns[name].tolist() for name in ("text", "first_line", "last_line")), strict=True
    ):
        assert text.count("\n") == last - first + 1
        assert re.match(r"[A-Z][A-Za-z ]+:\n", text) and text.endswith("\n") and not text.endswith("\n\n")
        assert text.isascii() and not set("$3\r\t") & set(text)


def test_the_genres_are_balanced_in_every_split() -> None:
    """No genre has over half as many characters again as another one, also in what milestone 07 takes of train."""
    parts = [(s["text"].tolist(), s["genre"].tolist()) for s in SPLITS.values()]
    for found, genres in parts:
        sizes = [sum(len(text) for text, g in zip(found, genres, strict=True) if g == genre) for genre in range(3)]
        assert max(sizes) < 1.5 * min(sizes)
    lengths = np.cumsum([len(text) + 1 for text in parts[0][0]])
    assert set(parts[0][1][: int((lengths < 35_000).sum())]) == {0, 1, 2}


def test_nothing_leaks() -> None:
    """No scene is in two splits, no speech of some length is in two, and train has every character."""
    of = {name: set("".join(split["text"]).split("\n\n")) for name, split in SPLITS.items()}
    long = {name: {speech for speech in found if len(speech) > 60} for name, found in of.items()}
    assert not long["train"] & long["val"] | long["train"] & long["test"] | long["val"] & long["test"]
    characters = {name: set("".join(split["text"])) for name, split in SPLITS.items()}
    assert characters["val"] | characters["test"] <= characters["train"]


def test_the_documents_state_what_is_so(recipe: dict[str, Any]) -> None:
    """Speeches and those without words, scenes, characters."""
    text = "".join("".join(texts("tinyshakespeare", name)) for name in SPLITS)
    speeches, silent = recipe["speakers"](text), recipe["speakers"](text, are_silent=True)
    sheet = (FOLDER / "DATASHEET.md").read_text(encoding="utf-8")

    assert (len(speeches), len(silent), len(set(text))) == (559, 8, 61)
    assert "Of 559 speeches here eight have no words." in sheet
    assert "61 characters occur in it." in sheet
    assert "27 of the 174 scenes" in sheet and sum(map(len, SPLITS.values())) == 27
    plays = {play for split in SPLITS.values() for play in split["play"].tolist()}
    assert len(plays) == 8 and "The Tempest" not in plays


def test_load_gives_scenes_that_make_up_the_sample_of_milestone_07(tmp_path: Path) -> None:
    """All of them or one split's, also from a root where they were put."""
    sample = (FOLDER / "tinyshakespeare_sample.txt").read_text(encoding="ascii")

    scenes = tinytorch_hf.load_tinyshakespeare()
    assert "\n".join(scenes) + "\n" == sample
    assert tinytorch_hf.load_tinyshakespeare("val", tmp_path, download=True) == scenes[18:23]
    with pytest.raises(UnknownNameError, match="Known: train, val, test"):
        tinytorch_hf.load_tinyshakespeare("full")


@EVERY_SPLIT
def test_the_class_gives_scenes_or_blocks_of_the_same_text(split: str) -> None:
    """The text of the split's file; ids of the train split's characters; a block, and the same one further on."""
    scenes, blocks = TinyShakespeare(split=split), TinyShakespeare(split=split, block_size=32)

    assert [scenes[index] for index in range(len(scenes))] == tinytorch_hf.load_tinyshakespeare(split)
    assert scenes.text == (FOLDER / "splits" / f"{split}.txt").read_text(encoding="ascii")
    characters, following = blocks[5]
    assert blocks.decode(characters) == scenes.text[5:37] and blocks.decode(following) == scenes.text[6:38]
    assert blocks.vocab_size == 62 and len(blocks) == len(scenes.text) - 32
    assert f"Split: {split.capitalize()}" in repr(blocks)
    with pytest.raises(InvalidArgumentError, match="block_size"):
        TinyShakespeare(split=split, block_size=0)


def test_the_whole_is_taken_from_a_file_and_served(
    whole: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Into the place where milestone 07 looks under its data folder; a file that is cut off is not taken."""
    monkeypatch.setenv("TINYTORCH_HF_CACHE", str(tmp_path / "cache"))
    with pytest.raises(MissingFileError, match=r"download=True, or run `tinytorch-hf download shakespeare`"):
        tinytorch_hf.load_shakespeare()
    (tmp_path / "cut.txt").write_bytes(whole[:-1])
    with pytest.raises(MissingFileError, match=r"missing: input\.txt"):
        provision.provide(catalog.SHAKESPEARE, None, tmp_path / "cut.txt")
    (tmp_path / "renamed.txt").write_bytes(whole)

    written = provision.provide(catalog.SHAKESPEARE, None, tmp_path / "renamed.txt")

    assert written == [tmp_path / "cache" / "tinyshakespeare" / "input.txt"]
    assert tinytorch_hf.load_shakespeare().encode("ascii") == whole
    assert tinytorch_hf.fingerprint("shakespeare") == catalog.SHAKESPEARE.fingerprint
    written[0].write_bytes(whole[:-1] + b"!")
    with pytest.raises(CorruptFileError):
        tinytorch_hf.load_shakespeare()
