"""The literal `load_dataset("tinytorch/tinydigits")`, made in a fresh process that has no network."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinytorch_hf import as_hf, catalog
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.hub import cache
from tinytorch_hf.hub.parquet import quiet

VARIABLE = "HF_HUB_OFFLINE"
WHY = "Without it the library asks the Hub first: seconds to minutes pass before it gives up and takes its cache."

_REMEDY = "Run `tinytorch-hf hub cache --undo` and then `tinytorch-hf hub cache` again."


@dataclass(frozen=True)
class Literal:
    """One call that the cache answers; ``config`` is None where the call names none."""

    dataset: DatasetInfo
    config: str | None

    def __str__(self) -> str:
        arguments = [self.dataset.repo_id, *([self.config] if self.config else [])]
        return f"load_dataset({', '.join(json.dumps(argument) for argument in arguments)})"


def literals(names: Sequence[catalog.Dataset | str]) -> list[Literal]:
    """The calls that a prepared cache answers: each dataset alone, and with each configuration."""
    datasets = map(catalog.info, names)
    return [Literal(dataset, config) for dataset in datasets for config in (None, *as_hf.config_names(dataset))]


def check(names: Sequence[catalog.Dataset | str]) -> dict[Literal, str]:
    """Make every literal call in a fresh process without network, and compare what it gives.

    Returns
    -------
    dict of Literal to str
        The fingerprint behind each call; see `tinytorch_hf.as_hf.fingerprints`.

    Raises
    ------
    CorruptFileError
        A call fails, or gives other numbers than the curated files.
    """
    calls = literals(names)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as elsewhere:
        done = subprocess.run(
            [sys.executable, "-c", "from tinytorch_hf.hub import offline; offline.answer()"],
            # Facts, not names: the process does not know what was registered here.
            input=pickle.dumps(calls),
            # A folder ./tinytorch/tinydigits would be taken before the cache.
            cwd=elsewhere,
            env={
                **os.environ,
                VARIABLE: "1",
                "HF_DATASETS_CACHE": str(cache.root()),
                "PYTHONPATH": os.pathsep.join(str(Path(path).absolute()) for path in sys.path),
                "PYTHONIOENCODING": "utf-8",
            },
            capture_output=True,
            check=False,
        )
    said = done.stderr.decode("utf-8", "replace").splitlines()
    if done.returncode:
        raise CorruptFileError(
            f"A fresh process could not load from the cache in {cache.root()}. {_REMEDY} "
            f"The last it said: {(said or ['nothing'])[-1]}"
        )
    found = dict(zip(calls, json.loads(done.stdout.splitlines()[-1]), strict=True))
    for call, (fingerprint, expected) in found.items():
        if fingerprint != expected:
            raise CorruptFileError(
                f"{call} gives fingerprint {fingerprint} from the cache, it should be {expected}. {_REMEDY}"
            )
    return {call: fingerprint for call, (fingerprint, _) in found.items()}


def answer() -> None:
    """In the fresh process of `check`: make the calls of standard input, print found and expected fingerprints."""
    import datasets

    results = []
    for call in pickle.load(sys.stdin.buffer):  # noqa: S301 -- the process that started this one wrote it
        with quiet():
            loaded = datasets.load_dataset(call.dataset.repo_id, call.config)
        results.append(as_hf.fingerprints(call.dataset, loaded))
    sys.stdout.write(json.dumps(results) + "\n")
