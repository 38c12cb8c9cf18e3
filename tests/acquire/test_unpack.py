"""Specification of unpacking: a damaged or hostile archive gives an error, never a bad file, never one elsewhere."""

from __future__ import annotations

import contextlib
import gzip
import io
import tarfile
import tracemalloc
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_dataset import PACKED, UNPACKED, described

from tinytorch_hf import catalog
from tinytorch_hf.acquire import unpack
from tinytorch_hf.catalog import DataFile
from tinytorch_hf.errors import CorruptFileError, StorageError, WrongHashError
from tinytorch_hf.files import store

LETTERS = described("letters", UNPACKED)
BATCHES = {f"batch_{number}": np.random.default_rng(number).bytes(5000 + number) for number in (1, 2)}
FILES = tuple(described(name, data) for name, data in BATCHES.items())
Member = tuple[tarfile.TarInfo, bytes]


def member(name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = "") -> Member:
    """A member of a tar file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, len(data)
    return info, data


def tar_gz(members: Iterable[Member]) -> bytes:
    """A compressed tar file with these members, as they are."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return packed.getvalue()


GOOD_MEMBERS = [member("batches", kind=tarfile.DIRTYPE), *(member(f"batches/{n}", d) for n, d in BATCHES.items())]
GOOD = tar_gz(GOOD_MEMBERS)


def unpack_tar(folder: Path, data: bytes, files: tuple[DataFile, ...] = FILES) -> list[str]:
    """Unpack a tar file into ``folder/out``; the names of the files that were written."""
    folder.mkdir(exist_ok=True)
    (folder / "in.tar.gz").write_bytes(data)
    written = unpack.unpack(folder / "in.tar.gz", files, folder / "out", member_folder="batches")
    return [path.name for path in written]


def only_good_files(folder: Path) -> bool:
    """Whether whatever is in the folder is an input or a good file in its place."""
    expected = {folder / "out" / name: data for name, data in {**BATCHES, "letters": UNPACKED}.items()}
    inputs = (folder / "in.tar.gz", folder / "letters.gz")
    found = [path for path in folder.rglob("*") if not path.is_dir() and path not in inputs]
    return all(not path.is_symlink() and expected.get(path) == path.read_bytes() for path in found)


def test_the_files_that_are_wanted_are_taken(tmp_path: Path) -> None:
    """All of them, or those that are asked for."""
    assert unpack_tar(tmp_path, GOOD) == ["batch_1", "batch_2"]
    assert all((tmp_path / "out" / name).read_bytes() == data for name, data in BATCHES.items())
    assert unpack_tar(tmp_path / "one", GOOD, FILES[1:]) == ["batch_2"]


def test_what_an_archive_holds_is_known_from_its_name() -> None:
    """MNIST's hold one file each, CIFAR-10's all."""
    assert [[file.name for file in unpack.files_in(archive, catalog.MNIST)] for archive in catalog.MNIST.archives] == [
        ["train-images-idx3-ubyte"],
        ["train-labels-idx1-ubyte"],
        ["t10k-images-idx3-ubyte"],
        ["t10k-labels-idx1-ubyte"],
    ]
    assert unpack.files_in(catalog.CIFAR10.archives[0], catalog.CIFAR10) == catalog.CIFAR10.files


def test_a_file_that_is_not_packed_is_copied_to_where_it_belongs(tmp_path: Path) -> None:
    """Verified, and left alone where it is there already; another content is refused."""
    archive = tmp_path / "letters"
    archive.write_bytes(UNPACKED)

    assert unpack.unpack(archive, [LETTERS], tmp_path) == []
    assert unpack.unpack(archive, [LETTERS], tmp_path / "out") == [tmp_path / "out" / "letters"]
    assert (tmp_path / "out" / "letters").read_bytes() == UNPACKED
    archive.write_bytes(UNPACKED[:-1] + b"!")
    with pytest.raises(WrongHashError):
        unpack.unpack(archive, [LETTERS], tmp_path / "again")
    assert not (tmp_path / "again" / "letters").exists()


