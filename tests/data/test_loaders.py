"""Specification of tinytorch_hf.data.loaders."""

from __future__ import annotations

import importlib.util
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinytorch_hf import catalog
from tinytorch_hf.data import lessons, loaders, text_loaders
from tinytorch_hf.errors import (
    CorruptFileError,
    DescriptionError,
    InvalidArgumentError,
    MissingFileError,
    UnknownNameError,
)
from tinytorch_hf.files import folders, store
from tinytorch_hf.files.splits import check_columns, from_contents


def test_load_tinydigits_gives_what_the_milestones_expect() -> None:
    """X_train, y_train, X_test, y_test: float32 in [0, 1] and int64."""
    X_train, y_train, X_test, y_test = lessons.load_tinydigits()

    assert (X_train.shape, X_train.dtype, y_train.shape, y_train.dtype) == ((1000, 8, 8), "float32", (1000,), "int64")
    assert (X_test.shape, X_test.dtype, y_test.shape, y_test.dtype) == ((200, 8, 8), "float32", (200,), "int64")
    assert (X_train.min(), X_train.max()) == (0, 1)


def test_pixels_are_exact_sixteenths() -> None:
    """Sixteen times a pixel is a whole number, without rounding."""
    X_train, _, X_test, _ = lessons.load_tinydigits()

    for images in (X_train, X_test):
        assert np.array_equal(images * 16, np.rint(images * 16))


@pytest.mark.skipif(
    importlib.util.find_spec("numpy._core") is None, reason="before NumPy 1.26 a plain pickle.load lacks numpy._core"
)
def test_a_strangers_pickle_load_gives_the_same_arrays() -> None:
    """The milestones open the files this way, under NumPy 1.26 and 2 alike."""
    X_train, y_train, _, _ = lessons.load_tinydigits()

    with (folders.folder(catalog.TINYDIGITS) / "train.pkl").open("rb") as stream:
        content = pickle.load(stream)

    assert list(content) == ["images", "labels"]
    assert np.array_equal(content["images"], X_train)
    assert np.array_equal(content["labels"], y_train)


def test_load_gives_the_same_numbers_by_column() -> None:
    """`load` and `load_tinydigits` are two views of the same files."""
    splits = loaders.load("tinydigits")
    X_train, y_train, X_test, y_test = lessons.load_tinydigits()

    assert list(splits) == ["train", "test"]
    assert np.array_equal(splits["train"]["images"], X_train)
    assert np.array_equal(splits["train"]["labels"], y_train)
    assert np.array_equal(splits["test"]["images"], X_test)
    assert np.array_equal(splits["test"]["labels"], y_test)


def test_every_load_gives_fresh_arrays_that_may_be_changed() -> None:
    """Whoever normalises in place does not spoil the next load."""
    first, *_ = lessons.load_tinydigits()
    first += 1
    second, *_ = lessons.load_tinydigits()

    assert second.max() == 1


def test_a_split_has_a_length_columns_and_a_readable_repr() -> None:
    """`len` is the number of samples, and the repr shows types and shapes."""
    split = loaders.load("tinydigits")["test"]

    assert len(split) == 200
    assert repr(split) == "Split('test', images: float32[200, 8, 8], labels: int64[200])"


def test_an_unknown_column_is_answered_with_the_right_one() -> None:
    """The error suggests the column that was meant."""
    with pytest.raises(UnknownNameError, match=r"no column of split 'train' named 'image'\. Did you mean 'images'"):
        loaders.load("tinydigits")["train"]["image"]


@pytest.mark.parametrize("as_type", [str, Path])
def test_a_root_is_looked_at_instead_of_the_bundled_files(root: Path, as_type: type) -> None:
    """`root/<name>/` is read, whether given as text or as a path."""
    assert len(loaders.load("tinydigits", as_type(root))["train"]) == 1000

    (root / "tinydigits" / "test.pkl").unlink()
    with pytest.raises(MissingFileError, match=r"test\.pkl"):
        lessons.load_tinydigits(as_type(root))


