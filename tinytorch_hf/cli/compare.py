"""The command that trains a TinyTorch beside PyTorch: compare."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from tinytorch_hf.cli import completion, terminal
from tinytorch_hf.cli.options import (
    OK,
    PROBLEM,
    add_json,
    add_name,
    command,
    positive_float,
    positive_int,
    print_json,
    seconds,
    seed,
)
from tinytorch_hf.cli.packages import add_judge, add_package, check_map_file, judged, located, write_map
from tinytorch_hf.cli.tree import Parser
from tinytorch_hf.errors import InvalidArgumentError

if TYPE_CHECKING:
    from tinytorch_hf.compare.package import Subject
    from tinytorch_hf.compare.target import Target


def add_to(commands: Parser) -> None:
    """Add this command to the parser."""
    parser = command(
        commands,
        "compare",
        _compare,
        "train the same model in TinyTorch and in PyTorch and compare them step by step",
        "%(prog)s tinydigits --lr 0.01  # the milestone's own learning rate",
        "Without --package the package tinytorch that is installed is compared, or where there is none the reference "
        "that comes with tinytorch-hf. The package runs in a process of its own. Where they differ, the first "
        "operation that does is named. The exit status is 1 if they differ.",
    )
    add_name(parser, completion.tasks)
    model = parser.add_argument(
        "--model", help="mlp, cnn, logistic, gpt or gpt-64; not every dataset has each (default: its first)"
    )
    completion.complete_with(model, completion.models)
    optimizer = parser.add_argument(
        "--optimizer", help="sgd, momentum, decay, adam or adamw (default: one that suits the model)"
    )
    completion.complete_with(optimizer, completion.optimizers)
    parser.add_argument("--lr", type=positive_float, help="learning rate (default: one that suits the optimizer)")
    parser.add_argument("--epochs", type=positive_int, help="passes over the data (default: what the model needs)")
    parser.add_argument("--batch-size", type=positive_int, default=32, help="samples a step (default: %(default)s)")
    parser.add_argument(
        "--seed",
        type=seed,
        default=0,
        help="fixes initial weights and order of samples (default: %(default)s)",
    )
    parser.add_argument(
        "--synchronised",
        action="store_true",
        help="check each step independently, from PyTorch's weights: forward, loss, gradients, update",
    )
    parser.add_argument(
        "--own-start",
        action="store_true",
        help="start from your own layers' initial weights, and say whether they learn",
    )
    add_package(parser)
    add_judge(parser, "its recorded training with default settings")
    parser.add_argument(
        "--timeout",
        type=seconds,
        default=60.0,
        metavar="SECONDS",
        help="how long one step of the training may take (default: %(default)g)",
    )
    add_json(parser)


@judged
def _compare(options: argparse.Namespace) -> int:
    from tinytorch_hf.compare import lockstep, stepwise, tasks
    from tinytorch_hf.reports import training_table as report

    if options.own_start and options.synchronised:
        raise InvalidArgumentError(
            "--synchronised starts every step from PyTorch's weights, so that there is no start of your own. Leave out "
            "--synchronised or --own-start."
        )

    settings = tasks.settings_for(
        options.name,
        options.model,
        optimizer=options.optimizer,
        lr=options.lr,
        epochs=options.epochs,
        batch_size=options.batch_size,
        seed=options.seed,
    )
    shown: list[lockstep.Epoch] = []

    def show(epoch: lockstep.Epoch) -> None:
        if not shown:
            print(report.HEADER)
        shown.append(epoch)
        print(report.epoch_line(epoch), flush=True)

    def begin(subject: Subject) -> None:
        print(report.opening(subject), flush=True)

    target = _target(options)
    check_map_file(options)
    result: Any
    if options.synchronised:
        result = stepwise.judge(settings, target=target)
        is_right, text = result.agree, report.judgement(result)
    else:
        quiet: Any = {} if options.json else {"on_epoch": show, "on_start": begin}
        result = lockstep.run(settings, target=target, own_start=options.own_start, **quiet)
        is_right, text = result.is_right, f"\n{report.conclusion(result)}"
    write_map(options, result.framework.inferred)
    if options.json:
        print_json(report.as_dict(result))
    else:
        print("\n".join(map(terminal.marked, text.splitlines())))
    return OK if is_right else PROBLEM


def _target(options: argparse.Namespace) -> Target:
    """Which package is to be trained, as the options say."""
    from tinytorch_hf.compare.target import Target

    framework_map, folder = located(options)
    given = options.package or ("" if options.map is None else framework_map.package)
    return Target(framework_map, folder, given, options.timeout)
