"""How the judge has a case run again, in the student's process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.case import Inputs
from tinytorch_hf.student.answers import Answer


class Runs(Protocol):
    """Runs of one case on other inputs."""

    def again(self, inputs: Inputs) -> Answer:
        """What comes of the case on these inputs."""

    def unbuilt(self, inputs: Inputs) -> Sequence[str]:
        """Functions that the case calls on these inputs and that are not implemented yet."""

    def outputs(self, inputs: Inputs, changes: Sequence[Inputs]) -> Array | None:
        """The outputs for inputs some of which are replaced, once for each of the changes.

        They are stacked along a new first axis; None where there are none that can be compared.
        """
