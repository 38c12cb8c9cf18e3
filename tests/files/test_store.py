"""Specification of tinytorch_hf.files.store: every byte that leaves it was verified, and no write loses anything."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import tinytorch_hf
from tinytorch_hf import catalog
from tinytorch_hf.acquire import export
from tinytorch_hf.catalog import DataFile
from tinytorch_hf.errors import (
    GitLFSPointerError,
    InvalidArgumentError,
    LineEndsError,
    MissingFileError,
    StorageError,
    TinyTorchHFError,
    TruncatedFileError,
    WrongHashError,
)
from tinytorch_hf.files import advice, folders, store
from tinytorch_hf.files.store import Found

DATASET = catalog.TINYDIGITS
(TRAIN,) = DATASET.split("train").files
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 264255\n"


def test_what_is_read_is_the_verified_content(root: Path) -> None:
    """The bytes have the catalog's hash, from the installation and from a root alike."""
    for place in (None, root):
        assert hashlib.sha256(store.read(DATASET, TRAIN, place)).hexdigest() == TRAIN.sha256


def test_a_file_damaged_between_two_loads_is_noticed(root: Path) -> None:
    """What was good before is not trusted now."""
    path = root / "tinydigits" / "train.pkl"
    good = store.read(DATASET, TRAIN, root)
    changed = bytearray(good)
    changed[-100] ^= 1
    path.write_bytes(bytes(changed))

    with pytest.raises(WrongHashError):
        store.read(DATASET, TRAIN, root)


def test_a_missing_file_names_the_place_and_the_way_out(root: Path) -> None:
    """torchvision's advice, with the folder that torchvision leaves out."""
    path = root / "tinydigits" / "train.pkl"
    path.unlink()

    with pytest.raises(MissingFileError, match="download tinydigits --root") as caught:
        store.read(DATASET, TRAIN, root)
    assert str(path) in str(caught.value)


