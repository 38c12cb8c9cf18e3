"""Hostile input for every reader, the mirror and the answers of a student's process, and how much of it there was.

``python tests/fuzz/fuzz.py --seconds 300``: it prints the count of inputs of each, and the input of each finding as
Python writes it. A finding is whatever is raised that is no error of the package, what takes over five seconds of
processor time, and what needs over three gigabytes. The same seed makes the same inputs.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import random
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import answering
import folders
import reading
import sources
from reading import Target

_MOST_CPU_S = 5.0
_MOST_BYTES = 3 * 2**30
_MOST_FINDINGS = 3


def one(target: Target, seed: str) -> str:
    """Give a target one input; what is wrong, or nothing."""
    given = target.make(random.Random(seed))  # noqa: S311 -- it is to be the same every time
    before = time.process_time()
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stderr(io.StringIO()),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            target.read(given)
    except target.refusals as error:
        if not str(error).strip():
            return f"{type(error).__name__} without a message for {given!r}"
        if len(str(error)) > 20_000:
            return f"a message of {len(str(error))} characters for {given!r}"
    except Exception:
        return f"{traceback.format_exc(limit=-6)}for {given!r}"
    passed = time.process_time() - before
    return f"{passed:.1f} s of processor time for {given!r}" if passed > _MOST_CPU_S else ""


def targets(scratch: Path) -> list[Target]:
    """All of them."""
    return [
        *reading.targets(scratch),
        *sources.targets(scratch),
        *folders.targets(scratch),
        *answering.targets(scratch),
    ]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _bound_memory() -> None:
    """Let no input take more than `_MOST_BYTES`, beside what libraries take when they are imported."""
    with contextlib.suppress(ImportError):
        import datasets  # noqa: F401
        import torch  # noqa: F401
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + _MOST_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def main(arguments: Sequence[str] | None = None) -> int:
    """Go through all targets in turn until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="for all together")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--only", default="", help="targets whose name has this in it")
    options = parser.parse_args(arguments)
    _bound_memory()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as scratch:
        chosen = [target for target in targets(Path(scratch)) if options.only in target.name]
        counts, findings = dict.fromkeys((one.name for one in chosen), 0), 0
        for target in chosen:
            until, found = time.monotonic() + options.seconds / len(chosen), 0
            while time.monotonic() < until and found < _MOST_FINDINGS:
                seed = f"{options.seed}/{target.name}/{counts[target.name]}"
                problem = one(target, seed)
                counts[target.name] += 1
                if problem:
                    found += 1
                    _say(f"--- {seed}\n{problem[:6000]}\n")
            findings += found
            _say(f"{target.name:<32}{counts[target.name]:>9} inputs, {found} findings")
    _say(f"{'together':<32}{sum(counts.values()):>9} inputs, {findings} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
