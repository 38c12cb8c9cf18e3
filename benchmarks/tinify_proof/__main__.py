"""Measure what is not measured yet; see the package."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.tinify_proof import record
from benchmarks.tinify_proof.measure import measured
from tinytorch_hf.curation.reducing import Engine
from tinytorch_hf.curation.wish import Wish
from tinytorch_hf.errors import InvalidArgumentError


def main() -> None:
    """Measure, keep what was measured, and write the page if asked."""
    parser = argparse.ArgumentParser(description="Measure what the choice of tinify is worth.")
    parser.add_argument("sources", nargs="*", metavar="NAME=SOURCE", help="what the page calls it, and what is read")
    parser.add_argument("--root", type=Path, help="where the files of a dataset of this package are")
    parser.add_argument("--per-class", type=int, nargs="+", default=[10, 100], metavar="N", help="samples a class")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], metavar="SEED", help="of all that is drawn")
    parser.add_argument("--workers", type=int, help="processes (default: as many as cores)")
    parser.add_argument("--kept", type=Path, default=Path("tinify_proof.work"), help="keeps what is half-measured")
    parser.add_argument("--afresh", action="store_true", help="measure also what is known")
    parser.add_argument("--write", action="store_true", help="put the numbers into the page")
    options = parser.parse_args()
    engine = Engine(options.workers)
    for given in options.sources:
        name, _, source = given.partition("=")
        if not source:
            raise InvalidArgumentError(f"{given} is not a source with its name; write NAME=SOURCE.")
        for seed in options.seeds:
            for n in options.per_class:
                if (name, n, seed) in record.read() and not options.afresh:
                    continue
                one = measured(name, source, Wish(n_train=n, seed=seed), options.root, engine, options.kept)
                # Read again: another process may have measured something else meanwhile.
                record.save({**record.read(), one.key: one}.values())
                print(f"{name}, {n} a class, seed {seed}: {one.proof.mean_deviations:+.2f} deviations on average")
    if options.write:
        record.write_page()


if __name__ == "__main__":
    main()
