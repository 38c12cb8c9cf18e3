"""The command `tinytorch-hf`. Exit status: 0 all is well, 1 a problem was found, 2 it was called wrongly."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinytorch_hf import __version__, catalog
from tinytorch_hf.errors import MissingFileError, TinyTorchHFError, UnknownNameError

if TYPE_CHECKING:
    import socket

    from tinytorch_hf.hub.mirror.repositories import Repository
    from tinytorch_hf.loaders import Array, Split

OK, PROBLEM, USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status.

    Errors of this package become one message on standard error, without a traceback.
    """
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
        return status
    except UnknownNameError as error:
        print(f"tinytorch-hf: {error}", file=sys.stderr)
        return USAGE
    except TinyTorchHFError as error:
        print(f"tinytorch-hf: {error}", file=sys.stderr)
        return PROBLEM
    except KeyboardInterrupt:
        print("\ntinytorch-hf: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough; Python must not complain while it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def _list(options: argparse.Namespace) -> int:
    infos = [catalog.info(name) for name in catalog.names()]
    if options.json:
        return _print_json({dataset.name: _info_dict(dataset) for dataset in infos})
    width = max(len(dataset.name) for dataset in infos)
    for dataset in infos:
        size_kb = sum(file.size_bytes for file in dataset.files) / 1000
        print(f"{dataset.name:<{width}}  {size_kb:>5.0f} kB  {dataset.summary}")
    return OK


def _info(options: argparse.Namespace) -> int:
    dataset = catalog.info(options.name)
    if options.json:
        return _print_json(_info_dict(dataset))
    low, high = dataset.value_range
    range_and_classes = [("range", f"{low:g} to {high:g}"), ("classes", ", ".join(dataset.classes))]
    rows = [
        ("name", f"{dataset.name} ({dataset.title} {dataset.version})"),
        ("summary", dataset.summary),
        *(("split", f"{s.name}: {s.n_samples} samples in {s.file.name}") for s in dataset.splits),
        *(("column", f"{c.name}: {c.dtype} {list(c.shape)}, {c.description}") for c in dataset.columns),
        *(range_and_classes if dataset.classes else ()),
        ("license", f"{dataset.license}. {dataset.license_note}"),
        ("source", f"{dataset.source}, {dataset.source_url}"),
        ("citation", dataset.citation),
        ("recipe", dataset.recipe),
        *(("sha256", f"{file.name} {file.sha256}") for file in dataset.files),
        ("fingerprint", dataset.fingerprint),
    ]
    for key, value in rows:
        print(f"{key:<11}  {value}")
    return OK


def _info_dict(dataset: catalog.DatasetInfo) -> dict[str, Any]:
    return {**dataclasses.asdict(dataset), "sha256": dataset.sha256}


def _show(options: argparse.Namespace) -> int:
    from tinytorch_hf import describe, loaders, store

    dataset = catalog.info(options.name)
    dataset.split(options.split)
    split = loaders.load(dataset.name)[options.split]
    if options.png and not dataset.classes:
        raise TinyTorchHFError(f"{dataset.title} holds texts, of which there is no picture. Leave --png out.")
    if options.png:
        store.write(options.png, describe.png(describe.contact_sheet(split)))
        print(f"wrote {options.png}: the first ten samples of every class of {dataset.name}'s {options.split} split")
        return OK
    wrong = [index for index in options.index or () if not 0 <= index < len(split)]
    if wrong:
        raise UnknownNameError(
            f"sample of {dataset.name}'s {options.split} split numbered", wrong[0], [f"0 to {len(split) - 1}"]
        )
    if dataset.classes:
        _print_images(dataset, split, options.index)
    else:
        _print_texts(split, options.index)
    return OK


def _print_images(dataset: catalog.DatasetInfo, split: Split, wanted: list[int] | None) -> None:
    from tinytorch_hf import describe

    indices = wanted or _first_of_each(split["labels"])
    captions = [f"[{index}] {dataset.classes[split['labels'][index]]}" for index in indices]
    print(describe.ascii_images(split["images"][indices], captions, shutil.get_terminal_size().columns))


def _print_texts(split: Split, wanted: list[int] | None) -> None:
    for index in wanted or _first_of_each(split["level"]):
        print(f"[{index}] level {split['level'][index]}, {split['topic'][index]}")
        print(f"Q: {split['question'][index]}\nA: {split['answer'][index]}\n")


def _first_of_each(values: Array) -> list[int]:
    """Position of the first sample of each class or level."""
    import numpy as np

    first: list[int] = np.unique(values, return_index=True)[1].tolist()
    return first


def _stats(options: argparse.Namespace) -> int:
    from tinytorch_hf import describe, loaders

    measured = describe.statistics(loaders.load(options.name))
    if options.json:
        return _print_json(measured)
    for split, values in measured.items():
        print(split)
        for key, value in values.items():
            print(f"  {key.replace('_', ' '):<20} {_statistic(value)}")
    return OK


def _statistic(value: Any) -> str:
    if isinstance(value, dict):
        return "  ".join(f"{label}: {count}" for label, count in value.items())
    return f"{value:.6g}"


def _verify(options: argparse.Namespace) -> int:
    from tinytorch_hf.verification import Outcome, checks

    seen = []
    for name in options.names or catalog.names():
        for check in checks(name):
            seen.append(check)
            if not options.json:
                print(f"{check.outcome.value:<7}  {check.dataset}  {check.subject}: {check.detail}", flush=True)
    failed = [check for check in seen if check.outcome is Outcome.FAILED]
    if options.json:
        _print_json([{**dataclasses.asdict(check), "outcome": check.outcome.value} for check in seen])
    else:
        skipped = sum(check.outcome is Outcome.SKIPPED for check in seen)
        print(f"{len(seen) - len(failed) - skipped} ok, {len(failed)} failed, {skipped} skipped")
    return PROBLEM if failed else OK


def _export(options: argparse.Namespace) -> int:
    from tinytorch_hf import store

    status = OK
    for name in catalog.names():
        for step in store.export(catalog.info(name), options.root, force=options.force):
            print(f"{_export_verb(step):<9}  {step.path}")
            if step.kept_wrong:
                status = PROBLEM
    if status == PROBLEM:
        print(
            "tinytorch-hf: a data file differs from the published one and was kept. If the change is not yours, "
            "run it again with --force to replace it.",
            file=sys.stderr,
        )
    return status


def _export_verb(step: Any) -> str:
    from tinytorch_hf.store import Found

    if step.will_write:
        return "wrote" if step.found is Found.NOTHING else "replaced"
    return "good" if step.found is Found.SAME else "kept"


def _build(options: argparse.Namespace) -> int:
    from tinytorch_hf import store
    from tinytorch_hf.hub import parquet

    for name in options.names or filter(store.is_on_hub, catalog.names()):
        print(f"wrote {parquet.build(name, options.out)}")
    return OK


def _cache(options: argparse.Namespace) -> int:
    from tinytorch_hf import store
    from tinytorch_hf.hub import cache, offline

    names = options.names or [*filter(store.is_on_hub, catalog.names())]
    if options.undo:
        removed = [str(folder) for folder in cache.undo(names)]
        if options.json:
            return _print_json({"cache": str(cache.root()), "removed": removed})
        print("\n".join(f"removed {folder}" for folder in removed) or "nothing to undo")
        return OK
    made = cache.prepare(names)
    answers = offline.check(names)
    if options.json:
        calls = {str(call): fingerprint for call, fingerprint in answers.items()}
        made_here = [str(folder) for folder in made]
        return _print_json(
            {"cache": str(cache.root()), "made": made_here, "set": {offline.VARIABLE: "1"}, "calls": calls}
        )
    print(f"cache   {cache.root()}, {len(made)} folders made")
    for call, fingerprint in answers.items():
        print(f"ok      {call}: fingerprint {fingerprint[:16]}")
    print(f"\nNow set {offline.VARIABLE}=1 where the calls are made. {offline.WHY}")
    return OK


def _publish(options: argparse.Namespace) -> int:
    from tinytorch_hf.hub import publish
    from tinytorch_hf.hub.remote import Remote

    catalog.info(options.name)
    remote = Remote(options.repo_id)
    if options.yes:
        remote.require_token()
    with tempfile.TemporaryDirectory() as scratch:
        local = publish.prepare(options.name, options.repo_id, Path(scratch), script=options.script)
        plan = publish.plan(options.name, remote, local, private=options.private)
        print(publish.describe(plan, remote.endpoint), flush=True)
        if not options.yes:
            login = "" if remote.has_token else ", after `hf auth login`"
            print(f"\nNothing was written. --yes does it{login}.")
            return OK
        print()
        for done in publish.carry_out(plan, remote, local):
            print(done, flush=True)
    return OK


def _mirror(options: argparse.Namespace) -> int:
    from tinytorch_hf.hub.mirror import repositories, server

    # What ends a service ends this one as Ctrl-C does, so that its temporary folder is removed.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with server.listen(options.host, options.port) as listening, tempfile.TemporaryDirectory() as scratch:
            served = list(_built(options, Path(scratch)))
            if options.folder:
                served += repositories.own(options.folder)
            by_id = repositories.by_id(served)
            # Ctrl-C is how it ends when all is well.
            with contextlib.suppress(KeyboardInterrupt):
                _announce(options, listening, by_id)
                server.run(by_id, listening)
    finally:
        signal.signal(signal.SIGTERM, before)
    return OK


def _announce(options: argparse.Namespace, listening: socket.socket, served: Mapping[str, Repository]) -> None:
    """Say what is served and where, for people or as one line of JSON."""
    from tinytorch_hf.hub.mirror import app, server

    address, is_open = server.endpoint(listening), server.is_open_to_others(listening)
    if is_open:
        print("tinytorch-hf: everybody in your network can read what is served here.", file=sys.stderr)
    if options.json:
        print(json.dumps({"endpoint": address, **app.status(served)}), flush=True)
        return
    for repository in served.values():
        print(f"serving {repository.id}: {len(repository.main.files)} files")
    print(f"\nPages for people: {address}\nThe line for students:\n\n    export HF_ENDPOINT={address}\n")
    if not is_open:
        print("Only this machine can reach it; --host 0.0.0.0 opens it to your network.")
    print("Ctrl-C stops it.", flush=True)


def _built(options: argparse.Namespace, out: Path) -> Iterator[Repository]:
    """The datasets to serve; of all of them, those whose data are on this machine."""
    from tinytorch_hf.hub.mirror import repositories

    for name in repositories.names_to_build(options.names):
        try:
            yield repositories.built(name, out)
        except MissingFileError as error:
            if options.names:
                raise
            print(f"tinytorch-hf: {name} is not served: {error}", file=sys.stderr)


def _compare(options: argparse.Namespace) -> int:
    from tinytorch_hf.compare import lockstep, report
    from tinytorch_hf.compare.settings import Settings, optimizer_choice

    settings = Settings(
        dataset=options.name,
        optimizer=options.optimizer,
        lr=options.lr or optimizer_choice(options.optimizer).default_lr,
        epochs=options.epochs,
        batch_size=options.batch_size,
        seed=options.seed,
    )
    if options.json:
        # What the student's own code prints must not get between the braces.
        with contextlib.redirect_stdout(sys.stderr):
            result = lockstep.run(settings)
        _print_json(report.as_dict(result))
    else:
        shown: list[lockstep.Epoch] = []

        def show(epoch: lockstep.Epoch) -> None:
            if not shown:
                print(report.HEADER)
            shown.append(epoch)
            print(report.epoch_line(epoch), flush=True)

        result = lockstep.run(settings, on_epoch=show)
        print(f"\n{report.conclusion(result)}")
    return OK if result.agree else PROBLEM


def _print_json(value: Any) -> int:
    print(json.dumps(value, indent=2))
    return OK


def _positive_int(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return value


def _seed(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative")
    return value


def _port(text: str) -> int:
    value = int(text)
    if not 0 <= value < 65536:
        raise argparse.ArgumentTypeError(f"{text} is not a port, 0 to 65535")
    return value


def _positive_float(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tinytorch-hf",
        description="TinyTorch's tiny datasets, the same numbers in NumPy, PyTorch, Hugging Face and TinyTorch.",
        epilog="Start with: tinytorch-hf compare tinydigits",
    )
    parser.add_argument("--version", action="version", version=f"tinytorch-hf {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    command = _command(commands, "list", _list, "list the datasets", "tinytorch-hf list")
    _add_json(command)

    command = _command(commands, "info", _info, "print what is known of a dataset", "tinytorch-hf info tinydigits")
    _add_name(command)
    _add_json(command)

    command = _command(
        commands, "show", _show, "show samples in the terminal", "tinytorch-hf show tinydigits --index 0 1 2"
    )
    _add_name(command)
    command.add_argument("--split", default="train", help="split to show samples of (default: %(default)s)")
    what = command.add_mutually_exclusive_group()
    what.add_argument(
        "--index",
        type=int,
        nargs="+",
        metavar="N",
        help="samples to show (default: the first of every class or level)",
    )
    what.add_argument("--png", type=Path, metavar="FILE", help="write a picture with ten samples of every class")

    command = _command(commands, "stats", _stats, "measure a dataset", "tinytorch-hf stats tinydigits")
    _add_name(command)
    _add_json(command)

    command = _command(
        commands,
        "verify",
        _verify,
        "check every file against the catalog and every adapter against the fingerprint",
        "tinytorch-hf verify",
    )
    command.add_argument("names", nargs="*", metavar="NAME", help="datasets to check (default: all)")
    _add_json(command)

    command = _command(
        commands,
        "export",
        _export,
        "put the datasets into a TinyTorch checkout",
        "tinytorch-hf export ~/TinyTorch",
        "Absent files are written and Git-LFS pointers replaced. Files that differ are yours and stay, unless "
        "--force is given.",
    )
    command.add_argument("root", type=Path, metavar="ROOT", help="root of the checkout")
    command.add_argument("--force", action="store_true", help="replace files that differ, too")

    _add_hub_commands(commands)

    command = _command(
        commands,
        "compare",
        _compare,
        "train the same model in TinyTorch and in PyTorch and compare them step by step",
        "tinytorch-hf compare tinydigits --lr 0.01   (the milestone's own learning rate)",
        "Uses your installed TinyTorch if it has what is needed, else the reference that comes with tinytorch-hf.",
    )
    _add_name(command)
    command.add_argument("--optimizer", default="sgd", help="sgd, momentum or adam (default: %(default)s)")
    command.add_argument("--lr", type=_positive_float, help="learning rate (default: one that suits the optimizer)")
    command.add_argument("--epochs", type=_positive_int, default=20, help="passes over the data (default: %(default)s)")
    command.add_argument("--batch-size", type=_positive_int, default=32, help="samples a step (default: %(default)s)")
    command.add_argument(
        "--seed",
        type=_seed,
        default=0,
        help="fixes initial weights and order of samples (default: %(default)s)",
    )
    _add_json(command)
    return parser


def _add_hub_commands(commands: Any) -> None:
    command = _command(
        commands,
        "build",
        _build,
        "write the folders that are uploaded to the Hub",
        'tinytorch-hf build tinydigits --out hub && python -c "from datasets import load_dataset; '
        "print(load_dataset('hub/tinydigits'))\"",
    )
    command.add_argument("names", nargs="*", metavar="NAME", help="datasets to build (default: all)")
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write into")

    command = _command(
        commands,
        "cache",
        _cache,
        "make load_dataset work without a network",
        'tinytorch-hf cache && HF_HUB_OFFLINE=1 python -c "from datasets import load_dataset; '
        "print(load_dataset('tinytorch/tinydigits'))\"",
        "The datasets are put where Hugging Face's library keeps what it has loaded, and loaded from there in a "
        "fresh process.",
    )
    command.add_argument("names", nargs="*", metavar="NAME", help="datasets to put there (default: all)")
    command.add_argument("--undo", action="store_true", help="remove what this command put there, and nothing else")
    _add_json(command)

    command = _command(
        commands,
        "publish",
        _publish,
        "show what publishing a dataset on the Hub would change, and do it with --yes",
        "tinytorch-hf publish tinydigits --repo-id tinytorch/tinydigits",
        "Needs a token with write access, as `hf auth login` stores it.",
    )
    _add_name(command)
    command.add_argument("--repo-id", required=True, metavar="ID", help="NAMESPACE/NAME of the repository")
    command.add_argument("--private", action="store_true", help="make a new repository private")
    command.add_argument(
        "--script", action="store_true", help="also write the loading script to the branch `script`, for datasets < 4"
    )
    doing = command.add_mutually_exclusive_group()
    doing.add_argument("--dry-run", action="store_true", help="show what would change and write nothing (the default)")
    doing.add_argument("--yes", action="store_true", help="write")

    command = _command(
        commands,
        "mirror",
        _mirror,
        "serve the datasets to a classroom, as the Hub does",
        "tinytorch-hf mirror --host 0.0.0.0 --folder ~/course",
        "Students set HF_ENDPOINT to the address that is printed; load_dataset, hf download and the like then read "
        "from here. Nothing can be written.",
    )
    command.add_argument("names", nargs="*", metavar="NAME", help="datasets to serve (default: all)")
    command.add_argument("--host", default="127.0.0.1", help="address to serve at (default: %(default)s)")
    command.add_argument("--port", type=_port, default=8000, help="port, 0 for any (default: %(default)s)")
    command.add_argument(
        "--folder", type=Path, metavar="DIR", help="folder of your own; each sub-folder is served as DIR/SUB-FOLDER"
    )
    _add_json(command)


def _command(commands: Any, name: str, run: Any, what: str, example: str, more: str = "") -> argparse.ArgumentParser:
    sentence = f"{what[0].upper()}{what[1:]}."
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=what, description=f"{sentence} {more}".strip(), epilog=f"Example: {example}"
    )
    command.set_defaults(run=run)
    return command


def _add_name(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="NAME", help="a dataset; `tinytorch-hf list` names them")


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print JSON for a program")
