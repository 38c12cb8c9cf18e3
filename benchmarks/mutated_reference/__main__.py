"""Change every place of the reference, and count how many of the changes `check` notices.

``python -m benchmarks.mutated_reference`` goes on with what ``--results`` does not know yet: it may be ended at any
time. What is not noticed is then measured: whether anything else is computed. ``--write`` puts the numbers into
docs/explanations/mutation.md and docs/how_to/check.md. A whole run takes an hour of one core.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.mutated_reference import places, record, runs
from benchmarks.mutated_reference.equality import Reference
from benchmarks.mutated_reference.record import Outcome

Known = dict[str, Outcome]


def main() -> None:
    """Run, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutated_reference", description=__doc__)
    parser.add_argument(
        "--results", type=Path, default=record.RESULTS, help="the JSON lines to go on with, and to keep"
    )
    parser.add_argument("--workers", type=int, help="how many run at once (default: one for each core)")
    parser.add_argument("--only", nargs="+", default=[], choices=places.modules(), help="modules (default: all)")
    parser.add_argument("--survivors", action="store_true", help="run again what was not noticed")
    parser.add_argument("--afresh", action="store_true", help="run again everything")
    parser.add_argument("--write", action="store_true", help="write the numbers into the documents")
    options = parser.parse_args()

    wanted = record.all_mutations(options.only)
    known = record.read(options.results)
    again = {one.key for one in wanted if options.afresh or (options.survivors and not _is_noticed(known, one.key))}
    known = {key: one for key, one in known.items() if key not in again}
    record.save(known, options.results)
    with options.results.open("a", encoding="utf-8") as file:

        def keep(outcome: Outcome) -> None:
            known[outcome.key] = outcome
            print(record.line(outcome), file=file, flush=True)

        _run(wanted, known, keep, options.workers)
        _measure(wanted, known, keep, options.workers)
    record.save(known, options.results)
    print(_summary(known))
    if options.write:
        record.save_reasons(known)
        record.write_documents(known)


def _is_noticed(known: Known, key: str) -> bool:
    return key in known and bool(known[key].by)


def _run(wanted: list[places.Mutation], known: Known, keep: Callable[[Outcome], None], workers: int | None) -> None:
    left = [one for one in wanted if one.key not in known]
    print(f"{len(left)} of {len(wanted)} changes are to be tried.", flush=True)
    for number, (mutation, by) in enumerate(runs.all_noticed(left, workers), 1):
        keep(Outcome(mutation.key, by))
        if not by:
            print(f"{number}/{len(left)} not noticed: line {mutation.line}, {mutation.key}", flush=True)


def _measure(wanted: list[places.Mutation], known: Known, keep: Callable[[Outcome], None], workers: int | None) -> None:
    left = [one for one in wanted if not known[one.key].by and known[one.key].differs is None]
    if not left:
        return
    print(f"{len(left)} of them are measured.", flush=True)
    # Each is measured in a process of its own; the threads only wait for it.
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        differences = pool.map(Reference(Path(folder)).first_difference, left)
        for mutation, differs in zip(left, differences, strict=True):
            keep(dataclasses.replace(known[mutation.key], differs=differs))
            print(f"{differs or 'all bytes are equal'}: line {mutation.line}, {mutation.key}", flush=True)


def _summary(known: Known) -> str:
    total = record.count(record.all_mutations(), known)
    return (
        f"{total.places} places, {total.changes} changes: {total.found} noticed ({total.by_programs} by programs "
        f"alone), {total.equivalent} equivalent; {total.share:.2f} % of the others are noticed."
    )


if __name__ == "__main__":
    main()