@pytest.mark.parametrize(
    "hostile",
    [
        member("../batch_1", b"x"),
        member("batches/../../batch_1", b"x"),
        member("/tmp/batch_1", b"x"),  # noqa: S108 -- nothing is written there, which is the point
        member("batches/batch_3", b"x"),
        member("batches/batch_1", kind=tarfile.SYMTYPE, link="/etc/passwd"),
        member("batches/batch_1", kind=tarfile.LNKTYPE, link="../in.tar.gz"),
        member("batches/batch_1", kind=tarfile.CHRTYPE),
        member("batches/batch_1", kind=tarfile.BLKTYPE),
        member("batches/batch_1", kind=tarfile.FIFOTYPE),
        member("batches/batch_1", kind=tarfile.DIRTYPE),
        member("batches", kind=tarfile.SYMTYPE, link=".."),
        member("out", kind=tarfile.SYMTYPE, link="/"),
        member("./batches/batch_1", b"x"),
        member("batches//batch_1", b"x"),
    ],
    ids=lambda hostile: repr((hostile[0].name, hostile[0].type)),
)
def test_members_that_are_not_wanted_are_passed_over(tmp_path: Path, hostile: Member) -> None:
    """Paths that lead elsewhere, links, devices, pipes: nothing is made of them, before or after the good ones."""
    for number, members in enumerate(([hostile, *GOOD_MEMBERS], [*GOOD_MEMBERS, hostile])):
        folder = tmp_path / str(number)
        assert unpack_tar(folder, tar_gz(members)) == ["batch_1", "batch_2"]
        assert only_good_files(folder)


def test_of_two_members_of_one_name_the_first_counts(tmp_path: Path) -> None:
    """And must be right: what comes later can neither spoil nor save it."""
    bad = member("batches/batch_1", b"x" * len(BATCHES["batch_1"]))

    assert unpack_tar(tmp_path / "after", tar_gz([*GOOD_MEMBERS, bad])) == ["batch_1", "batch_2"]
    with pytest.raises(WrongHashError, match=r"Remove in\.tar\.gz, then run it again"):
        unpack_tar(tmp_path / "before", tar_gz([bad, *GOOD_MEMBERS]))
    assert only_good_files(tmp_path / "before")


