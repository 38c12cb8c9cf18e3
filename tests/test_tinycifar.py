"""TinyCIFAR: a selection that is fixed, files that are cut from CIFAR-10 when they are wanted, honest documents."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets.tinycifar import create_tinycifar as recipe

import tinytorch_hf
from benchmarks import tinycifar_quality as quality
from docs.tools import tables
from tinytorch_hf import catalog
from tinytorch_hf.acquire import provision, selection
from tinytorch_hf.acquire.selection import Place, Row
from tinytorch_hf.cli import main
from tinytorch_hf.curation import judges
from tinytorch_hf.curation.choosing import Choice
from tinytorch_hf.curation.difficulty import levels_of
from tinytorch_hf.curation.near import look_alikes_of_images
from tinytorch_hf.curation.proof import Score
from tinytorch_hf.curation.recipe import read_recipe
from tinytorch_hf.data import content_hash, loaders
from tinytorch_hf.errors import CorruptFileError, MissingFileError, WrongHashError
from tinytorch_hf.files import folders, store
from tinytorch_hf.files.splits import Split, read_split
from tinytorch_hf.health import verification
from tinytorch_hf.health.verification import Outcome

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "datasets" / "tinycifar"
DATASET = catalog.TINYCIFAR
SPLITS = ("train", "test")
ROWS = selection.read_selection(FOLDER)
PLACES = {place.digest: place for place in selection.read_places(FOLDER)}
MADE_OF = read_recipe(FOLDER)


@pytest.fixture(scope="module")
def splits(tinycifar_root: Path) -> dict[str, Split]:
    """Every stored column of both splits."""
    return tinytorch_hf.load("tinycifar", tinycifar_root)


@pytest.fixture(scope="module")
def found(genuine_cifar10: dict[str, Split]) -> recipe.Candidates:
    """The candidates."""
    return recipe.candidates(genuine_cifar10)


@pytest.fixture(scope="module")
def choice(found: recipe.Candidates) -> Choice:
    """The choice, made again."""
    return recipe.choose(found)


def rows_of(split: str) -> list[tuple[Row, Place]]:
    """The rows of a split, each with its place in CIFAR-10."""
    return [(row, PLACES[row.digest]) for row in ROWS if row.split == split]


def test_the_selection_is_balanced_and_from_the_candidates() -> None:
    """200 and 40 of each class, none twice, each from the split of its name and among the images that are named."""
    n_per_class = {"train": MADE_OF.parameters["n_train"], "test": MADE_OF.parameters["n_test"]}
    for split in SPLITS:
        rows = rows_of(split)
        labels = [DATASET.classes.index(row.label) for row, _ in rows]
        indices = [place.row for _, place in rows]
        assert np.bincount(labels).tolist() == [n_per_class[split]] * 10
        assert labels != sorted(labels)
        assert len(set(indices)) == len(rows) == DATASET.split(split).n_samples
        assert set(indices) <= set(recipe.candidate_indices(split).tolist())
        assert {place.shard for _, place in rows} == {split}


@pytest.mark.longer
def test_choosing_again_gives_the_same_files(found: recipe.Candidates, choice: Choice) -> None:
    """Every row, to the last digit: the rule counts in whole numbers; the recipe has the hash of what it chose from."""
    for name, data in recipe.files(found, choice).items():
        assert data == (FOLDER / name).read_bytes(), name


def test_other_candidates_are_refused_by_their_hash(genuine_cifar10: dict[str, Split]) -> None:
    """One pixel is enough, and the split is named."""
    images = genuine_cifar10["train"]["images"].copy()
    images[3999, 0, 0, 0] ^= 1
    other = {**genuine_cifar10, "train": Split("train", {**genuine_cifar10["train"].columns, "images": images})}

    with pytest.raises(CorruptFileError, match="candidates in CIFAR-10's train split are not what TinyCIFAR"):
        recipe.reselected(other)


def test_cutting_gives_the_catalogs_bytes(genuine_cifar10: dict[str, Split]) -> None:
    """The sizes and hashes that the catalog states, on every machine."""
    for name, data in selection.cut(DATASET, genuine_cifar10).items():
        (file,) = (file for file in DATASET.files if file.name == name)
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file.size_bytes, file.sha256)


def test_what_is_loaded_is_what_was_chosen(splits: dict[str, Split], genuine_cifar10: dict[str, Split]) -> None:
    """Image by image the one at its place in CIFAR-10; content and range are the catalog's."""
    for name in SPLITS:
        place = splits[name]["source_index"]
        np.testing.assert_array_equal(splits[name]["images"], genuine_cifar10[name]["images"][place])
        np.testing.assert_array_equal(splits[name]["labels"], genuine_cifar10[name]["labels"][place])
        assert [found.row for _, found in rows_of(name)] == place.tolist()
        assert [row.difficulty for row, _ in rows_of(name)] == splits[name]["difficulty"].tolist()
        assert [np.float32(row.score) for row, _ in rows_of(name)] == splits[name]["score"].tolist()
        assert (splits[name]["images"].min(), splits[name]["images"].max()) == DATASET.value_range
    assert content_hash.fingerprint(splits) == DATASET.fingerprint


