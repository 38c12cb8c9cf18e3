"""CIFAR-10's files as they were written, by Python 2 and an old NumPy, and a root that holds them."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import struct
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.files import store

PARTIAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "cifar10_partial.npz"


class PythonTwo:
    """Writes the opcodes that Python 2's cPickle writes in protocol 2, among them `str` for text and bytes alike."""

    def __init__(self) -> None:
        self._out = bytearray(b"\x80\x02")
        self._n_remembered = 0

    def dumps(self, value: Any) -> bytes:
        """A whole pickle."""
        self._write(value)
        return bytes(self._out + b".")

    def _remember(self) -> None:
        # cPickle counts from 1.
        self._n_remembered += 1
        n = self._n_remembered
        self._out += b"q" + bytes([n]) if n < 256 else b"r" + struct.pack("<I", n)

    def _write(self, value: Any) -> None:
        if isinstance(value, str):
            self._string(value.encode("latin-1"))
        elif isinstance(value, bytes):
            self._string(value)
        elif isinstance(value, int):
            self._integer(value)
        elif isinstance(value, list):
            self._collection(b"]", value, b"e")
        elif isinstance(value, dict):
            self._collection(b"}", [part for pair in value.items() for part in pair], b"u")
        else:
            self._array(value)

    def _string(self, value: bytes) -> None:
        head = b"U" + bytes([len(value)]) if len(value) < 256 else b"T" + struct.pack("<i", len(value))
        self._out += head + value
        self._remember()

    def _integer(self, value: int) -> None:
        if 0 <= value < 256:
            self._out += b"K" + bytes([value])
        elif 0 <= value < 65536:
            self._out += b"M" + struct.pack("<H", value)
        else:
            self._out += b"J" + struct.pack("<i", value)

    def _collection(self, empty: bytes, parts: list[Any], end: bytes) -> None:
        self._out += empty
        self._remember()
        # A thousand entries at a time, as pickle has it.
        for start in range(0, len(parts), 2000):
            self._out += b"("
            for part in parts[start : start + 2000]:
                self._write(part)
            self._out += end

    def _array(self, array: np.ndarray[Any, Any]) -> None:
        self._out += b"cnumpy.core.multiarray\n_reconstruct\n"
        self._remember()
        self._out += b"cnumpy\nndarray\n"
        self._remember()
        self._out += b"K\x00\x85"
        self._remember()
        self._out += b"U\x01b\x87"
        self._remember()
        self._out += b"R"
        self._remember()
        self._out += b"(K\x01"
        for length in array.shape:
            self._integer(length)
        self._out += {1: b"\x85", 2: b"\x86", 3: b"\x87"}[array.ndim]
        self._out += b"cnumpy\ndtype\n"
        self._remember()
        code, order = array.dtype.str[1:], array.dtype.str[:1]
        self._out += b"U" + bytes([len(code)]) + code.encode() + b"K\x00K\x01\x87R"
        self._remember()
        unset = b"J\xff\xff\xff\xff"
        self._out += b"(K\x03U\x01" + order.encode() + b"NNN" + unset + unset + b"K\x00tb"
        in_columns = array.flags.f_contiguous and not array.flags.c_contiguous
        self._out += b"\x88" if in_columns else b"\x89"
        self._string(array.tobytes("F" if in_columns else "C"))
        self._out += b"tb"


def batch(images: np.ndarray[Any, Any], labels: np.ndarray[Any, Any], title: str = "training batch 1 of 5") -> bytes:
    """A batch of images (N, 3, 32, 32) uint8 in the official layout."""
    return PythonTwo().dumps(
        {
            "batch_label": title,
            "labels": labels.tolist(),
            "data": images.reshape(len(images), -1),
            "filenames": [f"photograph_{number:06}.png" for number in range(len(images))],
        }
    )


def files(splits: Mapping[str, tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]) -> dict[str, bytes]:
    """Every official file, by name: "train" is cut into five batches, "test" is one."""
    images, labels = splits["train"]
    contents = {
        f"data_batch_{number}": batch(*part, f"training batch {number} of 5")
        for number, part in enumerate(zip(np.array_split(images, 5), np.array_split(labels, 5), strict=True), start=1)
    }
    contents["test_batch"] = batch(*splits["test"], "testing batch 1 of 1")
    meta = {"num_cases_per_batch": 10000, "label_names": list(catalog.CIFAR10.classes), "num_vis": 3072}
    return {**contents, "batches.meta": PythonTwo().dumps(meta)}


def entry(contents: Mapping[str, bytes], n_train: int, n_test: int, packed: bytes = b"") -> DatasetInfo:
    """CIFAR-10's entry of the catalog, with hashes of these files and of an archive, and other numbers of samples."""

    def file(known: catalog.DataFile) -> catalog.DataFile:
        digest = hashlib.md5(contents[known.name], usedforsecurity=False).hexdigest()
        return dataclasses.replace(known, md5=digest)

    real = catalog.CIFAR10
    digest = hashlib.sha256(packed).hexdigest()
    (official,) = real.archives
    stand_in = dataclasses.replace(official.file, size_bytes=len(packed), sha256=digest, md5="")
    return dataclasses.replace(
        real,
        splits=tuple(
            dataclasses.replace(split, n_samples=n, files=tuple(map(file, split.files)))
            for split, n in zip(real.splits, (n_train, n_test), strict=True)
        ),
        other_files=tuple(map(file, real.other_files)),
        provider=catalog.Downloaded((dataclasses.replace(official, file=stand_in),), real.place),
    )


def archive(contents: Mapping[str, bytes]) -> bytes:
    """The files as the official archive holds them."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as tar:
        for name, data in contents.items():
            member = tarfile.TarInfo(f"{catalog.CIFAR10.place}/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return stream.getvalue()


def unpack(data: bytes, root: Path) -> None:
    """Lay out an archive's files under a root, as torchvision does."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for member in tar:
            stream = tar.extractfile(member)
            assert stream is not None
            store.write(root / member.name, stream.read())


def genuine() -> dict[str, tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    """CIFAR-10's splits with genuine images where they are on this machine, black ones elsewhere, and all labels."""
    with np.load(PARTIAL) as parts:
        train = np.zeros((50_000, 3, 32, 32), np.uint8)
        test = np.zeros((10_000, 3, 32, 32), np.uint8)
        train[:4000] = parts["b1_first4000"]
        for number in range(2, 6):
            start = 10_000 * (number - 1)
            train[start : start + 761] = parts[f"b{number}_first761"]
        test[:761] = parts["test_first761"]
        return {
            "train": (train, parts["train_labels"].astype(np.int64)),
            "test": (test, parts["test_labels"].astype(np.int64)),
        }
