"""Specification of what somebody may have put where a file belongs: nothing waits, and nothing else is changed."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tinytorch_hf import catalog
from tinytorch_hf.acquire import export
from tinytorch_hf.errors import CorruptFileError, StorageError, TinyTorchHFError
from tinytorch_hf.files import opening, store
from tinytorch_hf.files.folders import folder

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes in folders")


def _socket(path: Path) -> None:
    socket.socket(socket.AF_UNIX).bind(str(path))


OTHERS: dict[str, Callable[[Path], None]] = {
    "a directory": Path.mkdir,
    "a named pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a socket": _socket,
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_no_file_is_neither_waited_for_nor_read(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says what it is; a file behind a link is one."""
    # Names of sockets are short.
    monkeypatch.chdir(tmp_path)
    OTHERS[kind](Path("x"))
    with pytest.raises(OSError, match=kind):
        opening.open_file(Path("x"))
    with pytest.raises(StorageError, match=kind):
        store.found_at(Path("x"), b"data")
    with pytest.raises(StorageError, match=kind):
        store.is_good(Path("x"), catalog.TINYDIGITS.files[0])

    Path("file").write_bytes(b"content")
    Path("link").symlink_to("file")
    assert opening.read_file(Path("link"), 7) == b"content"


@pytest.mark.parametrize("kind", [*OTHERS, "an endless file"])
@pytest.mark.parametrize("force", [False, True])
def test_an_export_is_not_held_up_by_what_stands_in_its_place(
    kind: str, force: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends with a sentence and changes nothing; a file of 100 GB is told to be another without being read."""
    dataset = catalog.TINYDIGITS
    monkeypatch.chdir(tmp_path)
    place = Path("datasets", dataset.folder_name, dataset.files[0].name)
    place.parent.mkdir(parents=True)
    if kind in OTHERS:
        OTHERS[kind](place)
        with pytest.raises(TinyTorchHFError, match=f"{place.name} cannot be read: .*{kind}"):
            export.to_checkout(dataset, tmp_path, force=force)
        assert [*place.parent.iterdir()] == [place.absolute()] or [*place.parent.iterdir()] == [place]
        return
    with place.open("wb") as stream:
        stream.truncate(100 * 10**9)
    (step,) = [step for step in export.to_checkout(dataset, tmp_path, force=force) if step.path.name == place.name]
    assert step.found is store.Found.OTHER
    assert (place.stat().st_size == dataset.files[0].size_bytes) is force


def test_a_file_that_should_be_small_and_is_not_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    """100 GB are not read to say that their hash is another."""
    dataset = catalog.TINYDIGITS
    store.materialise(dataset, tmp_path)
    with (folder(dataset, tmp_path) / "train.pkl").open("r+b") as stream:
        stream.truncate(100 * 10**9)
    with pytest.raises(StorageError, match="it has 100000000000 bytes"):
        store.read(dataset, dataset.files[0], tmp_path)


def test_a_new_file_may_be_read_by_whom_the_old_one_could(tmp_path: Path) -> None:
    """A private file stays private, an executable one executable; a new one is as the system's mask says."""
    old = tmp_path / "old"
    for mode in (0o600, 0o755, 0o444):
        old.unlink(missing_ok=True)
        old.write_bytes(b"")
        old.chmod(mode)
        store.write(old, b"new")
        assert (old.stat().st_mode & 0o7777, old.read_bytes()) == (mode, b"new")
    mask = os.umask(0o027)
    try:
        store.write(tmp_path / "new", b"")
    finally:
        os.umask(mask)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(tmp_path: Path) -> None:
    """What it points to keeps its content and its mode."""
    precious, link = tmp_path / "precious", tmp_path / "link"
    precious.write_bytes(b"mine")
    precious.chmod(0o600)
    for make in (lambda: link.symlink_to(precious), lambda: os.link(precious, link)):
        make()
        store.write(link, b"new")
        assert (precious.read_bytes(), link.read_bytes(), link.is_symlink()) == (b"mine", b"new", False)
        link.unlink()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="who is not root makes no links of others")
def test_nothing_is_written_through_a_link_that_another_user_put_into_a_folder_open_to_all(tmp_path: Path) -> None:
    """One's own link, and one in a folder that is not open to all, may be used."""
    shared, own = tmp_path / "shared", tmp_path / "own"
    shared.mkdir(mode=0o1777)
    shared.chmod(0o1777)
    own.mkdir()
    link = shared / "cache"
    link.symlink_to(own)
    store.write(link / "file", b"mine")
    os.lchown(link, 12345, 12345)
    with pytest.raises(StorageError, match="cache is a link that another user put there"):
        store.write(link / "file", b"theirs")
    with pytest.raises(StorageError, match="another user"):
        store.write(link / "deeper" / "file", b"theirs")
    assert [path.read_bytes() for path in own.iterdir()] == [b"mine"]
    shared.chmod(0o755)
    store.write(link / "file", b"mine again")


def test_a_selection_of_a_set_is_read_within_bounds(tmp_path: Path) -> None:
    """Numbers without end, fields without end and rows that belong nowhere are damage."""
    from tinytorch_hf.acquire import selection

    head = "digest,label,split,difficulty,score\n"
    for row in ("a,b,train,1,nan", "a,b,train," + "1" * 10**6 + ",0.5", 'a,"' + "b" * 10**6 + '",train,1,0.5', 'a,"b'):
        (tmp_path / selection.SELECTION).write_text(head + row)
        with pytest.raises(CorruptFileError, match=r"selection\.csv is damaged: ") as refused:
            selection.read_selection(tmp_path)
        assert len(str(refused.value)) < 400


def test_what_is_added_to_or_locked_is_a_file_of_its_own(tmp_path: Path) -> None:
    """A link in the place of a log or of a lock leaves the file behind it as it is."""
    pytest.importorskip("filelock", reason="filelock is not installed")
    from tinytorch_hf.acquire import lock
    from tinytorch_hf.curation.work import Log

    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    for name, use in (
        ("out.log", lambda: Log(tmp_path / "out")("text")),
        (".a.gz.lock", lambda: lock.only_one(tmp_path / "a.gz").__enter__()),
    ):
        place = tmp_path / name
        for make in (
            lambda place=place: place.symlink_to(precious),
            lambda place=place: os.link(precious, place),
            lambda place=place: os.mkfifo(place),
        ):
            make()
            with pytest.raises(StorageError, match=r"where a file of its own belongs"):
                use()
            place.unlink()
    assert precious.read_bytes() == b"mine"
    Log(tmp_path / "out")("text")
    Log(tmp_path / "out")("text")
    assert (tmp_path / "out.log").read_text().count("text") == 2


def test_files_that_are_replaced_together_keep_their_modes(tmp_path: Path) -> None:
    """As one does that is replaced by itself."""
    from tinytorch_hf.curation.replacing import replaced

    paths = [tmp_path / name for name in "ab"]
    paths[0].write_bytes(b"old")
    paths[0].chmod(0o600)
    with replaced(dict.fromkeys(paths, b"new")):
        pass
    assert [path.stat().st_mode & 0o777 for path in paths] == [0o600, 0o666 & ~_mask()]


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
