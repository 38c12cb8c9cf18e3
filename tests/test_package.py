"""Specification of the package as installed: light to import, complete as a wheel, the same as in a checkout."""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from conftest import Run
from seeds import examples

import tinytorch_hf
from tinytorch_hf import catalog
from tinytorch_hf.files import folders


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Path:
    """The wheel, built from this checkout with the installed build backend."""
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(checkout)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (path,) = out.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel installed by pip, and nothing else."""
    site = tmp_path_factory.mktemp("site")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    return site


@pytest.fixture
def run_installed(run_numpy_only: Run, site: Path, numpy_only_site: Path) -> Run:
    """Run a fresh interpreter with the installed wheel and NumPy, away from the checkout."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return run_numpy_only(*arguments, PYTHONPATH=os.pathsep.join([str(site), str(numpy_only_site)]))

    return run


def test_importing_the_package_imports_nothing_heavy(run_python: Run) -> None:
    """Not torch, not datasets, not pandas, not even NumPy."""
    program = (
        "import sys, tinytorch_hf\n"
        "print([n for n in ('numpy', 'torch', 'torchvision', 'datasets', 'pandas', 'PIL') if n in sys.modules])"
    )

    assert run_python("-c", program).stdout == "[]\n"


def test_every_public_name_is_there() -> None:
    """All of __all__ can be had, and `dir` shows it."""
    for name in tinytorch_hf.__all__:
        assert getattr(tinytorch_hf, name) is not None
        assert name in dir(tinytorch_hf)
    with pytest.raises(AttributeError, match="no attribute 'TinyDigit'"):
        tinytorch_hf.TinyDigit  # noqa: B018 -- the access is what is tested


def test_the_wheel_carries_every_curated_file_inside_the_package(wheel: Path) -> None:
    """The templates of pages, too, and no top-level `datasets`, whose name belongs to Hugging Face."""
    names = set(zipfile.ZipFile(wheel).namelist())

    assert {name.split("/")[0] for name in names} == {
        "tinytorch_hf",
        f"tinytorch_hf-{tinytorch_hf.__version__}.dist-info",
    }
    for dataset in map(catalog.info, catalog.shipped_names()):
        for file in dataset.files:
            assert f"tinytorch_hf/_shipped/datasets/{dataset.folder_name}/{file.name}" in names
        if folders.loading_script(dataset):
            assert f"tinytorch_hf/_shipped/cards/{dataset.name}.md" in names
            assert f"tinytorch_hf/_shipped/loading_scripts/{dataset.name}.py" in names
    templates = [f"tinytorch_hf/reports/html/templates/{name}" for name in ("page.html", "blocks.html", "style.css")]
    assert set(templates) <= names
    assert "tinytorch_hf/py.typed" in names
    assert not any("__pycache__" in name for name in names)


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["info", "tinydigits", "--json"],
        ["show", "tinydigits"],
        ["stats", "tinydigits", "--json"],
        *examples([], [["verify"]]),
    ],
)
def test_the_wheel_and_the_checkout_behave_alike(run_installed: Run, run_numpy_only: Run, arguments: list[str]) -> None:
    """With NumPy alone a command prints the same in both; what is to be JSON is JSON, and nothing else is in it."""
    installed = run_installed("-m", "tinytorch_hf", *arguments)
    in_checkout = run_numpy_only("-m", "tinytorch_hf", *arguments)

    assert (installed.returncode, installed.stderr) == (0, "")
    assert (in_checkout.returncode, in_checkout.stderr) == (0, "")
    assert installed.stdout == in_checkout.stdout != ""
    if "--json" in arguments:
        assert json.loads(installed.stdout)


def test_the_installed_wheel_exports_the_same_files(run_installed: Run, checkout: Path, tmp_path: Path) -> None:
    """A checkout filled by the wheel holds this checkout's bytes."""
    assert run_installed("-m", "tinytorch_hf", "export", str(tmp_path)).returncode == 0

    exported = [path for path in (tmp_path / "datasets").rglob("*") if path.is_file()]
    assert len(exported) == 49
    for path in exported:
        assert path.read_bytes() == (checkout / path.relative_to(tmp_path)).read_bytes()


