"""Specification of what is handed in: every entry is found, its package is copied, and nothing else is reached."""

from __future__ import annotations

import os
import stat
import sys
import zipfile
from pathlib import Path

import pytest
from handed_in import hand_in, zipped

from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.grading import unpacking
from tinytorch_hf.grading.submissions import find_submissions, ignored_files, prepared
from tinytorch_hf.grading.unpacking import UngradableError

PACKAGE = {"__init__.py": "", "core/layers.py": "x = 1\n"}
PACKED = {f"tinytorch/{name}": text for name, text in PACKAGE.items()}


def copied(path: Path) -> tuple[str, list[str]]:
    """The import name and the files of the copy that would be run."""
    with prepared(path) as copy:
        files = [file.relative_to(copy.folder).as_posix() for file in copy.folder.rglob("*") if file.is_file()]
    assert not copy.folder.exists()
    return copy.package, sorted(files)


def reason(path: Path) -> str:
    """Why it is ungradable."""
    with pytest.raises(UngradableError) as refused, prepared(path):
        pass
    return str(refused.value)


def test_each_entry_is_a_submission_with_a_name_of_its_own(tmp_path: Path) -> None:
    """Folders, archives and files of Python; not hidden files, what is left out, and what platforms put beside them."""
    for name in ("alice", "Alice", "a b", "-rf", "CON", "=1+1", "bob"):
        (tmp_path / name).mkdir()
    for name in ("bob.zip", "eve.py", "zoe.rar", "notes.txt", "index.html", "Thumbs.db", ".DS_Store", "rubric.toml"):
        (tmp_path / name).touch()

    found = find_submissions(tmp_path, [tmp_path / "rubric.toml"])

    folders = {"alice", "Alice", "a b", "-rf", "CON", "=1+1", "bob"}
    assert {one.name for one in found} == folders | {"bob.zip", "eve.py", "zoe.rar"}
    assert ignored_files(tmp_path, [tmp_path / "rubric.toml"]) == ["index.html", "notes.txt"]
    files = [one.file_name for one in found]
    assert len({name.casefold() for name in files}) == len(files)
    assert all(name.replace(".", "").replace("-", "").replace("_", "").isalnum() and name[0] != "-" for name in files)
    assert {one.file_name for one in found if one.name in ("bob", "eve.py")} == {"bob", "eve.py"}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_not_utf8_are_printable(tmp_path: Path) -> None:
    """And differ from names that are printed alike."""
    for name in (b"caf\xe9", rb"caf\xe9", b"line\nfeed"):
        os.mkdir(os.fsencode(tmp_path) + b"/" + name)  # noqa: PTH102 -- no text of a path has these bytes

    found = find_submissions(tmp_path)

    assert len({one.name for one in found}) == len({one.file_name for one in found}) == 3
    assert all(one.name.isprintable() and one.name.encode() for one in found)


def test_what_holds_no_submissions_is_refused(tmp_path: Path) -> None:
    """No folder, an empty one, and a package itself."""
    hand_in(tmp_path, PACKAGE)

    for folder, says in ((tmp_path / "no", "no folder"), (tmp_path / "tinytorch", "a package itself")):
        with pytest.raises(InvalidArgumentError, match=says):
            find_submissions(folder)
    (tmp_path / "readme.txt").touch()
    with pytest.raises(InvalidArgumentError, match=r"nothing in \S+ but readme\.txt\. Put the submissions there"):
        find_submissions(tmp_path, [tmp_path / "tinytorch"])


