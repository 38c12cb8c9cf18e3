"""Specification of tinytorch_hf.student.finding: a map that a package's process gives is checked, told and kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from imitated import TORCH_LIKE

from tinytorch_hf.cli import USAGE, main
from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.student.answers import Answer
from tinytorch_hf.student.finding import described, found, write
from tinytorch_hf.student.frameworks import is_laid_out_as_tinytorch
from tinytorch_hf.student.mapping import Conventions, FrameworkMap, read_map

MAP = FrameworkMap(
    "mylib",
    {"Tensor": "mylib.Variable", "Linear": "mylib.nn.Linear"},
    Conventions(linear_weight="out, in"),
    functions={"ReLU": "mylib.functional.relu"},
    untried={"MSELoss": "it gives a sum"},
)


def _process(text: Any) -> Callable[..., Answer]:
    """A package's process that gives this as its map."""

    def ask(**request: Any) -> Answer:
        return Answer("opened") if request["ask"] == "open" else Answer("results", results={"map": text})

    return ask


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "[" * 100_000,
        json.dumps({"package": "mylib", "names": {"Tensor": "os; import sys"}}),
        json.dumps({"package": "mylib", "names": {"Everything": "mylib.all"}}),
        json.dumps({"package": "mylib", "agrees": True}),
        3,
    ],
    ids=["text", "deep", "code", "part", "key", "number"],
)
def test_what_is_no_map_is_refused(text: Any) -> None:
    """Whatever the process of a package sends: it ends in a reason, and no map."""
    result = found(_process(text), FrameworkMap("mylib"))

    assert not result.is_inferred
    assert result.failed
    assert result.framework_map == FrameworkMap("mylib")


def test_a_map_of_another_package_is_not_taken() -> None:
    """The process says what its own package is like, and nothing else."""
    result = found(_process(json.dumps({"package": "other", "names": {"Tensor": "a.B"}})), FrameworkMap("mylib"))

    assert not result.is_inferred


def test_a_map_is_told_in_a_few_sentences() -> None:
    """Which parts, under which names where they have others, which conventions, and what is not tried."""
    told = "\n".join(described(MAP))

    assert "Tensor = Variable, Linear, ReLU = functional.relu(x)" in told
    assert "Linear's weight is laid out as (out, in)" in told
    assert "not tried: MSELoss, because it gives a sum" in told
    assert "not found: Sigmoid" in told


def test_a_map_is_kept_as_a_file_that_can_be_read(tmp_path: Path) -> None:
    """What is as in TinyTorch is left out; a file that is there stays unless it may be replaced."""
    path = tmp_path / "mylib.json"
    write(MAP, path)

    assert read_map(path) == MAP
    assert set(json.loads(path.read_text())) == {"package", "names", "conventions", "functions", "untried"}
    path.write_text("mine")
    with pytest.raises(InvalidArgumentError, match="--force"):
        write(MAP, path)
    assert path.read_text() == "mine"
    write(MAP, path, replace=True)
    assert read_map(path) == MAP
    assert list(tmp_path.iterdir()) == [path]


def test_a_tinytorch_is_never_inferred(tmp_path: Path) -> None:
    """What has TinyTorch's name or modules is held to its documentation, however little of it is there."""
    mine, other = ModuleType("mytorch"), ModuleType("mylib")
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "activations.py").touch()
    mine.__path__, other.__path__ = [str(tmp_path)], [str(tmp_path / "core")]

    assert is_laid_out_as_tinytorch(ModuleType("tinytorch"))
    assert is_laid_out_as_tinytorch(ModuleType("tinytorch_hf.reference"))
    assert is_laid_out_as_tinytorch(mine)
    assert not is_laid_out_as_tinytorch(other)


def test_check_keeps_the_map_that_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --write-map; what it wrote is a map, and is not overwritten."""
    folder, path = tmp_path / "mylib", tmp_path / "map.json"
    folder.mkdir()
    (folder / "__init__.py").write_text(TORCH_LIKE.replace("SLOPE", "1 - t * t"))
    command = ["check", "--package", str(folder), "--only", "relu", "--judge", "recorded"]

    assert main([*command, "--write-map", str(path)]) == 0
    assert "no map was given" in capsys.readouterr().out
    assert read_map(path).functions["ReLU"] == "mylib.relu"
    assert main([*command, "--write-map", str(path)]) == USAGE
    assert "--force" in capsys.readouterr().err
