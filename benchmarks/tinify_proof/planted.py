"""Copies that are planted into a source: which are found, and whether that is what an exact comparison of all finds."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinytorch_hf.curation import features
from tinytorch_hf.curation.features import grams
from tinytorch_hf.curation.near import USUAL, Pair, look_alikes_of_images, look_alikes_of_texts
from tinytorch_hf.curation.pool import Pool
from tinytorch_hf.formats.arrays import Array

N_ORIGINALS, N_COPIED = 1500, 200


@dataclass(frozen=True)
class Changes:
    """Ways to change a sample a little, with what they draw from."""

    rng: np.random.RandomState = field(default_factory=lambda: np.random.RandomState(0))

    def of_images(self) -> Mapping[str, Callable[[Array], Array]]:
        """Of images, uint8."""
        return {
            "30 levels brighter": lambda image: _levels(image + 30.0),
            "a fifth less contrast": lambda image: _levels(image * 0.8),
            "noise of 5 levels": lambda image: _levels(image + self.rng.normal(0, 5, image.shape)),
            "mirrored": lambda image: np.ascontiguousarray(image[..., ::-1]),
            "JPEG, quality 90": lambda image: _recompressed(image, 90),
            "JPEG, quality 75": lambda image: _recompressed(image, 75),
        }

    def of_texts(self, words: list[str]) -> Mapping[str, Callable[[str], str]]:
        """Of texts; ``words`` is what one is exchanged for."""

        def exchanged(text: str) -> str:
            parts = text.split()
            parts[self.rng.randint(len(parts))] = words[self.rng.randint(len(words))]
            return " ".join(parts)

        def without(text: str) -> str:
            parts = text.split()
            del parts[self.rng.randint(len(parts))]
            return " ".join(parts) or text

        return {
            "capital letters": str.upper,
            "a full stop": lambda text: f"{text}.",
            "a word less": without,
            "another word": exchanged,
        }


def measured(pool: Pool) -> dict[str, Any]:
    """What is found of copies of some candidates among others, from the usual cosine on.

    Returns
    -------
    dict
        "cosine"; "ways": for each way the share of its copies that is found; "recall" and "precision" of all pairs
        against an exact comparison of all; "others": pairs of originals that are found.
    """
    cosine = USUAL[pool.kind]
    if pool.images is None:
        texts = list(pool.texts[:N_ORIGINALS])
        ways: Mapping[str, Callable[[Any], Any]] = Changes().of_texts([word for text in texts for word in text.split()])
        everything = texts + [way(text) for way in ways.values() for text in texts[:N_COPIED]]
        found = look_alikes_of_texts(everything, features.of_texts(everything), cosine)
        exact = _exact(_counted(everything), None, cosine)
        n_originals = len(texts)
    else:
        originals = pool.images[:N_ORIGINALS]
        ways = Changes().of_images()
        images = np.concatenate(
            [originals, *(np.stack([way(one) for one in originals[:N_COPIED]]) for way in ways.values())]
        )
        mirrored = images[..., ::-1]
        found = look_alikes_of_images(images, features.of_images(images), features.of_images(mirrored), cosine)
        exact = _exact(_flat(images), _flat(mirrored), cosine)
        n_originals = len(originals)
    return {"cosine": cosine, **_compared(found, exact, list(ways), n_originals)}


def _compared(found: list[Pair], exact: set[tuple[int, int]], ways: list[str], n: int) -> dict[str, Any]:
    pairs = {(one.first, one.second) for one in found}
    shares = {}
    for number, way in enumerate(ways):
        planted = {(place, n + number * N_COPIED + place) for place in range(N_COPIED)}
        shares[way] = len(planted & pairs) / N_COPIED
    both = len(pairs & exact)
    return {
        "ways": shares,
        "n_exact": len(exact),
        "recall": both / max(len(exact), 1),
        "precision": both / max(len(pairs), 1),
        "n_originals": n,
        "others": sum(second < n for _, second in pairs),
    }


def _exact(rows: Array, mirrored: Array | None, cosine: float) -> set[tuple[int, int]]:
    """Pairs of rows by their exact cosines, of each row with each, or with each mirror image."""
    alike = rows @ rows.T >= cosine
    if mirrored is not None:
        alike |= rows @ mirrored.T >= cosine
    return {(first, second) for first, second in np.argwhere(np.triu(alike, 1)).tolist()}


def _flat(images: Array) -> Array:
    flat = images.reshape(len(images), -1).astype(np.float64)
    flat -= flat.mean(axis=1, keepdims=True)
    units: Array = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
    return units


def _counted(texts: list[str]) -> Array:
    """Counts of all runs of letters that occur more than once, and the length of all."""
    counts = [Counter(grams(text)) for text in texts]
    total = Counter(gram for one in counts for gram in one)
    places = {gram: place for place, gram in enumerate(gram for gram, n in total.items() if n > 1)}
    table = np.zeros((len(texts), len(places)), np.float32)
    for row, one in zip(table, counts, strict=True):
        length = float(np.sqrt(sum(n * n for n in one.values())))
        shared = [(places[gram], n / length) for gram, n in one.items() if gram in places]
        row[[place for place, _ in shared]] = [value for _, value in shared]
    return table


def _levels(values: Array) -> Array:
    levels: Array = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return levels


def _recompressed(image: Array, quality: int) -> Array:
    from PIL import Image

    data = io.BytesIO()
    Image.fromarray(image if image.ndim == 2 else np.moveaxis(image, 0, -1)).save(data, "JPEG", quality=quality)
    pixels = np.asarray(Image.open(data))
    return pixels if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)
