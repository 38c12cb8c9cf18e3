"""The command that serves datasets to a classroom: what it looks at first, what it says, and what it serves."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tinytorch_hf import catalog
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.cli import terminal
from tinytorch_hf.cli.options import OK, add_json, add_names, command, port, user_path
from tinytorch_hf.cli.tree import Parser
from tinytorch_hf.errors import InvalidArgumentError, MissingExtraError, MissingFileError, TinyTorchHFError

if TYPE_CHECKING:
    import socket

    from tinytorch_hf.mirror.archives import Archives
    from tinytorch_hf.mirror.folder import Contents, Found, LeftOut
    from tinytorch_hf.mirror.preparing import Outcome, Shelf, Waiting
    from tinytorch_hf.mirror.repositories import Repository

ON_HUB = "all that ship with the package"
"""The datasets that commands for the Hub mean when none is named."""


def add_to(commands: Parser) -> None:
    """Add the command to those for the Hub."""
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
    add_names(parser, "serve", default=f"{ON_HUB}, and archives in the cache")
    parser.add_argument("--host", default="127.0.0.1", help="address to serve at (default: %(default)s)")
    parser.add_argument("--port", type=port, default=8000, help="port, 0 for any (default: %(default)s)")
    parser.add_argument(
        "--folder",
        type=user_path,
        metavar="DIR",
        help="folder of your own; each sub-folder is served as DIR/SUB-FOLDER, with dataset.json as what it describes",
    )
    add_json(parser)


def chosen(names: Sequence[str]) -> list[DatasetInfo]:
    """The datasets that were asked for, once each; without names, all that ship with the package."""
    return list(dict.fromkeys(catalog.info(name) for name in names or catalog.shipped_names()))


def _mirror(options: argparse.Namespace) -> int:
    from tinytorch_hf.mirror import archives, folder

    # What can be refused is looked at before anything is built, which takes many seconds, or even imported.
    wanted = list(dict.fromkeys(options.names))
    with_archives = [name for name in wanted if name in archives.names()]
    to_build = _loadable([name for name in wanted if name not in with_archives]) if wanted else chosen(())
    found, left_out = folder.survey(options.folder, [one.repo_id for one in to_build]) if options.folder else ([], [])
    from tinytorch_hf.mirror import server

    # What ends a service ends this one as Ctrl-C does, so that its temporary folder is removed.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with (
            server.listen(options.host, options.port) as listening,
            tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch,
        ):
            _say_what_comes(options, to_build, len(found))
            _say_left_out(options.program, left_out)
            archived = archives.in_cache(with_archives) if with_archives or not wanted else {}
            ready = {one.id: one for one in _built(options.program, to_build, bool(wanted), Path(scratch))}
            shelf = _shelf(options.program, ready, found, Path(scratch))
            # Ctrl-C is how it ends when all is well.
            with contextlib.suppress(KeyboardInterrupt):
                _announce(options, listening, shelf, archived)
                shelf.hash_rest(_Progress(options.program))
                server.run(shelf, archived, listening)
    finally:
        signal.signal(signal.SIGTERM, before)
    return OK


def _loadable(names: Sequence[str]) -> list[DatasetInfo]:
    """The datasets that were asked for by name, each of which can be loaded and has a place of its own."""
    from tinytorch_hf.data.loaders import load

    datasets = chosen(names) if names else []
    for dataset in datasets:
        load(dataset)
        if any(other != dataset and other.repo_id == dataset.repo_id for other in datasets):
            raise InvalidArgumentError(f"Two of the datasets are called {dataset.repo_id}. Rename one of them.")
    return datasets


def _say_what_comes(options: argparse.Namespace, to_build: Sequence[DatasetInfo], n_folders: int) -> None:
    """One line, at once, because building takes its time."""
    what = [dataset.name for dataset in to_build]
    what += [f"{n_folders} sub-folder{'s'[: n_folders != 1]} of {options.folder}"] if n_folders else []
    if what and not options.json:
        print(terminal.one_line(f"preparing {', '.join(what)}"), flush=True)


def _say_left_out(program: str, left_out: Iterable[LeftOut]) -> None:
    from tinytorch_hf.mirror.folder import summed_up

    for one in summed_up(left_out):
        print(
            f"{program}: {terminal.one_line(str(one.path))} is not served: {terminal.one_line(one.reason)}.",
            file=sys.stderr,
            flush=True,
        )


def _shelf(program: str, ready: Mapping[str, Repository], found: Sequence[Found], out: Path) -> Shelf:
    """What is served: what is ready, datasets of the instructor's, and the files of other sub-folders."""
    from tinytorch_hf.mirror import folder, preparing, repositories

    of_folder: dict[str, Repository] = {}
    own: dict[str, Contents] = {}
    for one in found:
        try:
            if one.is_described:
                of_folder[one.id] = repositories.own_built(one, out)
                continue
        except MissingExtraError:
            raise
        except TinyTorchHFError as error:
            _say_left_out(program, [folder.LeftOut(one.id, str(error).removesuffix("."))])
            continue
        own[one.id] = folder.contents(one)
        _say_left_out(program, own[one.id].left_out)
    shelf = preparing.Shelf({**ready, **of_folder}, own)
    _say_left_out(program, shelf.left_out)
    nothing = [name for name in own if name not in shelf]
    _say_left_out(program, [folder.LeftOut(name, "there is no file in it that can be served") for name in nothing])
    return shelf


