"""What TinyTorch's milestones ask for data: `DatasetManager`, with TinyTorch's shapes and types.

Nothing is downloaded unless it was asked for. Where all of MNIST, CIFAR-10 or Tiny Shakespeare is not on this machine,
the tiny dataset of its kind is given, and a line says so.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.acquire import provision
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.data import generated, loaders, text_loaders
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError, MissingFileError
from tinytorch_hf.files import advice, folders, store
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.milestones.data import full_data, plays
from tinytorch_hf.milestones.data.saying import say
from tinytorch_hf.shown import shown

Pairs = tuple[tuple[Array, Array], tuple[Array, Array]]

# What TinyTorch's own manager reads: who sets it to 1 says yes to every download.
AUTO_DOWNLOAD = "TINYTORCH_AUTO_DOWNLOAD"


def default_data_dir() -> Path:
    """``milestones/datasets`` where the working directory is a checkout, else a folder in the cache."""
    milestones = Path("milestones")
    return (milestones if milestones.is_dir() else folders.cache() / "milestones") / "datasets"


class DatasetManager:
    """The data of every milestone, as TinyTorch's class of this name gives them.

    ======================  =============================================================================
    `get_mnist`             ((X_train, y_train), (X_test, y_test)): float32 (N, 28, 28) in [0, 1], int64
    `get_cifar10`           the same with float32 (N, 3, 32, 32)
    `get_tinydigits`        the same with float32 (N, 8, 8)
    `get_tinymnist`         the same with float32 (N, 28, 28)
    `get_xor_data`          X, y: float32 (n, 2), int64 (n,)
    `get_perceptron_data`   X, y: float32 (n, 2), int64 (n,)
    `get_tinytalks`         one text of questions and answers
    `get_tinypy`            one text of Python functions
    `get_tinyshakespeare`   one text of plays
    ======================  =============================================================================

    Parameters
    ----------
    data_dir
        Folder in which ``mnist/*.gz``, ``cifar-10/cifar-10-batches-py/`` and ``tinyshakespeare/input.txt`` are looked
        for, and what torchvision put there; then the cache. None for ``milestones/datasets`` in the working directory
        if there are milestones, else for a folder in the cache. It is made when something is put there.
    auto_confirm
        Say yes to every download, as the variable TINYTORCH_AUTO_DOWNLOAD=1 does.
    """

    def __init__(self, data_dir: str | Path | None = None, auto_confirm: bool = False) -> None:
        self.data_dir = default_data_dir() if data_dir is None else folders.expanded(data_dir)
        self.auto_confirm = auto_confirm or os.environ.get(AUTO_DOWNLOAD) == "1"

    def get_mnist(self, full: bool | None = None, download: bool = False) -> Pairs:
        """MNIST's 60,000 and 10,000 images, or TinyMNIST's 1000 and 200.

        Parameters
        ----------
        full
            None for all of MNIST if it is there, else TinyMNIST; True to insist on all; False for TinyMNIST.
        download
            Get all of MNIST first if it is not there.

        Returns
        -------
        ((X_train, y_train), (X_test, y_test))
            Images float32 (N, 28, 28), exactly uint8 / 255; labels int64 (N,).

        Raises
        ------
        MissingFileError
            ``full`` is True, and MNIST is not there.
        CorruptFileError
            ``full`` is True, and a file of MNIST is damaged.
        NetworkError, StorageError
            MNIST could not be downloaded, or a file not be read or written.
        """
        return self._full_or_tiny(catalog.MNIST, "tinymnist", full, download)

    def get_cifar10(self, full: bool | None = None, download: bool = False) -> Pairs:
        """CIFAR-10's 50,000 and 10,000 images, or TinyCIFAR's 2000 and 400, which are cut from it.

        Parameters
        ----------
        full
            None for all of CIFAR-10 if it is there, else TinyCIFAR; True to insist on all; False for TinyCIFAR.
        download
            Get all of CIFAR-10 first if it is not there.

        Returns
        -------
        ((X_train, y_train), (X_test, y_test))
            Images float32 (N, 3, 32, 32), exactly uint8 / 255; labels int64 (N,).

        Raises
        ------
        MissingFileError
            CIFAR-10 is not there, and ``full`` is True or TinyCIFAR is not there either: no images in colour ship
            with this package.
        CorruptFileError
            ``full`` is True, and a file of CIFAR-10 is damaged.
        NetworkError, StorageError
            CIFAR-10 could not be downloaded, or a file not be read or written.
        """
        return self._full_or_tiny(catalog.CIFAR10, "tinycifar", full, download)

    def get_tinydigits(self) -> Pairs:
        """TinyDigits' 1000 and 200 images, float32 (N, 8, 8) in [0, 1]; labels int64 (N,)."""
        return _pairs("tinydigits")

    def get_tinymnist(self) -> Pairs:
        """TinyMNIST's 1000 and 200 images, float32 (N, 28, 28), exactly uint8 / 255; labels int64 (N,)."""
        return _pairs("tinymnist")

    def get_xor_data(self, num_samples: int = 1000) -> tuple[Array, Array]:
        """Points of the unit square and whether exactly one coordinate is above 1/2; see `generated.xor`.

        Returns
        -------
        X, y
            (num_samples, 2) float32 and (num_samples,) int64, 0 or 1; the same at every call.

        Raises
        ------
        InvalidArgumentError
            ``num_samples`` is not positive.
        """
        return generated.xor(num_samples)

    def get_perceptron_data(self, num_samples: int = 1000) -> tuple[Array, Array]:
        """Two clouds that a line through the origin divides: `generated.perceptron`, eight times as large, centred.

        Returns
        -------
        X, y
            (num_samples, 2) float32, within 1.6 of (2, 2) where the label is 1 and of (-2, -2) where it is 0, and
            (num_samples,) int64; the same at every call.

        Raises
        ------
        InvalidArgumentError
            ``num_samples`` is not positive.
        """
        X, y = generated.perceptron(num_samples)
        return (X - np.float32(0.5)) * np.float32(8), y

    def get_tinytalks(self, split: str | None = None, sample_only: bool = False, topic: str = "tinytorch") -> str:
        r"""Questions and answers in one text: ``Q: ...\nA: ...\n`` for each pair, a blank line after a conversation.

        Parameters
        ----------
        split
            "train", "val" or "test"; None for all.
        sample_only, topic
            Taken as TinyTorch's manager takes them, without effect: nothing is downloaded, and there is one topic.

        Raises
        ------
        UnknownNameError
            There is no such split.
        """
        return text_loaders.tinytalks_text(split)

    def get_tinypy(self, split: str | None = None, sample_only: bool = False) -> str:
        """Python functions in one text, two line ends after each; built on first use, in seconds, from this Python.

        Parameters
        ----------
        split
            "train", "val" or "test"; None for all.
        sample_only
            Taken as TinyTorch's manager takes it, without effect: nothing is downloaded.

        Raises
        ------
        UnknownNameError
            There is no such split.
        MissingFileError
            This Python has no sources to build it from.
        """
        return "".join(f"{function}\n\n" for function in text_loaders.load_tinypy(split))

    def get_tinyshakespeare(self, sample_only: bool = False) -> str:
        """The plays of Shakespeare in one text: all of Tiny Shakespeare if it is there, else the scenes that ship.

        What stands in a checkout comes first, also if it is another text of the student's own.

        Parameters
        ----------
        sample_only
            Give the scenes, or the sample that the checkout has.

        Raises
        ------
        NetworkError, StorageError
            The whole was to be downloaded and could not, or a file cannot be read or written.
        """
        whole = catalog.SHAKESPEARE
        if sample_only:
            return plays.sample(self.data_dir)
        own = plays.own_whole(self.data_dir)
        if own is not None:
            return own
        try:
            found, note = self._found(whole, self.auto_confirm)
        except (MissingFileError, CorruptFileError) as error:
            if self.auto_confirm:
                raise
            reason = advice.how_to_get(whole) if isinstance(error, MissingFileError) else str(error)
            return plays.sample(self.data_dir, f"All of Tiny Shakespeare was not found. {reason}")
        return plays.told(whole, "".join(found.splits[0]["text"].tolist()), note)

    def get_shakespeare(self) -> str:
        """The same as `get_tinyshakespeare`, under the name of TinyTorch's first generation."""
        return self.get_tinyshakespeare()

    def _full_or_tiny(self, dataset: DatasetInfo, tiny: str, full: bool | None, download: bool) -> Pairs:
        if full is False:
            if download:
                raise InvalidArgumentError(f"full=False asks for {tiny}, download=True for all of {dataset.title}.")
            return _tell(tiny, self._tiny(tiny))
        insists = full or download or self.auto_confirm
        try:
            return self._full(dataset, download or self.auto_confirm)
        except (MissingFileError, CorruptFileError) as error:
            if insists:
                raise
            try:
                pairs = self._tiny(tiny)
            except (MissingFileError, CorruptFileError):
                if isinstance(error, CorruptFileError):
                    raise error from None
                stands_in = catalog.info(tiny)
                instead = f"{stands_in.title} would stand in for it, and is not here either"
                raise MissingFileError(f"{error} {instead}. {advice.how_to_get(stands_in)}") from None
            # That there is no such file needs no more words than what to type.
            reason = advice.how_to_get(dataset) if isinstance(error, MissingFileError) else str(error)
            return _tell(tiny, pairs, f"All of {dataset.title} was not found. {reason}")

    def _tiny(self, name: str) -> Pairs:
        dataset = catalog.info(name)
        source = catalog.info(dataset.cut_from) if dataset.cut_from else None
        if source and not store.is_there(dataset):
            for root in (full_data.folder(source, self.data_dir).parent, self.data_dir):
                if store.is_there(source, root):
                    provision.cut(dataset, root, None)
                    break
        return _pairs(name)

    def _full(self, dataset: DatasetInfo, download: bool) -> Pairs:
        found, note = self._found(dataset, download)
        train, test = [(loaders.unit_range(split["images"]), split["labels"]) for split in found.splits]
        return _tell(dataset.name, (train, test), note)

    def _found(self, dataset: DatasetInfo, download: bool) -> tuple[full_data.Found, str]:
        """A whole dataset, downloaded first if that is asked for, and what to say of a file that was damaged."""
        try:
            found = full_data.find(dataset, self.data_dir)
        except (MissingFileError, CorruptFileError):
            if not download:
                raise
            provision.provide(dataset)
            full_data.put(dataset, self.data_dir)
            found = full_data.find(dataset, self.data_dir)
        note = ""
        if found.problem:
            repaired = full_data.put(dataset, self.data_dir, found.root)
            note = f"{found.problem}" + (f" It was replaced by a good copy from {found.root}." if repaired else "")
        return found, note


def _pairs(name: str) -> Pairs:
    return loaders.load_images(name, "train"), loaders.load_images(name, "test")


def _tell(name: str, pairs: Pairs, note: str = "") -> Pairs:
    """Say which data a milestone gets, as TinyTorch's manager does."""
    (X_train, _), (X_test, _) = pairs
    line = f"{catalog.info(name).title}: {len(X_train)} training and {len(X_test)} test images."
    say(shown(f"{line} {note}".rstrip()))
    return pairs
