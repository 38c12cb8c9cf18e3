"""Specification of the recipes: the curated files are rebuilt byte for byte, from the true source."""

from __future__ import annotations

import importlib.util
import pickle
import shutil
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from conftest import Run
from seeds import examples

from tinytorch_hf import catalog, load_tinydigits
from tinytorch_hf.files import store


@pytest.fixture(scope="module")
def recipe(checkout: Path) -> ModuleType:
    """The recipe of TinyDigits as a module."""
    spec = importlib.util.spec_from_file_location("create_tinydigits", checkout / catalog.TINYDIGITS.recipe)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copy(checkout: Path, tmp_path: Path) -> Path:
    """A checkout without data files."""
    for folder in ("tinytorch_hf", "datasets"):
        shutil.copytree(
            checkout / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "*.pkl", "_shipped")
        )
    return tmp_path


def test_the_files_are_rebuilt_byte_for_byte(recipe: ModuleType, same_random_state: None) -> None:
    """From scikit-learn, without touching any random state."""
    assert recipe.build() == {file.name: store.read(catalog.TINYDIGITS, file) for file in catalog.TINYDIGITS.files}


@pytest.mark.parametrize("where", examples(["elsewhere"], ["root"]))
def test_the_recipe_runs_as_a_script(copy: Path, run_python: Run, where: str, checkout: Path) -> None:
    """As the course's text says it, in a checkout where nothing is installed; it prints what its last comment says."""
    cwd = copy if where == "root" else copy / "datasets" / "tinydigits"
    script = "datasets/tinydigits/create_tinydigits.py" if where == "root" else "create_tinydigits.py"

    done = run_python(script, cwd=cwd, PYTHONPATH="")

    assert done.returncode == 0, done.stderr
    text = (checkout / catalog.TINYDIGITS.recipe).read_text(encoding="utf-8")
    assert done.stdout == "".join(f"{line[2:]}\n" for line in text.splitlines() if line.startswith("# t"))
    for file in catalog.TINYDIGITS.files:
        assert f"{file.size_bytes} bytes  sha256 {file.sha256}" in done.stdout
        assert (copy / "datasets" / "tinydigits" / file.name).read_bytes() == store.read(catalog.TINYDIGITS, file)


def test_a_result_that_is_not_the_published_one_is_not_written(
    recipe: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Should a future library change a byte, the recipe fails and the files stay."""
    images, labels = recipe.source()
    monkeypatch.setattr(recipe, "HERE", tmp_path / "datasets" / "tinydigits")
    monkeypatch.setattr(recipe, "source", lambda: (images[:, ::-1], labels))
    monkeypatch.setattr(sys, "path", [*sys.path])

    assert recipe.main() == 1
    assert "does not hold the published data" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_bytes_are_those_of_a_plain_dump_under_numpy_2(recipe: ModuleType) -> None:
    """The pickler that pins the module names changes nothing else."""
    if not hasattr(np, "_core"):
        pytest.skip("this NumPy writes the old module names, which is what the recipe corrects")
    arrays = {"images": np.zeros((3, 8, 8), np.float32), "labels": np.arange(3)}

    assert recipe.encode(arrays) == pickle.dumps(arrays, protocol=4)


def test_every_image_is_one_of_the_source_with_its_label() -> None:
    """Each of the 1200 is found among scikit-learn's 1797, pixel for pixel."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    source = {
        image.tobytes(): label for image, label in zip(digits.images.astype(np.uint8), digits.target, strict=True)
    }
    X_train, y_train, X_test, y_test = load_tinydigits()

    for images, labels in ((X_train, y_train), (X_test, y_test)):
        counts = (images * 16).astype(np.uint8)
        assert [source[image.tobytes()] for image in counts] == labels.tolist()


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        (
            "tinyshakespeare/create_tinyshakespeare.py",
            ["--whole", "nowhere.txt"],
            "nowhere.txt cannot be read: No such",
        ),
        ("tinyshakespeare/create_tinyshakespeare.py", ["--whole", "."], ". cannot be read: Is a directory"),
        ("tinyshakespeare/create_tinyshakespeare.py", ["--whole", "pyproject.toml"], "pyproject.toml is cut off"),
        (
            "tinyshakespeare/create_tinyshakespeare.py",
            ["--whole", "/dev/zero"],
            "/dev/zero cannot be read: it is a device",
        ),
        ("tinymnist/create_tinymnist.py", ["--source", "nowhere"], "nowhere"),
        ("tinycifar/create_tinycifar.py", ["--source", "nowhere"], "nowhere"),
        ("tinycifar/create_tinycifar.py", ["--reselect", "--source", "pyproject.toml"], "pyproject.toml"),
        ("tinytalks/create_tinytalks.py", ["--other"], "usage: create_tinytalks.py"),
        ("tinydigits/create_tinydigits.py", ["--root", "x"], "unrecognized arguments"),
        ("tiny/create_digits_8x8.py", ["x"], "unrecognized arguments"),
    ],
)
def test_bad_arguments_end_in_a_sentence(
    name: str,
    arguments: list[str],
    says: str,
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of each recipe: what is not there, is no file, or is another one."""
    monkeypatch.chdir(checkout)
    monkeypatch.syspath_prepend(str(checkout))
    spec = importlib.util.spec_from_file_location("a_recipe", checkout / "datasets" / name)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "a_recipe", module)
    spec.loader.exec_module(module)
    try:
        status = module.main(arguments)
    except SystemExit as error:
        status = error.code

    assert status in (1, 2)
    assert says in capsys.readouterr().err
