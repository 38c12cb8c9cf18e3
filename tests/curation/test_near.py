"""Specification of look-alikes: what is proposed and verified is what an exact comparison of all pairs finds."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from tinytorch_hf.curation import features
from tinytorch_hf.curation.canonical import in_colour
from tinytorch_hf.curation.choosing import Parameters, chosen
from tinytorch_hf.curation.features import grams
from tinytorch_hf.curation.lots import digests
from tinytorch_hf.curation.near import USUAL, look_alikes_of_images, look_alikes_of_texts
from tinytorch_hf.curation.pool import pool_of

Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")

N = 50


def scenes(n: int, has_colour: bool, rng: np.random.Generator) -> np.ndarray:
    """Images of a few waves of any direction and length, some of them fine, under a little noise."""
    rows, columns = np.mgrid[:32, :32] / 32
    images = np.zeros((n, 3 if has_colour else 1, 32, 32))
    for image in images:
        for channel in range(len(image)):
            for _ in range(6):
                along, across, phase = rng.uniform(-6, 6, 3)
                image[channel] += rng.uniform(10, 40) * np.sin(2 * np.pi * (along * rows + across * columns) + phase)
    images = _levels(128 + images + rng.normal(0, 6, images.shape))
    return images if has_colour else images[:, 0]


def _levels(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _recompressed(image: np.ndarray) -> np.ndarray:
    data = io.BytesIO()
    Image.fromarray(image if image.ndim == 2 else np.moveaxis(image, 0, -1)).save(
        data, "JPEG", quality=95, subsampling=0
    )
    found = np.asarray(Image.open(data))
    return found if image.ndim == 2 else np.moveaxis(found, -1, 0)


def copies_of(images: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Each of them in several ways: all but the last are changes that one hardly sees."""
    ways: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "brighter": lambda image: _levels(image + 12.0),
        "noisy": lambda image: _levels(image + rng.normal(0, 2, image.shape)),
        "mirrored": lambda image: image[..., ::-1],
        "recompressed": _recompressed,
        "much noise": lambda image: _levels(image + rng.normal(0, 25, image.shape)),
    }
    return {name: np.stack([change(image) for image in images]) for name, change in ways.items()}


def exact(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The cosine of every pair of images, each less its mean."""
    units = []
    for part in (images, others):
        flat = part.reshape(len(part), -1).astype(np.float64)
        flat -= flat.mean(axis=1, keepdims=True)
        units.append(flat / np.linalg.norm(flat, axis=1, keepdims=True))
    return units[0] @ units[1].T


def compared(found: set[tuple[int, int]], expected: set[tuple[int, int]]) -> tuple[float, float]:
    """Recall and precision."""
    both = len(found & expected)
    return both / max(len(expected), 1), both / max(len(found), 1)


@pytest.mark.parametrize("has_colour", [False, True])
@pytest.mark.parametrize("min_cosine", [0.92, 0.985])
def test_near_copies_of_images_are_those_of_an_exact_comparison(has_colour: bool, min_cosine: float) -> None:
    """Recall and precision of at least 99 %, as images are and in a mirror, at thresholds that cut the copies apart."""
    rng = np.random.default_rng(5)
    originals = scenes(N, has_colour, rng)
    images = np.concatenate([originals, *copies_of(originals, rng).values()])
    found = look_alikes_of_images(images, features.of_images(images), features.of_images(images[..., ::-1]), min_cosine)

    straight, mirrored = exact(images, images), exact(images, images[..., ::-1])
    alike = np.triu(np.maximum(straight, mirrored) >= min_cosine, 1)
    expected = {(first, second) for first, second in np.argwhere(alike).tolist()}
    recall, precision = compared({(one.first, one.second) for one in found}, expected)
    assert recall >= 0.99 and precision >= 0.99
    assert len(found) >= N
    for one in found:
        cosines = straight[one.first, one.second], mirrored[one.first, one.second]
        assert one.cosine == pytest.approx(max(cosines), abs=0.001)


@pytest.mark.parametrize(("kind", "has_colour"), [("grey images", False), ("images in colour", True)])
def test_usual_thresholds_find_what_was_changed_a_little(kind: str, has_colour: bool) -> None:
    """Brighter, noisy, mirrored and recompressed copies, all of them; and no two different images."""
    rng = np.random.default_rng(5)
    originals = scenes(40, has_colour, rng)
    changed = [copies for name, copies in copies_of(originals, rng).items() if name != "much noise"]
    images = np.concatenate([originals, *changed])
    mirrored = features.of_images(images[..., ::-1])
    found = look_alikes_of_images(images, features.of_images(images), mirrored, USUAL[kind])

    assert {(one.first % 40, one.second % 40) for one in found} == {(place, place) for place in range(40)}
    missed = set(range(40, len(images))) - {one.second for one in found if one.first < 40}
    assert not missed


def test_texts_with_a_word_changed_are_those_of_an_exact_comparison() -> None:
    """Of runs of one to four letters; also of texts in other small and capital letters."""
    rng = np.random.default_rng(5)
    letters = np.array(list("etaoinshrdlucmfwypvbgk"))
    words = ["".join(rng.choice(letters, rng.integers(2, 9))) for _ in range(400)]
    originals = [list(rng.choice(words, rng.integers(5, 14))) for _ in range(100)]
    changed = [[*words[at : at + 1], *text[1:]] for at, text in enumerate(originals)]
    texts = [" ".join(text) for text in (*originals, *changed)] + [" ".join(text).upper() for text in originals]
    counts = [Counter(grams(text)) for text in texts]
    places = {gram: place for place, gram in enumerate({gram for one in counts for gram in one})}
    table = np.zeros((len(texts), len(places)))
    for row, one in zip(table, counts, strict=True):
        row[[places[gram] for gram in one]] = list(one.values())
    table /= np.linalg.norm(table, axis=1, keepdims=True)

    for min_cosine in (0.8, USUAL["texts"]):
        found = look_alikes_of_texts(texts, features.of_texts(texts), min_cosine)
        expected = set(map(tuple, np.argwhere(np.triu(table @ table.T >= min_cosine - 1e-9, 1)).tolist()))
        recall, precision = compared({(one.first, one.second) for one in found}, expected)
        assert recall >= 0.99 and precision >= 0.99
        assert len(expected) >= 100


def test_what_nobody_said_of_look_alikes_is_usual_for_the_kind() -> None:
    """And the choice says what it was."""
    images = scenes(60, has_colour=False, rng=np.random.default_rng(5))
    labels = np.arange(60) % 2
    for pixels, kind in ((images, "grey images"), (np.stack([in_colour(one) for one in images]), "images in colour")):
        pool = pool_of(("a", "b"), digests(one.tobytes() for one in pixels), labels, 0, pixels)
        assert chosen(pool, Parameters(2, 1, None, 0)).min_cosine == USUAL[kind]
        assert chosen(pool, Parameters(2, 1, 0.9, 0)).min_cosine == 0.9
