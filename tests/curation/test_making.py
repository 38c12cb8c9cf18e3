"""Specification of the making of a set: from a source to a folder that every interface takes."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from array_source import ArraySource, cut

import tinytorch_hf
from tinytorch_hf import catalog
from tinytorch_hf.acquire.selection import read_places, read_selection
from tinytorch_hf.curation import making, writing
from tinytorch_hf.curation.making import made
from tinytorch_hf.curation.planning import Plan
from tinytorch_hf.curation.recipe import read_recipe
from tinytorch_hf.curation.reducing import Engine
from tinytorch_hf.curation.sources.opening import Opened
from tinytorch_hf.curation.wish import Wish
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError, StorageError, TinyTorchHFError
from tinytorch_hf.files import store

WISH = Wish(n_train=6, n_test=3, size=16, is_proven=False)
HERE = Engine(n_workers=1)


def bars(n_per_class: int = 30, seed: int = 0) -> tuple[np.ndarray, list[str]]:
    """Images of a bright bar at one of three places, under noise."""
    rng = np.random.default_rng(seed)
    labels = np.tile(np.arange(3), n_per_class)
    images = rng.integers(0, 120, (len(labels), 16, 16))
    for image, label in zip(images, labels, strict=True):
        image[4 * label + 2 : 4 * label + 5] += 130
    return images.astype(np.uint8), [("high", "low", "middle")[label] for label in labels]


SOURCE = cut(*bars(), 2)


def plan(out: Path, source: Any = SOURCE, wish: Wish = WISH, license: str = "CC0-1.0") -> Plan:
    """To make a set of the bars."""
    return Plan(Opened(source), out, wish, {"name": "my_bars", "license": license})


@pytest.fixture(autouse=True)
def forgotten() -> Any:
    """No other test finds the set in the catalogue."""
    yield
    catalog.forget("my_bars")


def content(folder: Path) -> dict[str, bytes]:
    """The files of a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_set_is_a_dataset_of_the_open_catalogue(tmp_path: Path) -> None:
    """It is loaded by its name, and its selection, places and recipe say what it is made of."""
    result = made(plan(tmp_path / "out"), engine=HERE)
    train = tinytorch_hf.load("my_bars", "train")
    rows, places, recipe = (read(tmp_path / "out") for read in (read_selection, read_places, read_recipe))

    assert result.dataset is not None and result.status == 0
    assert np.bincount(train["labels"]).tolist() == [6, 6, 6]
    assert [row.split for row in rows] == ["train"] * 18 + ["test"] * 9
    for row, (digest, shard, place), image in zip(rows, places, train["images"], strict=False):
        assert (row.digest, row.label) == (digest, SOURCE.content[shard][1][place])
        assert np.array_equal(image, SOURCE.content[shard][0][place])
    assert sorted(recipe.files) == ["test.npz", "train.npz"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "out.log"]
    assert "wrote" in (tmp_path / "out.log").read_text(encoding="utf-8")


def test_without_a_licence_that_allows_it_no_content_is_packed(tmp_path: Path) -> None:
    """Selection, places and recipe stay."""
    result = made(plan(tmp_path / "out", license="not stated"), engine=HERE)

    assert result.dataset is None
    names = set(content(result.folder))
    assert {"places.csv", "recipe.json", "selection.csv"} <= names
    assert not {"dataset.json", "train.npz", "test.npz"} & names


def test_a_grey_choice_among_coloured_candidates_is_written_as_one(tmp_path: Path) -> None:
    """What is written hangs on what was chosen alone, so that it is rebuilt from that."""
    grey, labels = bars()
    coloured = np.repeat(grey[:3, None], 3, axis=1)
    coloured[:, 0] //= 2
    few = ArraySource({"000": ([*grey[3:], *coloured], labels)})
    result = made(plan(tmp_path / "out", few, dataclasses.replace(WISH, n_train=2, n_test=1)), engine=HERE)
    assert result.dataset is not None
    images = np.concatenate([tinytorch_hf.load("my_bars", split)["images"] for split in ("train", "test")])
    assert result.findings.pool.images is not None and result.findings.pool.images.ndim == 4
    assert images.shape == (9, 16, 16)


class Killed(BaseException):
    """As if the process were ended from outside."""


def _dies(*_: Any, **__: Any) -> Any:
    raise Killed


def _while_mapping(patch: pytest.MonkeyPatch, source: ArraySource) -> None:
    del source

    def batches(self: ArraySource, piece: Any, rows: Any, n_rows: int) -> Any:
        return _dies() if piece.shard == "001" else real(self, piece, rows, n_rows)

    real = ArraySource.batches
    patch.setattr(ArraySource, "batches", batches)


def _while_proving(patch: pytest.MonkeyPatch, _: ArraySource) -> None:
    from tinytorch_hf.curation import judges

    real, n_judged = judges.accuracies_on_images, []

    def judged(*given: Any) -> Any:
        n_judged.append(1)
        return _dies() if len(n_judged) == 9 else real(*given)

    patch.setattr(judges, "accuracies_on_images", judged)


