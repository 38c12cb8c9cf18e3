"""Small real batches: digits, MNIST images and talks, and weights to go with them."""

from __future__ import annotations

import functools

import numpy as np

from tinytorch_hf.data.loaders import load_images
from tinytorch_hf.data.text_loaders import load_tinytalks
from tinytorch_hf.data.tokenizer import CharTokenizer
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.case import Draw


@functools.cache
def _images(name: str) -> tuple[Array, Array]:
    return load_images(name, "train")


@functools.cache
def talks_text() -> str:
    """All questions and answers of the training split, a line each."""
    return "\n".join(part for pair in load_tinytalks("train") for part in pair)


@functools.cache
def _talks_ids() -> tuple[list[int], int]:
    tokenizer = CharTokenizer()
    tokenizer.build_vocab([talks_text()])
    return tokenizer.encode(talks_text()), tokenizer.vocab_size


def sizes(draw: Draw, *lengths: int) -> tuple[int, ...]:
    """Lengths as they stand in a table, or other ones in the second draw; 1 stays 1, as it is broadcast."""
    return tuple(length if length == 1 else draw.size(length) for length in lengths)


def images(draw: Draw, n: int, dataset: str = "tinydigits") -> Array:
    """(n, 1, height, width) float32 in [0, 1]."""
    pixels, _ = _images(dataset)
    return pixels[draw.rng.choice(len(pixels), n, replace=False)][:, None]


def digits(draw: Draw, n: int) -> tuple[Array, Array]:
    """TinyDigits as rows of 64 pixels, and their labels in float32, as TinyTorch's tensors hold them."""
    pixels, labels = _images("tinydigits")
    chosen = draw.rng.choice(len(pixels), n, replace=False)
    return pixels[chosen].reshape(n, -1), labels[chosen].astype(np.float32)


def weights(draw: Draw, *shape: int, fan_in: int | None = None) -> Array:
    """Float32 from N(0, 1/fan_in); by default the fan-in is the first length.

    They have the 11 significant bits of float16, which halves what is kept of them in the recorded answers.
    """
    drawn: Array = (draw.rng.standard_normal(shape) / np.sqrt(fan_in or shape[0])).astype(np.float16)
    rounded: Array = drawn.astype(np.float32)
    return rounded


def features(draw: Draw, *shape: int) -> Array:
    """What a first layer makes of digits: values of both signs, of mean 0 and standard deviation 1."""
    *leading, width = shape
    pixels, _ = digits(draw, int(np.prod(leading)))
    values = pixels @ weights(draw, 64, width)
    scaled: Array = ((values - values.mean()) / values.std()).astype(np.float32).reshape(shape)
    return scaled


def feature_maps(draw: Draw, *shape: int) -> Array:
    """What a first convolution makes of digits: (n, channels, height, width), of both signs, without equal values."""
    n, channels, height, width = shape
    return features(draw, n, channels * height * width).reshape(shape)


def talks(draw: Draw, n: int, length: int) -> tuple[Array, Array, int]:
    """Excerpts of TinyTalks as ids, what follows each character (both (n, length) int64), and the vocabulary's size."""
    ids, vocab_size = _talks_ids()
    starts = draw.rng.choice(len(ids) - length - 1, n, replace=False)
    blocks = np.array([ids[start : start + length + 1] for start in starts], dtype=np.int64)
    return blocks[:, :-1], blocks[:, 1:], vocab_size
