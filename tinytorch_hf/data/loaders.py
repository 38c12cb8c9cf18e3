"""Datasets as NumPy arrays: `load` for every column of every split, `load_<name>` for the images of a lesson."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError
from tinytorch_hf.files.splits import Split, read_split
from tinytorch_hf.formats.arrays import Array


def load(name: str, root: str | Path | None = None) -> dict[str, Split]:
    """Load every split of a dataset with all its columns.

    Parameters
    ----------
    name
        A name from `tinytorch_hf.names()`.
    root
        None for the bundled files, or for those in the cache if the dataset does not ship with the package; or a
        folder in which ``<name>/`` is looked for (MNIST and CIFAR-10: where torchvision puts them).

    Returns
    -------
    dict of str to Split
        Splits in the catalog's order. The arrays are fresh and may be changed; shapes, dtypes and ranges
        are those of `tinytorch_hf.info(name)`.

    Raises
    ------
    UnknownNameError
        There is no such dataset.
    MissingFileError, CorruptFileError, StorageError
        A file is not there, is damaged, or cannot be read.
    """
    return {split.name: load_split(name, split.name, root) for split in catalog.info(name).splits}


def load_split(name: str, split_name: str, root: str | Path | None = None) -> Split:
    """Load one split of a dataset with all its columns; its files alone are read.

    Parameters
    ----------
    name, root
        As for `load`.
    split_name
        A name from `tinytorch_hf.info(name).splits`.

    Raises
    ------
    UnknownNameError
        There is no such dataset or split.
    MissingFileError, CorruptFileError, StorageError
        A file of the split is not there, is damaged, or cannot be read.
    """
    dataset = catalog.info(name)
    dataset.split(split_name)
    if not dataset.is_shipped:
        from tinytorch_hf.acquire import provision

        provision.provide_on_first_use(dataset, root)
    return read_split(dataset, split_name, root)


def load_tinydigits(root: str | Path | None = None) -> tuple[Array, Array, Array, Array]:
    """Load TinyDigits: handwritten digits in 8x8 pixels, ready to train on.

    ==============  =========================================
    X_train         (1000, 8, 8) float32, multiples of 1/16 in [0, 1]
    y_train         (1000,) int64, 0 to 9, 100 of each
    X_test          (200, 8, 8) float32
    y_test          (200,) int64, 20 of each
    ==============  =========================================

    Parameters
    ----------
    root
        None for the bundled files, or a folder in which ``tinydigits/`` is looked for.

    Raises
    ------
    MissingFileError, CorruptFileError, StorageError
        A file is not there, is damaged, or cannot be read.

    References
    ----------
    E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository, https://doi.org/10.24432/C50P49
    """
    return *load_images("tinydigits", "train", root), *load_images("tinydigits", "test", root)


def load_tinymnist(root: str | Path | None = None) -> tuple[Array, Array, Array, Array]:
    """Load TinyMNIST: genuine MNIST images, chosen to stand for many more, ready to train on.

    ==============  =========================================
    X_train         (1000, 28, 28) float32, exactly uint8 / 255
    y_train         (1000,) int64, 0 to 9, 100 of each
    X_test          (200, 28, 28) float32
    y_test          (200,) int64, 20 of each
    ==============  =========================================

    The stored bytes, each sample's difficulty and its place in MNIST are columns of ``load("tinymnist")``.

    Parameters
    ----------
    root
        None for the bundled files, or a folder in which ``tinymnist/`` is looked for.

    Raises
    ------
    MissingFileError, CorruptFileError, StorageError
        A file is not there, is damaged, or cannot be read.

    References
    ----------
    Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST Database of Handwritten Digits.
    """
    return *load_images("tinymnist", "train", root), *load_images("tinymnist", "test", root)


def load_mnist(root: str | Path | None = None, *, download: bool = False) -> tuple[Array, Array, Array, Array]:
    """Load all of MNIST.

    ==============  =========================================
    X_train         (60000, 28, 28) float32, exactly uint8 / 255
    y_train         (60000,) int64, 0 to 9
    X_test          (10000, 28, 28) float32
    y_test          (10000,) int64
    ==============  =========================================

    Parameters
    ----------
    root
        None for the cache, or a folder in which ``MNIST/raw/`` is looked for, where torchvision puts it.
    download
        Get the files first if they are not there.

    Raises
    ------
    MissingFileError
        The files are not there, and ``download`` is False.
    NetworkError, CorruptFileError, StorageError
        They could not be downloaded, are damaged, or cannot be read or written.

    References
    ----------
    Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST Database of Handwritten Digits.
    """
    return _train_and_test("mnist", root, download)


def load_cifar10(root: str | Path | None = None, *, download: bool = False) -> tuple[Array, Array, Array, Array]:
    """Load all of CIFAR-10: photographs in ten classes.

    ==============  =========================================
    X_train         (50000, 3, 32, 32) float32, exactly uint8 / 255; red, green, blue
    y_train         (50000,) int64, 0 to 9
    X_test          (10000, 3, 32, 32) float32
    y_test          (10000,) int64
    ==============  =========================================

    Parameters
    ----------
    root
        None for the cache, or a folder in which ``cifar-10-batches-py/`` is looked for, where torchvision puts it.
    download
        Get the files first if they are not there, 170 MB.

    Raises
    ------
    MissingFileError
        The files are not there, and ``download`` is False.
    NetworkError, CorruptFileError, StorageError
        They could not be downloaded, are damaged, or cannot be read or written.

    References
    ----------
    A. Krizhevsky (2009), Learning Multiple Layers of Features from Tiny Images, Technical report, University of
    Toronto.
    """
    return _train_and_test("cifar10", root, download)


def load_tinycifar(root: str | Path | None = None, *, download: bool = False) -> tuple[Array, Array, Array, Array]:
    """Load TinyCIFAR: 2400 photographs of CIFAR-10, ready to train on.

    ==============  =========================================
    X_train         (2000, 3, 32, 32) float32, exactly uint8 / 255; red, green, blue
    y_train         (2000,) int64, 0 to 9, 200 of each
    X_test          (400, 3, 32, 32) float32
    y_test          (400,) int64, 40 of each
    ==============  =========================================

    The files are cut from CIFAR-10 the first time, if it is under the root or in the cache; then CIFAR-10 is no longer
    needed. The stored bytes, each sample's difficulty and its place in CIFAR-10 are columns of ``load("tinycifar")``.

    Parameters
    ----------
    root
        None for the cache, or a folder in which ``tinycifar/`` is looked for.
    download
        Download CIFAR-10 first, 170 MB, if neither it nor TinyCIFAR is there.

    Raises
    ------
    MissingFileError
        The files are not there, nor is CIFAR-10, and ``download`` is False.
    NetworkError, CorruptFileError, StorageError
        CIFAR-10 could not be downloaded, or files are damaged, or cannot be read or written.

    References
    ----------
    A. Krizhevsky (2009), Learning Multiple Layers of Features from Tiny Images, Technical report, University of
    Toronto.
    """
    return _train_and_test("tinycifar", root, download)


def _train_and_test(name: str, root: str | Path | None, download: bool) -> tuple[Array, Array, Array, Array]:
    if download:
        from tinytorch_hf.acquire import provision

        provision.provide(catalog.info(name), root)
    return *load_images(name, "train", root), *load_images(name, "test", root)


def load_images(name: str, split_name: str, root: str | Path | None = None) -> tuple[Array, Array]:
    """Load the images of one split as `unit_range` gives them, in float32, and their labels.

    Images are (N, height, width), in colour (N, 3, height, width).

    Raises
    ------
    InvalidArgumentError
        The dataset holds texts.
    UnknownNameError, MissingFileError, CorruptFileError, StorageError
        As for `load_split`.
    """
    dataset = catalog.info(name)
    dataset.split(split_name)
    if dataset.columns[0].name != "images":
        raise InvalidArgumentError(
            f"{dataset.title} holds texts, not images. Use tinytorch_hf.load_{name}() for them, "
            f"or the class tinytorch_hf.{dataset.title} in PyTorch."
        )
    split = load_split(name, split_name, root)
    return unit_range(split["images"]), split["labels"]


def unit_range(images: Array) -> Array:
    """Images as float32 in [0, 1]: bytes are divided by 255 in float32, floats are returned as they are."""
    if images.dtype != np.uint8:
        return images
    scaled: Array = images.astype(np.float32) / np.float32(255)
    return scaled


def as_stored(name: str, split_name: str, images: Array, labels: Array) -> Split:
    """Images and labels that went through an adapter, as a dataset's columns again, to be compared with them.

    Raises
    ------
    CorruptFileError
        The dataset holds bytes, and some pixel is not exactly a byte divided by 255 in float32.
    """
    if catalog.info(name).columns[0].dtype == "uint8":
        scaled, images = images, np.rint(images * np.float32(255)).astype(np.uint8)
        if scaled.dtype != np.float32 or not np.array_equal(unit_range(images), scaled):
            raise CorruptFileError(f"Pixels of {name} are not bytes divided by 255 in float32; something changed them.")
    return Split(split_name, {"images": images, "labels": labels})


def load_digits_8x8(root: str | Path | None = None) -> tuple[Array, Array]:
    """Load all 1797 handwritten digits that TinyDigits was drawn from, in their original order.

    ==============  =========================================
    X               (1797, 8, 8) float32, multiples of 1/16 in [0, 1]
    y               (1797,) int64, 0 to 9
    ==============  =========================================

    Parameters
    ----------
    root
        None for the bundled file, or a folder in which ``digits_8x8/`` is looked for.

    Raises
    ------
    MissingFileError, CorruptFileError, StorageError
        The file is not there, is damaged, or cannot be read.

    References
    ----------
    E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository, https://doi.org/10.24432/C50P49
    """
    return load_images("digits_8x8", "full", root)
