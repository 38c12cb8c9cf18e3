"""What one environment's libraries make of the mirror that HF_ENDPOINT names; run in that environment alone.

It prints a JSON object: of each thing that was tried "ok", or what went wrong. It needs nothing of this project, and
runs with releases of `datasets` from 2.14, of `huggingface_hub` from 0.24, with pandas and with DuckDB, each as far as
it is there. Its arguments are a file with the curated numbers, and a folder that it may write into.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ID = "tinytorch/tinydigits"
EXPECTED = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
SCRATCH = Path(sys.argv[2])
PARQUET = "data/default/train-00000-of-00001.parquet"

CHECKS: dict[str, Callable[[], Any]] = {}


def has(library: str) -> bool:
    """Whether a library is installed here."""
    return importlib.util.find_spec(library) is not None


def check(library: str, name: str, *, when: bool = True) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Try a function where a library is installed."""

    def keep(function: Callable[[], Any]) -> Callable[[], Any]:
        if when and has(library):
            CHECKS[f"{library}: {name}"] = function
        return function

    return keep


def release(library: str) -> tuple[int, ...]:
    """The first two numbers of a library's release."""
    from importlib.metadata import version

    return tuple(int(part) for part in version(library).split(".")[:2])


def refused(call: Callable[[], Any], *names: str) -> None:
    """A call must raise an error of one of these names."""
    try:
        call()
    except Exception as error:
        known = {kind.__name__ for kind in type(error).__mro__}
        assert known & set(names), f"{type(error).__name__}: {error}"
    else:
        raise AssertionError("no error")


