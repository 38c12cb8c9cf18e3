"""Specification of the mirror with its real clients: unmodified `datasets` and `huggingface_hub` over HTTP."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from conftest import Run
from serving import Mirror, serving, write_course

from benchmarks import mirror as benchmark
from tinytorch_hf import as_hf, catalog, describe
from tinytorch_hf.hub.mirror import server
from tinytorch_hf.hub.mirror.repositories import by_id, own

# Every client gets a process of its own: the libraries read HF_ENDPOINT when they are imported.
PRELUDE = """
import json, sys
import datasets
import huggingface_hub
from datasets import load_dataset
from huggingface_hub import HfApi, hf_hub_download, list_datasets, snapshot_download
from tinytorch_hf import as_hf, catalog, describe, store
datasets.disable_progress_bars()
ID = "tinytorch/tinydigits"
def problem(call):
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
"""


@pytest.fixture
def client(mirror: Mirror, run_python: Run) -> object:
    """Run a program against the mirror; what it prints is JSON."""

    def run(program: str) -> object:
        done = run_python("-c", PRELUDE + program, HF_ENDPOINT=mirror.address, HF_HUB_OFFLINE="0")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_the_literal_call_gives_the_curated_numbers(client: object, mirror: Mirror) -> None:
    """Every configuration of every dataset, loaded; and as many samples streamed."""
    program = """
served = [name for name in catalog.names() if store.is_on_hub(name)]
result = {}
for name in served:
    for config in as_hf.config_names(name):
        loaded = load_dataset(f"tinytorch/{name}", config)
        split = list(loaded)[-1]
        streamed = load_dataset(f"tinytorch/{name}", config, split=split, streaming=True)
        assert sum(1 for _ in streamed) == len(loaded[split])
        result[f"{name} {config}"] = describe.fingerprints(name, as_hf.to_numpy(name, loaded))
print(json.dumps(result))
"""
    result = client(program)  # type: ignore[operator]

    served = [r.dataset for r in mirror.repositories.values() if r.dataset]
    assert set(result) == {f"{name} {config}" for name in served for config in as_hf.config_names(name)}
    assert all(found == expected for found, expected in result.values())
    assert result["tinydigits default"][0] == catalog.info("tinydigits").fingerprint


def test_the_hubs_own_functions_work(client: object, mirror: Mirror) -> None:
    """Files, snapshots, lists, trees, the file system, an instructor's folder; by commit and by tag."""
    program = """
from pathlib import Path
folder = Path(snapshot_download(ID, repo_type="dataset"))
print(json.dumps({
    "file": Path(hf_hub_download(ID, "LICENSE", repo_type="dataset")).read_text(encoding="utf-8"),
    "snapshot": sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()),
    "commit": folder.name,
    "tagged": Path(snapshot_download(ID, repo_type="dataset", revision="v1.0.0")).name,
    "listed": sorted(d.id for d in list_datasets()),
    "author": [d.id for d in list_datasets(author="tinytorch")],
    "tree": [e.path for e in HfApi().list_repo_tree(ID, repo_type="dataset", recursive=True)],
    "odd": Path(snapshot_download("course/odd", repo_type="dataset")).joinpath("a b", "c#d?.txt").read_text(),
    "ls": huggingface_hub.HfFileSystem().ls(f"datasets/{ID}/data", detail=False),
    "words": load_dataset("course/words", split="train")["word"][:],
}))
"""
    result = client(program)  # type: ignore[operator]

    main = mirror.repositories["tinytorch/tinydigits"].main
    assert result["file"] == main.files["LICENSE"].place.read_text(encoding="utf-8")
    assert result["snapshot"] == sorted(main.files)
    assert result["commit"] == result["tagged"] == main.commit
    assert result["listed"] == sorted(mirror.repositories)
    assert result["author"] == [i for i in mirror.repositories if i.startswith("tinytorch/")]
    assert set(main.files) < set(result["tree"])
    assert result["odd"] == "content of a b/c#d?.txt"
    assert result["ls"] == [f"datasets/tinytorch/tinydigits/data/{config}" for config in ("array", "default")]
    assert result["words"] == ["a", "b", "c"]


