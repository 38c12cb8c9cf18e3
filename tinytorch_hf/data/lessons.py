"""The images of a lesson, ready to train on: the course's own forms."""

from __future__ import annotations

from tinytorch_hf import catalog
from tinytorch_hf.catalog import BuiltIn
from tinytorch_hf.data.loaders import Root, load_images
from tinytorch_hf.data.loaders import download as make_be_there
from tinytorch_hf.formats.arrays import Array


def load_tinydigits(root: Root = None, *, download: bool = False) -> tuple[Array, Array, Array, Array]:
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
    download
        Put verified files under the root first; no network is needed.

    Raises
    ------
    MissingFileError, CorruptFileError, StorageError
        A file is not there, is damaged, or cannot be read.

    References
    ----------
    E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository, https://doi.org/10.24432/C50P49
    """
    return _train_and_test("tinydigits", root, download)


def load_tinymnist(root: Root = None, *, download: bool = False) -> tuple[Array, Array, Array, Array]:
    """Load TinyMNIST: genuine MNIST images, chosen to represent many more, ready to train on.

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
    download
        Put verified files under the root first; no network is needed.

    Raises
    ------
    MissingFileError, CorruptFileError, StorageError
        A file is not there, is damaged, or cannot be read.

    References
    ----------
    Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST Database of Handwritten Digits.
    """
    return _train_and_test("tinymnist", root, download)


def load_mnist(root: Root = None, *, download: bool = False) -> tuple[Array, Array, Array, Array]:
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


def load_cifar10(root: Root = None, *, download: bool = False) -> tuple[Array, Array, Array, Array]:
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


def load_tinycifar(root: Root = None, *, download: bool = False) -> tuple[Array, Array, Array, Array]:
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


def load_digits_8x8(root: Root = None, *, download: bool = False) -> tuple[Array, Array]:
    """Load all 1797 handwritten digits that TinyDigits was drawn from, in their original order.

    ==============  =========================================
    X               (1797, 8, 8) float32, multiples of 1/16 in [0, 1]
    y               (1797,) int64, 0 to 9
    ==============  =========================================

    Parameters
    ----------
    root
        None for the bundled file, or a folder in which ``digits_8x8/`` is looked for.
    download
        Put verified files under the root first; no network is needed.

    Raises
    ------
    MissingFileError, CorruptFileError, StorageError
        The file is not there, is damaged, or cannot be read.

    References
    ----------
    E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository, https://doi.org/10.24432/C50P49
    """
    return _ready("digits_8x8", ("full",), root, download)[0]


def _train_and_test(name: BuiltIn, root: Root, download: bool) -> tuple[Array, Array, Array, Array]:
    train, test = _ready(name, ("train", "test"), root, download)
    return *train, *test


def _ready(name: BuiltIn, splits: tuple[str, ...], root: Root, download: bool) -> list[tuple[Array, Array]]:
    dataset = catalog.info(name)
    if download:
        make_be_there(dataset, root)
    return [load_images(dataset, split, root, can_download=True) for split in splits]
