"""What the Tab key offers: argcomplete asks, the tables of datasets, splits, models and operations answer.

argcomplete reads the commands and options from the parser. It is imported only when a shell asks.
"""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Callable, Iterable
from typing import Any

from tinytorch_hf import catalog
from tinytorch_hf.errors import TinyTorchHFError

# The shell says by this variable that it wants completions, not the command itself.
_ASKED = "_ARGCOMPLETE"

Complete = Callable[..., Iterable[str]]


def answer_shell(parser: argparse.ArgumentParser) -> None:
    """If a shell asks for completions, answer it and end the process; otherwise do nothing."""
    if _ASKED not in os.environ:
        return
    # A shell that was told of the command in one environment may ask it in another, without argcomplete.
    with contextlib.suppress(ImportError):
        import argcomplete

        argcomplete.autocomplete(parser, always_complete_options=False)
    # What is half typed must not be carried out, nor must help be offered as completions.
    raise SystemExit(2)


def complete_with(argument: Any, complete: Complete) -> None:
    """Say what an argument may be: a function of the options that were typed before it."""
    argument.completer = lambda parsed_args, **_others: complete(parsed_args)


def datasets(_options: argparse.Namespace) -> Iterable[str]:
    """Every dataset."""
    return catalog.names()


def listed(_options: argparse.Namespace) -> Iterable[str]:
    """What `list` shows: every dataset, and those that are generated."""
    return [*catalog.names(), *catalog.GENERATED]


def splits(options: argparse.Namespace) -> Iterable[str]:
    """The splits of the dataset that was typed; those of all where none was."""
    known = catalog.names()
    names = [options.name] if options.name in known else known
    return dict.fromkeys(split.name for name in names for split in catalog.info(name).splits)


def mistakes(_options: argparse.Namespace) -> Iterable[str]:
    """The codes of mistakes."""
    from tinytorch_hf.judging.mistakes import MISTAKES

    return ["all", *MISTAKES]


def tasks(_options: argparse.Namespace) -> Iterable[str]:
    """What `compare` trains on."""
    from tinytorch_hf.compare import tasks

    return tasks.names()


def models(options: argparse.Namespace) -> Iterable[str]:
    """The models for the dataset that was typed; all where none was."""
    from tinytorch_hf.compare import tasks

    return _models(options.name) or dict.fromkeys(model for name in tasks.names() for model in _models(name))


def _models(name: str) -> list[str]:
    """The models for a dataset; none where it cannot be trained on."""
    from tinytorch_hf.compare import tasks

    with contextlib.suppress(TinyTorchHFError):
        return [training.model for training in tasks.trainings(name)]
    return []


def optimizers(_options: argparse.Namespace) -> Iterable[str]:
    """The optimizers of `compare`."""
    from tinytorch_hf.compare.settings import OPTIMIZERS

    return OPTIMIZERS


def operations(_options: argparse.Namespace) -> Iterable[str]:
    """Modules of the course and operations, as `check --only` takes them."""
    from tinytorch_hf.check.cases import CASES
    from tinytorch_hf.check.programs import trial
    from tinytorch_hf.judging.case import MODULES

    return [*MODULES, trial.MODULE, *CASES, *trial.names()]
