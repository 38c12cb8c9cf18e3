"""Commands that look at datasets, prove them and put them somewhere."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from typing import Any

from tinytorch_hf import catalog
from tinytorch_hf.cli import completion, outputs, terminal
from tinytorch_hf.cli.options import (
    OK,
    PROBLEM,
    add_folders,
    add_json,
    add_name,
    add_names,
    command,
    print_json,
    user_path,
)
from tinytorch_hf.cli.showing import show
from tinytorch_hf.cli.tree import Parser


def add_to(commands: Parser) -> None:
    """Add these commands to the parser."""
    parser = command(
        commands,
        "list",
        _list,
        "list the datasets",
        "%(prog)s",
        "Each line gives the size, or what is downloaded before the first use. Generated datasets are only for "
        "`compare`.",
    )
    add_folders(parser)
    add_json(parser)

    parser = command(
        commands,
        "info",
        _info,
        "print the facts about a dataset",
        "%(prog)s tinydigits",
        "Its splits, columns, classes, licence, source, citation, and the hashes of its files and of its content.",
    )
    add_name(parser, completion.listed)
    add_json(parser)

    parser = command(
        commands,
        "show",
        show,
        "show samples in the terminal",
        "%(prog)s tinydigits --split test --index 0 1 2",
        "Images are drawn with characters, texts are printed; the number in brackets is that of the sample in its "
        "split, from 0. --png and --svg write a picture.",
    )
    add_name(parser)
    split = parser.add_argument("--split", help="split to show samples of (default: the dataset's first)")
    completion.complete_with(split, completion.splits)
    parser.add_argument(
        "--index",
        type=int,
        nargs="+",
        metavar="N",
        help="samples to show (default: the first of every class or level; of functions the first three)",
    )
    parser.add_argument(
        "--png",
        type=user_path,
        metavar="FILE",
        help="write a picture instead: the samples of --index, or ten of every class; images alone",
    )
    parser.add_argument(
        "--svg",
        type=user_path,
        metavar="FILE",
        help="write a picture with names as text instead, crisp at any size; of texts, too",
    )

    parser = command(
        commands,
        "stats",
        _stats,
        "measure the pixels and classes of a dataset, or its characters",
        "%(prog)s tinydigits --plot tinydigits.svg",
        "Each split is measured separately.",
    )
    add_name(parser)
    parser.add_argument(
        "--plot",
        type=user_path,
        metavar="FILE",
        help="also draw them, with mean images, as .png or .svg; needs the extra plot",
    )
    add_json(parser)

    parser = command(
        commands,
        "verify",
        _verify,
        "check every file against the catalog and every adapter against the fingerprint",
        "%(prog)s tinydigits tinytalks",
        "An adapter whose library is not installed is skipped. The exit status is 1 if a check fails.",
    )
    add_names(parser, "check", default="all that are here")
    add_json(parser)

    parser = command(
        commands,
        "export",
        _export,
        "put the datasets into a TinyTorch checkout",
        "%(prog)s ~/TinyTorch",
        "Absent files are written; Git-LFS pointers, and data files that are cut off, are replaced. Your own files, "
        "which are those that differ otherwise, are left untouched unless you give --force.",
    )
    parser.add_argument("root", type=user_path, metavar="ROOT", help="root of your TinyTorch checkout")
    parser.add_argument("--force", action="store_true", help="replace files that differ, too")


def _list(options: argparse.Namespace) -> int:
    infos = [catalog.info(name) for name in catalog.names()]
    generated = list(catalog.GENERATED.values())
    if options.json:
        return print_json({known.name: _info_dict(known) for listed in (infos, generated) for known in listed})
    width = max(map(len, [*catalog.names(), *catalog.GENERATED]))
    for dataset in infos:
        print(terminal.wrapped(f"{dataset.name:<{width}}  {_size(dataset):>15}  ", dataset.summary))
    heading = terminal.wrapped("", f"Generated, not stored, for `{options.program} compare` alone:")
    print(f"\n{terminal.bold(heading)}")
    for points in generated:
        print(terminal.wrapped(f"{points.name:<{width}}  {points.provided:>15}  ", points.summary))
    return OK


def _size(dataset: catalog.DatasetInfo) -> str:
    """How much ships, or what has to be downloaded or built before the first use."""
    if dataset.provided in ("shipped", "folder"):
        return f"{sum(file.size_bytes for file in dataset.files) / 1000:.0f} kB"
    source = catalog.origin(dataset)
    return f"{source.download_size} download" if source.archives else "built on use"


def _info(options: argparse.Namespace) -> int:
    generated = catalog.GENERATED.get(options.name)
    dataset = generated or catalog.info(options.name)
    if options.json:
        return print_json(_info_dict(dataset))
    for key, value in _rows(dataset) if isinstance(dataset, catalog.DatasetInfo) else _generated_rows(dataset):
        print(terminal.wrapped(f"{key:<11}  ", value))
    return OK


def _rows(dataset: catalog.DatasetInfo) -> list[tuple[str, str]]:
    """What is known of a dataset, each with what it is called."""
    return [
        ("name", f"{dataset.name} ({dataset.title} {dataset.version})"),
        ("summary", dataset.summary),
        *(
            ("split", f"{s.name}: {s.n_samples} samples, {', '.join(file.name for file in s.files)}")
            for s in dataset.splits
        ),
        *_values(dataset),
        ("license", f"{dataset.license}. {dataset.license_note}".rstrip()),
        ("source", ", ".join(filter(None, [dataset.source, dataset.source_url]))),
        *((key, value) for key, value in (("citation", dataset.citation), ("recipe", dataset.recipe)) if value),
        *(_hash(file) for file in dataset.files),
        ("fingerprint", dataset.fingerprint or "none is stated"),
    ]


def _generated_rows(dataset: catalog.GeneratedInfo) -> list[tuple[str, str]]:
    n = dataset.n_samples
    return [
        ("name", f"{dataset.name} ({dataset.title})"),
        ("summary", dataset.summary),
        *_values(dataset),
        ("source", f"generated from a seed; `compare` trains on {n} points and tests on {n} others"),
        ("citation", dataset.citation),
    ]


def _values(dataset: catalog.DatasetInfo | catalog.GeneratedInfo) -> list[tuple[str, str]]:
    """The columns, and of images and points what the values and classes are."""
    low, high = dataset.value_range
    range_and_classes = [("range", f"{low:g} to {high:g}"), ("classes", ", ".join(dataset.classes))]
    return [
        *(
            ("column", f"{c.name}: {c.dtype} {list(c.shape)}" + (c.description and f", {c.description}"))
            for c in dataset.columns
        ),
        *(range_and_classes if dataset.classes else ()),
    ]


def _hash(file: catalog.DataFile) -> tuple[str, str]:
    """The hash that a file is compared with; if no SHA-256 is published, it says that."""
    if file.sha256:
        return "sha256", f"{file.name} {file.sha256}"
    if file.md5:
        return "md5", f"{file.name} {file.md5} (no SHA-256 is published)"
    return "no hash", f"{file.name} is built here; SHA256SUMS beside it holds its SHA-256"


def _info_dict(dataset: catalog.DatasetInfo | catalog.GeneratedInfo) -> dict[str, Any]:
    facts = dataclasses.asdict(dataset)
    if isinstance(dataset, catalog.DatasetInfo):
        del facts["provider"]
        facts.update(provided=dataset.provided, cut_from=dataset.cut_from, sha256=dataset.sha256)
        facts["archives"] = [dataclasses.asdict(archive) for archive in dataset.archives]
    return facts


def _stats(options: argparse.Namespace) -> int:
    from tinytorch_hf.data import loaders, statistics

    dataset = catalog.info(options.name)
    if options.plot is not None:
        from tinytorch_hf.reports import data_plot, plot

        plot.require(options.plot)
    measured = statistics.statistics(loaders.load(dataset))
    if options.plot is not None:
        outputs.write_plot(options, data_plot.of_statistics(dataset, options.plot))
    if options.json:
        return print_json(measured)
    for split, values in measured.items():
        print(split)
        for key, value in values.items():
            print(terminal.wrapped(f"  {key.replace('_', ' '):<20} ", _statistic(value)))
    return OK


def _statistic(value: Any) -> str:
    if isinstance(value, dict):
        return "  ".join(f"{label}: {count}" for label, count in value.items())
    return f"{value:.6g}"


def _verify(options: argparse.Namespace) -> int:
    from tinytorch_hf.health.verification import Outcome, checks, is_here

    seen = []
    for name in options.names or filter(is_here, catalog.names()):
        for check in checks(name):
            seen.append(check)
            if not options.json:
                line = terminal.wrapped(
                    f"{check.outcome.value:<7}  ", f"{check.dataset}  {check.subject}: {check.detail}"
                )
                print(terminal.marked(line), flush=True)
    failed = [check for check in seen if check.outcome is Outcome.FAILED]
    if options.json:
        print_json([{**dataclasses.asdict(check), "outcome": check.outcome.value} for check in seen])
    else:
        skipped = sum(check.outcome is Outcome.SKIPPED for check in seen)
        print(f"{len(seen) - len(failed) - skipped} ok, {len(failed)} failed, {skipped} skipped")
    return PROBLEM if failed else OK


def _export(options: argparse.Namespace) -> int:
    from tinytorch_hf.acquire import export

    status = OK
    notes = []
    for dataset in map(catalog.info, catalog.shipped_names()):
        kept: dict[str, int] = {}
        for step in export.to_checkout(dataset, options.root, force=options.force):
            print(f"{_export_verb(step):<9}  {terminal.one_line(step.path)}")
            if step.kept_wrong:
                status = PROBLEM
            if step.earlier and not step.will_write:
                kept[step.earlier] = kept.get(step.earlier, 0) + 1
        notes += [
            f"{n} of the data files kept are those of {dataset.title} {version}, an earlier version. Run it again "
            f"with --force to put {dataset.title} {dataset.version} in their place."
            for version, n in kept.items()
        ]
        notes += [
            f"{', '.join(path.name for path in paths)} in {paths[0].parent}: of {dataset.title} {version}, an earlier "
            f"version; {dataset.title} {dataset.version} does not read them, and you may delete them."
            for version, paths in export.leftovers(dataset, options.root).items()
        ]
    for note in notes:
        print(f"{options.program}: {note}", file=sys.stderr)
    if status == PROBLEM:
        print(
            f"{options.program}: a data file differs from the published one and was kept. If the change is not yours, "
            "run it again with --force to replace it.",
            file=sys.stderr,
        )
    return status


def _export_verb(step: Any) -> str:
    from tinytorch_hf.files.store import Found

    if step.will_write:
        return "wrote" if step.found is Found.NOTHING else "replaced"
    return "good" if step.found is Found.SAME else "kept"
