"""Run the tests of `huggingface_hub` and of huggingface.js against the mirror's protocol, and say what came of them.

::

    python tests/mirror/replay/run.py --huggingface-hub CHECKOUT --python PYTHON --huggingface-js CHECKOUT/packages/hub

PYTHON is that of an environment in which the checkout is installed with what its tests need (pytest, pytest-mock,
pytest-timeout, pandas, ...); the other folder has Vitest and the packages of huggingface.js in its ``node_modules``.
What a test needs is counted as it runs: those that only read are the mirror's. The page on the mirror's clients in
docs/reference has the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
# As pytest finds them: helpers beside the tests.
sys.path[:0] = [str(HERE), str(HERE.parents[1]), str(HERE.parents[1] / "hub")]

import uvicorn  # noqa: E402
from serving import serving  # noqa: E402
from stand_in import application  # noqa: E402

# Those that ask a Hub for anything; the others are about files, texts and types.
PYTHON_TESTS = (
    *("hf_file_system", "file_download", "snapshot_download", "cache_layout", "hf_api", "auth", "tree_cache"),
    *("repocard", "utils_pagination"),
)
JAVASCRIPT_TESTS = (
    *("check-repo-access", "count-commits", "dataset-info", "download-file", "download-file-to-cache-dir"),
    *("file-download-info", "file-exists", "list-commits", "list-datasets", "list-files", "list-models"),
    *("list-spaces", "model-info", "paths-info", "repo-exists", "snapshot-download"),
    *("space-info", "who-am-i"),
)
# Of the first, what is about writing, accounts and services is left out.
WRITING = (
    *("upload", "large", "job", "space", "webhook", "collection", "sandbox", "discussion", "squash", "branchendpoint"),
    *("tagendpoint", "commitapi", "access_request", "duplicate", "delete", "private", "paper", "user", "inference"),
)
_TIMEOUT_S = 3600


def python_notes(checkout: Path, python: Path, address: str, scratch: Path) -> dict[str, dict[str, Any]]:
    """What came of each test of `huggingface_hub`, as counting_plugin.py notes it."""
    variables = {
        **{name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "HF_HUB_OFFLINE")},
        **{"REPLAY_ENDPOINT": address, "REPLAY_NOTES": str(scratch / "notes.json"), "HF_ENDPOINT": address},
        **{"PYTHONPATH": f"{checkout}{os.pathsep}{HERE}", "HF_TOKEN": "", "HF_HUB_DISABLE_XET": "1"},
    }
    options = ["-p", "counting_plugin", "-p", "no:env", "-o", "addopts=--strict-markers", "-q", "--timeout=10"]
    options += ["-k", " and ".join(f"not {word}" for word in WRITING)]
    tests = [f"tests/test_{name}.py" for name in PYTHON_TESTS]
    with (scratch / "pytest.log").open("w", encoding="utf-8") as log:
        subprocess.run(
            [python, "-m", "pytest", *options, *tests],
            cwd=checkout, env=variables, timeout=_TIMEOUT_S, stdout=log, stderr=log, check=False,
        )  # fmt: skip
    notes: dict[str, dict[str, Any]] = json.loads((scratch / "notes.json").read_text(encoding="utf-8"))
    return notes


def javascript_notes(checkout: Path, address: str, scratch: Path) -> dict[str, dict[str, Any]]:
    """What came of each test of huggingface.js."""
    tests = [f"src/lib/{name}.spec.ts" for name in JAVASCRIPT_TESTS] + ["src/utils/WebBlob.spec.ts"]
    config = scratch / "vitest.config.mjs"
    setup = json.dumps(str(HERE / "to_stand_in.mjs"))
    config.write_text(
        f"export default {{ test: {{ setupFiles: [{setup}], testTimeout: 20000 }} }};\n", encoding="utf-8"
    )
    command = ["npx", "vitest", "run", "--config", str(config), "--root", ".", "--reporter=json"]
    variables = {**os.environ, "REPLAY_ENDPOINT": address}
    subprocess.run(
        [*command, f"--outputFile={scratch / 'vitest.json'}", *tests],
        cwd=checkout, env=variables, timeout=_TIMEOUT_S, capture_output=True, check=False,
    )  # fmt: skip
    told = json.loads((scratch / "vitest.json").read_text(encoding="utf-8"))
    return {
        f"{Path(file['name']).name}: {test['title']}": {
            "outcome": test["status"],
            "why": "".join(test.get("failureMessages", []))[:300],
        }
        for file in told["testResults"]
        for test in file["assertionResults"]
    }


def kind(note: Mapping[str, Any]) -> str:
    """What a test asked of a Hub."""
    if note.get("writes"):
        return "writes"
    return "reads" if note.get("reads") else "asks nothing"


def main() -> None:
    """Run what is named, print counts and what did not pass."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--huggingface-hub", type=Path)
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--huggingface-js", type=Path)
    parser.add_argument("--notes", type=Path, help="a file for what came of each test, as JSON")
    options = parser.parse_args()
    found: dict[str, dict[str, dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory(dir=os.environ.get("REPLAY_SCRATCH")) as temporary:
        scratch = Path(temporary)
        (scratch / "blobs").mkdir()
        served = uvicorn.Config(
            application(scratch / "blobs"), http="h11", loop="asyncio", ws="none", lifespan="off", log_level="critical"
        )
        with serving(uvicorn.Server(served)) as address:
            if options.huggingface_hub:
                notes = python_notes(options.huggingface_hub.resolve(), options.python.absolute(), address, scratch)
                found["huggingface_hub"] = notes
            if options.huggingface_js:
                found["huggingface.js"] = javascript_notes(options.huggingface_js.resolve(), address, scratch)
    for library, notes in found.items():
        counts = Counter((kind(note), str(note.get("outcome"))) for note in notes.values())
        sys.stdout.write(f"\n{library}\n")
        for (what, outcome), n_tests in sorted(counts.items()):
            sys.stdout.write(f"{what:14} {outcome:14} {n_tests}\n")
        for name, note in notes.items():
            if note.get("outcome") in ("failed", "not prepared") and kind(note) != "writes":
                sys.stdout.write(f"  {name}: {note.get('why', '').splitlines()[:1]}\n")
    if options.notes:
        options.notes.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
