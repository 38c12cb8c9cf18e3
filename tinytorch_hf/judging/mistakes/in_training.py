"""What a mistake does to a training, in a sentence; measured by ``python -m docs.tools.mistake_curves``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache

from tinytorch_hf.judging.mistakes.explaining import CURVES

_AS_MUCH_AS = 0.0015
"""Losses that are no further apart look alike in a table of three digits."""


@dataclass(frozen=True)
class InTraining:
    """A training with a mistake beside the same training without.

    Attributes
    ----------
    command
        What was trained, such as ``"compare tinydigits --model mlp --epochs 5"``.
    losses, right
        Mean loss of each epoch, with the mistake and without; None where it is not a number.
    accuracy, accuracy_right
        On the test split after the last epoch, in [0, 1].
    is_refused
        Whether `compare` ends before the training, with a message of what is wrong.
    """

    command: str
    losses: tuple[float | None, ...] = ()
    right: tuple[float | None, ...] = ()
    accuracy: float | None = None
    accuracy_right: float | None = None
    is_refused: bool = False

    @property
    def shows(self) -> bool:
        """Whether the losses differ so much that one can see it."""
        return any(
            one is None or other is None or abs(one - other) > _AS_MUCH_AS
            for one, other in zip(self.losses, self.right, strict=True)
        )

    @property
    def sentence(self) -> str:
        """What is to be seen, with the command that shows it."""
        trained = f"`tinytorch-hf {self.command}`"
        if self.is_refused:
            return f"{trained} ends before the training, and says what is wrong."
        if not self.shows:
            return f"{trained}: in this training the mistake does not show; loss and accuracy are those of right code."
        if self.losses[-1] is None:
            return f"{trained}: the loss is no longer a number; without the mistake it is {self.right[-1]:.3f}."
        return (
            f"{trained}: after the last epoch the loss is {self.losses[-1]:.3f} instead of {self.right[-1]:.3f}, and "
            f"{self.accuracy:.1%} of the test split are right instead of {self.accuracy_right:.1%}."
        )


def in_training(code: str) -> InTraining | None:
    """What was measured of a mistake; None where its snippet does not fit a model of the course."""
    return _measured().get(code)


@cache
def _measured() -> dict[str, InTraining]:
    found = {}
    for code, one in json.loads(CURVES.read_text(encoding="utf-8")).items():
        settings = one["training"]
        options = " ".join(f"--{name} {value}" for name, value in settings.items() if name != "dataset")
        command = f"compare {settings['dataset']} {options}"
        if one.get("error") == "StudentCodeError":
            found[code] = InTraining(command, is_refused=True)
        elif "error" not in one:
            found[code] = InTraining(
                command, tuple(one["losses"]), tuple(one["right"]), one["accuracy"], one["accuracy_right"]
            )
    return found
