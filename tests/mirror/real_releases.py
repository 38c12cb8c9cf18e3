"""Specification of the mirror with clients of many ages, in environments of their own; `nox -s mirror_clients`.

Environments are made in a temporary folder, or in the one that MIRROR_CLIENTS names, where they stay. What was tried
is printed for each; docs/reference/mirror_clients.md has the table.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import pytest
from serving import Mirror, serving, write_course

from tinytorch_hf import catalog
from tinytorch_hf.mirror import repositories, server

ID = "tinytorch/tinydigits"
HERE = Path(__file__).parent

# Each release with the libraries of its time where it needs them; pandas 3 wants a newer fsspec than old ones allow.
ENVIRONMENTS = {
    "datasets-2.14": ["datasets==2.14.*", "huggingface_hub==0.24.*", "pyarrow<15", "numpy<2", "pandas<2.2", "pillow"],
    "datasets-2.21": ["datasets==2.21.*", "huggingface_hub==0.24.*", "pyarrow<20", "pandas<3", "pillow", "duckdb"],
    "datasets-3.6": ["datasets==3.6.*", "huggingface_hub==0.36.*", "pandas<3", "pillow"],
    "datasets-4": ["datasets==4.*", "huggingface_hub==1.*", "pillow"],
    "datasets-5": ["datasets==5.*", "huggingface_hub", "pillow"],
    "hub-newest": ["huggingface_hub", "pandas", "pyarrow", "duckdb"],
}
JAVASCRIPT = ["@huggingface/hub"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    """What `tinytorch-hf hub mirror --folder course` serves: every dataset that ships, built, and a folder."""
    folder = tmp_path_factory.mktemp("served")
    built = [repositories.built(name, folder) for name in catalog.shipped_names()]
    course = write_course(folder / "course")
    found = repositories.by_id([*built, *repositories.own(course)])
    with serving(server.server(found)) as address:
        yield Mirror(address, found, course)


@pytest.fixture(scope="module")
def expected(served: Mirror, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with what every client should find."""
    main = served.repositories[ID].main
    parquet = main.files["data/default/train-00000-of-00001.parquet"]
    loaded = {
        split: datasets.Dataset.from_parquet(
            str(main.files[f"data/default/{split}-00000-of-00001.parquet"].place),
            cache_dir=str(tmp_path_factory.mktemp("cache")),
        )
        for split in ("train", "test")
    }
    found: dict[str, Any] = {
        "ids": sorted(served.repositories),
        "digits": [f"tinytorch/{name}" for name in sorted(catalog.shipped_names()) if "digits" in name],
        "commit": main.commit,
        "files": sorted(main.files),
        "licence": main.files["LICENSE"].sha256,
        "parquet": parquet.sha256,
        "parquet_bytes": parquet.size_bytes,
        "labels": loaded["train"]["label"][:],
        "numbers": {split: numbers(rows) for split, rows in loaded.items()},
    }
    path = tmp_path_factory.mktemp("expected") / "expected.json"
    path.write_text(json.dumps(found), encoding="utf-8")
    return path


def numbers(rows: Any) -> str:
    """As any_client.py takes them."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(bytes([row["label"]]) + row["image"].tobytes())
    return digest.hexdigest()


def kept(tmp_path: Path) -> Path:
    """Where environments are."""
    return Path(os.environ.get("MIRROR_CLIENTS") or tmp_path)


def environment(served: Mirror, home: Path) -> dict[str, str]:
    """Variables of a client that has never been here: nothing of this process's libraries."""
    gone = ("PYTHONPATH", "VIRTUAL_ENV", "HF_TOKEN")
    variables = {name: value for name, value in os.environ.items() if name not in gone and not name.startswith("HF_")}
    return {**variables, "HF_ENDPOINT": served.address, "HF_HOME": str(home), "HF_HUB_DISABLE_TELEMETRY": "1"}


def judge(name: str, done: subprocess.CompletedProcess[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Everything that was tried went well; the outcomes are shown either way."""
    assert done.returncode == 0, done.stderr[-3000:]
    outcomes = json.loads(done.stdout.splitlines()[-1])
    with capsys.disabled():
        sys.stdout.write(f"\n{name}: {sum(one == 'ok' for one in outcomes.values())} of {len(outcomes)} ok\n")
    assert {what: one for what, one in outcomes.items() if one != "ok"} == {}
    assert len(outcomes) > 8


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_release_reads_from_the_mirror(
    name: str, served: Mirror, expected: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lists, loads, streams, downloads and is refused, as with the Hub."""
    folder = kept(tmp_path) / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        venv.create(folder, with_pip=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *ENVIRONMENTS[name]]
        subprocess.run(install, check=True, timeout=900)
    program = [python, str(HERE / "any_client.py"), str(expected), str(tmp_path)]
    variables = environment(served, tmp_path / "home")
    done = subprocess.run(
        program, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=600, check=False
    )
    judge(name, done, capsys)


def test_huggingface_js_reads_from_the_mirror(
    served: Mirror, expected: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its own functions, in Node."""
    if shutil.which("npm") is None:
        pytest.skip("huggingface.js needs Node, and npm to install it")
    folder = kept(tmp_path) / "huggingface.js"
    if not (folder / "node_modules").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true, "type": "module"}', encoding="utf-8")
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", *JAVASCRIPT], cwd=folder, check=True, timeout=600)  # noqa: S607
    shutil.copyfile(HERE / "any_client.mjs", folder / "any_client.mjs")
    program = ["node", "any_client.mjs", served.address, str(expected), str(tmp_path)]
    variables = environment(served, tmp_path / "home")
    done = subprocess.run(program, cwd=folder, env=variables, capture_output=True, text=True, timeout=300, check=False)
    judge("huggingface.js", done, capsys)
