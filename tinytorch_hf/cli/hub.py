"""Commands for Hugging Face's Hub: build, cache, publish, mirror."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tinytorch_hf import catalog
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.cli import terminal
from tinytorch_hf.cli.options import OK, add_json, add_name, add_names, command, group, port, print_json, user_path
from tinytorch_hf.cli.tree import Parser
from tinytorch_hf.errors import MissingFileError

if TYPE_CHECKING:
    import socket

    from tinytorch_hf.mirror.archives import Archives
    from tinytorch_hf.mirror.repositories import Repository

_ON_HUB = "all that ship with the package"


def add_to(parser: Parser) -> None:
    """Add these commands to the parser."""
    commands = group(
        parser,
        "hub",
        "datasets for Hugging Face's Hub, and what stands for the Hub where it cannot be reached",
    )
    parser = command(
        commands,
        "build",
        _build,
        "write the folders that are uploaded to the Hub",
        "%(prog)s tinydigits --out hub\n"
        "  python -c \"import datasets; print(datasets.load_dataset('hub/tinydigits'))\"",
        "Each has card, picture, licence, Parquet files and their description in Croissant; load_dataset reads it "
        "as it is.",
    )
    add_names(parser, "build", default=_ON_HUB)
    parser.add_argument("--out", type=user_path, required=True, metavar="DIR", help="folder to write into")

    parser = command(
        commands,
        "cache",
        _cache,
        "make load_dataset work without a network",
        "%(prog)s tinydigits\n"
        "  export HF_HUB_OFFLINE=1\n"
        "  python -c \"from datasets import *; load_dataset('tinytorch/tinydigits')\"",
        "The datasets are put where Hugging Face's library keeps what it has loaded, and loaded from there in a "
        "fresh process.",
    )
    add_names(parser, "put there", default=_ON_HUB)
    parser.add_argument("--undo", action="store_true", help="remove what this command put there, and nothing else")
    add_json(parser)

    parser = command(
        commands,
        "publish",
        _publish,
        "show what publishing a dataset on the Hub would change, and do it with --yes",
        "%(prog)s tinydigits --repo-id tinytorch/tinydigits",
        "--yes needs a token with write access, as `hf auth login` stores it.",
    )
    add_name(parser)
    parser.add_argument("--repo-id", required=True, metavar="ID", help="NAMESPACE/NAME of the repository")
    parser.add_argument("--private", action="store_true", help="make a new repository private")
    parser.add_argument(
        "--script", action="store_true", help="also write the loading script to the branch `script`, for datasets < 4"
    )
    parser.add_argument(
        "--confirmed", action="store_true", help="a person has confirmed what the dataset asks to be confirmed"
    )
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument("--dry-run", action="store_true", help="show what would change and write nothing (default)")
    doing.add_argument("--yes", action="store_true", help="write what is shown")

    parser = command(
        commands,
        "mirror",
        _mirror,
        "serve the datasets to a classroom, as the Hub does",
        "%(prog)s --host 0.0.0.0 --folder ~/course",
        "Students set HF_ENDPOINT to the address that is printed; load_dataset, hf download and the like then read "
        "from here. Archives in this machine's cache, such as MNIST's, are there for `tinytorch-hf download` of those "
        "who set TINYTORCH_HF_MIRROR to it. Nothing can be written.",
    )
    add_names(parser, "serve", default=f"{_ON_HUB}, and archives in the cache")
    parser.add_argument("--host", default="127.0.0.1", help="address to serve at (default: %(default)s)")
    parser.add_argument("--port", type=port, default=8000, help="port, 0 for any (default: %(default)s)")
    parser.add_argument(
        "--folder",
        type=user_path,
        metavar="DIR",
        help="folder of your own; each sub-folder is served as DIR/SUB-FOLDER, those with dataset.json as datasets",
    )
    add_json(parser)


def _chosen(names: Sequence[str]) -> list[DatasetInfo]:
    """The datasets that were asked for, once each; without names, all that ship with the package."""
    return list(dict.fromkeys(catalog.info(name) for name in names or catalog.shipped_names()))


def _build(options: argparse.Namespace) -> int:
    from tinytorch_hf.hub import parquet

    for dataset in _chosen(options.names):
        terminal.tell(f"wrote {parquet.build(dataset, options.out)}")
    return OK


def _cache(options: argparse.Namespace) -> int:
    from tinytorch_hf.hub import cache, offline

    names = _chosen(options.names)
    if options.undo:
        removed = [str(folder) for folder in cache.undo(names)]
        if options.json:
            return print_json({"cache": str(cache.root()), "removed": removed})
        terminal.tell("\n".join(f"removed {folder}" for folder in removed) or "nothing to undo")
        return OK
    made = cache.prepare(names)
    answers = offline.check(names)
    if options.json:
        calls = {str(call): fingerprint for call, fingerprint in answers.items()}
        made_here = [str(folder) for folder in made]
        return print_json(
            {"cache": str(cache.root()), "made": made_here, "set": {offline.VARIABLE: "1"}, "calls": calls}
        )
    terminal.tell(f"cache   {cache.root()}, {len(made)} folders made")
    for call, fingerprint in answers.items():
        terminal.tell(f"ok      {call}: fingerprint {fingerprint[:16]}")
    terminal.tell(f"\nNow set {offline.VARIABLE}=1 where the calls are made. {offline.WHY}")
    return OK


def _publish(options: argparse.Namespace) -> int:
    from tinytorch_hf.hub import publish
    from tinytorch_hf.hub.remote import Remote

    publish.check_allowed(options.name, is_confirmed=options.confirmed or not options.yes)
    remote = Remote(options.repo_id)
    if options.yes:
        remote.require_token()
    with tempfile.TemporaryDirectory() as scratch:
        local = publish.prepare(options.name, options.repo_id, Path(scratch), script=options.script, remote=remote)
        plan = publish.plan(options.name, remote, local, private=options.private)
        terminal.tell(publish.describe(plan, remote.endpoint))
        if not options.yes:
            login = "" if remote.has_token else ", after `hf auth login`"
            to_confirm = plan.dataset.to_confirm
            if to_confirm and not options.confirmed:
                terminal.tell(f"\nTo confirm: {to_confirm}. If it is so, add --confirmed.")
            terminal.tell(f"\nNothing was written. --yes does it{login}.")
            return OK
        print()
        for done in publish.carry_out(plan, remote, local):
            terminal.tell(done)
    return OK


def _mirror(options: argparse.Namespace) -> int:
    from tinytorch_hf.mirror import archives, repositories, server

    wanted = list(dict.fromkeys(options.names))
    with_archives = [name for name in wanted if name in archives.names()]
    to_build = [name for name in wanted if name not in with_archives]
    # What ends a service ends this one as Ctrl-C does, so that its temporary folder is removed.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with server.listen(options.host, options.port) as listening, tempfile.TemporaryDirectory() as scratch:
            archived = archives.in_cache(with_archives) if with_archives or not wanted else {}
            served = list(_built(options.program, to_build, Path(scratch))) if to_build or not wanted else []
            if options.folder:
                served += repositories.own(options.folder, Path(scratch))
            by_id = repositories.by_id(served)
            # Ctrl-C is how it ends when all is well.
            with contextlib.suppress(KeyboardInterrupt):
                _announce(options, listening, by_id, archived)
                server.run(by_id, archived, listening)
    finally:
        signal.signal(signal.SIGTERM, before)
    return OK


def _announce(
    options: argparse.Namespace, listening: socket.socket, served: Mapping[str, Repository], archived: Archives
) -> None:
    """Say what is served and where, for people or as one line of JSON."""
    from tinytorch_hf.acquire.places import MIRROR_VARIABLE
    from tinytorch_hf.mirror import app, server

    address, is_open = server.endpoint(listening), server.is_open_to_others(listening)
    if is_open:
        terminal.tell_error(f"{options.program}: everybody in your network can read what is served here.")
    if options.json:
        print(json.dumps({"endpoint": address, **app.status(served, archived)}), flush=True)
        return
    for repository in served.values():
        terminal.tell(f"serving {repository.id}: {len(repository.main.files)} files")
    for path, file in archived.items():
        terminal.tell(f"serving {path.lstrip('/')}: {file.size_bytes} bytes")
    print(f"\nPages for people: {address}\nThe line for students:\n\n    export HF_ENDPOINT={address}\n")
    if archived:
        print(f"And for `tinytorch-hf download`:\n\n    export {MIRROR_VARIABLE}={address}\n")
    if not is_open:
        terminal.tell("Only this machine can reach it; --host 0.0.0.0 opens it to your network.")
    print("Ctrl-C stops it.", flush=True)


def _built(program: str, names: Sequence[str], out: Path) -> Iterator[Repository]:
    """The datasets to serve; without names, all whose data are on this machine."""
    from tinytorch_hf.mirror import repositories

    for dataset in _chosen(names):
        try:
            yield repositories.built(dataset, out)
        except MissingFileError as error:
            if names:
                raise
            terminal.tell_error(f"{program}: {dataset.name} is not served: {error}")
