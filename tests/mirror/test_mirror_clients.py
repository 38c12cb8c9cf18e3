"""Specification of the mirror with its real clients: unmodified `datasets` and `huggingface_hub` over HTTP."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import MakeOnce, Run, Start
from serving import Mirror

from benchmarks import mirror as benchmark
from tinytorch_hf import as_hf, catalog
from tinytorch_hf.data import content_hash
from tinytorch_hf.mirror.repositories import Repository


@pytest.fixture(scope="module")
def seen(mirror: Mirror, start_in: Start, made_once: MakeOnce) -> Any:
    """What a process with an empty cache sees of the mirror, one of whose datasets has disappeared meanwhile."""
    home = made_once("student", lambda home: look(mirror, start_in, home))
    return json.loads((home / "seen.json").read_text(encoding="utf-8"))


def look(mirror: Mirror, start_in: Start, home: Path) -> None:
    """Run the process, and keep what it prints."""
    main = mirror.repositories["course/words"].main
    files = {path: replace(file, place=file.place.parent / "gone") for path, file in main.files.items()}
    mirror.repositories["course/gone"] = Repository("course/gone", {"main": replace(main, files=files)})
    script = Path(__file__).with_name("mirror_client.py")
    done = start_in(home, "libraries", str(script), HF_ENDPOINT=mirror.address, HF_HUB_OFFLINE="0").wait()
    del mirror.repositories["course/gone"]
    assert done.returncode == 0, done.stderr
    (home / "seen.json").write_text(done.stdout, encoding="utf-8")


def test_the_literal_call_gives_the_curated_numbers(seen: Any, mirror: Mirror) -> None:
    """Every configuration of every dataset, loaded; and as many samples streamed."""
    numbers = seen["numbers"]

    served = [repository.dataset.name for repository in mirror.repositories.values() if repository.dataset]
    assert set(numbers) == {f"{name} {config}" for name in served for config in as_hf.config_names(name)}
    assert all(found == expected for found, expected in numbers.values())
    assert numbers["tinydigits default"][0] == catalog.info("tinydigits").fingerprint


def test_the_hubs_own_functions_work(seen: Any, mirror: Mirror) -> None:
    """Files, snapshots, lists, trees, the file system, an instructor's folder; by commit and by tag."""
    result = seen["functions"]

    main = mirror.repositories["tinytorch/tinydigits"].main
    assert result["file"] == main.files["LICENSE"].place.read_text(encoding="utf-8")
    assert result["snapshot"] == sorted(main.files)
    assert result["commit"] == result["tagged"] == main.commit
    assert set(result["listed"]) == {*mirror.repositories, "course/gone"}
    assert result["author"] == [i for i in mirror.repositories if i.startswith("tinytorch/")]
    assert set(main.files) < set(result["tree"])
    assert result["odd"] == "content of a b/c#d?.txt"
    assert result["ls"] == [f"datasets/tinytorch/tinydigits/data/{config}" for config in ("array", "default")]
    assert result["words"] == ["a", "b", "c"]


def test_clients_give_their_own_errors(seen: Any) -> None:
    """Their users know them from the Hub."""
    result = seen["errors"]

    assert "DatasetNotFoundError: Dataset 'tinytorch/nothing' doesn't exist" in result["dataset"]
    assert "Revision 'v9' doesn't exist" in result["revision"]
    assert "BuilderConfig 'arrays' not found. Available: ['default', 'array']" in result["config"]
    assert "RepositoryNotFoundError" in result["repository"]
    assert "EntryNotFoundError" in result["file"] and "has no file nothing.txt" in result["file"]
    assert "RevisionNotFoundError" in result["tag"] and "has no revision v9" in result["tag"]
    assert "This mirror is read-only." in result["writing"]


def test_a_folder_that_disappeared_is_explained_to_the_student(seen: Any) -> None:
    """The reason stands in the client's own error."""
    assert "changed after the mirror was started" in seen["errors"]["gone"]


def test_the_command_of_the_hub_downloads(mirror: Mirror, run_python: Run) -> None:
    """`hf download`, as students would type it; older releases call it `huggingface-cli`."""
    folder = Path(sys.executable).parent
    command = next(path for path in (folder / "hf", folder / "huggingface-cli") if path.exists())
    arguments = ("download", "--repo-type", "dataset", "tinytorch/tinydigits", "LICENSE")

    done = run_python(str(command), *arguments, HF_ENDPOINT=mirror.address, HF_HUB_OFFLINE="0")

    assert done.returncode == 0, done.stderr
    assert mirror.repositories["tinytorch/tinydigits"].main.commit in done.stdout


def test_many_clients_at_once_get_everything(mirror: Mirror) -> None:
    """Every file of every dataset, without an error; the benchmark does it with 200."""
    there = [repository.main for repository in mirror.repositories.values()]

    fetched = benchmark.fetch_everything(mirror.address, 20)

    assert fetched.errors == ()
    assert fetched.n_files == 20 * sum(len(main.files) for main in there)
    assert fetched.n_bytes == 20 * sum(main.size_bytes for main in there)


def test_real_loads_at_once(mirror: Mirror, start: Start, tmp_path: Path) -> None:
    """Several processes, each with an empty cache, each with the right numbers; as the benchmark does with 20."""
    options = {"HF_ENDPOINT": mirror.address, "HF_HUB_OFFLINE": "0"}
    homes = [str(tmp_path / name) for name in ("one", "two")]
    running = [start("libraries", "-c", benchmark.LOAD, "tinydigits", HF_HOME=home, **options) for home in homes]

    for process in running:
        done = process.wait()
        assert done.returncode == 0, done.stderr
        assert done.stdout.split()[1:] == [catalog.info("tinydigits").fingerprint] * 2


def test_fetching_notices_what_is_wrong(mirror: Mirror) -> None:
    """The measure can fail: a server that refuses gives errors."""
    assert len(benchmark.fetch_everything(f"{mirror.address}0", 2).errors) == 2
    assert content_hash.fingerprint("tinydigits") == catalog.info("tinydigits").fingerprint
