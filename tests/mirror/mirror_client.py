"""What a student's process sees of the mirror that HF_ENDPOINT names, printed as JSON; run by its specification.

A process of its own, because the libraries read the variable when they are imported. Errors come first: releases
before 4 answer for what does not exist with what they have in their cache.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import huggingface_hub
from datasets import load_dataset
from huggingface_hub import HfApi, hf_hub_download, list_datasets, snapshot_download

from tinytorch_hf import as_hf, catalog
from tinytorch_hf.data import content_hash

ID = "tinytorch/tinydigits"


def problem(call: Callable[[], Any]) -> str:
    """The error that a call raises, with its kind."""
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "no error"


def errors() -> dict[str, str]:
    """What the clients say of what is not there."""
    return {
        "dataset": problem(lambda: load_dataset("tinytorch/nothing")),
        "revision": problem(lambda: load_dataset(ID, revision="v9")),
        "config": problem(lambda: load_dataset(ID, "arrays")),
        "repository": problem(lambda: hf_hub_download("tinytorch/nothing", "LICENSE", repo_type="dataset")),
        "file": problem(lambda: hf_hub_download(ID, "nothing.txt", repo_type="dataset")),
        "tag": problem(lambda: snapshot_download(ID, repo_type="dataset", revision="v9")),
        "writing": problem(lambda: huggingface_hub.create_repo("a/b", repo_type="dataset", token="hf_x")),  # noqa: S106 -- no real one
        "gone": problem(lambda: load_dataset("course/gone")),
    }


def functions() -> dict[str, Any]:
    """What the Hub's own functions give."""
    folder = Path(snapshot_download(ID, repo_type="dataset"))
    odd = Path(snapshot_download("course/odd", repo_type="dataset"))
    return {
        "file": Path(hf_hub_download(ID, "LICENSE", repo_type="dataset")).read_text(encoding="utf-8"),
        "snapshot": sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()),
        "commit": folder.name,
        "tagged": Path(snapshot_download(ID, repo_type="dataset", revision="v1.0.0")).name,
        "listed": sorted(dataset.id for dataset in list_datasets()),
        "author": [dataset.id for dataset in list_datasets(author="tinytorch")],
        "tree": [entry.path for entry in HfApi().list_repo_tree(ID, repo_type="dataset", recursive=True)],
        "odd": (odd / "a b" / "c#d?.txt").read_text(encoding="utf-8"),
        "ls": huggingface_hub.HfFileSystem().ls(f"datasets/{ID}/data", detail=False),
        "words": load_dataset("course/words", split="train")["word"][:],
    }


def numbers() -> dict[str, tuple[str, str]]:
    """Fingerprint of every configuration of every dataset, and what it should be; streamed, as many samples."""
    result = {}
    for name in catalog.shipped_names():
        for config in as_hf.config_names(name):
            loaded = load_dataset(f"tinytorch/{name}", config)
            split = list(loaded)[-1]
            streamed = load_dataset(f"tinytorch/{name}", config, split=split, streaming=True)
            assert sum(1 for _ in streamed) == len(loaded[split])
            result[f"{name} {config}"] = content_hash.fingerprints(name, as_hf.to_numpy(name, loaded))
    return result


if __name__ == "__main__":
    datasets.disable_progress_bars()
    sys.stdout.write(json.dumps({"errors": errors(), "functions": functions(), "numbers": numbers()}))
