"""Whole folders of datasets: their files are damaged, and ``dataset.json`` says that they are to be as they are."""

from __future__ import annotations

import hashlib
import json
import pickle
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mutations
import numpy as np
from reading import IMAGES, LABELS, Target

Case = tuple[dict[str, Any], dict[str, bytes]]


def targets(scratch: Path) -> list[Target]:
    """One: a folder that somebody made, hashes and all, as `register` takes it."""
    from tinytorch_hf.catalog.description import read_description
    from tinytorch_hf.data.folder_check import FolderCheck
    from tinytorch_hf.files import splits

    cases = _cases(scratch)
    folder = scratch / "a_folder"
    folder.mkdir()

    def make(rng: random.Random) -> tuple[bytes, dict[str, bytes]]:
        facts, files = rng.choice(cases)
        damaged = {
            name: mutations.damaged(rng, [data], 2**16) if rng.random() < 0.7 else data for name, data in files.items()
        }
        facts = json.loads(json.dumps(facts))
        for split in facts["splits"]:
            for file in split["files"]:
                data = damaged[file["name"]]
                file |= {"size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        odd = mutations.odd_json(rng, facts) if rng.random() < 0.4 else json.dumps(facts).encode()
        return odd, damaged

    def read(given: tuple[bytes, Mapping[str, bytes]]) -> None:
        description, files = given
        (folder / "dataset.json").write_bytes(description)
        for name, data in files.items():
            (folder / name).write_bytes(data)
        facts = read_description(folder)
        FolderCheck(facts, "dataset.json").fingerprint()
        # What is believed has to be readable.
        for split in facts.splits:
            splits.from_contents(facts, split.name, {folder / one.name: files[one.name] for one in split.files})

    return [Target("folder of a dataset", make, read)]


def _cases(scratch: Path) -> list[Case]:
    from tinytorch_hf.data.register import write_dataset

    columns = {
        "npz": {"images": IMAGES, "labels": LABELS},
        "pairs": {"question": np.array(["a b", "c"]), "answer": np.array(["d", "e f"])},
        "text": {"text": np.array(["a b\n", "c\u00e9"]), "level": np.array([0, 1])},
        "functions": {
            **{name: np.array(["f(x)", "g()"]) for name in ("signature", "docstring", "body")},
            "n_lines": np.array([1, 2]),
        },
    }
    cases = [_written(write_dataset, scratch / f"case_{name}", name, some) for name, some in columns.items()]
    facts, _ = cases[0]
    arrays = {"images": IMAGES, "labels": LABELS}
    cases.append(_other(facts, "pickle", {"train.pkl": pickle.dumps(arrays, 4)}))
    head = b"\x00\x00\x08"
    idx = {
        "train-images": head + b"\x03\x00\x00\x00\x02\x00\x00\x00\x08\x00\x00\x00\x08" + IMAGES.tobytes(),
        "train-labels": head + b"\x01\x00\x00\x00\x02\x01\x00",
    }
    cases.append(_other(facts, "idx", idx))
    return cases


def _written(write_dataset: Any, folder: Path, name: str, columns: dict[str, Any]) -> Case:
    classes = ["a", "b"] if "images" in columns else []
    write_dataset(
        folder,
        {"train": columns},
        name=f"fuzzed_{name}",
        summary="Two.",
        license="CC0-1.0",
        source="made here",
        classes=classes,
    )
    facts = json.loads((folder / "dataset.json").read_text("utf-8"))
    return facts, {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "dataset.json"}


def _other(facts: dict[str, Any], decoder: str, files: dict[str, bytes]) -> Case:
    """The same facts with files of another format."""
    other = json.loads(json.dumps(facts))
    other["decoder"] = decoder
    other["splits"][0]["files"] = [{"name": name, "size_bytes": 0, "sha256": ""} for name in files]
    return other, files
