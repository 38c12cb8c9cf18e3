"""Specification of tinytorch_hf.mirror.folder: what of an instructor's folder is served, and why the rest is not."""

from __future__ import annotations

import errno
import os
import socket
import sys
from pathlib import Path

import pytest
from huggingface_hub.utils import validate_repo_id

from tinytorch_hf.errors import InvalidArgumentError, MissingFileError, StorageError
from tinytorch_hf.mirror import folder
from tinytorch_hf.mirror.folder import Found, LeftOut


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A folder with one dataset."""
    (tmp_path / "course" / "words").mkdir(parents=True)
    (tmp_path / "course" / "words" / "a.txt").write_text("a", encoding="utf-8")
    return tmp_path / "course"


def add(course: Path, name: str) -> Path:
    """Another sub-folder with a file."""
    (course / name).mkdir()
    (course / name / "b.txt").touch()
    return course / name


def reasons(left_out: list[LeftOut] | tuple[LeftOut, ...]) -> dict[str, str]:
    """What is left out, by path."""
    return {one.path: one.reason for one in left_out}


def served(course: Path) -> list[str]:
    """The names under which sub-folders are served."""
    return [one.id for one in folder.survey(course)[0]]


@pytest.mark.parametrize("name", ["a b", "a--b", "a..b", "-a", "a.", "\u00e4", "a.git", "x" * 97])
def test_names_that_no_client_accepts_are_left_out(course: Path, name: str) -> None:
    """With the rule, and without stopping the rest; the clients refuse them as well."""
    add(course, name)

    found, left_out = folder.survey(course)

    assert [one.id for one in found] == ["course/words"]
    assert "Rename the folder" in reasons(left_out)[f"course/{name}"]
    with pytest.raises(ValueError):
        validate_repo_id(f"course/{name}")


def test_a_name_with_a_line_end_is_left_out(course: Path) -> None:
    """No address can have it."""
    add(course, "d\ne")

    _, left_out = folder.survey(course)

    assert sum("line end" in reason for reason in reasons(left_out).values()) == 1


@pytest.mark.parametrize("name", ["a", "A_1", "tiny-digits.v2", "_a", "x" * 96])
def test_names_that_clients_accept_are_served(course: Path, name: str) -> None:
    """Letters, digits and single marks between them."""
    add(course, name)
    validate_repo_id(name)

    assert f"course/{name}" in served(course)


def test_whatever_else_is_there_is_left_out_with_its_reason(course: Path, tmp_path: Path) -> None:
    """Loose files, empty and hidden folders, links to nothing, to files and out; a link to a sub-folder is one."""
    (course / "notes.txt").touch()
    (course / "empty").mkdir()
    add(course, ".cache")
    add(tmp_path, "private")
    for name, target in {
        "out": "../private",
        "broken": "nowhere",
        "loop": "loop",
        "file": "words/a.txt",
        "whole": ".",
        "again": "words",
    }.items():
        (course / name).symlink_to(target)

    found, left_out = folder.survey(course)

    assert [one.id for one in found] == ["course/again", "course/words"]
    told = {path.removeprefix("course/"): reason for path, reason in reasons(left_out).items()}
    expected = {
        ".cache": "it is hidden",
        "notes.txt": "it is a file",
        "empty": "it is empty",
        "out": "it is a link out of the folder",
        "broken": "it is a link to nothing",
        "loop": "it is a link to nothing",
        "file": "it is a file",
        "whole": "it is a link out of the folder",
    }
    assert set(told) == set(expected)
    assert all(told[name].startswith(reason) for name, reason in expected.items())


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_no_text_is_left_out_and_shown_by_its_bytes(course: Path) -> None:
    """A folder's and a file's; nothing of either reaches a client."""
    os.mkdir(os.fsencode(course) + b"/caf\xe9")  # noqa: PTH102 -- no Path has such a name in bytes
    with open(os.fsencode(course) + b"/words/b\xff\x1b.txt", "wb"):  # noqa: PTH123
        pass

    found, left_out = folder.survey(course)
    contents = folder.contents(found[0])

    assert "not UTF-8" in reasons(left_out)[r"course/caf\xe9"]
    assert "not UTF-8" in reasons(contents.left_out)[r"course/words/b\xff\x1b.txt"]
    assert list(contents.files) == ["a.txt"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_and_sockets_are_never_opened(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside datasets and inside one; whoever opened a pipe would wait for ever."""
    os.mkfifo(course / "pipe")
    os.mkfifo(course / "words" / "pipe")
    monkeypatch.chdir(course)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")

    found, left_out = folder.survey(course)

    assert reasons(left_out) == {
        "course/pipe": "it is a named pipe, not a file",
        "course/socket": "it is a socket, not a file",
    }
    assert reasons(folder.contents(found[0]).left_out) == {"course/words/pipe": "it is a named pipe, not a file"}