def test_the_loader_gives_exact_quotients(tinycifar_root: Path, splits: dict[str, Split]) -> None:
    """load_tinycifar gives float32 images that are exactly the stored bytes divided by 255."""
    x_train, y_train, x_test, y_test = tinytorch_hf.load_tinycifar(tinycifar_root)

    for images, labels, name in ((x_train, y_train, "train"), (x_test, y_test, "test")):
        assert (images.dtype, labels.dtype) == (np.float32, np.int64)
        np.testing.assert_array_equal(images, splits[name]["images"].astype(np.float32) / np.float32(255))
        np.testing.assert_array_equal(labels, splits[name]["labels"])


def test_difficulty_is_a_function_of_the_score(splits: dict[str, Split], choice: Choice) -> None:
    """The stored level is the one that the stored score gives by the bounds that the catalog names."""
    easy, medium = (bound / 10_000 for bound in choice.bounds)
    assert DATASET.column("difficulty").description.endswith(f"the score up to {easy}, up to {medium}, above")
    for split in splits.values():
        score = np.rint(10_000 * split["score"].astype(np.float64)).astype(np.int64)
        np.testing.assert_array_equal(split["difficulty"], levels_of(score, choice.bounds))


def test_no_two_images_look_alike(found: recipe.Candidates, choice: Choice) -> None:
    """Neither in a split nor across them, also not in a mirror; people's pairs among the candidates are found."""
    some = found.pool.take(np.concatenate([choice.test, choice.train]))
    assert some.images is not None
    assert len({image.tobytes() for image in some.images}) == 2400
    bound = recipe.PARAMETERS.min_cosine
    assert not look_alikes_of_images(some.images, some.features(), some.mirrored_features(), bound)
    assert choice.pairs


