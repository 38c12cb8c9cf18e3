"""Specification of tinytorch_hf.health.surroundings and pip: places, files, variables, and lines to type."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import datasets
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch_hf import catalog
from tinytorch_hf.files import folders, store
from tinytorch_hf.health import pip, surroundings
from tinytorch_hf.health.doctor import Outcome
from tinytorch_hf.hub import cache


def test_variables_that_are_not_set_are_not_shown() -> None:
    """And others than those that count are nobody's business."""
    assert surroundings.variables({"PATH": "/bin", "HF_HUB_OFFLINE": "1"}) == {"HF_HUB_OFFLINE": "1"}


@given(
    name=st.sampled_from(["HTTPS_PROXY", "https_proxy", "all_proxy", "HF_ENDPOINT", "TINYTORCH_HF_MIRROR"]),
    scheme=st.sampled_from(["http://", "https://", "socks5h://", ""]),
    user=st.text(min_size=1),
    password=st.text(min_size=1).map(lambda text: f"SECRET{text}"),
)
def test_no_password_is_shown_whatever_is_in_it(name: str, scheme: str, user: str, password: str) -> None:
    """Slashes, @, line ends: what stands before the host is left out."""
    shown = surroundings.variables({name: f"{scheme}{user}:{password}@host:80/path"})[name]

    assert "SECRET" not in shown
    assert "***" in shown


@given(key=st.text())
def test_what_follows_a_question_mark_is_not_shown(key: str) -> None:
    """It may be a key."""
    shown = surroundings.variables({"HF_ENDPOINT": f"https://host/path?key=SECRET{key}"})["HF_ENDPOINT"]

    assert "SECRET" not in shown


def test_addresses_and_folders_are_shown_as_they_are() -> None:
    """What is not secret is what one wants to see."""
    environment = {"HF_ENDPOINT": "http://10.0.0.1:8000", "TINYTORCH_HF_CACHE": "/home/ann@school/cache?"}

    assert surroundings.variables(environment) == environment


def test_damaged_files_are_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One finding a dataset, with the file and what to do."""
    (root / "tinymnist" / "test.npz").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    (root / "tinydigits" / "train.pkl").unlink()
    monkeypatch.setattr(store, "folder", lambda dataset, _root=None: root / dataset.name)

    found = {finding.subject: finding for finding in surroundings.files()}

    outcomes = {name: finding.outcome for name, finding in found.items()}
    assert outcomes == {
        **dict.fromkeys(catalog.shipped_names(), Outcome.OK),
        "tinydigits": Outcome.BROKEN,
        "tinymnist": Outcome.BROKEN,
    }
    assert "Git-LFS pointer" in found["tinymnist"].detail
    assert "train.pkl is missing" in found["tinydigits"].detail


def test_the_cache_is_shown_with_what_it_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files and bytes of each dataset that does not ship; the folder need not exist."""
    monkeypatch.setenv("TINYTORCH_HF_CACHE", str(tmp_path / "cache"))
    empty = surroundings.cache()
    raw = folders.folder(catalog.MNIST)
    raw.mkdir(parents=True)
    (raw / catalog.MNIST.files[0].name).write_bytes(bytes(1000))
    built = folders.folder(catalog.TINYPY).parent / "cpython-3.99.0"
    built.mkdir(parents=True)
    (built / "train.jsonl").write_bytes(bytes(500))

    found = surroundings.cache()

    assert empty["folder"] == found["folder"] == str(tmp_path / "cache")
    assert set(found["datasets"]) == set(catalog.names()) - set(catalog.shipped_names())
    assert empty["datasets"]["mnist"] == {"files": 0, "of": 4, "size_bytes": 0}
    assert found["datasets"]["mnist"] == {"files": 1, "of": 4, "size_bytes": 1000}
    assert empty["datasets"]["tinypy"]["files"] == 0
    assert found["datasets"]["tinypy"] == {"files": 1, "of": 1, "size_bytes": 500}


