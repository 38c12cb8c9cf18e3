"""Model shapes, defined once and built on both sides with the same weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf.frameworks import Framework
from tinytorch_hf.loaders import Array


@dataclass(frozen=True)
class MLP:
    """A multi-layer perceptron: Linear layers of the given sizes with ReLU between them.

    References
    ----------
    D. E. Rumelhart, G. E. Hinton and R. J. Williams (1986), Learning representations by back-propagating
    errors, Nature 323. https://doi.org/10.1038/323533a0
    """

    sizes: tuple[int, ...]

    def __str__(self) -> str:
        return "MLP " + "-".join(map(str, self.sizes))

    def initial_weights(self, seed: int) -> list[tuple[Array, Array]]:
        """Weight (in, out) and bias (out,) of each layer, float32.

        Weights come from N(0, 1/in), as in TinyTorch's Linear, biases are zero.
        """
        rng = np.random.default_rng(seed)
        return [
            (
                (rng.standard_normal((n_in, n_out)) * np.sqrt(1.0 / n_in)).astype(np.float32),
                np.zeros(n_out, dtype=np.float32),
            )
            for n_in, n_out in zip(self.sizes, self.sizes[1:], strict=False)
        ]


MODELS = {"tinydigits": MLP((64, 32, 10))}


class TinyTorchMLP:
    """An MLP built from a TinyTorch's Linear and ReLU."""

    def __init__(self, framework: Framework, weights: Sequence[tuple[Array, Array]]) -> None:
        self._framework = framework
        self._layers: list[Any] = []
        for weight, bias in weights:
            layer = framework.Linear(*weight.shape)
            layer.weight.data = weight.copy()
            layer.bias.data = bias.copy()
            self._layers.append(layer)
        self._relu = framework.ReLU()

    def parameters(self) -> list[Any]:
        """Weight and bias of each layer, in order."""
        return [parameter for layer in self._layers for parameter in (layer.weight, layer.bias)]

    def __call__(self, images: Any) -> Any:
        """Logits (batch, classes) of images (batch, height, width)."""
        # As the milestone does it: the images need no gradient, so they are flattened outside the graph.
        x = self._framework.Tensor(np.asarray(images.data).reshape(len(images.data), -1))
        for layer in self._layers[:-1]:
            x = self._relu(layer(x))
        return self._layers[-1](x)


def torch_mlp(weights: Sequence[tuple[Array, Array]]) -> Any:
    """Build the same MLP as a torch.nn.Sequential on images (batch, 1, height, width)."""
    import torch
    from torch import nn

    modules: list[Any] = [nn.Flatten()]
    for weight, bias in weights:
        # skip_init leaves torch's global generator alone; the values are overwritten below anyway.
        layer = nn.utils.skip_init(nn.Linear, *weight.shape)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(weight.T))
            layer.bias.copy_(torch.from_numpy(bias))
        modules += [layer, nn.ReLU()]
    return nn.Sequential(*modules[:-1])
