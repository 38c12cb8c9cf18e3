"""What is called by ``judge.torch.autograd``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinytorch_hf.judging.by_numpy.graph import gradients
from tinytorch_hf.judging.by_numpy.tensor import Tensor


def grad(
    output: Tensor, inputs: Tensor | Sequence[Tensor], gradient: Tensor | None = None, allow_unused: bool = False
) -> tuple[Any, ...]:
    """The gradient of an output by each of the inputs, which receive none themselves.

    Parameters
    ----------
    output
        What was computed.
    inputs
        What it was computed from.
    gradient
        What arrives from behind the output; it may be left out for a single value.
    allow_unused
        Whether an input that does not lead to the output has None.

    Raises
    ------
    RuntimeError
        An input does not lead to the output, and that is not allowed; or as `gradients`.
    """
    found = gradients(output, gradient)
    wanted = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    given = [Tensor(found[node.number][1]) if node.number in found else None for node in wanted]
    if None in given and not allow_unused:
        raise RuntimeError("an input does not lead to the output; allow_unused=True gives None for it")
    return tuple(given)