def test_clients_give_their_own_errors(client: object) -> None:
    """Their users know them from the Hub."""
    program = """
print(json.dumps({
    "dataset": problem(lambda: load_dataset("tinytorch/nothing")),
    "revision": problem(lambda: load_dataset(ID, revision="v9")),
    "config": problem(lambda: load_dataset(ID, "arrays")),
    "repository": problem(lambda: hf_hub_download("tinytorch/nothing", "LICENSE", repo_type="dataset")),
    "file": problem(lambda: hf_hub_download(ID, "nothing.txt", repo_type="dataset")),
    "tag": problem(lambda: snapshot_download(ID, repo_type="dataset", revision="v9")),
    "writing": problem(lambda: huggingface_hub.create_repo("a/b", repo_type="dataset", token="hf_x")),
}))
"""
    result = client(program)  # type: ignore[operator]

    assert "DatasetNotFoundError: Dataset 'tinytorch/nothing' doesn't exist" in result["dataset"]
    assert "Revision 'v9' doesn't exist" in result["revision"]
    assert "BuilderConfig 'arrays' not found. Available: ['default', 'array']" in result["config"]
    assert "RepositoryNotFoundError" in result["repository"]
    assert "EntryNotFoundError" in result["file"] and "has no file nothing.txt" in result["file"]
    assert "RevisionNotFoundError" in result["tag"] and "has no revision v9" in result["tag"]
    assert "This mirror is read-only." in result["writing"]


def test_the_command_of_the_hub_downloads(mirror: Mirror, run_python: Run) -> None:
    """`hf download`, as students would type it; older releases call it `huggingface-cli`."""
    folder = Path(sys.executable).parent
    command = next(path for path in (folder / "hf", folder / "huggingface-cli") if path.exists())
    arguments = ("download", "--repo-type", "dataset", "tinytorch/tinydigits", "LICENSE")

    done = run_python(str(command), *arguments, HF_ENDPOINT=mirror.address, HF_HUB_OFFLINE="0")

    assert done.returncode == 0, done.stderr
    assert mirror.repositories["tinytorch/tinydigits"].main.commit in done.stdout


def test_a_folder_that_disappears_is_explained_to_the_student(tmp_path: Path, run_python: Run) -> None:
    """The reason stands in the client's own error."""
    course = write_course(tmp_path / "course")
    with serving(server.server(by_id(own(course)))) as address:
        shutil.rmtree(course / "words")
        program = PRELUDE + "print(problem(lambda: load_dataset('course/words')))"
        done = run_python("-c", program, cwd=tmp_path / "course", HF_ENDPOINT=address, HF_HUB_OFFLINE="0")

    assert "changed after the mirror was started" in done.stdout, done.stdout + done.stderr


def test_many_clients_at_once_get_everything(mirror: Mirror) -> None:
    """Every file of every dataset, without an error; the benchmark does it with 200."""
    files = [file for repository in mirror.repositories.values() for file in repository.main.files.values()]

    fetched = benchmark.fetch_everything(mirror.address, 20)

    assert fetched.errors == ()
    assert fetched.n_files == 20 * len(files)
    assert fetched.n_bytes == 20 * sum(file.size_bytes for file in files)


def test_real_loads_at_once(mirror: Mirror) -> None:
    """Several processes, each with an empty cache, each with the right numbers."""
    assert len(benchmark.load_dataset_seconds(mirror.address, "tinydigits", 2)) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux")
def test_memory_does_not_grow_with_the_clients() -> None:
    """A mirror in its own process, fetched from by 20 clients twice."""
    with benchmark.running_mirror() as (pid, address):
        assert benchmark.fetch_everything(address, 20).errors == ()
        after_first = benchmark.memory_mb(pid)
        assert benchmark.fetch_everything(address, 40).errors == ()
        assert benchmark.memory_mb(pid) < after_first + 20


def test_fetching_notices_what_is_wrong(mirror: Mirror) -> None:
    """The measure can fail: a server that refuses gives errors."""
    assert len(benchmark.fetch_everything(f"{mirror.address}0", 2).errors) == 2
    assert describe.fingerprint("tinydigits") == catalog.info("tinydigits").fingerprint