@pytest.mark.parametrize("variable", ["HF_DATASETS_CACHE", "HF_HOME", "XDG_CACHE_HOME"])
def test_what_the_command_cache_prepared_is_found(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the folder where the library looks, which is found without importing it."""
    for name in ("HF_DATASETS_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    below = {"HF_DATASETS_CACHE": "", "HF_HOME": "datasets", "XDG_CACHE_HOME": "huggingface/datasets"}[variable]
    assert surroundings.hugging_face_cache() == {"folder": str(tmp_path / below), "prepared": []}
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / below)

    cache.prepare(["digits_8x8"])

    assert surroundings.hugging_face_cache()["prepared"] == [
        "tinytorch/digits_8x8/array",
        "tinytorch/digits_8x8/default",
    ]


def test_pip_is_called_by_its_path_where_the_command_is_another_pythons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `pip install` puts into another environment helps nobody."""
    (tmp_path / "pip").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pip.install("torch").startswith(f"{sys.executable} -m pip install ")

    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert pip.install("torch").startswith("pip install ")

    monkeypatch.setattr(sys, "executable", str(tmp_path / "My Python" / "python"))
    assert pip.install("torch").startswith(f'"{sys.executable}" -m pip install ')


@pytest.mark.parametrize(
    ("settings", "is_on_path", "is_switched_on", "command"),
    [
        ("uv = 0.11.2", False, True, "uv pip install"),
        ("uv = 0.11.2", True, False, "uv pip install --python {python}"),
        ("version = 3.12.1", True, True, "uv pip install"),
        ("version = 3.12.1", False, True, "{python} -m ensurepip && {python} -m pip install"),
        (None, False, False, "{python} -m ensurepip && {python} -m pip install"),
    ],
)
def test_an_environment_without_pip_is_filled_by_what_made_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: str | None,
    is_on_path: bool,
    is_switched_on: bool,
    command: str,
) -> None:
    """uv where it says so in pyvenv.cfg or is there, for this environment and no other one; else pip comes first."""
    if is_on_path:
        (tmp_path / "uv").touch(mode=0o755)
    if settings is not None:
        (tmp_path / "pyvenv.cfg").write_text(f"home = /usr/bin\n{settings}\n", encoding="utf-8")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path if is_switched_on else tmp_path / "another"))
    find_spec = pip.importlib.util.find_spec
    monkeypatch.setattr(pip.importlib.util, "find_spec", lambda name: None if name == "pip" else find_spec(name))

    assert pip.install("hf").startswith(f"{command.format(python=sys.executable)} -e ")


def test_an_installed_wheel_is_extended_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout in place."""
    assert pip.install("serve").endswith(f'pip install -e "{folders.shipped("datasets").parent}[serve]"')

    shutil.copytree(folders.shipped("cards"), tmp_path / "_shipped" / "cards")
    monkeypatch.setattr(folders, "_PACKAGE", tmp_path)

    assert pip.install("serve").endswith('pip install "tinytorch-hf[serve]"')
    assert surroundings.installation()["kind"] == "wheel"


@pytest.mark.parametrize(
    ("direct_url", "says"),
    [
        ("", "9.9"),
        ('{"url": "file:///work", "dir_info": {"editable": true}}', "9.9, in place (pip install -e)"),
        ('{"url": "file:///work", "dir_info": {}}', "9.9"),
    ],
)
def test_what_pip_installed_is_told(
    direct_url: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release that pip knows, which may be older than a checkout in place."""
    info = tmp_path / "tinytorch_hf-9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tinytorch-hf\nVersion: 9.9\n", encoding="utf-8")
    if direct_url:
        (info / "direct_url.json").write_text(direct_url, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    assert surroundings.installation()["pip"] == says


def test_what_pip_does_not_know_was_not_installed_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout on the path."""
    monkeypatch.setattr(sys, "path", [])

    assert surroundings.installation()["pip"] == ""


def test_a_cache_that_may_not_be_looked_at_does_not_stop_the_doctor(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is there to be asked when something does not work."""

    def forbidden(_path: Path, _pattern: str) -> list[Path]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setenv("TINYTORCH_HF_CACHE", str(tmp_path))
    monkeypatch.setattr(Path, "glob", forbidden)

    assert surroundings.cache()["datasets"]["tinypy"]["files"] == 0