def test_links_inside_a_dataset_are_followed_no_further_than_the_dataset(course: Path, tmp_path: Path) -> None:
    """To a file of its own they are files; all others are left out by name."""
    (tmp_path / "secret.txt").touch()
    add(course / "words", "deep")
    links = {"same.txt": "a.txt", "secret.txt": "../../secret.txt", "gone.txt": "nowhere", "folder": "deep"}
    for name, target in links.items():
        (course / "words" / name).symlink_to(target)

    contents = folder.contents(folder.survey(course)[0][0])

    assert list(contents.files) == ["a.txt", "deep/b.txt", "same.txt"] and contents.size_bytes == 2
    found = {path.rpartition("/")[2]: reason for path, reason in reasons(contents.left_out).items()}
    assert set(found) == {"secret.txt", "gone.txt", "folder"} and "out of the dataset" in found["secret.txt"]


def test_names_that_differ_in_capitals_alone(course: Path) -> None:
    """The first is served: clients on Windows and macOS would keep both in one place."""
    if add(course, "Cats").parent.joinpath("cats").exists():
        pytest.skip("this disk holds one of them at a time")
    add(course, "cats")

    found, left_out = folder.survey(course)

    assert [one.id for one in found] == ["course/Cats", "course/words"]
    assert "differs from course/Cats in capitals alone" in reasons(left_out)["course/cats"]


def test_a_name_that_is_served_already_is_left_out(course: Path) -> None:
    """Such as that of a dataset which the command line names."""
    add(course, "more")

    found, left_out = folder.survey(course, taken=["course/words"])

    assert [one.id for one in found] == ["course/more"]
    assert "another dataset is served under this name" in reasons(left_out)["course/words"]


def test_a_folder_that_is_none_or_holds_nothing_is_explained(tmp_path: Path) -> None:
    """With what belongs there, and with what is there instead."""
    with pytest.raises(MissingFileError, match="is not a folder"):
        folder.survey(tmp_path / "nowhere")
    with pytest.raises(InvalidArgumentError, match="holds no sub-folder"):
        folder.survey(tmp_path)
    (tmp_path / "train.csv").touch()
    with pytest.raises(InvalidArgumentError, match=r"train\.csv is not served: it is a file"):
        folder.survey(tmp_path)
    add(tmp_path, "a b")
    with pytest.raises(InvalidArgumentError, match="'a b', the name of --folder"):
        folder.survey(tmp_path / "a b")


def test_a_folder_that_cannot_be_listed_is_explained(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The instructor's is an error; of sub-folders, and folders in them, the rest is served."""
    add(course, "more")
    add(course / "more", "closed")
    closed: list[Path] = [course / "words", course / "more" / "closed"]
    scandir = os.scandir

    def refuse(path: str | Path) -> object:
        if Path(path) in closed:
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)

    found, left_out = folder.survey(course)
    assert reasons(left_out) == {"course/words": "it cannot be read: Permission denied"}
    contents = folder.contents(found[0])
    assert list(contents.files) == ["b.txt"]
    assert reasons(contents.left_out) == {"course/more/closed": "it cannot be read: Permission denied"}

    closed.append(course)
    with pytest.raises(StorageError, match=f"{course} cannot be read: Permission denied"):
        folder.survey(course)


def test_many_with_one_reason_are_summed_up() -> None:
    """The first three by name."""
    left_out = [LeftOut(f"course/{number}", "it is empty") for number in range(10)]

    assert [one.path for one in folder.summed_up([*left_out, LeftOut("x", "other")])] == [
        *("course/0", "course/1", "course/2", "and 7 more like course/0", "x"),
    ]


def test_a_dataset_is_described_by_its_file(course: Path) -> None:
    """Whatever is in it: what is wrong there is told when it is read."""
    assert not Found("course/words", course / "words").is_described
    (course / "words" / "dataset.json").touch()
    assert Found("course/words", course / "words").is_described


@pytest.mark.parametrize(
    ("name", "start"), [("my course", "There is a space in 'my course': "), ("caf\xe9", "There is '\xe9' in it: ")]
)
def test_the_character_that_may_not_stand_in_a_name_is_named_first(name: str, start: str, tmp_path: Path) -> None:
    """Of the folder and of a sub-folder; the whole rule comes behind it."""
    (tmp_path / name / "words").mkdir(parents=True)
    with pytest.raises(InvalidArgumentError) as refused:
        folder.survey(tmp_path / name)
    assert str(refused.value).startswith(start) and "letters, digits" in str(refused.value)

    (tmp_path / "course" / name).mkdir(parents=True)
    (tmp_path / "course" / name / "a.csv").touch()
    with pytest.raises(InvalidArgumentError, match=f"is not served: {start}it cannot be"):
        folder.survey(tmp_path / "course")
