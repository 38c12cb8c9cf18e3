"""What to expect: accuracies over several seeds, the end of a comparison, seconds of waiting; for the documents.

``python -m benchmarks.baselines [--write]`` (needs torch and datasets). Results stand between
``<!-- measured: KIND NAME -->`` and ``<!-- /measured -->``.
"""

from __future__ import annotations

import argparse
import functools
import statistics

from benchmarks import expectations, waiting
from docs.tools import blocks
from docs.tools.cards import documents
from tinytorch_hf.compare import lockstep
from tinytorch_hf.compare.tasks import make_model, settings_for
from tinytorch_hf.judging.judges import judged_by
from tinytorch_hf.reports import training_table as report

N_SEEDS = 10
MILESTONE_LR = 0.01


def accuracies(name: str, lr: float, n_seeds: int = N_SEEDS) -> tuple[list[float], list[float]]:
    """Final test accuracies in percent, in TinyTorch and in PyTorch, for seeds 0, 1, 2 ..."""
    finals = [lockstep.run(settings_for(name, lr=lr, seed=seed)).epochs[-1] for seed in range(n_seeds)]
    return [100 * e.accuracy_tinytorch for e in finals], [100 * e.accuracy_pytorch for e in finals]


def baseline(name: str) -> str:
    """Accuracies at the comparison's default learning rate and at the milestone's."""
    settings = settings_for(name)
    lines = [
        f"Test accuracy of the milestone's {make_model(settings)} after {settings.epochs} epochs of SGD with batch "
        f"size {settings.batch_size},",
        f"mean and range over {N_SEEDS} seeds, in percent:",
        "",
        "| Learning rate | TinyTorch (reference) | PyTorch |",
        "| --- | --- | --- |",
    ]
    for lr in (settings.lr, MILESTONE_LR):
        tinytorch, pytorch = accuracies(name, lr)
        lines.append(f"| {lr:g} | {_summary(tinytorch)} | {_summary(pytorch)} |")
    return "\n".join(lines)


def _summary(values: list[float]) -> str:
    return f"{statistics.mean(values):.1f} ({min(values):.1f} to {max(values):.1f})"


def compare(name: str) -> str:
    """What `tinytorch-hf compare` prints last, with NumPy alone."""
    with judged_by("recorded"):
        return f"```text\n{report.conclusion(lockstep.run(settings_for(name)))}\n```"


KINDS = {
    "baseline": baseline,
    "compare": compare,
    "milestones": expectations.table,
    "losses": expectations.losses,
    "waiting": waiting.table,
}


def main() -> None:
    """Measure and print; with ``--write``, put the results into the documents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the results into the documents")
    write = parser.parse_args().write

    @functools.cache
    def measure(kind: str, name: str) -> str:
        result = KINDS[kind](name)
        print(result, end="\n\n")
        return result

    def renew(text: str) -> str:
        return blocks.fill(text, "measured", measure)

    if write:
        for path in blocks.rewrite(documents(), renew):
            print(f"wrote {path}")
    else:
        for path in documents():
            renew(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
