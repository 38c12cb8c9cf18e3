"""The literal `load_dataset("tinytorch/tinydigits")`, made in a fresh process that has no network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinytorch_hf import as_hf, catalog
from tinytorch_hf.data import content_hash
from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.hub import cache
from tinytorch_hf.hub.parquet import quiet

VARIABLE = "HF_HUB_OFFLINE"
WHY = "Without it the library asks the Hub first: seconds to minutes pass before it gives up and takes its cache."

_REMEDY = "Run `tinytorch-hf hub cache --undo` and then `tinytorch-hf hub cache` again."


@dataclass(frozen=True)
class Literal:
    """One call that the cache answers; ``config`` is None where the call names none."""

    name: str
    config: str | None

    def __str__(self) -> str:
        arguments = [catalog.info(self.name).repo_id, *([self.config] if self.config else [])]
        return f"load_dataset({', '.join(json.dumps(argument) for argument in arguments)})"


def literals(names: Sequence[str]) -> list[Literal]:
    """The calls that a prepared cache answers: each dataset alone, and with each configuration."""
    return [Literal(name, config) for name in names for config in (None, *as_hf.config_names(name))]


def check(names: Sequence[str]) -> dict[Literal, str]:
    """Make every literal call in a fresh process without network, and compare what it gives.

    Returns
    -------
    dict of Literal to str
        The fingerprint behind each call.

    Raises
    ------
    CorruptFileError
        A call fails, or gives other numbers than the curated files.
    """
    calls = literals(names)
    with tempfile.TemporaryDirectory() as elsewhere:
        done = subprocess.run(
            [sys.executable, "-c", "from tinytorch_hf.hub import offline; offline.answer()"],
            input=json.dumps([(call.name, call.config) for call in calls]),
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
            text=True,
            encoding="utf-8",
            check=False,
        )
    if done.returncode:
        raise CorruptFileError(
            f"A fresh process could not load from the cache in {cache.root()}. {_REMEDY} "
            f"The last it said: {(done.stderr.splitlines() or ['nothing'])[-1]}"
        )
    found = dict(zip(calls, json.loads(done.stdout.splitlines()[-1]), strict=True))
    for call, (fingerprint, expected) in found.items():
        if fingerprint != expected:
            raise CorruptFileError(
                f"{call} gives fingerprint {fingerprint} from the cache, it should be {expected}. {_REMEDY}"
            )
    return {call: fingerprint for call, (fingerprint, _) in found.items()}


def answer() -> None:
    """In the fresh process of `check`: load what standard input names, print found and expected fingerprints."""
    import datasets

    results = []
    for name, config in json.load(sys.stdin):
        with quiet():
            loaded = datasets.load_dataset(catalog.info(name).repo_id, config)
        results.append(content_hash.fingerprints(name, as_hf.to_numpy(name, loaded)))
    sys.stdout.write(json.dumps(results) + "\n")
