"""Specification of datasets/__init__.py: the folder and Hugging Face's library share one name.

Everything runs in interpreters of its own, because what an import does depends on what was imported before. Some
have imported what Hugging Face's library imports, which takes longer than all the rest; not so where it matters.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import Run

FOLDER_FIRST = """
from datasets.tinydigits import load_tinydigits
from datasets import load_dataset
"""
LIBRARY_FIRST = """
from datasets import load_dataset
from datasets.tinydigits import load_tinydigits
"""
SHOW = """
import datasets
print(load_tinydigits()[0].shape, load_dataset.__module__, datasets.Dataset.from_list([{"a": 1}]).num_rows)
"""
BOTH_WORK = "(1000, 8, 8) datasets.load 1\n"
BOTH_ORDERS = pytest.mark.parametrize("imports", [FOLDER_FIRST, LIBRARY_FIRST])


@pytest.fixture
def root_on_path(checkout: Path) -> dict[str, str]:
    """The environment of a script that was started in the root: the root comes before installed packages."""
    return {"PYTHONPATH": str(checkout)}


def test_with_numpy_alone_the_folder_serves(run_numpy_only: Run) -> None:
    """The milestone's import needs nothing but NumPy."""
    done = run_numpy_only(
        "-c", "from datasets.tinydigits import load_tinydigits as f; print([(a.shape, str(a.dtype)) for a in f()])"
    )

    assert done.stderr == ""
    assert done.stdout == (
        "[((1000, 8, 8), 'float32'), ((1000,), 'int64'), ((200, 8, 8), 'float32'), ((200,), 'int64')]\n"
    )


def test_with_numpy_alone_load_dataset_says_what_to_install(run_numpy_only: Run) -> None:
    """Neither a riddle about circular imports nor silence."""
    done = run_numpy_only("-c", "from datasets import load_dataset")

    assert done.stderr.splitlines()[-1].startswith(
        "ModuleNotFoundError: `datasets.load_dataset` belongs to Hugging Face's"
    )
    assert done.stderr.rstrip().endswith("because it is not installed. Install it with: pip install datasets")


def test_with_numpy_alone_the_folder_is_an_ordinary_package(run_numpy_only: Run) -> None:
    """`from datasets import tinydigits` imports the submodule; tools may look for dunder names."""
    done = run_numpy_only(
        "-c",
        "import datasets; from datasets import tinydigits as t; print(t.__name__, hasattr(datasets, '__wrapped__'))",
    )

    assert done.stdout == "datasets.tinydigits False\n"


@BOTH_ORDERS
def test_beside_the_library_both_imports_work_in_either_order(
    run_python: Run, root_on_path: dict[str, str], imports: str
) -> None:
    """One process, one name, two origins."""
    done = run_python("-c", imports + SHOW, **root_on_path)

    assert (done.stdout, done.returncode) == (BOTH_WORK, 0), done.stderr


@BOTH_ORDERS
def test_beside_the_library_a_script_run_from_the_root_works(
    run_with_libraries: Run, checkout: Path, imports: str
) -> None:
    """`python -c` in the root has the empty path entry that means the current folder."""
    done = run_with_libraries("-c", imports + SHOW, cwd=checkout, PYTHONPATH="")

    assert (done.stdout, done.returncode) == (BOTH_WORK, 0), done.stderr


@pytest.mark.parametrize(
    ("how", "imports"),
    [
        ("sys.path.insert(0, ROOT)", FOLDER_FIRST),
        ("sys.path.insert(0, ROOT)", LIBRARY_FIRST),
        ("sys.path[0] = ROOT", FOLDER_FIRST),
        ("os.chdir(ROOT); sys.path.insert(0, '')", LIBRARY_FIRST),
    ],
)
def test_a_script_in_a_subfolder_that_puts_the_root_on_the_path_works(
    run_with_libraries: Run, checkout: Path, tmp_path: Path, how: str, imports: str
) -> None:
    """The way every milestone begins."""
    script = tmp_path / "milestones" / "03" / "mlp.py"
    script.parent.mkdir(parents=True)
    script.write_text(f"import os, sys\nROOT = {str(checkout)!r}\n{how}\n{imports}{SHOW}", encoding="utf-8")

    done = run_with_libraries(str(script), PYTHONPATH="")

    assert (done.stdout, done.returncode) == (BOTH_WORK, 0), done.stderr


def test_in_a_spawned_worker_both_imports_work(
    run_with_libraries: Run, root_on_path: dict[str, str], tmp_path: Path
) -> None:
    """A spawned process imports everything again, and gets objects of both kinds by pickle."""
    script = tmp_path / "spawn.py"
    script.write_text(
        "import multiprocessing\n"
        f"{FOLDER_FIRST}\n"
        "def work(load, table):\n"
        "    from datasets import load_dataset as again\n"
        "    return load()[0].shape, again.__module__, table.num_rows\n"
        "if __name__ == '__main__':\n"
        "    import datasets\n"
        "    table = datasets.Dataset.from_list([{'a': 1}])\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "        print(*pool.apply(work, (load_tinydigits, table)))\n",
        encoding="utf-8",
    )

    done = run_with_libraries(str(script), **root_on_path)

    assert (done.stdout, done.returncode) == (BOTH_WORK, 0), done.stderr


