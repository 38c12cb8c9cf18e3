"""Specification of a set's folder: every adapter opens it, it says what it is worth, and it can be made again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from array_source import ArraySource, cut

import tinytorch_hf
from tinytorch_hf import catalog
from tinytorch_hf.curation import judges, proof, rebuilding
from tinytorch_hf.curation.licences import may_be_packed, why_not_packed
from tinytorch_hf.curation.making import Made, made
from tinytorch_hf.curation.planning import Plan
from tinytorch_hf.curation.reducing import Engine
from tinytorch_hf.curation.sources.opening import Opened
from tinytorch_hf.curation.wish import Wish
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError
from tinytorch_hf.hub import parquet, responsible
from tinytorch_hf.hub.gaps import GAP, gaps
from tinytorch_hf.hub.publish import check_allowed

NAME = "bars_made_tiny"


def source(n_shards: int = 3) -> ArraySource:
    """Bright bars at one of three places, under noise."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 40)
    images = rng.integers(0, 120, (len(labels), 8, 8))
    for image, label in zip(images, labels, strict=True):
        image[2 * label + 1 : 2 * label + 3] += 130
    return cut(images.astype(np.uint8), [("left", "mid", "right")[label] for label in labels], n_shards)


def tiny(out: Path, license: str = "CC0-1.0", **wish: object) -> Made:
    """A set of 24 of them."""
    wishes = {"n_train": 6, "n_test": 2, "size": 8, "is_proven": False, **wish}
    return made(Plan(Opened(source()), out, Wish(**wishes), {"name": NAME, "license": license}), engine=Engine(1))  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _forgotten():  # type: ignore[no-untyped-def]
    """No test leaves its set in the catalogue."""
    yield
    catalog.forget(NAME)


def test_the_folder_is_a_dataset_of_the_catalogue(tmp_path: Path) -> None:
    """Loaded by its name, with the difficulty of each sample."""
    tiny(tmp_path / "out")
    train = tinytorch_hf.load(NAME, "train")

    assert train["images"].shape == (18, 8, 8) and train["images"].dtype == np.uint8
    assert np.bincount(train["labels"]).tolist() == [6, 6, 6]
    assert set(np.unique(train["difficulty"])) <= {0, 1, 2}
    assert tinytorch_hf.info(NAME).classes == ("left", "mid", "right")
    assert not (tmp_path / "out.work").exists()


def test_the_selection_hangs_on_the_content_alone(tmp_path: Path) -> None:
    """Of another cut only the places differ."""
    whole = tiny(tmp_path / "a").folder
    catalog.forget(NAME)
    facts = {"name": NAME, "license": "CC0-1.0"}
    other = made(
        Plan(Opened(source(40)), tmp_path / "b", Wish(6, 2, 8, is_proven=False), facts), engine=Engine(1)
    ).folder

    for name in ("train.npz", "test.npz", "selection.csv", "dataset.json", "DATASHEET.md"):
        assert (whole / name).read_bytes() == (other / name).read_bytes(), name
    assert (whole / "places.csv").read_bytes() != (other / "places.csv").read_bytes()


@pytest.mark.parametrize(
    ("license", "says"),
    [
        ("not stated", "no licence was given, .* Add --license"),
        ("CC-BY", r"CC-BY is not known .* If it is CC-BY-4\.0, write --license CC-BY-4\.0\."),
        ("cc by sa 4.0", r"write --license CC-BY-SA-4\.0"),
        ("Apache 2", r"write --license Apache-2\.0"),
        ("CC-BY-NC-4.0", r"none is written\. Its SPDX identifier goes behind --license\.$"),
        ("proprietary", r"none is written\. Its SPDX"),
    ],
)
def test_why_no_content_is_packed_is_said(license: str, says: str) -> None:
    """With the open licence that was mistyped; what forbids commerce or changes is no mistyped open one."""
    assert not may_be_packed(license)
    assert re.search(says, why_not_packed(license))


@pytest.mark.parametrize("license", ["not stated", "CC-BY-NC-ND-4.0", "proprietary", ""])
def test_without_a_licence_no_content_is_packed(license: str, tmp_path: Path) -> None:
    """The recipe is; from it and the source the same bytes come again."""
    packed = {path.name: path.read_bytes() for path in tiny(tmp_path / "free").folder.iterdir()}
    catalog.forget(NAME)
    bare = tiny(tmp_path / "bare", license or "not stated")

    assert bare.dataset is None
    names = {path.name for path in bare.folder.iterdir()}
    assert names.isdisjoint({"train.npz", "test.npz", "dataset.json", "samples.png"})
    assert "--rebuild" in (bare.folder / "DATASHEET.md").read_text(encoding="utf-8")

    rebuilding.rebuilt(bare.folder, source())
    for name in ("train.npz", "test.npz"):
        assert (bare.folder / name).read_bytes() == packed[name]
    assert len(tinytorch_hf.load(NAME, "test")) == 6