@pytest.mark.parametrize(
    ("files", "package", "copy"),
    [
        ({"tinytorch/__init__.py": ""}, "tinytorch", ["tinytorch/__init__.py"]),
        ({"hand in/2/tinytorch/core/a.py": "", "README.md": ""}, "tinytorch", ["tinytorch/core/a.py"]),
        ({"__init__.py": "from .a import b", "a.py": ""}, "tinytorch", ["tinytorch/__init__.py", "tinytorch/a.py"]),
        ({"__init__.py": "import alice.a", "a.py": ""}, "alice", ["alice/__init__.py", "alice/a.py"]),
        ({"mylib/__init__.py": ""}, "mylib", ["mylib/__init__.py"]),
        ({"work/tinytorch.py": "", "work/help.py": ""}, "tinytorch", ["help.py", "tinytorch.py"]),
        # A checkout that is called as the package is.
        (
            {"tinytorch/pyproject.toml": "", "tinytorch/tinytorch/__init__.py": ""},
            "tinytorch",
            ["tinytorch/__init__.py"],
        ),
        # What lies beside it and could be imported, and what was compiled.
        (
            {"tinytorch/__init__.py": "", "numpy.py": "", "tinytorch/__pycache__/a.pyc": "", "data.bin": ""},
            "tinytorch",
            ["numpy.py", "tinytorch/__init__.py"],
        ),
    ],
)
def test_the_package_is_found_in_a_folder(tmp_path: Path, files: dict[str, str], package: str, copy: list[str]) -> None:
    """However deep it lies, and under the name by which it imports itself."""
    assert copied(hand_in(tmp_path / "alice", files, package="")) == (package, copy)


@pytest.mark.parametrize("inside", ["", "later/"])
def test_zip_files_are_unpacked(tmp_path: Path, inside: str) -> None:
    """Also one in a folder, one in another one, and one from Windows; what is in it has the digest of the folder."""
    folder = hand_in(tmp_path / "folder", PACKAGE)
    archive = zipped(tmp_path / "a.zip", {f"{inside}{name}": text for name, text in PACKED.items()})
    nested = zipped(tmp_path / "b.zip", {"x/a.zip": archive.read_bytes()})
    windows = zipped(tmp_path / "c.zip", {name.replace("/", "\\"): text for name, text in PACKED.items()})
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "handed_in.zip").write_bytes(archive.read_bytes())

    digests = set()
    for path in (folder, archive, nested, windows, tmp_path / "d"):
        with prepared(path) as copy:
            digests.add(copy.digest)

    assert len(digests) == 1
    assert copied(archive) == ("tinytorch", sorted(PACKED))


def test_another_content_has_another_digest(tmp_path: Path) -> None:
    """A byte, a name, and where a file ends."""
    digests = set()
    for number, files in enumerate(
        ({"a.py": "1"}, {"a.py": "2"}, {"b.py": "1"}, {"a.py": "1", "b.py": ""}, {"a.py": "", "b.py": "1"})
    ):
        with prepared(hand_in(tmp_path / str(number), {"__init__.py": "", **files})) as copy:
            digests.add(copy.digest)

    assert len(digests) == 5


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"../../evil.py": ""}, "outside of itself"),
        ({"/etc/evil.py": ""}, "outside of itself"),
        ({"..\\evil.py": ""}, "outside of itself"),
        ({"C:\\evil.py": ""}, "outside of itself"),
        ({"tinytorch": "", "tinytorch/a.py": ""}, "cannot be unpacked"),
        ({f"{'a' * 300}.py": ""}, "no file may have"),
        ({"/".join("a" * 60): ""}, "no file may have"),
        ({"essay.docx": "x"}, "no package in it"),
        ({}, "It is empty"),
    ],
)
def test_a_zip_file_that_does_harm_is_ungradable(tmp_path: Path, files: dict[str, str], says: str) -> None:
    """Nothing is written outside, and the reason is said."""
    (tmp_path / "in").mkdir()
    archive = zipped(tmp_path / "in" / "x.zip", files)

    assert says in reason(archive)
    assert [path.name for path in tmp_path.rglob("*")] == ["in", "x.zip"]


