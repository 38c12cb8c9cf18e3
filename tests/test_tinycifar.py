"""TinyCIFAR: a selection that is fixed, files that are cut from CIFAR-10 when they are wanted, honest documents."""

from __future__ import annotations

import hashlib
import itertools
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets.tinycifar import create_tinycifar as recipe
from recipes import difficulty

import tinytorch_hf
from benchmarks import tinycifar_quality as quality
from docs.tools import tables
from tinytorch_hf import catalog
from tinytorch_hf.acquire import provision, selection
from tinytorch_hf.cli import main
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
ROWS = selection.read_selection(DATASET)


@pytest.fixture(scope="module")
def splits(tinycifar_root: Path) -> dict[str, Split]:
    """Every stored column of both splits."""
    return tinytorch_hf.load("tinycifar", tinycifar_root)


@pytest.fixture(scope="module")
def chosen(genuine_cifar10: dict[str, Split]) -> recipe.Candidates:
    """The chosen images, those of the test split first."""
    pool = recipe.candidates(genuine_cifar10)
    place = {(bool(test), int(i)): at for at, (test, i) in enumerate(zip(pool.is_test, pool.source_index, strict=True))}
    rows = sorted(ROWS, key=lambda row: row["split"])
    at = np.array([place[row["split"] == "test", int(row["source_index"])] for row in rows])
    return recipe.Candidates(pool.images[at], pool.labels[at], pool.source_index[at], pool.is_test[at])


def test_the_selection_is_balanced_and_from_the_candidates() -> None:
    """200 and 40 of each class, none twice, all among the images that the documents name."""
    for split, n_per_class in recipe.N_PER_CLASS.items():
        rows = [row for row in ROWS if row["split"] == split]
        indices = [int(row["source_index"]) for row in rows]
        assert np.bincount([int(row["label"]) for row in rows]).tolist() == [n_per_class] * 10
        assert len(set(indices)) == len(rows) == DATASET.split(split).n_samples
        assert set(indices) <= set(recipe.candidate_indices(split).tolist())


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
        rows = [row for row in ROWS if row["split"] == name]
        assert [int(row["source_index"]) for row in rows] == place.tolist()
        assert [int(row["difficulty"]) for row in rows] == splits[name]["difficulty"].tolist()
        assert [np.float32(row["score"]) for row in rows] == splits[name]["score"].tolist()
        assert (splits[name]["images"].min(), splits[name]["images"].max()) == DATASET.value_range
    assert content_hash.fingerprint(splits) == DATASET.fingerprint


def test_the_loader_gives_exact_quotients(tinycifar_root: Path, splits: dict[str, Split]) -> None:
    """load_tinycifar gives float32 images that are exactly the stored bytes divided by 255."""
    x_train, y_train, x_test, y_test = tinytorch_hf.load_tinycifar(tinycifar_root)

    for images, labels, name in ((x_train, y_train, "train"), (x_test, y_test, "test")):
        assert (images.dtype, labels.dtype) == (np.float32, np.int64)
        np.testing.assert_array_equal(images, splits[name]["images"].astype(np.float32) / np.float32(255))
        np.testing.assert_array_equal(labels, splits[name]["labels"])


def test_difficulty_is_a_function_of_the_score(splits: dict[str, Split]) -> None:
    """The stored level is the one that the stored score gives by the bounds that the documents name."""
    for split in splits.values():
        rounded = np.round(split["score"].astype(np.float64), 4)
        np.testing.assert_array_equal(split["difficulty"], difficulty.levels(rounded, recipe.BOUNDS))


def test_no_two_images_look_alike(chosen: recipe.Candidates) -> None:
    """Neither in a split nor across them, also not in a mirror."""
    assert len({image.tobytes() for image in chosen.images}) == 2400
    # A little above the bound, which was taken from the mean of all candidates and not of these.
    assert not recipe.look_alikes(chosen.images, recipe.MIN_COSINE + 0.02).any()


def test_look_alikes_are_found(chosen: recipe.Candidates) -> None:
    """A photograph that is a little brighter, moved by a pixel, or mirrored, and not the other photographs."""
    images = chosen.images[:200]
    altered = [
        np.clip(images[7].astype(int) + 12, 0, 255).astype(np.uint8),
        np.roll(images[8], 1, axis=2),
        images[9, ..., ::-1],
    ]

    assert np.flatnonzero(recipe.look_alikes(np.concatenate([images, altered]))).tolist() == [200, 201, 202]


def test_choosing_keeps_its_promises(genuine_cifar10: dict[str, Split], monkeypatch: pytest.MonkeyPatch) -> None:
    """From fewer candidates: so many of each class and split, rows in mixed order, no look-alikes, the same twice."""
    monkeypatch.setattr(recipe, "N_PER_BATCH", {"train": (400, 50), "test": (200,)})
    monkeypatch.setattr(recipe, "N_PER_CLASS", {"train": 20, "test": 8})
    pool = recipe.candidates(genuine_cifar10)
    score = np.round(np.random.RandomState(0).random_sample(len(pool.labels)), 4)
    monkeypatch.setattr(recipe, "difficulty_scores", lambda _pool: score)

    rows = recipe.select(pool)

    assert rows == recipe.select(pool)
    for split, n_per_class in recipe.N_PER_CLASS.items():
        labels = [int(row["label"]) for row in rows if row["split"] == split]
        assert np.bincount(labels).tolist() == [n_per_class] * 10
        assert labels != sorted(labels)
    contents = selection.cut(DATASET, genuine_cifar10, rows)
    assert list(contents) == ["train.npz", "test.npz"]


