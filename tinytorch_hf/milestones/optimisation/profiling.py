"""Where a model's numbers, work, memory and time are, layer by layer, from a forward pass of TinyTorch itself."""

from __future__ import annotations

import math
import statistics
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tinytorch_hf.compare.layers import Layer, forward
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.milestones.optimisation.training import STUDENT, Trained


@dataclass(frozen=True)
class LayerProfile:
    """What one layer holds and does in a forward pass.

    Attributes
    ----------
    n_parameters
        Trained numbers.
    flops
        Multiplications and additions in matrix products and convolutions; as is usual, the rest is not counted.
    output_bytes
        Of the array it gives.
    seconds
        Median over several passes.
    """

    name: str
    n_parameters: int
    flops: int
    output_bytes: int
    seconds: float


@dataclass(frozen=True)
class Profile:
    """The layers of a model in the order of the forward pass.

    Attributes
    ----------
    title
        The model, and the shape of what it was given.
    peak_bytes
        The most that the pass had allocated at once, what the graph keeps included, without the parameters.
    """

    title: str
    layers: tuple[LayerProfile, ...]
    peak_bytes: int

    @property
    def whole(self) -> LayerProfile:
        """The sums over all layers."""
        return LayerProfile(
            "all",
            sum(layer.n_parameters for layer in self.layers),
            sum(layer.flops for layer in self.layers),
            sum(layer.output_bytes for layer in self.layers),
            sum(layer.seconds for layer in self.layers),
        )

    def __str__(self) -> str:
        """A table with a line for each layer and one for the whole."""
        lines = [self.title, f"  {'layer':<26}{'parameters':>11}{'FLOPs':>10}{'output bytes':>14}{'microseconds':>14}"]
        for layer in (*self.layers, self.whole):
            counts = f"{layer.n_parameters:>11}{layer.flops:>10}{layer.output_bytes:>14}"
            lines.append(f"  {layer.name:<26}{counts}{1e6 * layer.seconds:>14.1f}")
        return "\n".join([*lines, f"  memory at most: {self.peak_bytes} bytes"])


def profile(trained: Trained, X: Array, repeats: int = 21) -> Profile:
    """Profile a model of TinyTorch on a batch.

    Parameters
    ----------
    X
        A batch as the model takes it.
    repeats
        Forward passes, of which times are the median; one more comes before.
    """
    model, side = trained.model, trained.side
    shapes: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {}
    seconds: dict[str, list[float]] = {layer.name: [] for layer in model.layers}

    def watched(layer: Layer) -> Callable[[Any], Any]:
        def call(x: Any) -> Any:
            start = time.perf_counter()
            y = side.built[layer.name](x)
            seconds[layer.name].append(time.perf_counter() - start)
            shapes[layer.name] = x.shape, y.shape
            return y

        return call

    functions = {layer.name: watched(layer) for layer in model.layers}
    for _ in range(1 + repeats):
        forward(model.parts, functions, STUDENT.tensor(X), {})
    layers = tuple(
        LayerProfile(
            layer.name,
            sum(side.tensor(layer, parameter).size for parameter in layer.parameters),
            flops(layer, *shapes[layer.name]),
            4 * math.prod(shapes[layer.name][1]),
            statistics.median(seconds[layer.name][1:]),
        )
        for layer in model.layers
    )
    return Profile(f"{model} on {X.shape}", layers, peak_bytes(lambda: trained.predict(X)))


def flops(layer: Layer, input_shape: tuple[int, ...], output_shape: tuple[int, ...]) -> int:
    """Multiplications and additions of a layer's matrix products: two for each weight that is used."""
    n_outputs = math.prod(output_shape)
    if layer.kind in ("Linear", "LinearWithoutBias"):
        return 2 * input_shape[-1] * n_outputs
    if layer.kind == "Conv2d":
        n_in, _, size = layer.arguments
        window: int = n_in * size * size
        return 2 * window * n_outputs
    if layer.kind == "CausalAttention":
        batch, length, width = input_shape
        projections = 4 * 2 * batch * length * width * width
        scores_and_mixing = 2 * 2 * batch * length * length * width
        return projections + scores_and_mixing
    return 0


def peak_bytes(call: Callable[[], Any]) -> int:
    """The most bytes that a call has allocated at once, in Python and NumPy."""
    was_tracing = tracemalloc.is_tracing()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        call()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        if not was_tracing:
            tracemalloc.stop()
    return peak - before