def test_a_zip_file_that_is_damaged_or_encrypted_is_ungradable(tmp_path: Path) -> None:
    """Cut off, a changed byte, a password, and no zip file at all."""
    good = zipped(tmp_path / "x.zip", {"tinytorch/__init__.py": "x = 1\n" * 100}).read_bytes()
    changed = bytearray(good)
    changed[60] ^= 255
    encrypted = bytearray(good)
    for start in (6, good.find(b"PK\1\2") + 8):
        encrypted[start] |= 1

    for data, says in (
        (good[:-30], "end is missing"),
        (bytes(changed), "cannot be unpacked"),
        (bytes(encrypted), "encrypted"),
        (b"PK", "end is missing"),
        (b"", "It is empty"),
        (b"MZ", "neither a zip file nor a folder"),
    ):
        (tmp_path / "x.zip").write_bytes(data)
        assert says in reason(tmp_path / "x.zip")


def test_no_zip_file_unpacks_to_more_than_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in bytes, whatever sizes it states, nor in files."""
    monkeypatch.setattr(unpacking, "MOST_BYTES", 100_000)
    monkeypatch.setattr(unpacking, "MOST_FILES", 50)
    bomb = zipped(tmp_path / "bomb.zip", {"tinytorch/a.py": b"\0" * 1_000_000})
    # The size that it states is a lie.
    data = bytearray(bomb.read_bytes())
    data[data.find(b"PK\1\2") + 24 :][:4] = (10).to_bytes(4, "little")
    lie = tmp_path / "lie.zip"
    lie.write_bytes(data)
    many = zipped(tmp_path / "many.zip", {f"tinytorch/{number}.py": "" for number in range(60)})

    assert "100000 bytes" in reason(bomb)
    assert reason(lie)
    assert "at most 50" in reason(many)


def test_a_table_of_files_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where it is stated in the way of large archives."""
    archive = zipped(tmp_path / "x.zip", {"tinytorch/__init__.py": ""})
    data = archive.read_bytes()
    end = data.rfind(b"PK\5\6")
    record = b"PK\6\6" + (44).to_bytes(8, "little") + bytes(28) + (10**10).to_bytes(8, "little") + bytes(8)
    locator = b"PK\6\7" + bytes(4) + end.to_bytes(8, "little") + (1).to_bytes(4, "little")
    archive.write_bytes(data[:end] + record + locator + data[end:])
    monkeypatch.setattr(zipfile, "ZipFile", None)

    assert "states more than" in reason(archive)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs links and pipes")
def test_links_and_what_is_no_file_are_left_out(tmp_path: Path) -> None:
    """A link out of the folder is not followed, a pipe is not waited for, and both are said."""
    folder = hand_in(tmp_path / "alice", PACKAGE)
    (folder / "tinytorch" / "secret.py").symlink_to("/etc/passwd")
    (folder / "tinytorch" / "up").symlink_to(tmp_path)
    os.mkfifo(folder / "tinytorch" / "pipe.py")
    (tmp_path / "bob").symlink_to(folder)
    with zipfile.ZipFile(tmp_path / "carol.zip", "w") as archive:
        link = zipfile.ZipInfo("tinytorch/secret.py")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("tinytorch/__init__.py", "")

    with prepared(folder) as copy:
        assert not list(copy.folder.rglob("secret.py"))
        assert [remark.partition(" is ")[0] for remark in copy.remarks] == [
            f"tinytorch/{name}" for name in ("pipe.py", "secret.py", "up")
        ]
    assert "links are not followed" in reason(tmp_path / "bob")
    with prepared(tmp_path / "carol.zip") as copy:
        assert [remark.rpartition(": ")[2] for remark in copy.remarks] == ["tinytorch/secret.py"]


def test_which_of_two_packages_is_meant_is_not_guessed(tmp_path: Path) -> None:
    """Where both lie equally deep; names of libraries are no packages."""
    hand_in(tmp_path / "a" / "old", PACKAGE)
    hand_in(tmp_path / "a" / "new", PACKAGE)
    hand_in(tmp_path / "b", PACKAGE, "mylib")
    hand_in(tmp_path / "b", PACKAGE, "another")
    hand_in(tmp_path / "c", PACKAGE, "json")

    assert "new/tinytorch, old/tinytorch" in reason(tmp_path / "a")
    assert "another, mylib" in reason(tmp_path / "b")
    assert "no package in it" in reason(tmp_path / "c")