@BOTH_ORDERS
def test_under_pytest_both_imports_work(run_with_libraries: Run, checkout: Path, tmp_path: Path, imports: str) -> None:
    """pytest has import hooks of its own."""
    indented = imports.replace("\n", "\n    ")
    test_file = tmp_path / "test_both.py"
    test_file.write_text(
        f"def test_both():\n    {indented}\n    assert load_tinydigits()[0].shape == (1000, 8, 8)\n"
        "    assert load_dataset.__module__ == 'datasets.load'\n",
        encoding="utf-8",
    )

    arguments = ("-m", "pytest", "-q", "-p", "no:cacheprovider", str(test_file))
    done = run_with_libraries(*arguments, PYTHONPATH=str(checkout), PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")

    assert "1 passed" in done.stdout, done.stdout


def test_in_this_very_process_both_imports_work() -> None:
    """The suite runs with the root on its path, like a milestone."""
    from datasets import load_dataset
    from datasets.tinydigits import load_tinydigits

    assert load_dataset.__module__ == "datasets.load"
    assert load_tinydigits()[1].dtype == "int64"


def test_the_library_is_the_real_one_in_every_respect(run_with_libraries: Run, root_on_path: dict[str, str]) -> None:
    """Its submodules, version and file are the installation's; ours come from the folder, which is added once."""
    program = (
        "import datasets, datasets.arrow_dataset, datasets.tinydigits, importlib.metadata as m\n"
        "import datasets\n"
        "from datasets import tinydigits\n"
        "assert datasets.__version__ == m.version('datasets')\n"
        "assert datasets.arrow_dataset.Dataset is datasets.Dataset\n"
        "places = [module.__file__ for module in (datasets, datasets.tinydigits)]\n"
        "print(datasets.__spec__.name, *('site-packages' in place for place in places), len(datasets.__path__))"
    )

    assert run_with_libraries("-c", program, **root_on_path).stdout == "datasets True False 2\n"


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        ("import no_such_pyarrow", "No module named 'no_such_pyarrow'"),
        ("raise ValueError('numpy.dtype size changed')", "numpy.dtype size changed"),
    ],
)
def test_a_broken_library_does_not_keep_a_student_from_the_files(
    run_numpy_only: Run, checkout: Path, numpy_only_site: Path, tmp_path: Path, failure: str, reason: str
) -> None:
    """The folder serves, and `load_dataset` says why the library does not."""
    library = tmp_path / "site" / "datasets"
    library.mkdir(parents=True)
    (library / "__init__.py").write_text(f"from datasets import arrow_dataset\n{failure}\n", encoding="utf-8")
    (library / "arrow_dataset.py").write_text("", encoding="utf-8")
    path = os.pathsep.join([str(checkout), str(library.parent), str(numpy_only_site)])

    works = run_numpy_only(
        "-c", "from datasets.tinydigits import load_tinydigits; print(load_tinydigits()[0].shape)", PYTHONPATH=path
    )
    explains = run_numpy_only("-c", "from datasets import load_dataset", PYTHONPATH=path)

    assert works.stdout == "(1000, 8, 8)\n", works.stderr
    assert "does not import here" in explains.stderr
    assert reason in explains.stderr


def test_other_checkouts_on_the_path_are_not_taken_for_the_library(
    run_numpy_only: Run, checkout: Path, numpy_only_site: Path, tmp_path: Path
) -> None:
    """Neither a second checkout of this project nor a bare folder called datasets."""
    second = tmp_path / "second" / "datasets"
    second.mkdir(parents=True)
    (second / "__init__.py").write_bytes((checkout / "datasets" / "__init__.py").read_bytes())
    (tmp_path / "third" / "datasets").mkdir(parents=True)
    places = [checkout, tmp_path / "third", tmp_path / "second", numpy_only_site]

    done = run_numpy_only(
        "-c",
        "from datasets.tinydigits import load_tinydigits; print(load_tinydigits()[0].shape)",
        PYTHONPATH=os.pathsep.join(map(str, places)),
    )

    assert done.stdout == "(1000, 8, 8)\n", done.stderr


def test_an_exported_checkout_works_like_this_one(run_with_libraries: Run, checkout: Path, tmp_path: Path) -> None:
    """After `export`, a TinyTorch checkout has both imports, with tinytorch_hf installed elsewhere."""
    from tinytorch_hf import catalog
    from tinytorch_hf.acquire import export

    export.to_checkout(catalog.TINYDIGITS, tmp_path)
    script = tmp_path / "milestone.py"
    script.write_text(f"import sys\nsys.path.append({str(checkout)!r})\n{FOLDER_FIRST}{SHOW}", encoding="utf-8")

    done = run_with_libraries(str(script), PYTHONPATH="")

    assert (done.stdout, done.returncode) == (BOTH_WORK, 0), done.stderr
