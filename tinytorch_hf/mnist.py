"""MNIST's official archives: verified by hash, then IDX to NumPy."""

from __future__ import annotations

import gzip
import hashlib
import math
import struct
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf.catalog import DataFile
from tinytorch_hf.errors import CorruptFileError, MissingFileError, StorageError

Array = np.ndarray[Any, Any]

ARCHIVES = {
    ("train", "images"): DataFile(
        "train-images-idx3-ubyte.gz",
        9912422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    ("train", "labels"): DataFile(
        "train-labels-idx1-ubyte.gz",
        28881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    ("test", "images"): DataFile(
        "t10k-images-idx3-ubyte.gz",
        1648877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    ("test", "labels"): DataFile(
        "t10k-labels-idx1-ubyte.gz",
        4542,
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
}


def official_split(folder: str | Path, split: str) -> tuple[Array, Array]:
    """Images (N, 28, 28) uint8 and labels (N,) int64 of the official "train" or "test" split.

    Parameters
    ----------
    folder
        Where the four ``.gz`` archives of MNIST lie.
    split
        "train" (60,000 images) or "test" (10,000).

    Raises
    ------
    MissingFileError, CorruptFileError, StorageError
        An archive is not there, is not the official one, or cannot be read.

    References
    ----------
    Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST Database of Handwritten Digits.
    """
    images, labels = (_read(Path(folder).expanduser(), ARCHIVES[split, part]) for part in ("images", "labels"))
    return images, labels.astype(np.int64)


def _read(folder: Path, archive: DataFile) -> Array:
    path = folder / archive.name
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise MissingFileError(
            f"There is no {path}. Give the folder that holds MNIST's four official .gz archives."
        ) from None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}.") from error
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 != archive.sha256:
        raise CorruptFileError(
            f"{path} is not MNIST's official archive: its SHA-256 is {sha256}, not {archive.sha256}. Download it again."
        )
    return read_idx(gzip.decompress(data), path)


def read_idx(data: bytes, path: Path) -> Array:
    """Read an IDX file of unsigned bytes: 0, 0, 8, the number of axes, their lengths, the values.

    Raises
    ------
    CorruptFileError
        It is no such file, or has too few or too many values.
    """
    if len(data) < 4 or data[:3] != b"\x00\x00\x08" or len(data) < 4 + 4 * data[3]:
        raise CorruptFileError(f"{path} is not an IDX file of unsigned bytes.")
    shape = struct.unpack(f">{data[3]}I", data[4 : 4 + 4 * data[3]])
    values = np.frombuffer(data, dtype=np.uint8, offset=4 + 4 * data[3])
    n_expected = math.prod(shape)
    if len(values) != n_expected:
        raise CorruptFileError(f"{path} has {len(values)} values, but its header announces {n_expected}.")
    array: Array = values.reshape(shape).copy()
    return array