def test_a_member_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Those before it are good and stay."""
    with pytest.raises(CorruptFileError, match=r"does not hold batches/batch_2\. Remove"):
        unpack_tar(tmp_path, tar_gz(GOOD_MEMBERS[:2]))
    assert only_good_files(tmp_path) and (tmp_path / "out" / "batch_1").exists()


def bomb(n_bytes: int) -> bytes:
    """Gzip of so many zero bytes, made in pieces."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9) as stream:
        for _ in range(n_bytes // 2**20):
            stream.write(bytes(2**20))
    return packed.getvalue()


@contextlib.contextmanager
def in_little_memory() -> Iterator[None]:
    """Fail if more than a few pieces are held at once."""
    tracemalloc.start()
    try:
        yield
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 2**23


def test_a_bomb_fills_no_disk_and_no_memory(tmp_path: Path) -> None:
    """A file that is far longer than it may be is given up where it exceeds that."""
    (tmp_path / "letters.gz").write_bytes(bomb(2**25))
    with (
        in_little_memory(),
        pytest.raises(CorruptFileError, match=f"holds more than the {len(UNPACKED)} bytes that letters may have"),
    ):
        unpack.unpack(tmp_path / "letters.gz", [LETTERS], tmp_path / "out")
    with pytest.raises(CorruptFileError, match="holds more than the 5001 bytes that batch_1 may have"):
        unpack_tar(tmp_path, tar_gz([member("batches/batch_1", bytes(2**22))]))
    assert only_good_files(tmp_path)


def test_a_bomb_beside_the_files_is_not_read_to_its_end(tmp_path: Path) -> None:
    """What stands before them may have some megabytes, not more."""
    endless = tarfile.TarInfo("readme")
    endless.size = 2**40
    header = endless.tobuf()
    data = gzip.compress(header, 1) + bomb(36 * 2**20)

    with in_little_memory(), pytest.raises(CorruptFileError, match="far more than the files that are wanted"):
        unpack_tar(tmp_path, data)
    assert only_good_files(tmp_path)


def test_a_file_whose_size_is_published_nowhere_has_a_bound_all_the_same(tmp_path: Path) -> None:
    """Larger than any batch of CIFAR-10, far smaller than a disk."""
    unknown = DataFile("letters", 0, "", "0" * 32)
    (tmp_path / "letters.gz").write_bytes(bomb(33 * 2**20))

    assert unpack.most_bytes(unknown) == 2**25
    with pytest.raises(CorruptFileError, match="more than the 33554432 bytes"):
        unpack.unpack(tmp_path / "letters.gz", [unknown], tmp_path / "out")


def test_only_an_md5_is_enough_where_nothing_else_is_published(tmp_path: Path) -> None:
    """As for CIFAR-10's batches: right content is taken, other is not."""
    right = DataFile("batch_1", 0, "", "b10a8db164e0754105b7a99be72e3fe5")
    assert unpack_tar(tmp_path, tar_gz([member("batches/batch_1", b"Hello World")]), (right,)) == ["batch_1"]
    assert store.is_good(tmp_path / "out" / "batch_1", right)
    with pytest.raises(WrongHashError, match="its md5"):
        unpack_tar(tmp_path, tar_gz([member("batches/batch_1", b"Hello world")]), (right,))


def test_an_archive_that_cannot_be_read_is_a_storage_error(tmp_path: Path) -> None:
    """It is gone, or a folder."""
    (tmp_path / "folder.gz").mkdir()
    for name, reason in (("nothing.gz", "No such file or directory"), ("folder.gz", "Is a directory")):
        with pytest.raises(StorageError, match=rf"cannot be read: {reason}\."):
            unpack.unpack(tmp_path / name, [LETTERS], tmp_path)


def damaged(good: bytes) -> st.SearchStrategy[bytes]:
    """An archive that was cut, changed, lengthened, or never was one."""
    places = st.integers(0, len(good) - 1)
    changes = st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=8)

    def change(spots: list[tuple[int, int]]) -> bytes:
        data = bytearray(good)
        for place, value in spots:
            data[place] = value
        return bytes(data)

    return st.one_of(
        places.map(lambda end: good[:end]),
        changes.map(change),
        st.binary(max_size=100).map(lambda more: good + more),
        st.binary(max_size=2000),
        st.binary(max_size=600).map(gzip.compress),
        places.map(lambda start: good[start:]),
    )


@settings(max_examples=60)
@given(data=damaged(PACKED))
def test_a_damaged_gz_never_leaves_a_bad_file(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """It is good, or it is not there, and the error is ours."""
    folder = tmp_path_factory.mktemp("gz")
    (folder / "letters.gz").write_bytes(data)
    try:
        unpack.unpack(folder / "letters.gz", [LETTERS], folder / "out")
        assert (folder / "out" / "letters").read_bytes() == UNPACKED
    except CorruptFileError as error:
        assert not (folder / "out" / "letters").exists()
        assert "letters" in str(error)
    assert only_good_files(folder)


UNCOMPRESSED = gzip.decompress(GOOD)


@settings(max_examples=100)
@given(data=st.one_of(damaged(GOOD), damaged(UNCOMPRESSED).map(lambda tar: gzip.compress(tar, 1))))
def test_a_damaged_tar_never_leaves_a_bad_file(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Damaged in its compression, or in its headers: each file is good, or it is not there."""
    folder = tmp_path_factory.mktemp("tar")
    try:
        assert unpack_tar(folder, data) == ["batch_1", "batch_2"]
    except CorruptFileError:
        assert not all((folder / "out" / name).exists() for name in BATCHES)
    assert only_good_files(folder)