def _in(module: Any, name: str) -> Callable[[pytest.MonkeyPatch, ArraySource], None]:
    return lambda patch, _: patch.setattr(module, name, _dies)


PROVEN = dataclasses.replace(WISH, n_candidates=12, is_proven=True)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a run that nothing has interrupted."""
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    with pytest.MonkeyPatch.context() as patch:
        _quick_judges(patch)
        out = tmp_path_factory.mktemp("undisturbed") / "out"
        made(plan(out, wish=PROVEN), engine=HERE)
    catalog.forget("my_bars")
    return content(out)


def _quick_judges(patch: pytest.MonkeyPatch) -> None:
    """One judge in place of five: what they say has tests of its own."""
    from tinytorch_hf.curation import judges

    real = judges.accuracies_on_images
    patch.setattr(judges, "accuracies_on_images", lambda *given: real(*given, judges=("1-NN",)))


@pytest.mark.parametrize(
    "kill",
    [
        _while_mapping,
        _in(making, "pool_of_candidates"),
        _in(making, "chosen"),
        _while_proving,
        _in(writing, "register"),
        _in(writing.recipe.Recipe, "as_bytes"),
    ],
    ids=["mapping", "after the summary", "choosing", "proving", "last of all", "writing"],
)
def test_a_run_that_was_killed_goes_on_to_the_same_bytes(
    kill: Callable[[pytest.MonkeyPatch, ArraySource], None],
    undisturbed: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In whichever phase; without --resume it is in the way, and nothing half-made has the folder's name."""
    out = tmp_path / "out"
    _quick_judges(monkeypatch)
    with monkeypatch.context() as patch:
        kill(patch, SOURCE)
        with pytest.raises(Killed):
            made(plan(out, wish=PROVEN), engine=HERE)
    assert not out.exists() or content(out) == undisturbed
    if not out.exists():
        with pytest.raises(InvalidArgumentError, match=r"out\.work exists, from an interrupted run.*--resume"):
            made(plan(out, wish=PROVEN), engine=HERE)
        made(plan(out, wish=PROVEN), engine=HERE, resume=True)

    assert content(out) == undisturbed
    assert not (tmp_path / "out.part").exists()


def test_what_judges_have_said_is_not_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof is what takes longest."""
    from tinytorch_hf.curation import judges

    _quick_judges(monkeypatch)
    with monkeypatch.context() as patch:
        _while_proving(patch, SOURCE)
        with pytest.raises(Killed):
            made(plan(tmp_path / "out", wish=PROVEN), engine=HERE)
    real, n_judged = judges.accuracies_on_images, []
    monkeypatch.setattr(judges, "accuracies_on_images", lambda *given: n_judged.append(1) or real(*given))
    made(plan(tmp_path / "out", wish=PROVEN), engine=HERE, resume=True)

    assert len(n_judged) == 21 - 8


def test_another_plan_is_not_taken_for_the_interrupted_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The difference is named: a number, or a shard that has changed."""
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        _while_mapping(patch, SOURCE)
        with pytest.raises(Killed):
            made(plan(out), engine=HERE)

    with pytest.raises(InvalidArgumentError, match=r"had other settings: n_train was 6, now 5\. Give the same again"):
        made(plan(out, wish=dataclasses.replace(WISH, n_train=5)), engine=HERE, resume=True)
    images, labels = bars()
    images[-1] = 7
    with pytest.raises(InvalidArgumentError, match=r"shards 001 has changed"):
        made(plan(out, cut(images, labels, 2)), engine=HERE, resume=True)


def test_workers_threads_and_cuts_give_the_same_bytes(tmp_path: Path) -> None:
    """All files but the recipe's hashes of shards and the places, which tell how the source is cut."""
    from concurrent.futures import ThreadPoolExecutor

    images, labels = bars()
    runs: list[tuple[ArraySource, Engine, int]] = [
        (cut(images, labels, 1), HERE, 500),
        (cut(images, labels, 7, range(len(labels) - 1, -1, -1)), HERE, 1),
        (cut(images, labels, 40), dataclasses.replace(HERE, memory=4000), 5000),
    ]
    with ThreadPoolExecutor(3) as threads:
        runs += [(SOURCE, Engine(executor=threads), 500)]
        made(plan(tmp_path / "out"), engine=HERE)
        expected = content(tmp_path / "out")
        for number, (source, engine, n_rows) in enumerate(runs):
            catalog.forget("my_bars")
            found = content(made(plan(tmp_path / str(number), source), engine=engine, n_rows=n_rows).folder)
            for name in {*expected} - {"recipe.json", "places.csv"}:
                assert found[name] == expected[name], (number, name)
    assert found == expected