def test_a_tilde_in_the_root_is_the_home_folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`~` works in text and in paths alike."""
    monkeypatch.setenv("HOME", str(root.parent))
    monkeypatch.setenv("USERPROFILE", str(root.parent))

    assert len(loaders.load("tinydigits", f"~/{root.name}")["test"]) == 200
    assert len(loaders.load("tinydigits", Path("~") / root.name)["test"]) == 200


@pytest.mark.parametrize(
    "arrays",
    [
        {"images": np.zeros((1000, 8, 8), np.float32)},
        {"images": np.zeros((1000, 8, 8), np.float64), "labels": np.zeros(1000, np.int64)},
        {"images": np.zeros((999, 8, 8), np.float32), "labels": np.zeros(999, np.int64)},
        {"images": np.zeros((1000, 64), np.float32), "labels": np.zeros(1000, np.int64)},
        {"images": np.zeros((1000, 8, 8), np.float32), "labels": np.zeros(1000, np.int64), "x": np.zeros(1)},
    ],
)
def test_other_columns_than_the_catalogs_are_refused(arrays: dict[str, np.ndarray]) -> None:
    """A missing or extra column, a wrong type or a wrong shape names the file and both sides."""
    dataset = catalog.TINYDIGITS

    with pytest.raises(CorruptFileError, match=r"x/train\.pkl does not hold the columns .* expected .* found"):
        check_columns(dataset, dataset.split("train"), arrays, Path("x/train.pkl"))


@pytest.mark.parametrize("name", ["tinydigits", "digits_8x8", "tinymnist", "tinytalks", "mnist", "cifar10"])
def test_a_file_that_cannot_be_read_is_named(name: str) -> None:
    """In every format, wherever the file is."""
    dataset = catalog.info(name)
    split = dataset.splits[0]
    contents = {Path("some/where") / file.name: b"nothing\xff" for file in split.files}

    with pytest.raises(CorruptFileError, match=re.escape(f"{next(iter(contents))}")):
        from_contents(dataset, split.name, contents)


def test_the_file_with_other_columns_is_named() -> None:
    """The test split in the place of the train split."""
    path = Path("some/where/train.pkl")
    data = store.read(catalog.TINYDIGITS, catalog.TINYDIGITS.split("test").files[0])

    with pytest.raises(CorruptFileError, match=r"some/where/train\.pkl does not hold the columns"):
        from_contents(catalog.TINYDIGITS, "train", {path: data})


def test_loading_touches_no_random_state(same_random_state: None) -> None:
    """The caller's seeds mean the same before and after."""
    lessons.load_tinydigits()


def test_one_split_is_loaded_from_its_own_file(root: Path) -> None:
    """Damage to another split's file does not matter."""
    (root / "tinymnist" / "test.npz").unlink()

    assert len(loaders.load_split("tinymnist", "train", root)) == 1000
    with pytest.raises(MissingFileError, match=r"test\.npz"):
        loaders.load_split("tinymnist", "test", root)
    with pytest.raises(UnknownNameError, match="Known: train, test"):
        loaders.load_split("tinymnist", "val")


def test_images_of_texts_are_refused_with_the_way_to_the_texts() -> None:
    """The message names what to use instead."""
    with pytest.raises(InvalidArgumentError, match=r"load\('tinytalks'\)"):
        loaders.load_images("tinytalks", "train")


def test_what_went_through_an_adapter_is_stored_bytes_again_or_refused() -> None:
    """One unit in the last place is enough to be refused; 8x8 digits are floats and stay as they are."""
    images, labels = loaders.load_images("tinymnist", "test")

    stored = loaders.as_stored(catalog.TINYMNIST, "test", images, labels)
    assert np.array_equal(stored["images"], loaders.load("tinymnist")["test"]["images"])
    images[3, 14, 14] = np.nextafter(images[3, 14, 14], np.float32(2))
    for changed in (images, images.astype(np.float64)):
        with pytest.raises(CorruptFileError, match="not bytes divided by 255"):
            loaders.as_stored(catalog.TINYMNIST, "test", changed, labels)
    assert loaders.as_stored(catalog.TINYDIGITS, "test", images, labels)["images"] is images


def test_levels_are_a_collection() -> None:
    """A lone number is a common slip."""
    with pytest.raises(InvalidArgumentError, match=r"such as \[1\]"):
        text_loaders.load_tinytalks(levels=1)  # type: ignore[arg-type]


def test_levels_may_be_an_array() -> None:
    """As NumPy gives them; an empty one selects nothing."""
    for levels in ([], [2], [1, 5]):
        array: Any = np.array(levels, dtype=np.int64)
        assert text_loaders.load_tinytalks(levels=array) == text_loaders.load_tinytalks(levels=levels)


