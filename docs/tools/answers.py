"""Record PyTorch's answers: ``python -m docs.tools.answers`` writes what ships with the package, in a checkout.

For `compare`, the whole training of every model for every dataset that ships and for the points that are made, with
their default settings.
"""

from __future__ import annotations

from tinytorch_hf import catalog
from tinytorch_hf.compare import pytorch_training, tasks
from tinytorch_hf.compare.lockstep import one_thread
from tinytorch_hf.compare.preparing import fingerprint_of
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.judging.judge import judge, judged_by


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
            found.append((settings, weights, fingerprint_of(settings.dataset, arrays), epochs))
        return pytorch_training.as_record(found, judge("float32").version)


def main() -> None:
    """Write all records."""
    pytorch_training.PATH.parent.mkdir(exist_ok=True)
    pytorch_training.PATH.write_bytes(trainings())


if __name__ == "__main__":
    main()
