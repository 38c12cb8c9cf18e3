"""Commands for Hugging Face's Hub: build, cache, publish, mirror."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tinytorch_hf.cli import mirror, terminal
from tinytorch_hf.cli.mirror import ON_HUB, chosen
from tinytorch_hf.cli.options import OK, add_json, add_name, add_names, command, group, print_json, user_path
from tinytorch_hf.cli.tree import Parser


def add_to(parser: Parser) -> None:
    """Add these commands to the parser."""
    commands = group(
        parser,
        "hub",
        "datasets for Hugging Face's Hub, and replacements for the Hub without a network",
    )
    parser = command(
        commands,
        "build",
        _build,
        "write the folders that are uploaded to the Hub",
        "%(prog)s tinydigits --out hub\n"
        "  python -c \"import datasets; print(datasets.load_dataset('hub/tinydigits'))\"",
        "Each has card, picture, licence, Parquet files and their description in Croissant; load_dataset reads it "
        "directly.",
    )
    add_names(parser, "build", default=ON_HUB)
    parser.add_argument("--out", type=user_path, required=True, metavar="DIR", help="folder to write into")

    parser = command(
        commands,
        "cache",
        _cache,
        "make load_dataset work without a network",
        "%(prog)s tinydigits\n"
        "  export HF_HUB_OFFLINE=1\n"
        "  python -c \"from datasets import *; load_dataset('tinytorch/tinydigits')\"",
        "The datasets are put into the cache of Hugging Face's library and loaded from there in a fresh process.",
    )
    add_names(parser, "put there", default=ON_HUB)
    parser.add_argument("--undo", action="store_true", help="remove what this command put there, and nothing else")
    add_json(parser)

    parser = command(
        commands,
        "publish",
        _publish,
        "show what publishing a dataset on the Hub would change, and do it with --yes",
        "%(prog)s tinydigits --repo-id tinytorch/tinydigits",
        "--yes needs a token with write access, as `hf auth login` stores it. Without a network the plan is that for a "
        "new repository.",
    )
    add_name(parser)
    parser.add_argument("--repo-id", required=True, metavar="ID", help="NAMESPACE/NAME of the repository")
    parser.add_argument("--private", action="store_true", help="make a new repository private")
    parser.add_argument(
        "--script", action="store_true", help="also write the loading script to the branch `script`, for datasets < 4"
    )
    parser.add_argument(
        "--confirmed", action="store_true", help="a person has confirmed what this dataset asks to confirm"
    )
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument("--dry-run", action="store_true", help="show what would change and write nothing (default)")
    doing.add_argument("--yes", action="store_true", help="write what is shown")
    mirror.add_to(commands)


def _build(options: argparse.Namespace) -> int:
    from tinytorch_hf.hub import parquet

    for dataset in chosen(options.names):
        terminal.tell(terminal.one_line(f"wrote {parquet.build(dataset, options.out)}"))
    return OK


def _cache(options: argparse.Namespace) -> int:
    from tinytorch_hf.hub import cache, offline

    names = chosen(options.names)
    if options.undo:
        removed = [str(folder) for folder in cache.undo(names)]
        if options.json:
            return print_json({"cache": str(cache.root()), "removed": removed})
        terminal.tell("\n".join(terminal.one_line(f"removed {folder}") for folder in removed) or "nothing to undo")
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
    terminal.tell(f"\nNow set {offline.VARIABLE}=1 where you call load_dataset. {offline.WHY}")
    return OK


def _publish(options: argparse.Namespace) -> int:
    from tinytorch_hf.hub import publish
    from tinytorch_hf.hub.remote import Remote

    publish.check_allowed(options.name, is_confirmed=options.confirmed or not options.yes)
    remote = Remote(options.repo_id)
    if options.yes:
        remote.require_token()
    not_asked = "" if options.yes else remote.why_not_asked()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        local = publish.prepare(
            options.name, options.repo_id, Path(scratch), script=options.script, remote=remote, asks=not not_asked
        )
        plan = publish.plan(options.name, remote, local, private=options.private, not_asked=not_asked)
        terminal.tell(publish.describe(plan, remote.endpoint))
        if not options.yes:
            login = "" if remote.has_token else ", after `hf auth login`"
            to_confirm = plan.dataset.to_confirm
            if to_confirm and not options.confirmed:
                terminal.tell(f"\nTo confirm: {to_confirm}. If that is right, add --confirmed.")
            terminal.tell(f"\nNothing was written. Add --yes to write it{login}.")
            return OK
        print()
        for done in publish.carry_out(plan, remote, local):
            terminal.tell(done)
    return OK
