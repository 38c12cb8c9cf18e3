"""Specification of `tinytorch-hf doctor`: it finds the real trouble, and says what to type."""

from __future__ import annotations

import json
import re
from importlib import metadata
from pathlib import Path
from typing import Any

import forked
import pytest
from conftest import CHECKOUT, Run, Start
from environments import Environment
from seeds import examples

import tinytorch_hf
from tinytorch_hf import cli
from tinytorch_hf.health import imports
from tinytorch_hf.health.roads import LIBRARIES, ROADS

Roads = dict[str, dict[str, str]]


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """A virtual environment with nothing in it."""
    return Environment(tmp_path / "environment")


def _doctor(environment: Environment, cwd: Path, **variables: str) -> tuple[int, dict[str, Any]]:
    done = environment.run("-m", "tinytorch_hf", "doctor", "--json", cwd=cwd, **variables)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def _roads(found: dict[str, Any]) -> Roads:
    return {road["subject"]: road for road in found["roads"]}


@pytest.mark.parametrize("is_cold", examples([False], [True]))
def test_where_everything_is_installed_everything_works(
    is_cold: bool,
    run_python: Run,
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every road is ok, every version is that of pip, and the exit status is 0."""
    if is_cold:
        done = run_python("-m", "tinytorch_hf", "doctor", "--json")
        status, printed = done.returncode, (done.stdout, done.stderr)
    else:
        monkeypatch.chdir(tmp_path)
        forked.use(monkeypatch, start, imports)
        status, printed = cli.main(["doctor", "--json"]), tuple(capsys.readouterr())
    found = json.loads(printed[0])

    assert (status, printed[1], found["sound"]) == (0, "", True)
    assert [road["outcome"] for road in found["roads"]] == ["ok"] * len(ROADS)
    assert {library["subject"]: library["version"] for library in found["libraries"]} == {
        name: metadata.version(name) for name in LIBRARIES
    }
    assert found["installation"]["version"] == tinytorch_hf.__version__
    assert found["installation"]["folder"] == str(CHECKOUT / "tinytorch_hf")


def test_with_numpy_alone_the_rest_is_missing_and_nothing_is_broken(environment: Environment, tmp_path: Path) -> None:
    """Each road says the line that installs it; the exit status is 0."""
    environment.link("numpy")

    status, found = _doctor(environment, tmp_path)

    roads = _roads(found)
    assert status == 0
    assert roads.pop("NumPy arrays")["outcome"] == "ok"
    assert {road["outcome"] for road in roads.values()} == {"missing"}
    for road in ROADS[1:]:
        line = rf'\S+ -m ensurepip && \S+ -m pip install -e "{CHECKOUT}\[{road.extra}\]"'
        assert re.fullmatch(line, roads[road.name]["remedy"])
    assert roads["mirror"]["detail"] == "needs datasets, pillow, starlette, uvicorn"


def test_without_numpy_the_doctor_still_looks_at_everything(environment: Environment, tmp_path: Path) -> None:
    """The core is broken, the files are not, and the line to type is the one without extras."""
    status, found = _doctor(environment, tmp_path)

    core = _roads(found)["NumPy arrays"]
    assert status == 1
    assert (core["outcome"], core["detail"]) == ("broken", "needs numpy")
    assert core["remedy"].endswith(f' -m pip install -e "{CHECKOUT}"')
    assert {finding["outcome"] for finding in found["files"]} == {"ok"}


def test_a_numpy_that_does_not_import_is_broken(environment: Environment, tmp_path: Path) -> None:
    """With NumPy's own reason; every road that needs it is broken, too."""
    environment.pretend("numpy", "2.4.0", "import numpy_core_that_is_not_there")

    status, found = _doctor(environment, tmp_path)

    numpy = found["libraries"][0]
    assert (status, numpy["version"]) == (1, "2.4.0")
    assert numpy["detail"] == "ModuleNotFoundError: No module named 'numpy_core_that_is_not_there'"
    assert {road["outcome"] for road in found["roads"]} == {"broken"}
    assert found["roads"][0]["remedy"].endswith("-m pip install --upgrade --force-reinstall numpy")


def test_a_torchvision_built_for_another_torch_breaks_its_own_road_alone(
    environment: Environment, tmp_path: Path
) -> None:
    """The classes work without it; both libraries have to be installed together."""
    environment.link("numpy", "pillow")
    environment.pretend("torch", "2.15.0", "tensor = None")
    environment.pretend("torchvision", "0.29.2", "raise RuntimeError('operator torchvision::nms does not exist')")

    status, found = _doctor(environment, tmp_path)

    roads = _roads(found)
    assert status == 1
    assert [roads[name]["outcome"] for name in ("PyTorch classes", "PyTorch as judge", "torchvision")] == [
        "ok",
        "ok",
        "broken",
    ]
    assert roads["torchvision"]["remedy"].endswith("install --upgrade --force-reinstall torch torchvision")
    broken = [library for library in found["libraries"] if library["outcome"] == "broken"]
    assert [(library["subject"], library["detail"]) for library in broken] == [
        ("torchvision", "RuntimeError: operator torchvision::nms does not exist")
    ]


def test_a_release_that_is_too_old_is_broken(environment: Environment, tmp_path: Path) -> None:
    """The oldest that serves is named, and the line that replaces it."""
    environment.link("numpy")
    environment.pretend("argcomplete", "2.1.1", "autocomplete = None")

    status, found = _doctor(environment, tmp_path)

    assert status == 1
    assert _roads(found)["completion"]["remedy"].endswith('-m pip install --upgrade "argcomplete>=3"')


def test_a_lesson_saved_under_a_librarys_name_is_found(environment: Environment, tmp_path: Path) -> None:
    """Python imports it in place of the library: no installing helps, a new name does."""
    environment.link("numpy", "pillow")
    environment.pretend("torch", "2.15.0", "tensor = None")
    (tmp_path / "torch.py").write_text("print('my first lesson')\n", encoding="utf-8")

    status, found = _doctor(environment, tmp_path)

    classes = _roads(found)["PyTorch classes"]
    torch = next(library for library in found["libraries"] if library["subject"] == "torch")
    assert (status, classes["outcome"], classes["remedy"]) == (1, "broken", "")
    assert torch["detail"].startswith(f"{tmp_path / 'torch.py'} has the library's name")


@pytest.mark.parametrize(
    ("has_library", "in_checkout", "says"),
    [
        (True, False, "the library in {site}/datasets"),
        (True, True, "the library in {site}/datasets, beside it {checkout}/datasets"),
        (False, True, "{checkout}/datasets/__init__.py, until the library is installed"),
    ],
)
def test_it_says_what_the_name_datasets_stands_for(
    environment: Environment, tmp_path: Path, has_library: bool, in_checkout: bool, says: str
) -> None:
    """Programs that start in the checkout find the folder first, which hands over to the library."""
    environment.link("numpy", "pillow")
    if has_library:
        library = environment.site / "datasets"
        library.mkdir()
        (library / "__init__.py").write_text("load_dataset = None\n", encoding="utf-8")
        (library / "arrow_dataset.py").touch()

    done = environment.run(
        *(("-m", "tinytorch_hf") if in_checkout else ("-c", _WITHOUT_CHECKOUT)),
        *("doctor", "--json"),
        cwd=CHECKOUT if in_checkout else tmp_path,
        **({} if in_checkout else {"PYTHONPATH": ""}),
    )

    assert json.loads(done.stdout)["datasets_name"] == says.format(site=environment.site, checkout=CHECKOUT)


# As with an installed wheel: this package can be imported, the folder `datasets` is not on the path.
_WITHOUT_CHECKOUT = (
    f"import sys; sys.path.append({str(CHECKOUT)!r}); from tinytorch_hf.cli import main; sys.path.pop(); "
    "sys.exit(main())"
)


def test_nothing_secret_is_shown(environment: Environment, tmp_path: Path) -> None:
    """Neither tokens nor passwords of proxies and mirrors, for people or for programs."""
    environment.link("numpy")
    secrets = {
        "HF_TOKEN": "hf_SECRET1",
        "HTTPS_PROXY": "http://ann:SECRET2@proxy:8080",
        "HF_ENDPOINT": "https://mirror.example/?key=SECRET3",
        "TINYTORCH_HF_MIRROR": "SECRET4@10.0.0.1:8000",
    }

    for arguments in ([], ["--json"]):
        done = environment.run("-m", "tinytorch_hf", "doctor", *arguments, cwd=tmp_path, **secrets)

        assert "SECRET" not in done.stdout + done.stderr
        assert all(name in done.stdout for name in secrets)
        assert "http://***@proxy:8080" in done.stdout


def test_people_get_the_same_as_lines(environment: Environment, tmp_path: Path) -> None:
    """Where things are, what is there, and below each road that is closed the line to type."""
    environment.link("numpy")

    done = environment.run("-m", "tinytorch_hf", "doctor", cwd=tmp_path)

    assert done.returncode == 0
    for pattern in (
        rf"tinytorch-hf  {re.escape(tinytorch_hf.__version__)}, checkout in ",
        r"ok       tinydigits: 2 files, 317 kB, SHA-256 right",
        rf"ok       numpy {re.escape(metadata.version('numpy'))}",
        r"missing  torch",
        r"missing  PyTorch as judge: needs torch\n         \S+ -m ensurepip && \S+ -m pip install -e .*\[compare\]",
    ):
        assert re.search(f"^{pattern}", done.stdout, re.MULTILINE), pattern
