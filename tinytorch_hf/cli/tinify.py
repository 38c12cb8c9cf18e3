"""The command that makes a tiny dataset out of a large one."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tinytorch_hf.cli import terminal
from tinytorch_hf.cli.options import (
    OK,
    add_folders,
    add_json,
    command,
    count,
    positive_float,
    positive_int,
    print_json,
    seed,
    user_path,
)
from tinytorch_hf.cli.tree import Parser
from tinytorch_hf.errors import InvalidArgumentError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from tinytorch_hf.curation.made import Made
    from tinytorch_hf.curation.planning import Plan
    from tinytorch_hf.curation.proof import Proof

_MOST_LINES = 20
# What of a run takes long, where there is much to choose from.
_PHASES = {
    "choosing": "minutes, where there are thousands of candidates",
    "proving": "often the longest part; --no-proof leaves it out",
}
# What a recipe says, so that nobody says it with --rebuild.
_IN_RECIPE = (
    *("per_class", "test_per_class", "near", "seed", "source_url", "size", "candidates", "image", "text", "label"),
    *("split", "config", "revision", "license", "new_name", "no_proof", "resume", "dry_run"),
)


def add_to(commands: Parser) -> None:
    """Add this command to the parser."""
    parser = command(
        commands,
        "tinify",
        _tinify,
        "make a tiny dataset out of a large one, and measure what it is worth",
        "%(prog)s photos --out tiny_photos --per-class 50 --license CC0-1.0",
        "The source is a folder or file (images or texts in a folder for each class, Parquet, CSV, JSON lines, "
        "WebDataset tars, npz), a dataset's name, or the identifier of one on the Hub. The result is balanced, graded "
        "by difficulty and without look-alikes, and does not depend on workers, memory or how the source is cut. The "
        "exit status is 3 if it is not better than as many random samples.",
    )
    parser.add_argument("source", metavar="SOURCE", help="what the set is made from")
    parser.add_argument("--out", type=user_path, metavar="FOLDER", help="the new folder")
    parser.add_argument(
        "--rebuild",
        type=user_path,
        metavar="FOLDER",
        help="instead of --out: make the files of a set from its recipe, byte for byte; SOURCE is the set's source, or "
        "its root folder if it is a dataset of this package",
    )
    _add_numbers(parser)
    _add_columns(parser)
    _add_machine(parser)
    _add_facts(parser)
    parser.add_argument("--resume", action="store_true", help="resume an interrupted run")
    parser.add_argument("--dry-run", action="store_true", help="print what would be done, and write nothing")
    add_folders(parser)
    add_json(parser)
    parser.group_options(
        the_set=("--per-class", "--test-per-class", "--size", "--near", "--candidates", "--seed", "--no-proof"),
        what_is_read=(
            "--image",
            "--text",
            "--label",
            "--split",
            "--config",
            "--revision",
            "--root",
            "--dataset-folder",
        ),
        the_machine=("--memory", "--workers", "--engine", "--scheduler"),
        what_it_says_of_itself=("--name", "--license", "--source-url"),
    )
    parser.set_defaults(usual={name: parser.get_default(name) for name in _IN_RECIPE})


def _add_numbers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--per-class", type=positive_int, default=100, metavar="N", help="samples to train (100)")
    parser.add_argument("--test-per-class", type=count, default=20, metavar="N", help="samples to test (20)")
    parser.add_argument(
        "--size",
        type=positive_int,
        metavar="N",
        help="rows and columns of images (default: their own to 64, else 32)",
    )
    parser.add_argument(
        "--near",
        type=positive_float,
        metavar="C",
        help="samples are look-alikes if the cosine of their centred values is at least this (default: 0.985 "
        "for grey images, 0.92 for "
        "images in colour, 0.9 for texts; use 0.92 for grey photographs)",
    )
    parser.add_argument(
        "--candidates",
        type=positive_int,
        metavar="N",
        help="candidates of each class (default: 12 times what is asked for)",
    )
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="of everything that is drawn (0)")
    parser.add_argument("--no-proof", action="store_true", help="do not measure what the set is worth")


def _add_columns(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--image", metavar="COLUMN", help="the column, array or file ending of the images")
    parser.add_argument("--text", metavar="COLUMN", help="that of the texts")
    parser.add_argument("--label", metavar="COLUMN", help="that of the labels")
    parser.add_argument("--split", help="split of the source, or all (default: train, if it exists)")
    parser.add_argument("--config", help="configuration of a dataset of the Hub")
    parser.add_argument("--revision", help="revision of a dataset of the Hub")
    parser.add_argument("--root", type=user_path, help="where the files of a dataset of this package are")


def _add_machine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--memory", default="1GB", metavar="SIZE", help="what everything together may take (1GB)")
    parser.add_argument("--workers", type=positive_int, metavar="N", help="processes (default: as many as cores)")
    parser.add_argument("--engine", choices=("local", "dask"), default="local", help="where it runs (local)")
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="of the Dask cluster (default: one is started on this machine)"
    )


def _add_facts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--license",
        metavar="SPDX",
        help="of the source; content is packed only if it lets everyone pass it on (default: as the catalog states)",
    )
    parser.add_argument("--source-url", default="", metavar="URL", help="a page about the source")
    # The destination `name` is that of commands which take a dataset.
    parser.add_argument("--name", dest="new_name", metavar="NEW_NAME", help="of the set (default: the folder's name)")


def _tinify(options: argparse.Namespace) -> int:
    from tinytorch_hf.curation import interface
    from tinytorch_hf.curation.sources.opening import open_source

    if options.engine != "dask" and options.scheduler:
        raise InvalidArgumentError("A scheduler belongs to Dask. Add --engine dask, or leave out --scheduler.")
    if (options.out is None) is (options.rebuild is None):
        raise InvalidArgumentError(
            "Say where the set is written: --out FOLDER; or --rebuild FOLDER, where its recipe is."
        )
    if options.rebuild is not None:
        return _rebuild(options)
    opened = open_source(
        options.source,
        image=options.image,
        text=options.text,
        label=options.label,
        split=options.split,
        config=options.config,
        revision=options.revision,
        root=options.root,
    )
    plan = interface.planned(
        opened,
        options.out,
        n_per_class=options.per_class,
        n_test_per_class=options.test_per_class,
        size=options.size,
        near=options.near,
        n_candidates=options.candidates,
        license=options.license,
        source_url=options.source_url,
        name=options.new_name,
        seed=options.seed,
        is_proven=not options.no_proof,
    )
    if options.dry_run:
        return print_json(plan.as_dict()) if options.json else _print_plan(plan)
    from tinytorch_hf.reports.progress import Bar, Phases

    phases = Phases(_PHASES)
    with _executor(options) as executor, Bar() as bar:

        def say(what: str, done: int, total: int) -> None:
            phases.begin(what, total)
            bar.show(done, total, what)

        made = interface.carried_out(
            plan,
            memory=options.memory,
            workers=options.workers if executor is None else None,
            executor=executor,
            resume=options.resume,
            say=say,
        )
    if options.json:
        print_json(made.as_dict())
    else:
        _print_made(made)
    return made.status


def _rebuild(options: argparse.Namespace) -> int:
    from tinytorch_hf.curation.interface import rebuild

    for name, usual in options.usual.items():
        if getattr(options, name) != usual:
            word = {"new_name": "name"}.get(name, name).replace("_", "-")
            raise InvalidArgumentError(f"The recipe decides how a set is rebuilt. Leave out --{word}.")
    dataset = rebuild(options.rebuild, options.source, root=options.root)
    if options.json:
        return print_json({"folder": str(options.rebuild), "name": dataset.name, "fingerprint": dataset.fingerprint})
    _line("rebuilt", f"{options.rebuild}: the dataset {dataset.name}, fingerprint {dataset.fingerprint[:16]}")
    return OK


@contextlib.contextmanager
def _executor(options: argparse.Namespace) -> Iterator[Executor | None]:
    from tinytorch_hf.curation.interface import dask_executor

    if options.engine == "local":
        yield None
        return
    with dask_executor(options.scheduler, options.workers) as executor:
        yield executor


def _print_plan(plan: Plan) -> int:
    from tinytorch_hf.curation import licences
    from tinytorch_hf.curation.near import usual

    found = plan.as_dict()
    shards, wish = found["shards"], plan.wish
    _line("source", f"{found['source']}: {found['kind']}, {_rows(found['n_rows'])}, shards: {len(shards)}")
    for key, value in found["columns"].items():
        _line(key, value)
    for shard in shards[:_MOST_LINES]:
        size = "" if shard["n_bytes"] is None else f", {shard['n_bytes']:,} bytes"
        _line("shard", f"{shard['name']}: {_rows(shard['n_rows'])}{size}")
    if len(shards) > _MOST_LINES:
        _line("", f"and {len(shards) - _MOST_LINES} more")
    if found["size"]:
        _line("size", f"{found['size']}x{found['size']} pixels")
    _line("chosen", f"{wish.n_train} to train and {wish.n_test} to test of each class, seed {wish.seed}")
    held_out = found["looked_at_per_class"]["held_out"]
    beside = f", and up to {held_out} that are held out for the proof" if held_out else ""
    _line("looked at", f"up to {wish.candidates} of each class{beside}")
    _line("near", f"look-alikes from a cosine of {wish.min_cosine or usual()} on")
    proof = found["proof"]
    _line("proof", f"against {proof['random_subsets']} random subsets" if proof else "none: --no-proof")
    is_open = f"{found['license']}; the content is packed"
    _line("licence", is_open if plan.is_packed else licences.why_not_packed(found["license"]))
    _line("folder", f"{found['folder']}, as the dataset {found['name']}")
    print("\nNothing was written.")
    return OK


def _print_made(made: Made) -> None:
    found = made.as_dict()
    n, different = sum(found["n_rows"].values()), sum(found["n_different"].values())
    torn, n_pairs, n_suspects = found["n_contradictions"], found["n_look_alikes"], found["n_suspected_labels"]
    _line(
        "read",
        f"{n:,} {found['source']['kind']} in {len(found['n_rows'])} classes, {different:,} different ones"
        + (f"; {torn} with two labels were left out" if torn else ""),
    )
    _line(
        "chosen",
        f"{found['n_chosen']['train']} to train and {found['n_chosen']['test']} to test of {found['n_candidates']:,} "
        f"candidates, among which were {n_pairs} pair{'s' * (n_pairs != 1)} of look-alikes and "
        f"{n_suspects} label{'s' * (n_suspects != 1)} that may be wrong",
    )
    if made.proof is not None:
        _print_proof(made.proof)
    if found["is_packed"]:
        _line("written", f"{found['folder']}: the dataset {found['name']}")
        return
    from tinytorch_hf.curation import licences

    _line("written", f"{found['folder']}: the selection and the recipe, without content")
    _line("licence", licences.why_not_packed(str(made.findings.facts["license"])))


def _print_proof(proof: Proof) -> None:
    for name, score in proof.scores.items():
        chance = f"{score.mean:.3f} +- {score.spread:.3f} by chance"
        _line("judge", f"{name:<13} {score.chosen:.3f}, {chance} ({score.deviations:+.1f} deviations)")
    words = "better than chance" if proof.is_better_than_chance else "not better than chance"
    _line("proof", f"{words}: {proof.mean_deviations:+.1f} standard deviations on average")


def _rows(n: Any) -> str:
    return "number of rows unknown until it is read" if n is None else f"{n:,} rows"


def _line(what: str, text: str) -> None:
    print(terminal.wrapped(f"{what:<10}", text))
