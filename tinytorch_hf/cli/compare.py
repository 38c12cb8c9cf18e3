"""The command that trains a TinyTorch compared with PyTorch: compare."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING, Any

from tinytorch_hf.cli import completion, sweeps, terminal
from tinytorch_hf.cli.options import (
    INTERRUPTED,
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
from tinytorch_hf.cli.outputs import (
    add_outputs,
    command_line,
    options_of_package,
    require_outputs,
    write_page,
    write_plot,
)
from tinytorch_hf.cli.packages import add_judge, add_package, check_map_file, judged, located, write_map
from tinytorch_hf.cli.sweeps import add_early_stopping, add_seeds, refuse_contradictions
from tinytorch_hf.cli.tree import Parser
from tinytorch_hf.errors import InvalidArgumentError, StudentCodeError

if TYPE_CHECKING:
    from tinytorch_hf.compare import lockstep, stepwise
    from tinytorch_hf.compare.package import Subject
    from tinytorch_hf.compare.settings import Settings
    from tinytorch_hf.compare.target import Target


def add_to(commands: Parser) -> None:
    """Add this command to the parser."""
    parser = command(
        commands,
        "compare",
        _compare,
        "train the same model in TinyTorch and in PyTorch and compare them step by step",
        "%(prog)s tinydigits --package ~/TinyTorch/tinytorch",
        "Without --package, the installed package tinytorch is compared; if there is none, the reference that comes "
        "with tinytorch-hf. The package runs in its own process. If the trainings differ, the first operation that is "
        "wrong is named, and the exit status is 1.",
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
    parser.add_argument("--batch-size", type=positive_int, default=32, help="samples per step (default: %(default)s)")
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
        help="start from your own layers' initial weights, and report whether they learn",
    )
    add_seeds(parser)
    add_early_stopping(parser)
    add_package(parser)
    add_judge(parser, "its recorded training with default settings")
    parser.add_argument(
        "--timeout",
        type=seconds,
        default=60.0,
        metavar="SECONDS",
        help="how long one step of the training may take (default: %(default)g)",
    )
    add_outputs(parser, "curves, error of each layer, confusion matrices, how to repeat it", "the curves")
    add_json(parser)
    parser.group_options(
        training=("--model", "--optimizer", "--lr", "--epochs", "--batch-size", "--validation", "--early-stopping"),
        chance=("--seed", "--seeds", "--workers"),
        your_package=("--package", "--map", "--write-map", "--force", "--timeout"),
        comparison=("--synchronised", "--own-start", "--judge"),
        output=("--report", "--plot", "--json"),
    )


@judged
def _compare(options: argparse.Namespace) -> int:
    from tinytorch_hf.compare import lockstep, tasks
    from tinytorch_hf.reports import training_table

    if options.own_start and options.synchronised:
        raise InvalidArgumentError(
            "--synchronised starts every step from PyTorch's weights, so your own initial weights are not used. "
            "Leave out "
            "--synchronised or --own-start."
        )

    refuse_contradictions(options)
    if options.plot is not None and options.synchronised:
        raise InvalidArgumentError(
            "--plot draws the curves of a training, and --synchronised has none. Leave out one of the two."
        )
    require_outputs(options)
    settings = tasks.settings_for(
        options.name,
        options.model,
        optimizer=options.optimizer,
        lr=options.lr,
        epochs=options.epochs,
        batch_size=options.batch_size,
        seed=options.seed,
        validation=options.validation,
        patience=options.early_stopping,
    )
    target = _target(options)
    check_map_file(options)
    if options.seeds:
        return sweeps.compare(options, settings, target)
    try:
        result, text = _run(options, settings, target)
    except StudentCodeError as error:
        _tell_end(options, settings, "crash", str(error))
        raise
    except KeyboardInterrupt:
        _tell_end(options, settings, "interrupted", "It was interrupted before the first step.")
        raise
    write_map(options, result.framework.inferred)
    if options.json:
        print_json(training_table.as_dict(result))
    else:
        terminal.tell(text)
    _write(options, settings, result)
    if result.is_interrupted:
        return INTERRUPTED
    return OK if (result.is_right if isinstance(result, lockstep.Comparison) else result.agree) else PROBLEM


def _run(
    options: argparse.Namespace, settings: Settings, target: Target
) -> tuple[lockstep.Comparison | stepwise.Judgement, str]:
    """What came of it, and that in words; meanwhile each epoch is shown, and on a terminal a bar."""
    from tinytorch_hf.compare import lockstep, stepwise
    from tinytorch_hf.reports import training_table
    from tinytorch_hf.reports.progress import Bar

    shown: list[lockstep.Epoch] = []
    with Bar() as bar:

        def show(epoch: lockstep.Epoch) -> None:
            bar.clear()
            if not shown:
                terminal.tell(training_table.header(settings))
            shown.append(epoch)
            terminal.tell(training_table.epoch_line(epoch))

        def begin(subject: Subject) -> None:
            terminal.tell(training_table.opening(subject))

        def step(done: int, total: int) -> None:
            bar.show(done, total, "steps")

        if options.synchronised:
            judged = stepwise.judge(settings, target=target, on_step=step, keep_partial=True)
            return judged, training_table.judgement(judged)
        quiet: Any = {} if options.json else {"on_epoch": show, "on_start": begin}
        compared = lockstep.run(
            settings,
            target=target,
            own_start=options.own_start,
            on_step=step,
            with_evidence=not (options.report is None and options.plot is None),
            keep_partial=True,
            **quiet,
        )
        return compared, f"\n{training_table.conclusion(compared)}"


def _tell_end(options: argparse.Namespace, settings: Settings, verdict: str, problem: str) -> None:
    """Say in JSON and on the page, too, that there is nothing to compare, and why."""
    if options.json:
        said = {"interrupted": verdict == "interrupted", "verdict": verdict, "error": problem}
        print_json({"settings": dataclasses.asdict(settings), **said})
    if options.report is not None:
        from tinytorch_hf.reports.html.training_page import failed_page
        from tinytorch_hf.reports.versions import versions

        write_page(options, failed_page(settings, verdict, problem, _command(options, settings), versions()))


def _write(options: argparse.Namespace, settings: Settings, result: lockstep.Comparison | stepwise.Judgement) -> None:
    """Write the page and the picture that were asked for."""
    if options.report is not None:
        from tinytorch_hf.reports.html.training_page import training_page
        from tinytorch_hf.reports.versions import versions

        write_page(options, training_page(result, _command(options, settings), versions()))
    if options.plot is not None:
        from tinytorch_hf.reports import plot

        write_plot(options, plot.of_training(result, options.plot))  # type: ignore[arg-type]


def _command(options: argparse.Namespace, settings: Settings) -> str:
    """What does the same again, whatever the defaults will be then."""
    given = dataclasses.asdict(settings)
    name, patience = given.pop("dataset"), given.pop("patience")
    folders = {"dataset_folder": options.dataset_folder or ()}
    return command_line(
        "compare",
        name,
        **given,
        early_stopping=patience,
        synchronised=options.synchronised,
        own_start=options.own_start,
        **options_of_package(options),
        **folders,
    )


def _target(options: argparse.Namespace) -> Target:
    """Which package is to be trained, as the options say."""
    from tinytorch_hf.compare.target import Target

    framework_map, folder = located(options)
    given = options.package or ("" if options.map is None else framework_map.package)
    return Target(framework_map, folder, given, options.timeout)
