"""Specification of the choice: it hangs on what candidates are, and on nothing else."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tinytorch_hf.curation.choosing import Parameters, chosen
from tinytorch_hf.curation.lots import digests
from tinytorch_hf.curation.pool import Pool, pool_of
from tinytorch_hf.errors import InvalidArgumentError

PARAMETERS = Parameters(n_train=8, n_test=4, min_cosine=0.995, seed=0)


def drawings(n_per_class: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Images of a bright bar at one of three places, under noise."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(3), n_per_class)
    images = rng.integers(0, 120, (len(labels), 16, 16))
    for image, label in zip(images, labels, strict=True):
        image[4 * label + 2 : 4 * label + 5] += 130
    return images.astype(np.uint8), labels


def pool(images: np.ndarray, labels: np.ndarray) -> Pool:
    """The candidates with these images."""
    return pool_of(("a", "b", "c"), digests(image.tobytes() for image in images), labels, 0, images)


def test_every_class_has_its_number_in_each_split_and_no_sample_is_twice() -> None:
    """Balanced, and nothing of the exam is in the lesson."""
    candidates = pool(*drawings(40))
    choice = chosen(candidates, PARAMETERS)

    assert np.bincount(candidates.label[choice.train]).tolist() == [8, 8, 8]
    assert np.bincount(candidates.label[choice.test]).tolist() == [4, 4, 4]
    assert len({*choice.train, *choice.test}) == 36


def test_the_order_of_candidates_means_nothing() -> None:
    """The same contents come out, in the same order."""
    images, labels = drawings(40)
    order = np.random.default_rng(1).permutation(len(labels))
    one, other = pool(images, labels), pool(images[order], labels[order])

    for split in ("train", "test"):
        positions = [getattr(chosen(candidates, PARAMETERS), split) for candidates in (one, other)]
        assert np.array_equal(one.digest[positions[0]], other.digest[positions[1]])


def test_another_seed_chooses_another_exam() -> None:
    """The lots are drawn with the seed."""
    images, labels = drawings(40)
    digest = digests(image.tobytes() for image in images)
    exams = []
    for seed in (0, 1):
        candidates = pool_of(("a", "b", "c"), digest, labels, seed, images)
        choice = chosen(candidates, dataclasses.replace(PARAMETERS, seed=seed))
        exams.append({tuple(row) for row in candidates.digest[choice.test]})

    assert exams[0] != exams[1]


@pytest.mark.parametrize("is_mirrored", [False, True])
def test_of_look_alikes_at_most_one_is_chosen(is_mirrored: bool) -> None:
    """A copy with a little noise, also of the mirror image, never stands in another split, nor twice in one."""
    images, labels = drawings(12)
    rng = np.random.default_rng(2)
    copies = np.clip(images.astype(int) + rng.integers(-1, 2, images.shape), 0, 255).astype(np.uint8)
    copies = copies[..., ::-1] if is_mirrored else copies
    candidates = pool(np.concatenate([images, copies]), np.concatenate([labels, labels]))
    choice = chosen(candidates, PARAMETERS)

    assert len(choice.pairs) == len(images)
    taken = {*choice.train.tolist(), *choice.test.tolist()}
    assert all(pair.is_mirrored is is_mirrored for pair in choice.pairs)
    assert not any({pair.first, pair.second} <= taken for pair in choice.pairs)


def test_look_alikes_under_two_labels_are_left_out() -> None:
    """One of the two labels is wrong, and nobody knows which."""
    images, labels = drawings(20)
    twin = np.clip(images[:1].astype(int) + 1, 0, 255).astype(np.uint8)
    candidates = pool(np.concatenate([images, twin]), np.concatenate([labels, [2]]))
    choice = chosen(candidates, PARAMETERS)

    (pair,) = choice.pairs
    assert not {pair.first, pair.second} & {*choice.train.tolist(), *choice.test.tolist()}


def test_a_wrong_label_is_suspected_and_not_chosen() -> None:
    """All classifiers are sure of the other class."""
    images, labels = drawings(60)
    labels[0] = 2
    candidates = pool(images, labels)
    choice = chosen(candidates, PARAMETERS)
    (place,) = np.flatnonzero((candidates.images == images[0]).all(axis=(1, 2)))

    assert choice.suspects == {int(place): 0}
    assert place not in choice.train and place not in choice.test


def test_a_class_that_is_too_small_is_named() -> None:
    """With how many there are and what to do."""
    images, labels = drawings(40)
    few = (labels != 1) | (np.cumsum(labels == 1) <= 5)

    with pytest.raises(InvalidArgumentError, match=r"class b has 5 different samples; 12 are asked for"):
        chosen(pool(images[few], labels[few]), PARAMETERS)


def test_a_class_of_look_alikes_is_named_with_what_would_keep_them() -> None:
    """They may be no look-alikes for who knows them."""
    images, labels = drawings(40)
    images[labels == 1] = np.clip(
        images[labels == 1][:1] + np.random.default_rng(4).integers(0, 9, (40, 16, 16)), 0, 255
    )

    with pytest.raises(InvalidArgumentError, match=r"of which 1 are unlike.*look-alikes with --near .* above 0\.985"):
        chosen(pool(images, labels), dataclasses.replace(PARAMETERS, min_cosine=None))


def test_one_class_is_refused() -> None:
    """There is nothing to tell apart."""
    images, _ = drawings(10)
    candidates = pool_of(("a",), digests(image.tobytes() for image in images), np.zeros(30, int), 0, images)

    with pytest.raises(InvalidArgumentError, match="at least two classes; these are: a"):
        chosen(candidates, PARAMETERS)


def test_a_source_with_an_exam_of_its_own_keeps_it() -> None:
    """Train is chosen from the other candidates, and of two look-alikes the exam's stays."""
    exam, others = drawings(12), drawings(40, seed=1)
    others[0][0] = exam[0][0] + 1
    parts = pool(*exam), pool(*others)
    candidates = Pool(
        parts[0].classes,
        *(np.concatenate([getattr(part, field) for part in parts]) for field in ("digest", "label", "images")),
    )
    choice = chosen(candidates, PARAMETERS, n_exam=len(parts[0]))
    (pair,) = choice.pairs

    assert choice.test.max() < len(parts[0]) <= choice.train.min()
    assert np.bincount(candidates.label[choice.train]).tolist() == [8, 8, 8]
    assert np.bincount(candidates.label[choice.test]).tolist() == [4, 4, 4]
    assert pair.first < len(parts[0]) <= pair.second not in choice.train
    with pytest.raises(InvalidArgumentError, match="13 are asked for, 0 to train and 13 to test"):
        chosen(candidates, dataclasses.replace(PARAMETERS, n_test=13), n_exam=len(parts[0]))


def test_texts_are_chosen_as_images_are() -> None:
    """By runs of letters."""
    rng = np.random.default_rng(3)
    words = {0: ["sea", "ship", "wave", "port"], 1: ["hill", "rock", "peak", "goat"]}
    texts, labels = [], []
    for label in (0, 1):
        for _ in range(40):
            texts.append(" ".join(rng.choice(words[label], 3)) + f" {rng.integers(10**6)}")
            labels.append(label)
    candidates = pool_of(("sea", "land"), digests(text.encode() for text in texts), np.array(labels), 0, texts=texts)
    choice = chosen(candidates, PARAMETERS)

    assert np.bincount(candidates.label[choice.train]).tolist() == [8, 8]