class _Progress:
    """Says how far the hashing is: as a bar on a terminal, and in a line when a file is ready."""

    def __init__(self, program: str) -> None:
        from tinytorch_hf.reports.progress import Bar

        self._program = program
        self._bar = Bar()

    def __call__(self, one: Waiting, outcome: Outcome) -> None:
        path = terminal.one_line(f"{one.id}/{one.path}")
        if outcome:
            self._bar.clear()
            told = {
                "ready": "is ready",
                "changed": "changed while it was read, and is not served. Start the mirror again",
                "unreadable": "cannot be read any more, and is not served",
            }
            print(f"{self._program}: {path} {told[outcome]}.", file=sys.stderr, flush=True)
        else:
            self._bar.show(one.done_bytes // 10**6, one.size_bytes // 10**6, f"MB of {path} read")


def _files(n: int) -> str:
    return f"{n} file{'s' * (n != 1)}"


def _announce(options: argparse.Namespace, listening: socket.socket, served: Shelf, archived: Archives) -> None:
    """Say what is served and where, for people or as one line of JSON."""
    from tinytorch_hf.acquire.places import MIRROR_VARIABLE
    from tinytorch_hf.mirror import app, server

    address, is_open = server.endpoint(listening), server.is_open_to_others(listening)
    if is_open:
        print(f"{options.program}: everybody in your network can read what is served here.", file=sys.stderr)
    if options.json:
        waiting = {f"{one.id}/{one.path}": one.size_bytes for one in served.waiting}
        print(json.dumps({"endpoint": address, **app.status(served, archived), "preparing": waiting}), flush=True)
        return
    for repository in served.values():
        print(f"serving {terminal.one_line(repository.id)}: {_files(len(repository.main.files))}")
    for one in served.waiting:
        path = terminal.one_line(f"{one.id}/{one.path}")
        print(
            f"reading {path}: {one.size_bytes / 1e9:.1f} GB; until it is ready, requests for it wait, or are "
            "told to try again"
        )
    for path, file in archived.items():
        print(f"serving {terminal.one_line(path.lstrip('/'))}: {file.size_bytes} bytes")
    print(f"\nPages for people: {address}\nThe line for students:\n\n    export HF_ENDPOINT={address}\n")
    if archived:
        print(f"And for `tinytorch-hf download`:\n\n    export {MIRROR_VARIABLE}={address}\n")
    if not is_open:
        print("Only this machine can reach it; --host 0.0.0.0 opens it to your network.")
    print("Ctrl-C stops it.", flush=True)


def _built(program: str, datasets: Sequence[DatasetInfo], must_be_there: bool, out: Path) -> Iterator[Repository]:
    """The datasets to serve; unless all must be there, those whose data are on this machine."""
    from tinytorch_hf.mirror import repositories

    for dataset in datasets:
        try:
            yield repositories.built(dataset, out)
        except MissingFileError as error:
            if must_be_there:
                raise
            print(f"{program}: {dataset.name} is not served: {error}", file=sys.stderr)