def test_a_missing_file_of_the_installation_asks_for_a_new_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no root to download into."""
    monkeypatch.setattr(folders, "shipped", lambda folder: Path("nowhere") / folder)

    with pytest.raises(MissingFileError, match="Reinstall"):
        store.read(DATASET, TRAIN)


@pytest.mark.parametrize(
    ("dataset", "root", "said"),
    [
        (
            catalog.TINYDIGITS,
            "here",
            "TinyDigits was not found: there is no FILE. You can use download=True, or run "
            "`tinytorch-hf download tinydigits --root here`. This puts it there, without a network. Or leave root out "
            "for the bundled files.",
        ),
        (
            catalog.MNIST,
            "here",
            "MNIST was not found: there is no FILE. You can use download=True, or run "
            "`tinytorch-hf download mnist --root here`. This downloads it (12 MB, 10 s at 10 Mbit/s) into here.",
        ),
        (
            catalog.TINYPY,
            None,
            "TinyPy was not found: there is no FILE. You can use download=True, or run "
            "`tinytorch-hf download tinypy`. This builds it into CACHE.",
        ),
        (
            catalog.TINYCIFAR,
            "here",
            "TinyCIFAR was not found: there is no FILE, nor is there CIFAR10 to cut it from. You can use "
            "download=True, or run `tinytorch-hf download tinycifar --root here`. This downloads CIFAR10 "
            "(170 MB, 2-3 min at 10 Mbit/s) into here and cuts TinyCIFAR from it; then CIFAR10 is no longer needed.",
        ),
    ],
)
def test_what_is_missing_is_said_with_the_way_to_get_it(
    dataset: catalog.DatasetInfo, root: str | None, said: str
) -> None:
    """What to type, how much it downloads and where it goes; each kind of dataset comes in its own way."""
    expected = said.replace("FILE", str(Path("some/file"))).replace("CACHE", str(folders.cache()))

    assert advice.not_found(dataset, Path("some/file"), root, can_download=True) == expected
    without = expected.replace("You can use download=True, or run", "Run")
    assert advice.not_found(dataset, Path("some/file"), root) == without, "only what the call has is advised"


@pytest.mark.parametrize(("old", "new", "said"), [(b"\n", b"\r\n", "LF to CRLF"), (b"\r\n", b"\n", "CRLF to LF")])
def test_changed_line_ends_are_told_as_such(tmp_path: Path, old: bytes, new: bytes, said: str) -> None:
    """Whatever Git or an editor made of them; a binary file, too."""
    published = old.join([b"Q: one", b"A: two", b"\x80\x04", b""])
    file = catalog.DataFile("a.txt", len(published), hashlib.sha256(published).hexdigest())

    with pytest.raises(LineEndsError, match=rf"a\.txt has other line ends than the published file \({said}\)"):
        store.check(published.replace(old, new), file, tmp_path / "a.txt")
    with pytest.raises(WrongHashError):
        store.check(
            published.replace(old, new).replace(b"two", b"six"), replace(file, size_bytes=0), tmp_path / "a.txt"
        )


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (POINTER, GitLFSPointerError),
        (b"", TruncatedFileError),
        (b"\x80\x04", TruncatedFileError),
        (b"\0" * TRAIN.size_bytes, WrongHashError),
        (b"\0" * (TRAIN.size_bytes + 1), WrongHashError),
    ],
)
def test_each_kind_of_damage_has_its_own_error(root: Path, content: bytes, error: type[TinyTorchHFError]) -> None:
    """A pointer, a cut-off file and wrong content are told apart; the message names file and next step."""
    path = root / "tinydigits" / "train.pkl"
    path.write_bytes(content)

    with pytest.raises(error, match=re.escape(str(path))) as caught:
        store.read(DATASET, TRAIN, root)
    assert type(caught.value) is error
    assert f"tinytorch-hf download tinydigits --root {root}" in str(caught.value)
    if error is TruncatedFileError:
        assert f"{len(content)} " in str(caught.value) and f"{TRAIN.size_bytes} " in str(caught.value)


def test_a_wrong_hash_shows_both_hashes(root: Path) -> None:
    """Whoever reports the problem can say what they have and what was expected."""
    data = b"\0" * TRAIN.size_bytes
    (root / "tinydigits" / "train.pkl").write_bytes(data)

    with pytest.raises(WrongHashError, match=hashlib.sha256(data).hexdigest()) as caught:
        store.read(DATASET, TRAIN, root)
    assert TRAIN.sha256 in str(caught.value) and "SHA-256" in str(caught.value)


def test_the_advice_for_a_damaged_download_is_to_download_it_there_again(tmp_path: Path) -> None:
    """What does not ship is not exported."""
    file = DataFile("small", 3, hashlib.sha256(b"abc").hexdigest())
    path = folders.folder(catalog.MNIST, tmp_path) / "small"
    path.parent.mkdir(parents=True)
    for content in (POINTER, b"a", b"abd"):
        path.write_bytes(content)
        with pytest.raises(TinyTorchHFError, match=f"tinytorch-hf download mnist --root {re.escape(str(tmp_path))}`"):
            store.read(catalog.MNIST, file, tmp_path)


def test_what_was_hashed_once_is_compared_the_next_time(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeated loads stay cheap."""
    monkeypatch.setattr(store, "_hashed_before", {})
    store.read(DATASET, TRAIN, root)
    monkeypatch.setattr(store, "check", lambda *_: pytest.fail("it was hashed again"))

    store.read(DATASET, TRAIN, root)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"TINYTORCH_HF_CACHE": "~/chosen", "XDG_CACHE_HOME": "~/caches"}, "chosen"),
        ({"TINYTORCH_HF_CACHE": "", "XDG_CACHE_HOME": "~/caches"}, "caches/tinytorch_hf"),
        ({"TINYTORCH_HF_CACHE": "", "XDG_CACHE_HOME": ""}, ".cache/tinytorch_hf"),
    ],
)
def test_the_cache_is_where_the_environment_says(
    variables: dict[str, str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours, else among the user's caches; what is empty says nothing."""
    for name, value in {**variables, "HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)

    assert folders.cache() == tmp_path / expected
    assert folders.folder(catalog.MNIST) == folders.cache() / catalog.MNIST.place


def test_a_dataset_is_there_if_all_its_files_are(root: Path) -> None:
    """Good or not."""
    (root / "tinydigits" / "train.pkl").write_bytes(b"damaged")
    assert store.is_there(DATASET) and store.is_there(DATASET, root)

    (root / "tinydigits" / "test.pkl").unlink()
    assert not store.is_there(DATASET, root)


def test_a_folder_in_the_place_of_a_file_is_explained(root: Path) -> None:
    """The operating system's refusal becomes one of our errors."""
    path = root / "tinydigits" / "train.pkl"
    path.unlink()
    path.mkdir()

    with pytest.raises(StorageError, match=r"cannot be read: Is a directory\."):
        store.read(DATASET, TRAIN, root)
    with pytest.raises(StorageError, match=r"cannot be read: Is a directory\."):
        store.found_at(path, b"")


def test_write_replaces_a_file_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    """Folders are made, the content is there, and no temporary file stays."""
    path = tmp_path / "a" / "b.bin"

    store.write(path, b"old")
    store.write(path, b"new content")

    assert path.read_bytes() == b"new content"
    assert [entry.name for entry in path.parent.iterdir()] == ["b.bin"]


def test_written_files_have_the_users_ordinary_permissions(tmp_path: Path) -> None:
    """A class shares a folder: files must not be readable by their writer alone."""
    store.write(tmp_path / "ours", b"x")
    (tmp_path / "ordinary").write_bytes(b"x")

    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == stat.S_IMODE((tmp_path / "ordinary").stat().st_mode)


def test_writing_does_not_touch_what_the_process_keeps_from_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To read the umask is to set it; two threads that do so at the same time may leave another one behind."""
    monkeypatch.setattr(store.os, "umask", lambda _mask: pytest.fail("the umask was set"))

    store.write(tmp_path / "b.bin", b"x")


def test_the_temporary_file_stands_beside_the_one_it_becomes(tmp_path: Path) -> None:
    """A rename is at once on one disk only; its name says whose it is."""
    seen: list[str] = []

    def pieces() -> Iterator[bytes]:
        seen.extend(entry.name for entry in tmp_path.iterdir())
        yield b"content"

    store.write_pieces(tmp_path / "b.bin", pieces())

    (name,) = seen
    assert name.startswith(".b.bin.") and name.endswith(".part")


def test_what_is_read_back_otherwise_is_not_put_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that does not keep what it was given is noticed while the old file still stands."""
    path = tmp_path / "b.bin"
    store.write(path, b"old")
    monkeypatch.setattr(store.os, "fsync", lambda handle: os.ftruncate(handle, 3))

    with pytest.raises(StorageError, match="what was read back differs from what was written"):
        store.write(path, b"new content")

    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["b.bin"]


def test_pieces_that_are_not_the_catalogs_file_are_not_put_in_place(tmp_path: Path) -> None:
    """The error names the file, both hashes and the advice."""
    path = tmp_path / "train.pkl"
    store.write(path, b"old")

    with pytest.raises(WrongHashError, match=re.escape(str(path))) as caught:
        store.write_pieces(path, [b"new ", b"content"], TRAIN, "Ask again.")

    assert path.read_bytes() == b"old"
    for part in (hashlib.sha256(b"new content").hexdigest(), TRAIN.sha256, "SHA-256", "Ask again."):
        assert part in str(caught.value)


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    """A file stands in its place."""
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(StorageError, match=r"could not be written: .*\. Nothing was changed\. Free some space or"):
        store.write(tmp_path / "file" / "b.bin", b"x")


@pytest.mark.skipif(sys.platform == "win32", reason="a limit on file sizes exists on POSIX only")
def test_a_full_disk_loses_nothing(tmp_path: Path, checkout: Path) -> None:
    """When the system refuses to write on, the old file stands, nothing else is left, and the error says so."""
    path = tmp_path / "train.pkl"
    path.write_bytes(b"old")
    program = textwrap.dedent(f"""
        import resource, signal
        from pathlib import Path
        from tinytorch_hf import errors
        from tinytorch_hf.files import store
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            store.write(Path({str(path)!r}), b"x" * 5000)
        except errors.StorageError as error:
            print(error)
    """)

    done = subprocess.run(
        [sys.executable, "-B", "-c", program], cwd=checkout, capture_output=True, text=True, check=True
    )

    assert f"{path} could not be written: File too large. Nothing was changed." in done.stdout
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["train.pkl"]


def test_a_file_in_the_place_of_a_folder_is_explained(tmp_path: Path) -> None:
    """A root that is a file cannot hold datasets."""
    (tmp_path / "root").write_bytes(b"")

    with pytest.raises(StorageError, match="Not a directory"):
        store.materialise(DATASET, tmp_path / "root")


def test_materialise_puts_all_files_there(tmp_path: Path) -> None:
    """Without network, verified, under `root/<name>`."""
    written = store.materialise(DATASET, str(tmp_path))

    assert sorted(path.name for path in written) == ["test.pkl", "train.pkl"]
    assert all(store.read(DATASET, file, tmp_path) for file in DATASET.files)


def test_materialise_leaves_good_files_alone_and_repairs_bad_ones(root: Path) -> None:
    """A good file keeps its time stamp; a damaged one is replaced."""
    good, bad = root / "tinydigits" / "test.pkl", root / "tinydigits" / "train.pkl"
    os.utime(good, (1, 1))
    bad.write_bytes(POINTER)

    assert store.materialise(DATASET, root) == [bad]
    assert good.stat().st_mtime == 1
    assert store.materialise(DATASET, root) == []


def test_processes_may_materialise_at_the_same_time(tmp_path: Path, checkout: Path) -> None:
    """Six processes start together; all succeed, and only whole files are left."""
    program = (
        "from tinytorch_hf import catalog\nfrom tinytorch_hf.data import loaders\n"
        "from tinytorch_hf.files import store\n"
        f"store.materialise(catalog.TINYDIGITS, {str(tmp_path)!r})\n"
        f"loaders.load('tinydigits', {str(tmp_path)!r})\n"
    )
    command = [sys.executable, "-B", "-c", program]
    processes = [subprocess.Popen(command, cwd=checkout, stderr=subprocess.PIPE, text=True) for _ in range(6)]

    assert [(process.communicate()[1], process.returncode) for process in processes] == [("", 0)] * 6
    assert sorted(entry.name for entry in (tmp_path / "tinydigits").iterdir()) == ["test.pkl", "train.pkl"]


def test_a_read_only_root_with_good_files_is_left_alone(root: Path) -> None:
    """Nothing is written where nothing needs to be."""
    folder = root / "tinydigits"
    folder.chmod(0o555)
    try:
        assert store.materialise(DATASET, root) == []
        assert store.read(DATASET, TRAIN, root)
    finally:
        folder.chmod(0o755)


def test_found_at_tells_what_stands_at_a_place(tmp_path: Path) -> None:
    """Nothing, the same file, a Git-LFS pointer, or a different file."""
    (tmp_path / "same").write_bytes(b"data")
    (tmp_path / "pointer").write_bytes(POINTER)
    (tmp_path / "other").write_bytes(b"mine")

    found = [store.found_at(tmp_path / name, b"data") for name in ("nothing", "same", "pointer", "other")]

    assert found == [Found.NOTHING, Found.SAME, Found.POINTER, Found.OTHER]


def test_export_gives_a_checkout_everything_a_milestone_needs(tmp_path: Path) -> None:
    """Data, documents, recipe, and the modules that `from datasets.tinydigits import ...` imports."""
    steps = export.to_checkout(DATASET, tmp_path)

    assert all(step.will_write for step in steps)
    exported = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert exported == {
        "datasets/__init__.py",
        *(
            f"datasets/tinydigits/{name}"
            for name in (
                *("__init__.py", "create_tinydigits.py", "train.pkl", "test.pkl"),
                *("README.md", "DATASHEET.md", "LICENSE"),
            )
        ),
    }


def test_export_replaces_pointers_and_keeps_what_is_the_users(tmp_path: Path) -> None:
    """Files that differ stay, and a data file that stays is reported as such."""
    folder = tmp_path / "datasets" / "tinydigits"
    folder.mkdir(parents=True)
    (folder / "train.pkl").write_bytes(POINTER)
    (folder / "test.pkl").write_bytes(b"my own test set")
    (folder / "README.md").write_bytes(b"my notes")

    steps = {step.path.name: step for step in export.to_checkout(DATASET, tmp_path) if step.path.parent == folder}

    assert (folder / "train.pkl").stat().st_size == TRAIN.size_bytes
    assert (folder / "test.pkl").read_bytes() == b"my own test set"
    assert (folder / "README.md").read_bytes() == b"my notes"
    assert [name for name, step in steps.items() if step.kept_wrong] == ["test.pkl"]


def test_export_replaces_a_data_file_that_is_cut_off(tmp_path: Path) -> None:
    """Its beginning is nobody's work; an empty module is one, and stays."""
    folder = tmp_path / "datasets" / "tinydigits"
    folder.mkdir(parents=True)
    (folder / "train.pkl").write_bytes(store.read(DATASET, TRAIN)[:1000])
    (folder / "test.pkl").touch()
    (folder / "__init__.py").touch()

    found = {step.path.name: step.found for step in export.to_checkout(DATASET, tmp_path) if step.path.parent == folder}

    assert found["train.pkl"] is found["test.pkl"] is Found.CUT_OFF
    assert found["__init__.py"] is Found.OTHER
    assert (folder / "train.pkl").stat().st_size == TRAIN.size_bytes
    assert (folder / "__init__.py").stat().st_size == 0


def test_export_with_force_replaces_everything(tmp_path: Path) -> None:
    """Only on request."""
    path = tmp_path / "datasets" / "tinydigits" / "test.pkl"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"my own test set")

    steps = export.to_checkout(DATASET, tmp_path, force=True)

    assert path.stat().st_size == DATASET.split("test").files[0].size_bytes
    assert not any(step.kept_wrong for step in steps)


def test_planning_an_export_writes_nothing(tmp_path: Path) -> None:
    """To decide is not to do."""
    export.plan(DATASET, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_export_into_nowhere_says_what_a_root_is(tmp_path: Path) -> None:
    """A typing error in the path must not create a checkout."""
    with pytest.raises(InvalidArgumentError, match="TinyTorch checkout"):
        export.to_checkout(DATASET, tmp_path / "TinyTroch")
    assert not (tmp_path / "TinyTroch").exists()


def test_files_of_which_only_an_md5_is_published_are_not_taken_for_each_other(tmp_path: Path) -> None:
    """What was hashed before is known by its own hash: another file's good content is not this file's."""
    contents = {"first": b"one", "second": b"two"}
    files = [
        DataFile(name, 0, "", hashlib.md5(data, usedforsecurity=False).hexdigest()) for name, data in contents.items()
    ]
    for name in contents:
        (tmp_path / DATASET.name).mkdir(exist_ok=True)
        (tmp_path / DATASET.name / name).write_bytes(b"one")

    assert store.read(DATASET, files[0], tmp_path) == b"one"
    with pytest.raises(WrongHashError, match="md5"):
        store.read(DATASET, files[1], tmp_path)


@pytest.mark.parametrize("path", [b"data", 5, True, ["data"], "a\0b", "~nobody-of-this-name/data"])
def test_what_is_no_path_is_explained(path: object) -> None:
    """In one of our errors, wherever it was given: as a root, as the cache, as a folder of milestones."""
    for use in (folders.base, folders.expanded, tinytorch_hf.load_tinydigits, tinytorch_hf.milestones.DatasetManager):
        with pytest.raises(
            InvalidArgumentError,
            match=r"given as str|Write the folder in full|is called 'a.x00b': there is a NUL in it",
        ):
            use(path)  # type: ignore[operator]


def test_a_cache_in_nobodys_home_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's own message names neither the path nor what to do."""
    monkeypatch.setenv("TINYTORCH_HF_CACHE", "~nobody-of-this-name/data")

    with pytest.raises(InvalidArgumentError, match="~nobody-of-this-name/data begins with a home folder"):
        tinytorch_hf.load_mnist()


def test_what_may_not_be_looked_at_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it is read, which says why it cannot be."""

    def forbidden(*_arguments: object, **_names: object) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", forbidden)
    monkeypatch.setattr(Path, "stat", forbidden)

    assert not store.is_there(catalog.TINYCIFAR, "secret")
    assert not store.is_there(catalog.TINYPY, "secret")
    with pytest.raises(StorageError, match="cannot be read: Permission denied"):
        tinytorch_hf.load_tinycifar("secret")


def test_a_download_that_cannot_be_read_is_not_to_be_exported(tmp_path: Path) -> None:
    """`export` has no MNIST; the advice is that for a damaged download."""
    (tmp_path / catalog.MNIST.place / catalog.MNIST.files[0].name).mkdir(parents=True)

    with pytest.raises(StorageError, match=r"cannot be read: .* `tinytorch-hf download mnist --root "):
        tinytorch_hf.load_mnist(tmp_path)