def test_a_level_that_is_a_text_is_told_from_the_number() -> None:
    """The message must not offer what seems to have been given."""
    with pytest.raises(UnknownNameError, match="numbered \"'1'\""):
        text_loaders.load_tinytalks(levels=["1"])  # type: ignore[list-item]


def test_a_split_tells_its_columns() -> None:
    """Asked with `in`, in a loop, or for one that cannot be, such as the rows of a slice."""
    split = loaders.load("tinydigits")["train"]

    assert list(split) == ["images", "labels"]
    assert "images" in split and "difficulty" not in split
    for wrong in ([0], 0, None):
        with pytest.raises(UnknownNameError, match="Known: images, labels"):
            split[wrong]  # type: ignore[index]


def test_one_split_is_loaded_by_its_name() -> None:
    """The second argument; only that split's files are read."""
    split = loaders.load("tinydigits", "test")

    assert (split.name, len(split)) == ("test", 200)
    with pytest.raises(UnknownNameError, match="Known: train, test"):
        loaders.load("tinydigits", "tets")


@pytest.mark.parametrize("as_type", [str, Path])
def test_a_root_as_second_argument_still_works(tmp_path: Path, as_type: type[Any]) -> None:
    """As before there was a second argument for the split."""
    store.materialise(catalog.TINYDIGITS, tmp_path)

    old, new = loaders.load("tinydigits", as_type(tmp_path)), loaders.load("tinydigits", root=tmp_path)
    assert list(old) == list(new) == ["train", "test"]
    assert len(loaders.load("tinydigits", "test", root=as_type(tmp_path))) == 200


def test_download_puts_a_dataset_under_a_root(tmp_path: Path) -> None:
    """As an argument and as a function; what is there and good is left alone."""
    assert len(loaders.load("tinydigits", "test", root=tmp_path / "a", download=True)) == 200
    assert len(loaders.load("tinydigits", root=tmp_path / "b", download=True)["train"]) == 1000
    assert lessons.load_digits_8x8(tmp_path / "c", download=True)[0].shape == (1797, 8, 8)
    assert len(text_loaders.load_tinytalks("val", root=tmp_path / "d", download=True)) == 53
    written = loaders.download("tinydigits", tmp_path / "e")
    assert written == [tmp_path / "e" / "tinydigits" / name for name in ("train.pkl", "test.pkl")]
    assert loaders.download("tinydigits", tmp_path / "e") == loaders.download("tinydigits") == []


@pytest.mark.parametrize(
    ("call", "has_download"),
    [
        (lambda root: loaders.load("mnist", root=root), True),
        (lambda root: loaders.load("mnist", "train", root=root), True),
        (lessons.load_mnist, True),
        (lessons.load_tinydigits, True),
        (lambda root: text_loaders.load_tinytalks(root=root), True),
        (lambda root: loaders.load_images("tinymnist", "train", root), False),
    ],
)
def test_messages_advise_only_what_the_call_has(tmp_path: Path, call: Any, has_download: bool) -> None:
    """`download=True` where the call takes it; the command everywhere."""
    with pytest.raises(
        MissingFileError, match=rf"`tinytorch-hf download \w+ --root {re.escape(str(tmp_path))}`"
    ) as error:
        call(tmp_path)

    assert ("download=True" in str(error.value)) is has_download


@pytest.mark.parametrize(
    ("inside", "name"), [(("tinydigits",), "tinydigits"), (("MNIST", "raw"), "mnist"), (("MNIST",), "mnist")]
)
def test_a_root_that_is_too_deep_is_recognised(tmp_path: Path, inside: tuple[str, ...], name: Any) -> None:
    """The dataset's own folder, or one on the way to it: the error says which root is meant."""
    dataset = catalog.info(name)
    folder = folders.folder(dataset, tmp_path)
    folder.mkdir(parents=True)
    for file in dataset.files:
        (folder / file.name).write_bytes(b"x")

    with pytest.raises(MissingFileError, match=f"give the root above it, {re.escape(str(tmp_path))}") as error:
        loaders.load(name, root=tmp_path.joinpath(*inside))
    assert "download" not in str(error.value)


def test_facts_and_paths_stand_for_a_dataset(tmp_path: Path) -> None:
    """What `info` gives, and the path of a folder with its own description."""
    assert len(loaders.load(catalog.TINYDIGITS, "test")) == 200
    with pytest.raises(DescriptionError, match="there is no such file"):
        loaders.load(tmp_path)