def test_processes_give_the_same_bytes(tmp_path: Path) -> None:
    """One, two and four of them."""
    found = []
    for n in (1, 2, 4):
        catalog.forget("my_bars")
        found.append(content(made(plan(tmp_path / str(n), cut(*bars(), 4)), engine=Engine(n_workers=n)).folder))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize(
    ("source", "wish", "message"),
    [
        (
            cut(*bars(3), 1),
            WISH,
            r"arrays: 3 of 3 classes have fewer than 9 different samples: high \(3\), low \(3\), middle \(3\)\. ",
        ),
        (cut(bars()[0], ["one"] * 90, 1), WISH, r"only one class, one\. .*is the folder what holds the labels\?"),
        (ArraySource({}), WISH, r"arrays has no shards to read"),
        (ArraySource({"0": (np.zeros((0, 8, 8), np.uint8), [])}), WISH, r"arrays has no rows"),
        (
            cut(bars()[0], ["a\x1b", "b", "c"] * 30, 1),
            WISH,
            r"classes.*control",
        ),
    ],
    ids=["small classes", "one class", "no shards", "no rows", "a class that is not a name"],
)
def test_what_no_set_can_be_made_of_is_refused(source: Any, wish: Wish, message: str, tmp_path: Path) -> None:
    """Before anything is chosen; nothing stays but the log."""
    with pytest.raises(TinyTorchHFError, match=message):
        made(plan(tmp_path / "out", source, wish), engine=HERE)
    assert [path.name for path in tmp_path.iterdir()] in ([], ["out.log"])


@pytest.mark.longer
def test_a_thousand_classes_are_no_obstacle(tmp_path: Path) -> None:
    """If memory suffices; otherwise it is said how much they need and what to do."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2000, 8, 8), dtype=np.uint8)
    source = cut(images, [str(number % 1000) for number in range(2000)], 1)
    wish = Wish(n_train=1, n_test=1, size=8, n_candidates=2, is_proven=False, min_cosine=1.0)
    with pytest.raises(InvalidArgumentError, match=r"1000 classes; 2000 candidates .* 0\.0 GB.*--memory"):
        made(plan(tmp_path / "out", source, wish), engine=Engine(1, most=10_000))

    # Noise has no classes, so many labels are suspected; not to have enough of one is said of that class.
    try:
        made(plan(tmp_path / "out", source, wish), engine=HERE)
    except InvalidArgumentError as error:
        assert "rightly labelled; 2 are asked for" in str(error)


def test_a_source_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    """As random transforms do; what is chosen must be what was counted."""

    class Random(ArraySource):
        def batches(self, piece: Any, rows: Any, n_rows: int) -> Any:
            for batch in super().batches(piece, rows, n_rows):
                yield dataclasses.replace(batch, samples=batch.samples + np.uint8(rows is not None))

    with pytest.raises(CorruptFileError, match=r"row \d+: it is another sample than when it was first read"):
        made(plan(tmp_path / "out", Random(SOURCE.content)), engine=HERE)


@pytest.mark.longer
def test_a_full_disk_leaves_nothing_that_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is named, and once there is room the run is resumed to the same bytes."""
    made(plan(tmp_path / "expected"), engine=HERE)
    expected = content(tmp_path / "expected")
    catalog.forget("my_bars")
    real, n_written = os.fsync, [0]

    def full(descriptor: int) -> None:
        n_written[0] += 1
        if n_written[0] == limit:
            raise OSError(28, "No space left on device")
        real(descriptor)

    assert store.os is os
    monkeypatch.setattr(os, "fsync", full)
    n_refused = 0
    for limit in range(1, 40):
        if n_refused < limit - 1:
            break
        n_written[0] = 0
        out = tmp_path / str(limit)
        try:
            made(plan(out), engine=HERE)
        except StorageError as error:
            n_refused += 1
            assert "No space left" in str(error) and str(limit) in str(error)
            assert not out.exists()
            n_written[0] = 100
            made(plan(out), engine=HERE, resume=(tmp_path / f"{out.name}.work").exists())
        assert content(out) == expected
        catalog.forget("my_bars")
    assert n_refused > 5


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    """It is not overwritten, and nothing is read."""
    (tmp_path / "out").mkdir()
    with pytest.raises(StorageError, match=r"out exists already\. Choose another folder"):
        made(plan(tmp_path / "out"), engine=HERE)
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]


def test_a_name_that_is_taken_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    """And so is what `dataset.json` cannot say."""
    for facts, message in (
        ({"name": "mnist", "license": "CC0-1.0"}, r"There is a dataset mnist already\. .*--name \(name= in Python\)"),
        ({"name": "No Name", "license": "CC0-1.0"}, r"name.*small letters"),
    ):
        with pytest.raises(TinyTorchHFError, match=message):
            made(Plan(Opened(SOURCE), tmp_path / "out", WISH, facts), engine=HERE)
    assert list(tmp_path.iterdir()) == []