def test_a_changed_source_is_refused_by_its_hash(tmp_path: Path) -> None:
    """Named by its shard; nothing is left behind."""
    bare = tiny(tmp_path / "bare", "not stated").folder
    before = sorted(bare.iterdir())
    other = source()
    images, labels = other.content["001"]
    other.content["001"] = (images[::-1], labels)

    with pytest.raises(CorruptFileError, match=r"arrays, 001 is not what the set was made of"):
        rebuilding.rebuilt(bare, other)
    with pytest.raises(CorruptFileError, match=r"has no 002"):
        rebuilding.rebuilt(bare, ArraySource({name: source().content[name] for name in ("000", "001")}))
    assert sorted(bare.iterdir()) == before


def test_it_is_built_as_any_dataset_is_with_gaps_that_one_can_see(tmp_path: Path) -> None:
    """Card and Croissant have the same fields; how it was made is written by code."""
    tiny(tmp_path / "out")
    folder = parquet.build(NAME, tmp_path / "hub")
    said = json.loads((folder / "croissant.json").read_text(encoding="utf-8"))
    terms = [question.term for question in responsible.QUESTIONS if question is not responsible.HOW]

    assert [said[term] for term in terms] == [GAP] * len(terms)
    (activity,), (source,) = said["prov:wasGeneratedBy"], said["prov:wasDerivedFrom"]
    assert activity["description"].startswith("`tinytorch-hf tinify` chose it from ")
    assert source["prov:label"] in activity["description"]
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert all(f"**{question.title}.** " in card for question in responsible.QUESTIONS)


def _recipe(**changed: object) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        path = folder / "recipe.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))

    return change


def _row(name: str, old: str, new: str) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        text = (folder / name).read_text()
        assert re.search(old, text)
        (folder / name).write_text(re.sub(old, new, text, count=1))

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "recipe.json").write_text("[" * 9999), "is no recipe of this release"),
        (_recipe(size=10**9), "was changed: size is not"),
        (_recipe(size="8"), "was changed: size is not"),
        (_recipe(kind="sounds"), "was changed: kind is not"),
        (_recipe(shards={}), "was changed: shards is not"),
        (_recipe(columns=["a"]), "was changed: columns is not"),
        (_recipe(facts={"name": NAME, "classes": "abc"}), "was changed: facts is not"),
        (_recipe(facts={"name": NAME, "classes": ["left"], "creator": 1}), "was changed: facts is not"),
        (_recipe(files={"train.npz": "0" * 64}), r"does not become what the recipe in .* states"),
        (_row("places.csv", r",00\d,", ",../../etc,"), r"places\.csv, row 1: the recipe has no row"),
        (_row("places.csv", r",\d+\n", f",{9**30}\n"), r"places\.csv, row 1: the recipe has no row"),
        (_row("selection.csv", ",train,", ",../x,"), r"selection\.csv, row 1: there is no class .* or no split \.\./x"),
        (_row("selection.csv", ",left,", ",nobody,"), r"selection\.csv, row \d: there is no class nobody"),
        (_row("selection.csv", ",train,", ",test,"), r"does not become what the recipe in .* states"),
    ],
)
def test_a_recipe_that_was_changed_is_refused(change: Callable[[Path], object], message: str, tmp_path: Path) -> None:
    """It may come from anybody: nothing outside the source is read, and nothing half-made stays."""
    bare = tiny(tmp_path / "bare", "not stated").folder
    change(bare)
    before = sorted(bare.iterdir())
    with pytest.raises(CorruptFileError, match=message):
        rebuilding.rebuilt(bare, source())
    assert sorted(bare.iterdir()) == before


def test_what_only_a_person_knows_is_a_gap_and_publishing_is_refused(tmp_path: Path) -> None:
    """Until every gap is filled."""
    sheet = tiny(tmp_path / "out").folder / "DATASHEET.md"

    assert len(gaps(sheet)) >= 6
    with pytest.raises(InvalidArgumentError, match=r"gaps that a person has to fill before .* The first: For what"):
        check_allowed(NAME)
    filled = sheet.read_text(encoding="utf-8").replace("*A person has to write this.*", "Said.")
    sheet.write_text(filled, encoding="utf-8")
    check_allowed(NAME)


def test_the_datasheet_says_what_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many there were of each class, how many were looked at and chosen; and what it is worth, in a file, too."""
    monkeypatch.setattr(proof, "N_RANDOM", 3)
    monkeypatch.setattr(judges, "_MOST_STEPS", 10)
    wish, facts = Wish(6, 2, 8, n_candidates=10), {"name": NAME, "license": "CC0-1.0"}
    found = made(Plan(Opened(source()), tmp_path / "out", wish, facts), engine=Engine(1))
    sheet = (found.folder / "DATASHEET.md").read_text(encoding="utf-8")
    baselines = json.loads((found.folder / "baselines.json").read_text(encoding="utf-8"))

    assert "| left | 40 | 40 | 10 |" in sheet
    assert set(baselines["judges"]) == {"linear model", "SVM", "forest", "1-NN", "CNN"}
    assert all(len(one["random"]) == 3 for one in baselines["judges"].values())
    assert f"{proof.N_STRATEGIES} that were compared" in sheet and "a cosine of 0.985 or more" in sheet
    assert json.loads((found.folder / "recipe.json").read_text(encoding="utf-8"))["parameters"]["min_cosine"] == 0.985
    assert found.status == (0 if baselines["better_than_chance"] else 3)
    assert ("better than chance" in sheet) and f"{baselines['n_held_out']} samples" in sheet
