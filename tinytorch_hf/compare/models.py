"""Model shapes, defined once; `layers` says how each layer is built on both sides."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from tinytorch_hf.compare.layers import KINDS, Layer, Part, Residual, leaves
from tinytorch_hf.formats.arrays import Array

# One list for each layer, in the order of the forward pass, of its parameters' values.
Weights = list[list[Array]]


@dataclass(frozen=True)
class Model:
    """A model: layers in order, and the loss that trains it.

    ``input_axes`` says what it takes: "flat" images (batch, pixels), images with a "channel" axis
    (batch, channels, height, width), or "ids" (batch, length).
    """

    title: str
    input_axes: str
    parts: tuple[Part, ...]
    loss: str = "CrossEntropyLoss"

    def __str__(self) -> str:
        return self.title

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Every layer in the order of the forward pass."""
        return tuple(leaves(self.parts))

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the classes that TinyTorch's side uses."""
        return tuple(dict.fromkeys([*(name for layer in self.layers for name in KINDS[layer.kind].needs), self.loss]))

    def initial_weights(self, seed: int) -> Weights:
        """The values that both sides start from, float32, as TinyTorch's own layers draw them.

        Weights of Linear come from N(0, 1/in), of Conv2d from N(0, 2/in), embeddings from N(0, 0.01); biases
        are zero.
        """
        rng = np.random.default_rng(seed)
        return [[parameter.initial(rng) for parameter in layer.parameters] for layer in self.layers]


def mlp(*sizes: int) -> Model:
    """A multi-layer perceptron: Linear layers of the given sizes with ReLU between them.

    References
    ----------
    D. E. Rumelhart, G. E. Hinton and R. J. Williams (1986), Learning representations by back-propagating
    errors, Nature 323. https://doi.org/10.1038/323533a0
    """
    parts: list[Part] = []
    for number, (n_in, n_out) in enumerate(itertools.pairwise(sizes), start=1):
        parts += [Layer(f"linear {number}", "Linear", (n_in, n_out)), Layer(f"relu {number}", "ReLU")]
    return Model("MLP " + "-".join(map(str, sizes)), "flat", tuple(parts[:-1]))


def logistic_regression(n_in: int, n_classes: int) -> Model:
    """One Linear layer under softmax.

    References
    ----------
    D. R. Cox (1958), The Regression Analysis of Binary Sequences, Journal of the Royal Statistical Society B 20(2).
    """
    return Model(f"logistic regression {n_in}-{n_classes}", "flat", (Layer("linear 1", "Linear", (n_in, n_classes)),))


def binary_classifier(*sizes: int) -> Model:
    """Linear layers with a sigmoid after each, one output: the perceptron, and the network that solves XOR."""
    parts: list[Part] = []
    for number, (n_in, n_out) in enumerate(itertools.pairwise(sizes), start=1):
        parts += [Layer(f"linear {number}", "Linear", (n_in, n_out)), Layer(f"sigmoid {number}", "Sigmoid")]
    return Model("-".join(map(str, sizes)) + " with sigmoids", "flat", tuple(parts), "BinaryCrossEntropyLoss")


def cnn(size: int | tuple[int, int], *channels: int, in_channels: int = 1, n_classes: int = 10) -> Model:
    """A convolutional network: blocks of 3x3 Conv2d, ReLU and 2x2 MaxPool2d, then one Linear; milestone 04's.

    Parameters
    ----------
    size
        Height and width of the images, in pixels; one number for square ones.
    *channels
        What each block gives.
    in_channels
        Of the images: 1 for grey ones, 3 for red, green and blue.
    n_classes
        Outputs of the last layer.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (1998), Gradient-based learning applied to document
    recognition, Proceedings of the IEEE 86(11), https://doi.org/10.1109/5.726791
    """
    parts: list[Part] = []
    n_in = in_channels
    height, width = (size, size) if isinstance(size, int) else size
    for number, n_out in enumerate(channels, start=1):
        parts += [
            Layer(f"conv {number}", "Conv2d", (n_in, n_out, 3)),
            Layer(f"relu {number}", "ReLU"),
            Layer(f"pool {number}", "MaxPool2d", (2,)),
        ]
        n_in, height, width = n_out, (height - 2) // 2, (width - 2) // 2
    parts += [Layer("flatten", "Flatten"), Layer("linear 1", "Linear", (n_in * height * width, n_classes))]
    return Model("CNN " + "-".join(map(str, channels)), "channel", tuple(parts))


def gpt(vocab_size: int, length: int, width: int, n_blocks: int, n_heads: int) -> Model:
    """A character-level GPT: embeddings, blocks of attention and feed-forward with pre-norm, and a final Linear.

    References
    ----------
    A. Radford et al. (2019), Language Models are Unsupervised Multitask Learners, section 2.3.
    """
    parts: list[Part] = [Layer("embeddings", "Embeddings", (vocab_size, length, width))]
    for number in range(1, n_blocks + 1):
        block = f"block {number}"
        parts += [
            Residual(
                f"{block} attention residual",
                (
                    Layer(f"{block} norm 1", "LayerNorm", (width,)),
                    Layer(f"{block} attention", "CausalAttention", (width, n_heads)),
                ),
            ),
            Residual(
                f"{block} feed-forward residual",
                (
                    Layer(f"{block} norm 2", "LayerNorm", (width,)),
                    Layer(f"{block} linear 1", "Linear", (width, 4 * width)),
                    Layer(f"{block} gelu", "GELU"),
                    Layer(f"{block} linear 2", "Linear", (4 * width, width)),
                ),
            ),
        ]
    parts += [
        Layer("final norm", "LayerNorm", (width,)),
        Layer("head", "LinearWithoutBias", (width, vocab_size)),
        Layer("positions to rows", "Positions to rows"),
    ]
    return Model(f"GPT of {n_blocks} blocks, {width} wide, {n_heads} heads", "ids", tuple(parts))
