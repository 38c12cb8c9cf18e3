"""Record PyTorch's answers: ``python -m docs.tools.answers`` writes what ships with the package, in a checkout.

For `check`, the inputs and results of the whole battery with the seed 0. For `compare`, the whole training of every
model, with default settings, for every dataset that ships and for the points that are made.
"""

from __future__ import annotations

from tinytorch_hf import catalog
from tinytorch_hf.check.cases import CASES
from tinytorch_hf.compare import pytorch_training, tasks
from tinytorch_hf.compare.evidence import has_classes
from tinytorch_hf.compare.preparing import fingerprint_of
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.threads import one_thread
from tinytorch_hf.judging import answers, yardstick
from tinytorch_hf.judging.case import Case
from tinytorch_hf.judging.judges import judge, judged_by


def default_settings() -> list[Settings]:
    """What is recorded: the default settings of every model of what needs no download."""
    return [
        tasks.settings_for(name, training.model)
        for name in (*catalog.shipped_names(), *catalog.GENERATED)
        for training in tasks.trainings(name)
    ]


def trainings() -> bytes:
    """The file of recorded trainings; takes a minute."""
    found = []
    with judged_by("torch"), one_thread():
        for settings in default_settings():
            model, arrays = tasks.make_model(settings), tasks.load_arrays(settings)
            weights = model.initial_weights(settings.seed)
            live = pytorch_training.Live(settings, model, weights, arrays)
            epochs = [live.epoch(number) for number in range(1, settings.epochs + 1)]
            predicted = live.predictions() if has_classes(arrays) else None
            found.append((settings, weights, fingerprint_of(settings.dataset, arrays), epochs, predicted))
        return pytorch_training.as_record(found, judge("float32").version)


def battery() -> bytes:
    """The file of recorded answers to the battery, for every case that has results of its own."""
    with judged_by("torch"):
        found = {name: _answers(case) for name, case in CASES.items()}
        return answers.written(
            {name: case for name, case in found.items() if any(answer.values for answer in case.answers)},
            judge("float32").version,
        )


def _answers(case: Case) -> answers.Recorded:
    right = yardstick.expected(case, answers.SEED)
    return answers.Recorded(
        case.draw(answers.SEED), [answers.Answer(definition.values, definition.rounding) for definition in right]
    )


def main() -> None:
    """Write all records."""
    for path, made in ((answers.PATH, battery), (pytorch_training.PATH, trainings)):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(made())


if __name__ == "__main__":
    main()