def test_the_installed_wheel_reads_its_own_files(run_installed: Run, site: Path) -> None:
    """Not the checkout's, which may be gone."""
    program = (
        "from tinytorch_hf import catalog\n"
        "from tinytorch_hf.files import folders\n"
        "print(folders.folder(catalog.TINYDIGITS))"
    )

    assert run_installed("-c", program).stdout.strip() == str(
        site / "tinytorch_hf" / "_shipped" / "datasets" / "tinydigits"
    )


def test_the_installed_wheel_has_no_top_level_datasets(run_installed: Run) -> None:
    """The name stays free for its owner."""
    assert "No module named 'datasets'" in run_installed("-c", "import datasets").stderr


def test_numpy_is_the_only_dependency_of_the_core(wheel: Path) -> None:
    """Everything else is an extra."""
    archive = zipfile.ZipFile(wheel)
    (metadata,) = [name for name in archive.namelist() if name.endswith("METADATA")]
    required = re.findall(r"^Requires-Dist: (.*)$", archive.read(metadata).decode("utf-8"), re.MULTILINE)

    assert [line for line in required if "extra ==" not in line] == ["numpy>=1.24"]


def test_every_dependency_has_its_reason(checkout: Path) -> None:
    """Each requirement in pyproject.toml is followed by a comment on its line."""
    text = (checkout / "pyproject.toml").read_text(encoding="utf-8")
    project = text[text.index("dependencies = [") : text.index("[project.scripts]")]
    requirements = re.findall(r'^ {4}"(?!tinytorch-hf\[)([^"]+)",(.*)$', project, re.MULTILINE)

    assert len(requirements) > 8
    assert [name for name, rest in requirements if not re.match(r" # \w+", rest)] == []


def test_version_and_licence_are_the_same_everywhere(checkout: Path) -> None:
    """Package, citation file and changelog."""
    citation = yaml.safe_load((checkout / "CITATION.cff").read_text(encoding="utf-8"))
    changelog = (checkout / "CHANGELOG.md").read_text(encoding="utf-8")

    assert citation["version"] == tinytorch_hf.__version__
    assert f"## {tinytorch_hf.__version__}" in changelog
    assert citation["license"] == "MIT"
    assert (checkout / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")


def test_the_source_of_every_dataset_can_be_cited(checkout: Path) -> None:
    """By the title and the address that the catalog states; TinyTalks is this project's own."""
    citation = yaml.safe_load((checkout / "CITATION.cff").read_text(encoding="utf-8"))
    cited = {entry.get("url") or f"https://doi.org/{entry['doi']}": entry for entry in citation["references"]}
    sources = [catalog.info(name) for name in catalog.built_in_names() if name != "tinytalks"]

    assert {dataset.source_url for dataset in sources} == set(cited)
    for dataset in sources:
        entry = cited[dataset.source_url]
        assert entry["title"].lower() in dataset.citation.lower()
        assert dataset.name in ("mnist", "cifar10") or dataset.title in entry["notes"]


def test_a_users_program_is_what_the_type_checkers_check(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """mypy below, pyright in `nox -s types`; they refuse what it must not say, and what it says runs."""
    program = checkout / "tests" / "typed_user_script.py"
    project = (checkout / "pyproject.toml").read_text(encoding="utf-8")

    assert len(re.findall(r"^(?:files|include) = \[.*\"tests/typed_user_script\.py\"", project, re.MULTILINE)) == 2
    assert len(re.findall(r'^    .*tinydigit".*# type: ignore', program.read_text(encoding="utf-8"), re.MULTILINE)) == 2
    runpy.run_path(str(program))["in_numpy"](tmp_path / "a_hundred")
    catalog.forget("a_hundred")
    assert capsys.readouterr().out == "200 images labels (1000, 8, 8) int64 True 2a8e3046\n"


@pytest.mark.parametrize("command", [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]])
def test_lint_format_and_types_are_clean(command: list[str], checkout: Path) -> None:
    """Part of the suite, so that nobody learns it from a review."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=checkout, capture_output=True, text=True, encoding="utf-8", check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
