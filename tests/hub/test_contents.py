"""Specification of tinytorch_hf.hub.contents: a folder's files, named by what they hold."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tinytorch_hf.errors import StorageError
from tinytorch_hf.hub.contents import take_snapshot


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two files, one of them deeper."""
    (tmp_path / "folder" / "data" / "deep").mkdir(parents=True)
    (tmp_path / "folder" / "README.md").write_bytes(b"# Title\n")
    (tmp_path / "folder" / "data" / "deep" / "numbers.bin").write_bytes(bytes(range(256)))
    return tmp_path / "folder"


def test_a_commit_depends_on_names_and_contents_alone(folder: Path, tmp_path: Path) -> None:
    """A copy elsewhere, written later, has the same; another name or byte gives another."""
    commit = take_snapshot(folder).commit
    copy = Path(shutil.copytree(folder, tmp_path / "copy", copy_function=shutil.copyfile))
    os.utime(copy / "README.md", (1, 1))

    assert len(commit) == 40 and int(commit, 16)
    assert take_snapshot(copy).commit == commit
    (copy / "README.md").rename(copy / "README")
    assert take_snapshot(copy).commit != commit
    (copy / "README").rename(copy / "README.md")
    (copy / "README.md").write_bytes(b"# title\n")
    assert take_snapshot(copy).commit != commit


@pytest.mark.skipif(shutil.which("git") is None, reason="Git is not installed")
def test_files_have_the_name_that_git_gives_them(folder: Path) -> None:
    """The one that the Hub gives small files as their ETag."""
    path = folder / "data" / "deep" / "numbers.bin"
    command = [str(shutil.which("git")), "hash-object", "--no-filters", str(path)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert take_snapshot(folder).files["data/deep/numbers.bin"].git_sha1 == printed.strip()


def test_hidden_files_and_what_leads_out_is_left_out(folder: Path, tmp_path: Path) -> None:
    """Links inside the folder count; links that leave it, pipes and broken links do not."""
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.txt").write_text("secret", encoding="utf-8")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").touch()
    (folder / ".hidden").touch()
    (folder / "inside.md").symlink_to("README.md")
    (folder / "out.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "relative.txt").symlink_to("../secret.txt")
    (folder / "broken.txt").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    (folder / "up").symlink_to("..")
    (folder / "far").symlink_to(tmp_path / "elsewhere")
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe")

    assert set(take_snapshot(folder).files) == {"README.md", "inside.md", "data/deep/numbers.bin"}


def test_folders_are_those_of_the_files(folder: Path) -> None:
    """Each with a hash of what is below it."""
    folders = take_snapshot(folder).folders()

    assert list(folders) == ["data", "data/deep"]
    assert all(len(hash_) == 40 for hash_ in folders.values())


def test_a_folder_that_is_not_there_is_explained(tmp_path: Path) -> None:
    """With its name."""
    with pytest.raises(StorageError, match="nowhere cannot be read"):
        take_snapshot(tmp_path / "nowhere")
