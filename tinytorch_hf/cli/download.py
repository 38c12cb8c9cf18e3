"""The command that brings datasets here: downloaded, taken from a USB stick, or copied from the installation."""

from __future__ import annotations

import argparse
import sys

from tinytorch_hf import catalog
from tinytorch_hf.cli import terminal
from tinytorch_hf.cli.options import OK, add_json, add_names, command, print_json, user_path
from tinytorch_hf.cli.tree import Parser


def add_to(commands: Parser) -> None:
    """Add this command to the parser."""
    parser = command(
        commands,
        "download",
        _download,
        "download datasets that do not ship, such as MNIST, into the cache",
        "%(prog)s mnist",
        "Before it begins, the command prints what it downloads, how large it is, from where and into which folder. An "
        "interrupted download resumes; complete files are left alone. The cache is the folder in "
        "TINYTORCH_HF_CACHE, by default "
        "~/.cache/tinytorch_hf; a server in TINYTORCH_HF_MIRROR is asked first; HTTPS_PROXY is used.",
    )
    add_names(parser, "download; `tinytorch-hf list` names them")
    parser.add_argument("--root", type=user_path, help="folder to put them into, laid out as torchvision does")
    parser.add_argument(
        "--from",
        dest="source",
        type=user_path,
        metavar="PATH",
        help="take the files from this file or folder, such as a USB stick, instead of the network",
    )
    add_json(parser)


def _download(options: argparse.Namespace) -> int:
    from tinytorch_hf.acquire import provision
    from tinytorch_hf.files import folders

    done = []
    for dataset in [catalog.info(name) for name in dict.fromkeys(options.names)]:
        try:
            written = provision.provide(dataset, options.root, options.source)
        except KeyboardInterrupt:
            sys.stderr.write("\nThe data received so far are kept; run it again to resume.")
            raise
        folder = folders.folder(dataset, options.root)
        done.append(
            {
                "name": dataset.name,
                "folder": str(folder),
                "written": [str(path) for path in written],
                "fingerprint": dataset.fingerprint,
            }
        )
        if not options.json:
            what = f"{len(written)} files written" if written else "nothing to do, all files are good"
            fingerprint = f", fingerprint {dataset.fingerprint[:16]}" if dataset.fingerprint else ""
            terminal.tell(f"{dataset.name}  {folder}: {what}{fingerprint}")
    return print_json(done) if options.json else OK