def test_overlap_is_reported() -> None:
    """--reselect says how many images are shared and how far scores moved."""
    other = [dict(row) for row in ROWS]
    other[0].update(source_index="49999")
    other[1].update(score=f"{float(ROWS[1]['score']) + 0.5:.4f}")

    lines, agrees = recipe.overlap(ROWS, other)

    assert agrees
    assert re.fullmatch("train 1999 of 2000 images are in both selections; .* at most 0.5000", lines[0])
    assert re.fullmatch("test  400 of 400 images are in both selections; .* at most 0.0000", lines[1])
    assert not recipe.overlap(ROWS, ROWS[:1700] + ROWS[2000:])[1]


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


def small_source(images: np.ndarray, labels: np.ndarray) -> Callable[..., Split]:
    """Stands for reading CIFAR-10: images and labels of the right shape."""
    return lambda _dataset, name, _root: Split(name, {"images": images, "labels": labels})


def test_other_images_are_not_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A source that gives other bytes, or other labels, is refused before any file is touched."""
    images, labels = np.zeros((50_000, 3, 32, 32), np.uint8), np.zeros(50_000, np.int64)
    rows = [row for row in ROWS if row["split"] == "train"]
    labels[[int(row["source_index"]) for row in rows]] = [int(row["label"]) for row in rows]
    monkeypatch.setattr(selection, "read_selection", lambda _dataset: rows)
    for read, error, says in (
        (small_source(images, labels), WrongHashError, r"train\.npz does not hold the published data"),
        (small_source(images, labels + 1), CorruptFileError, r"selection\.csv and CIFAR10's train split disagree"),
    ):
        monkeypatch.setattr(provision, "read_split", read)
        with pytest.raises(error, match=says):
            provision.cut(DATASET, None, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("root_given", [True, False])
def test_without_cifar10_the_message_says_size_place_and_what_to_type(
    root_given: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """170 MB are not downloaded because somebody called a loader."""
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
    monkeypatch.setattr(selection, "selection_path", lambda _dataset: tmp_path / "selection.csv")
    with pytest.raises(MissingFileError, match="Reinstall"):
        selection.read_selection(DATASET)
    (tmp_path / "selection.csv").write_text("source_index,label\n1,2\n", encoding="utf-8")
    with pytest.raises(CorruptFileError, match="split, source_index"):
        selection.read_selection(DATASET)


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
    assert f"[0] {DATASET.classes[int(ROWS[0]['label'])]}" in out
    assert "n samples            2000" in out
    assert picture.read_bytes()[25] == 2, "PNG's colour type of red, green and blue"


def test_nothing_of_it_is_in_git() -> None:
    """CIFAR-10 states no licence: the folder holds the choice, the recipe and documents."""
    assert {path.name for path in FOLDER.iterdir() if path.name != "__pycache__"} == {
        *("DATASHEET.md", "LICENSE", "README.md", "__init__.py", "create_tinycifar.py", "selection.csv"),
    }


def test_documents_state_what_is_so() -> None:
    """Candidates, bounds and look-alikes, as the code has them."""
    text = " ".join((FOLDER / "DATASHEET.md").read_text(encoding="utf-8").split())
    easy, medium = recipe.BOUNDS
    first, *others = recipe.N_PER_BATCH["train"]

    assert f"the first {first} images of CIFAR-10's first train batch" in text
    assert {*others, *recipe.N_PER_BATCH["test"]} == {761}
    assert "the first 761 of each other batch" in text
    assert f"{sum(recipe.N_PER_BATCH['train'])} train and 761 test candidates" in text
    assert f"cosine of {recipe.MIN_COSINE} or more" in text
    for document in ("README.md", "DATASHEET.md"):
        flowing = " ".join((FOLDER / document).read_text(encoding="utf-8").split())
        assert re.search(rf"p to {easy} .{{0,12}}is easy.*, up to {medium} medium.*, above hard", flowing)
    for split in SPLITS:
        levels = np.bincount([int(row["difficulty"]) for row in ROWS if row["split"] == split]).tolist()
        assert f"{split} has {levels[0]} easy, {levels[1]} medium and {levels[2]} hard images" in text.replace("T", "t")
    score, labels = (np.array([float(row[field]) for row in ROWS]) for field in ("score", "label"))
    easy, medium, hard = (round(100 * n / len(ROWS)) for n in np.bincount(difficulty.levels(score)))
    assert f"{easy} % of the images would be easy, {medium} % medium and {hard} % hard" in text
    by_class = [DATASET.classes[at] for at in np.argsort([score[labels == label].mean() for label in range(10)])]
    assert set(by_class[:3]) == {"truck", "automobile", "ship"}
    assert set(by_class[-3:]) == {"cat", "bird", "dog"}


def test_the_datasheets_statistics_are_those_of_the_files(splits: dict[str, Split]) -> None:
    """Measured where CIFAR-10 is, for the files are not in Git; the benchmark writes them between these marks."""
    text = (FOLDER / "DATASHEET.md").read_text(encoding="utf-8")

    assert "\n".join([quality.STATISTICS[0], tables.statistics_of(splits), quality.STATISTICS[1]]) in text
    assert text.count(quality.STATISTICS[0]) == text.count(quality.QUALITY[0]) == 1


def test_the_network_learns_and_the_published_choice_won() -> None:
    """By the datasheet's tables: far above chance, and more than a deviation above lots with every model."""
    text = tables.measured_part("quality", 5, "tinycifar")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    learned = {row[0]: float(row[1].split()[0]) for row in rows if row[-1] == "10.0"}
    gains = {row[0]: [float(gain) for gain in re.findall(r"\(([+-][\d.]+)\)", " ".join(row))] for row in rows}

    assert set(learned) == set(quality.MODELS)
    assert learned["small CNN"] > 40
    steady = [name for name, values in gains.items() if values and min(values) > 1]
    assert steady == ["herding (published)"]