@pytest.fixture
def cifar10_in_cache(
    genuine_cifar10: dict[str, Split], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[str | Path | None]:
    """A cache with CIFAR-10, as far as this package can tell; the list says from where it was read."""
    read_from: list[str | Path | None] = []

    def read_split(dataset: catalog.DatasetInfo, name: str, root: str | Path | None) -> Split:
        assert dataset is catalog.CIFAR10
        read_from.append(root)
        return genuine_cifar10[name]

    monkeypatch.setenv("TINYTORCH_HF_CACHE", str(tmp_path / "cache"))
    for file in catalog.CIFAR10.files:
        store.write(folders.folder(catalog.CIFAR10) / file.name, b"")
    monkeypatch.setattr(provision, "read_split", read_split)
    return read_from


def test_it_is_cut_from_the_cache_into_any_root_once(cifar10_in_cache: list[Any], tmp_path: Path) -> None:
    """A root without CIFAR-10 gets TinyCIFAR, not CIFAR-10; good files are left alone, bad ones replaced on request."""
    root = tmp_path / "root"

    assert len(loaders.load_split("tinycifar", "test", root)) == 400
    assert cifar10_in_cache == [None, None]
    assert provision.provide(DATASET, root) == []
    assert [path.name for path in root.iterdir()] == ["tinycifar"]

    (root / "tinycifar" / "test.npz").write_bytes(b"damaged")
    with pytest.raises(CorruptFileError, match=f"tinytorch-hf download tinycifar --root {root}"):
        loaders.load_split("tinycifar", "test", root)
    assert {path.name for path in provision.provide(DATASET, root)} == {"train.npz", "test.npz"}
    assert len(loaders.load_split("tinycifar", "test", root)) == 400


def test_the_recipe_prints_what_it_wrote(
    cifar10_in_cache: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sizes and hashes; without CIFAR-10, what to do."""
    assert recipe.main(["--root", str(tmp_path / "root")]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{file.name:<9} {file.size_bytes:>7} bytes  sha256 {file.sha256}" for file in DATASET.files
    ]
    assert recipe.main(["--source", str(tmp_path / "nowhere"), "--reselect"]) == 1
    assert f"tinytorch-hf download cifar10 --root {tmp_path / 'nowhere'}" in capsys.readouterr().err


def test_download_gets_cifar10_first_where_it_is_not(
    genuine_cifar10: dict[str, Split], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Into the same root, by the way that every dataset is provided."""
    provided: list[Any] = []
    real = provision.provide

    def provide(dataset: catalog.DatasetInfo, root: Any = None, source: Any = None) -> list[Path]:
        if dataset is not catalog.CIFAR10:
            return real(dataset, root, source)
        provided.append((root, source))
        monkeypatch.setattr(provision, "read_split", lambda _dataset, name, _root: genuine_cifar10[name])
        return []

    monkeypatch.setattr(provision, "provide", provide)

    assert len(tinytorch_hf.load_tinycifar(tmp_path, download=True)[0]) == 2000
    assert provided == [(tmp_path, None)]
    shutil.rmtree(tmp_path / "tinycifar")
    assert len(provision.provide(DATASET, tmp_path, "a stick")) == 2
    assert provided == [(tmp_path, None)], "CIFAR-10 could be read, so nothing was taken from elsewhere"
    monkeypatch.setattr(provision, "read_split", read_split)
    shutil.rmtree(tmp_path / "tinycifar")
    assert len(provision.provide(DATASET, tmp_path, "a stick")) == 2
    assert provided[1:] == [(tmp_path, "a stick")]


def small_source(shift: int) -> Callable[..., Split]:
    """Stands for reading CIFAR-10: black images, and for each that was chosen its label, moved by so many classes."""
    images, labels = np.zeros((50_000, 3, 32, 32), np.uint8), {split: np.zeros(50_000, np.int64) for split in SPLITS}
    for row in ROWS:
        labels[row.split][PLACES[row.digest].row] = (DATASET.classes.index(row.label) + shift) % 10
    return lambda _dataset, name, _root: Split(name, {"images": images, "labels": labels[name]})


def test_other_images_are_not_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A source that gives other bytes, or other labels, is refused before any file is touched."""
    for shift, error, says in (
        (0, WrongHashError, r"train\.npz does not hold the published data"),
        (1, CorruptFileError, r"selection\.csv and CIFAR10's train split disagree"),
    ):
        monkeypatch.setattr(provision, "read_split", small_source(shift))
        with pytest.raises(error, match=says):
            provision.cut(DATASET, None, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("root_given", [True, False])
def test_without_cifar10_the_message_says_size_place_and_what_to_type(
    root_given: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """170 MB are not downloaded because someone called a loader."""
    monkeypatch.setenv("TINYTORCH_HF_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "root" if root_given else None

    with pytest.raises(MissingFileError) as caught:
        tinytorch_hf.load_tinycifar(root)

    place = root or tmp_path / "cache"
    typed = f"`tinytorch-hf download tinycifar{f' --root {root}' if root else ''}`"
    for part in (
        str(place / "tinycifar" / "train.npz"),
        "CIFAR10 (170 MB, 2-3 min at 10 Mbit/s)",
        f"into {place}",
        "download=True",
        typed,
    ):
        assert part in str(caught.value)
    assert not place.exists()


def test_a_selection_that_is_missing_or_damaged_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is part of the installation."""
    monkeypatch.setattr(folders, "shipped", lambda _name: tmp_path)
    with pytest.raises(MissingFileError, match=r"selection\.csv is not there\. Reinstall"):
        selection.cut(DATASET, {})
    (tmp_path / "tinycifar").mkdir()
    (tmp_path / "tinycifar" / "selection.csv").write_text("source_index,label\n1,2\n", encoding="utf-8")
    with pytest.raises(CorruptFileError, match="digest, label, split"):
        selection.cut(DATASET, {})


def test_verify_follows_every_road(tinycifar_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files, NumPy, both ways into PyTorch, and TinyTorch."""
    monkeypatch.setenv("TINYTORCH_HF_CACHE", str(tinycifar_root))

    # The checks that follow go through Hugging Face's library, which takes seconds; `nox -s longer` has them.
    checks = {check.subject: check for check in itertools.islice(verification.checks("tinycifar"), 6)}

    assert list(checks) == [
        *("file train.npz", "file test.npz"),
        *("numpy load", "torch tensors", "torch TinyCIFAR", "tinytorch DataLoader"),
    ]
    assert {check.outcome for check in checks.values()} == {Outcome.OK}
    assert checks["torch TinyCIFAR"].detail.endswith("of images, labels")


def test_show_and_stats_work_in_colour(
    tinycifar_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Brightness in the terminal, colour in the picture."""
    monkeypatch.setenv("TINYTORCH_HF_CACHE", str(tinycifar_root))
    picture = tmp_path / "sheet.png"

    assert main(["show", "tinycifar", "--index", "0", "1"]) == 0
    assert main(["show", "tinycifar", "--split", "test", "--png", str(picture)]) == 0
    assert main(["stats", "tinycifar"]) == 0

    out = capsys.readouterr().out
    assert f"[0] {ROWS[0].label}" in out
    assert "n samples            2000" in out
    assert picture.read_bytes()[25] == 2, "PNG's colour type of red, green and blue"


def test_nothing_of_it_is_in_git() -> None:
    """CIFAR-10 states no licence: the folder holds the choice, the recipe and documents."""
    assert {path.name for path in FOLDER.iterdir() if path.name != "__pycache__"} == {
        *("CITATION.cff", "DATASHEET.md", "LICENSE", "README.md", "__init__.py", "create_tinycifar.py"),
        *("selection.csv", "places.csv", "recipe.json", "baselines.json"),
    }


def test_documents_state_what_is_so() -> None:
    """Candidates, bounds and look-alikes, as the code has them."""
    text = " ".join((FOLDER / "DATASHEET.md").read_text(encoding="utf-8").split())
    first, *others = recipe.N_PER_BATCH["train"]
    bounds = re.search(r"up to ([\d.]+), up to ([\d.]+), above", DATASET.column("difficulty").description)

    assert f"the first {first} images of CIFAR-10's first train batch" in text
    assert {*others, *recipe.N_PER_BATCH["test"]} == {761}
    assert "the first 761 of each other batch" in text
    assert f"{sum(recipe.N_PER_BATCH['train'])} train and 761 test candidates" in text
    assert f"cosine of {MADE_OF.parameters['min_cosine']} or more" in text
    assert bounds
    for document in ("README.md", "DATASHEET.md"):
        flowing = " ".join((FOLDER / document).read_text(encoding="utf-8").split())
        assert re.search(rf"p to {bounds[1]} .{{0,12}}is easy.*, up to {bounds[2]} medium.*, above hard", flowing)
    for split in SPLITS:
        levels = np.bincount([row.difficulty for row, _ in rows_of(split)]).tolist()
        assert f"{split} has {levels[0]} easy, {levels[1]} medium and {levels[2]} hard images" in text.replace("T", "t")


def test_the_datasheets_statistics_are_those_of_the_files(splits: dict[str, Split]) -> None:
    """Measured where CIFAR-10 is, for the files are not in Git; the benchmark writes them between these marks."""
    text = (FOLDER / "DATASHEET.md").read_text(encoding="utf-8")

    assert "\n".join([quality.STATISTICS[0], tables.statistics_of(splits), quality.STATISTICS[1]]) in text
    assert text.count(quality.STATISTICS[0]) == text.count(quality.WORTH[0]) == 1


def test_the_datasheet_says_what_the_proof_found() -> None:
    """Its figures are those of baselines.json, judge by judge, and so is the verdict; a CNN is among the judges."""
    stored = json.loads((FOLDER / "baselines.json").read_text(encoding="utf-8"))
    sheet = (FOLDER / "DATASHEET.md").read_text(encoding="utf-8")
    part = sheet.split(quality.WORTH[0])[1].split(quality.WORTH[1])[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line[:1] == "|"]
    table = {row[0]: row[1:] for row in rows[2:]}

    assert set(table) == set(stored["judges"]) == set(judges.IMAGE_JUDGES)
    for name, judge in stored["judges"].items():
        score = Score(judge["chosen"], tuple(judge["random"]))
        assert table[name][0] == f"{score.chosen:.1%}"
        assert float(table[name][2]) == pytest.approx(score.deviations, abs=0.06)
        assert len(score.random) == stored["n_random_subsets"] == 20
        assert f"{name} {stored['on_test'][name]:.1%}" in part
    assert ("It is better than chance" in part) is stored["better_than_chance"]
    assert ("**It is not better than chance**" in part) is not stored["better_than_chance"]
    assert stored["on_test"]["CNN"] > 0.4


def test_the_proof_is_measured_on_these_images(found: recipe.Candidates, choice: Choice) -> None:
    """The nearest neighbour is asked again, about the images that were held out: none of them could be chosen."""
    stored = json.loads((FOLDER / "baselines.json").read_text(encoding="utf-8"))
    pool, for_train = quality.part_for_train(found, choice)
    held_out = found.held_out

    assert len(held_out) == stored["n_held_out"]
    digests = {tuple(one) for one in held_out.digest.tolist()}
    assert digests.isdisjoint(map(tuple, pool.digest.tolist()))
    known = (pool.images[for_train.train], pool.label[for_train.train])
    measured = judges.accuracies_on_images(known, (held_out.images, held_out.label), 0, ["1-NN"])
    assert stored["judges"]["1-NN"]["chosen"] == pytest.approx(measured["1-NN"], abs=1e-4)
