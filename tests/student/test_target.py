"""Specification of --package: a folder that is the package, one that holds it, a file, or an import name."""

from __future__ import annotations

from pathlib import Path

import pytest
from generations import GENERATION_C, write_package

from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.student.faults import told
from tinytorch_hf.student.mapping import FrameworkMap
from tinytorch_hf.student.target import locate


def test_the_folder_itself_and_the_one_that_holds_it_mean_the_same(tmp_path: Path) -> None:
    """A student gives the checkout or the package, whichever comes to mind."""
    write_package(tmp_path, GENERATION_C)

    for given in (tmp_path, tmp_path / "tinytorch"):
        assert locate(str(given), FrameworkMap()) == (FrameworkMap("tinytorch"), tmp_path)


def test_a_package_of_another_name_goes_by_its_folder(tmp_path: Path) -> None:
    """Whatever the student called it; or by its file, if it is one."""
    (tmp_path / "mygrad").mkdir()
    (tmp_path / "engine.py").touch()

    assert locate(str(tmp_path / "mygrad"), FrameworkMap()) == (FrameworkMap("mygrad"), tmp_path)
    assert locate(str(tmp_path / "engine.py"), FrameworkMap()) == (FrameworkMap("engine"), tmp_path)
    assert locate(str(tmp_path), FrameworkMap("engine")) == (FrameworkMap("engine"), tmp_path)


def test_an_import_name_is_looked_for_among_what_is_installed() -> None:
    """And without any, the map's own package is."""
    assert locate("mylib.nn", FrameworkMap()) == (FrameworkMap("mylib.nn"), None)
    assert locate(None, FrameworkMap("mylib")) == (FrameworkMap("mylib"), None)


@pytest.mark.parametrize("given", ["no/such/folder", "./tinytorch", "~/nowhere", "absent.py"])
def test_a_folder_that_is_not_there_is_no_import_name(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says so."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(InvalidArgumentError, match="There is no folder"):
        locate(given, FrameworkMap())


def test_a_name_that_python_cannot_import_is_refused(tmp_path: Path) -> None:
    """Such as a checkout's folder with a hyphen, or nothing, which an unset variable leaves."""
    (tmp_path / "tiny-torch").mkdir()

    for given in (str(tmp_path / "tiny-torch"), ""):
        with pytest.raises(InvalidArgumentError, match="give the folder inside it"):
            locate(given, FrameworkMap())


@pytest.mark.parametrize("given", ["core", "core/layers.py"])
def test_a_part_of_the_package_is_refused_with_the_whole_of_it(given: str, tmp_path: Path) -> None:
    """Its modules import each other by the package's name, which is not to be had from inside."""
    write_package(tmp_path, GENERATION_C)

    with pytest.raises(InvalidArgumentError, match="Give the whole of it: --package ") as raised:
        locate(str(tmp_path / "tinytorch" / given), FrameworkMap())

    assert str(raised.value).endswith(f"--package {tmp_path / 'tinytorch'}")


@pytest.mark.parametrize("library", ["mygrad", "tinytorch"])
def test_what_is_called_as_the_package_is_nothing_to_install(library: str, tmp_path: Path) -> None:
    """Whatever its name; the course's name is another package's on the index."""
    file = tmp_path / "mygrad" / "engine.py"
    file.parent.mkdir()
    file.write_text(f"import {library}.tensor\n", encoding="utf-8")
    error = ModuleNotFoundError(f"No module named '{library}'", name=library)
    try:
        exec(compile("raise error", str(file), "exec"), {"error": error})  # noqa: S102 -- it raises in that file
    except ModuleNotFoundError as raised:
        answer = told(raised, "engine", str(file.parent))

    assert "pip install" not in answer.message and "--package" in answer.message
    assert (str(file.parent) in answer.message) is (library == "mygrad")