def numbers(rows: Any) -> str:
    """SHA-256 over labels and pixels of loaded rows."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(bytes([row["label"]]) + row["image"].tobytes())
    return digest.hexdigest()


@check("datasets", "load_dataset gives the curated numbers")
def _load() -> None:
    from datasets import load_dataset

    loaded = load_dataset(ID)
    assert {split: numbers(rows) for split, rows in loaded.items()} == EXPECTED["numbers"]


@check("datasets", "a configuration, a tag, HEAD, a split")
def _config() -> None:
    from datasets import load_dataset

    assert load_dataset(ID, "array", revision="v1.0.0", split="test").num_rows == 200
    assert load_dataset(ID, "array", revision="HEAD", split="train[:10]").num_rows == 10


@check("datasets", "streaming")
def _streaming() -> None:
    from datasets import load_dataset

    streamed = load_dataset(ID, split="test", streaming=True)
    assert numbers(streamed) == EXPECTED["numbers"]["test"]


@check("datasets", "an instructor's folder of JSON lines")
def _folder() -> None:
    from datasets import load_dataset

    assert load_dataset("course/words", split="train")["word"][:] == ["a", "b", "c"]


@check("datasets", "what is not there")
def _absent() -> None:
    from datasets import load_dataset

    refused(lambda: load_dataset("tinytorch/nothing"), "DatasetNotFoundError", "FileNotFoundError")
    refused(lambda: load_dataset("squad"), "DatasetNotFoundError", "FileNotFoundError")


@check("datasets", "the loading script", when=has("datasets") and release("datasets") < (4, 0))
def _script() -> None:
    from datasets import load_dataset

    options = {"trust_remote_code": True} if release("datasets") >= (2, 16) else {}
    assert numbers(load_dataset(ID, revision="script", split="test", **options)) == EXPECTED["numbers"]["test"]


@check("huggingface_hub", "list_datasets filters")
def _list() -> None:
    from huggingface_hub import HfApi

    def found(**query: Any) -> list[str]:
        return sorted(dataset.id for dataset in HfApi().list_datasets(**query))

    assert set(found()) == set(EXPECTED["ids"])
    assert found(author="course") == [one for one in EXPECTED["ids"] if one.startswith("course/")]
    assert ID in found(filter="task_categories:image-classification") and "tinytorch/tinytalks" in found(language="en")
    assert found(task_categories="image-classification", search="digits", author="tinytorch") == EXPECTED["digits"]
    assert len(found(limit=2)) == 2 and found(filter="language:xx") == []


@check("huggingface_hub", "dataset_info, its card and tags")
def _info() -> None:
    from huggingface_hub import HfApi

    info = HfApi().dataset_info(ID)
    card = getattr(info, "card_data", None) or info.cardData
    assert card["license"] == "cc-by-4.0" and "license:cc-by-4.0" in info.tags and info.sha == EXPECTED["commit"]
    assert HfApi().dataset_info(ID, revision="HEAD", files_metadata=True).siblings[0].size > 0


@check("huggingface_hub", "files, tree, paths, commits, references")
def _tree() -> None:
    from huggingface_hub import HfApi

    api, dataset = HfApi(), {"repo_type": "dataset"}
    assert sorted(api.list_repo_files(ID, **dataset)) == EXPECTED["files"]
    assert {entry.path for entry in api.list_repo_tree(ID, "data", recursive=True, expand=True, **dataset)} > {PARQUET}
    assert [entry.path for entry in api.get_paths_info(ID, ["data", "x"], **dataset)] == ["data"]
    assert [commit.commit_id for commit in api.list_repo_commits(ID, **dataset)] == [EXPECTED["commit"]]
    references = api.list_repo_refs(ID, **dataset)
    assert [branch.name for branch in references.branches] == ["main", "script"] and len(references.tags) == 1


@check("huggingface_hub", "downloads of files and snapshots")
def _download() -> None:
    from huggingface_hub import hf_hub_download, snapshot_download

    licence = Path(hf_hub_download(ID, "LICENSE", repo_type="dataset", revision="HEAD"))
    assert hashlib.sha256(licence.read_bytes()).hexdigest() == EXPECTED["licence"]
    folder = Path(snapshot_download(ID, repo_type="dataset", revision="v1.0.0", allow_patterns=["*.parquet"]))
    assert folder.name == EXPECTED["commit"] and len(list(folder.rglob("*.parquet"))) == 4
    local = snapshot_download(ID, repo_type="dataset", local_dir=SCRATCH / "local")
    assert (Path(local) / PARQUET).stat().st_size == EXPECTED["parquet_bytes"]


@check("huggingface_hub", "what is not there, and who one is")
def _errors() -> None:
    from huggingface_hub import HfApi, hf_hub_download

    api = HfApi()
    assert api.repo_exists(ID, repo_type="dataset") and not api.repo_exists("gpt2") and not api.repo_exists(ID)
    assert not api.file_exists(ID, "x", repo_type="dataset") and not api.revision_exists(ID, "x", repo_type="dataset")
    refused(lambda: api.model_info("gpt2"), "RepositoryNotFoundError")
    refused(lambda: api.space_info("a/b"), "RepositoryNotFoundError")
    refused(lambda: hf_hub_download(ID, "x", repo_type="dataset"), "EntryNotFoundError")
    refused(lambda: hf_hub_download(ID, "x", repo_type="dataset", revision="x"), "RevisionNotFoundError")
    refused(lambda: api.whoami("hf_wrong"), "HTTPError", "HfHubHTTPError")
    refused(lambda: api.create_repo("a/b", token="hf_wrong"), "HTTPError", "HfHubHTTPError")  # noqa: S106 -- no real one
    if hasattr(api, "auth_check"):
        api.auth_check(ID, repo_type="dataset")
        refused(lambda: api.auth_check("a/b", repo_type="dataset"), "RepositoryNotFoundError")


@check("huggingface_hub", "HfFileSystem")
def _file_system() -> None:
    from huggingface_hub import HfFileSystem

    system = HfFileSystem()
    assert len(system.glob(f"datasets/{ID}/data/**/*.parquet")) == 4
    assert system.info(f"datasets/{ID}/{PARQUET}")["size"] == EXPECTED["parquet_bytes"]
    with system.open(f"datasets/{ID}@v1.0.0/{PARQUET}", block_size=1000) as stream:
        stream.seek(-4, 2)
        assert stream.read() == b"PAR1"
    assert system.ls(f"datasets/{ID}@refs/convert/parquet/array", detail=False)
    assert not system.exists(f"datasets/{ID}/nothing") and not system.exists("datasets/a/b")


@check("huggingface_hub", "an endpoint that ends in a slash")
def _slash() -> None:
    from huggingface_hub import HfApi

    api = HfApi(endpoint=os.environ["HF_ENDPOINT"] + "/")
    assert api.dataset_info(ID).id == ID and len(list(api.list_datasets())) == len(EXPECTED["ids"])


@check("huggingface_hub", "the command that downloads")
def _command() -> None:
    folder = Path(sys.executable).parent
    command = next(folder / name for name in ("hf", "huggingface-cli") if (folder / name).exists())
    target = SCRATCH / "by_command"
    arguments = ["download", ID, "LICENSE", PARQUET, "--repo-type", "dataset", "--local-dir", str(target)]
    done = subprocess.run([command, *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    assert (target / PARQUET).stat().st_size == EXPECTED["parquet_bytes"]
    # The second time nothing is left to do.
    assert subprocess.run([command, *arguments], capture_output=True, timeout=120, check=False).returncode == 0


@check("pandas", "read_parquet of hf://", when=has("pyarrow") and has("huggingface_hub"))
def _pandas() -> None:
    import pandas

    for place in (
        f"hf://datasets/{ID}/{PARQUET}",
        f"hf://datasets/{ID}@refs%2Fconvert%2Fparquet/default/train/0000.parquet",
    ):
        table = pandas.read_parquet(place)
        assert table["label"].tolist() == EXPECTED["labels"]
    words = pandas.read_json("hf://datasets/course/words/train.jsonl", lines=True)
    assert words["word"].tolist() == ["a", "b", "c"]


@check("duckdb", "SQL over hf://, by the library's file system", when=has("huggingface_hub"))
def _duckdb() -> None:
    import duckdb
    from huggingface_hub import HfFileSystem

    duckdb.register_filesystem(HfFileSystem())
    digits = duckdb.read_parquet(f"hf://datasets/{ID}/data/default/*.parquet")
    counted = digits.aggregate("label, count(*)").order("label").fetchall()
    assert [label for label, _ in counted] == list(range(10)) and sum(n for _, n in counted) == 1200


def curl() -> None:
    """A download that breaks off is taken up where it ended."""
    address = f"{os.environ['HF_ENDPOINT']}/datasets/{ID}/resolve/main/{PARQUET}"
    target = SCRATCH / "curl.parquet"

    def fetch(*more: str) -> None:
        subprocess.run(["curl", "-fsSL", *more, "-o", target, address], timeout=60, check=True)  # noqa: S607 -- any curl

    fetch("-r", "0-999")
    assert target.stat().st_size == 1000
    fetch("-C", "-")
    assert hashlib.sha256(target.read_bytes()).hexdigest() == EXPECTED["parquet"]
    etag = SCRATCH / "etag"
    fetch("--etag-save", str(etag))
    fetch("--etag-compare", str(etag), "-w", "%{http_code}")
    named = [*("curl", "-fsSLOJ"), f"{os.environ['HF_ENDPOINT']}/datasets/{ID}/raw/HEAD/LICENSE"]
    subprocess.run(named, cwd=SCRATCH, timeout=60, check=True)
    assert (SCRATCH / "LICENSE").stat().st_size > 0


if shutil.which("curl"):
    CHECKS["curl: resume, ETag, names"] = curl


def outcome(function: Callable[[], Any]) -> str:
    """What came of a check."""
    try:
        function()
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:500]
    return "ok"


if __name__ == "__main__":
    if has("datasets"):
        import datasets

        # Older releases have one bar only.
        quiet = "disable_progress_bars" if hasattr(datasets, "disable_progress_bars") else "disable_progress_bar"
        getattr(datasets, quiet)()
    sys.stdout.write("\n" + json.dumps({name: outcome(function) for name, function in CHECKS.items()}) + "\n")
