"""Specification of the page "Add a dataset" in CONTRIBUTING.md: it is followed word for word."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tinytorch_hf
from tinytorch_hf import catalog
from tinytorch_hf.catalog.registry import ENTRY_POINTS
from tinytorch_hf.cli import main
from tinytorch_hf.formats import npz, pickles


@pytest.fixture
def page(checkout: Path) -> str:
    """The section, with what is below it."""
    text = (checkout / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return text.split("\n## Add a dataset\n")[1].split("\n## ")[0]


@pytest.mark.skipif(os.name != "posix", reason="the page copies a folder as a shell does")
def test_the_page_is_followed_word_for_word(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every block in order, in an empty folder: programs run, files are written, and what is printed is shown."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    printed = io.StringIO()
    namespace: dict[str, Any] = {}
    kinds = []
    try:
        for kind, block in re.findall(r"^```(\w+)\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
            kinds.append(kind)
            file = re.match(r"# (\S+)\n", block)
            if kind == "sh":
                subprocess.run(["/bin/sh", "-ec", block], check=True)
            elif kind == "toml":
                _install(tmp_path, block)
            elif kind == "python" and file:
                (tmp_path / file[1]).write_text(block, encoding="utf-8")
            elif kind == "python":
                with contextlib.redirect_stdout(printed):
                    exec(compile(block, f"block {len(kinds)}", "exec"), namespace)  # noqa: S102 -- our own page
            else:
                assert (kind, block) == ("text", printed.getvalue())
                printed = io.StringIO()
    finally:
        for name in ("my_lines", "my_verse"):
            catalog.forget(name)
        sys.modules.pop("my_package", None)
    assert printed.getvalue() == ""
    assert {kind: kinds.count(kind) for kind in kinds} == {"python": 6, "text": 5, "sh": 1, "toml": 1}


def _install(site: Path, project: str) -> None:
    """Leave what pip leaves of an entry point, as in a program in which nothing is registered."""
    group = re.search(r'^\[project\.entry-points\."(\S+)"\]\n(\w+) = "(\S+)"$', project, re.MULTILINE)
    assert group and group[1] == ENTRY_POINTS
    (site / "my_package-1.0.dist-info").mkdir()
    (site / "my_package-1.0.dist-info" / "METADATA").write_text("Name: my-package\nVersion: 1.0\n", encoding="utf-8")
    text = f"[{group[1]}]\n{group[2]} = {group[3]}\n"
    (site / "my_package-1.0.dist-info" / "entry_points.txt").write_text(text, encoding="utf-8")
    catalog.forget(group[2])
    importlib.invalidate_caches()


def test_the_lines_of_the_page_are_there(page: str) -> None:
    """Each function is public, and each command takes these words."""
    table = page.partition("### What it can do then")[2].partition("###")[0]
    lines = re.findall(r"\| `([^|]*)` \|$", table, re.MULTILINE)
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("tinytorch-hf ")]
    functions = [found[1] for line in lines if (found := re.match(r"tinytorch_hf\.(\w+)", line))]

    assert (len(commands), len(functions)) == (9, 6)
    assert set(functions) <= set(tinytorch_hf.__all__)
    for words in commands:
        with pytest.raises(SystemExit) as end:
            main([*words, "--help"])
        assert end.value.code == 0, words


def test_the_page_states_what_the_code_does(page: str, checkout: Path) -> None:
    """The largest file that is believed, and where the parts of a built-in dataset are."""
    assert npz.MAX_ARRAY_BYTES == pickles.MAX_BYTES == 64 * 2**20 and "takes at most 64 MiB" in page
    table = page.split("### Add a built-in dataset")[1].replace("NAME", "tinydigits")
    names = [name for name in re.findall(r"`([\w/.]+)`", table) if "." in name or "/" in name]
    folders = ("", "datasets/tinydigits", "tinytorch_hf/catalog")

    assert len(names) == 17
    for name in names:
        assert any((checkout / folder / name).exists() for folder in folders) or name == "docs.tools.cards", name
