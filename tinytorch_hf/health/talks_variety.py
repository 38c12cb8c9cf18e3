"""How varied questions and answers are, in figures."""

from __future__ import annotations

import re
import statistics
import zlib
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import cache

import numpy as np

from tinytorch_hf.files.talks import Pair
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.health import talks_problems

# Words that say nothing about what is asked; what stands between them is what a template leaves open.
_SMALL = (
    "a an the of in on to for from with and or if not no at by as than there it its this that what which who where "
    "when why how is are was were do does did can could may must should will would have has had be been i my you your "
    "we our me"
)
_SMALL_WORDS = frozenset(_SMALL.split())


def words(text: str) -> list[str]:
    """Lower-case words of a text, and its numbers."""
    return re.findall(r"[a-z]+|\d+", text.lower())


def n_words(pairs: Sequence[Pair]) -> int:
    """Different words of all questions and answers, numbers left out."""
    return len({word for pair in pairs for word in words(f"{pair.question} {pair.answer}") if word.isalpha()})


def n_topics(pairs: Sequence[Pair]) -> int:
    """Different topics of general knowledge and science, which are those of level 2."""
    return len({pair.topic for pair in pairs if pair.level == 2})


def share_repeated(pairs: Sequence[Pair]) -> float:
    """Of all sequences of four words, in a question and its answer, the share that occurs at least three times."""
    counts: Counter[tuple[str, ...]] = Counter()
    for pair in pairs:
        found = words(f"{pair.question} {pair.answer}")
        counts.update(zip(found, found[1:], found[2:], found[3:], strict=False))
    return sum(count for count in counts.values() if count >= 3) / max(1, sum(counts.values()))


def zlib_ratio(pairs: Sequence[Pair]) -> float:
    """Bytes of the questions and answers, a line each, to their bytes compressed by zlib at its best level."""
    text = "\n".join(f"{pair.question}\n{pair.answer}" for pair in pairs).encode("ascii")
    return len(text) / len(zlib.compress(text, 9))


def n_carries(pairs: Sequence[Pair]) -> int:
    """Sums and differences of level 3 with a carry or borrow."""
    return sum(pair.level == 3 and talks_problems.carries(pair.formula) for pair in pairs)


def n_of_several(pairs: Sequence[Pair]) -> int:
    """Problems of several operations."""
    return sum(bool(pair.formula) and talks_problems.n_operations(pair.formula) > 1 for pair in pairs)


def template(question: str) -> str:
    """The form of a question: numbers are alike, and so is what stands between small words."""
    parts: list[str] = []
    for token in re.findall(r"[a-z']+|\d+|[^\w\s]", question.lower()):
        part = "0" if token.isdigit() else token if token in _SMALL_WORDS or not token[0].isalpha() else "*"
        if part != "*" or parts[-1:] != ["*"]:
            parts.append(part)
    return " ".join(parts)


@cache
def bag(text: str) -> frozenset[tuple[str, int]]:
    """The letters of a text, each with 1, 2 ... for its first, second ... occurrence."""
    counts: Counter[str] = Counter()
    found = set()
    for letter in text:
        counts[letter] += 1
        found.add((letter, counts[letter]))
    return frozenset(found)


def at_most(one: str, other: str) -> float:
    """What `ratio` cannot exceed, found much faster: were all letters that both have in the same order."""
    return 2 * len(bag(one) & bag(other)) / max(1, len(one) + len(other))


def ratio(one: str, other: str) -> float:
    """How alike two texts are to `difflib`, 0 to 1; it depends on their order, and the larger one counts."""
    return max(
        SequenceMatcher(None, first, second, autojunk=False).ratio() for first, second in ((one, other), (other, one))
    )


def nearest(questions: Sequence[str]) -> list[float]:
    """For each question the ratio to its nearest other one, all in lower case."""
    lowered = [question.lower() for question in questions]
    found = []
    for one, bounds in zip(lowered, _bounds(lowered), strict=True):
        best = 0.0
        for j in np.argsort(-bounds, kind="stable"):
            if bounds[j] <= best:
                break
            best = max(best, ratio(one, lowered[j]))
        found.append(best)
    return found


def _bounds(texts: Sequence[str]) -> Array:
    """For each text and each other one what their ratio cannot exceed, see `at_most`; 0 for itself."""
    letters = {letter: k for k, letter in enumerate(sorted(set("".join(texts))))}
    counts = np.zeros((len(texts), len(letters)), np.int64)
    for i, text in enumerate(texts):
        for letter, count in Counter(text).items():
            counts[i, letters[letter]] = count
    lengths = counts.sum(axis=1)
    shared = np.array([np.minimum(row, counts).sum(axis=1) for row in counts])
    bounds: Array = 2 * shared / np.maximum(1, lengths[:, None] + lengths)
    np.fill_diagonal(bounds, 0.0)
    return bounds


def median_nearest(pairs: Sequence[Pair]) -> float:
    """The median of `nearest`; takes half a minute where questions differ as they should."""
    return statistics.median(nearest([pair.question for pair in pairs]))


def is_median_at_most(pairs: Sequence[Pair], limit: float) -> bool:
    """Whether `median_nearest` is at most a limit, told in less than a second where it is."""
    lowered = [pair.question.lower() for pair in pairs]
    bounds = _bounds(lowered)
    n_far, wanted = 0, len(lowered) // 2 + 1
    # Those that are quickest to tell come first.
    for i in np.argsort((bounds > limit).sum(axis=1), kind="stable"):
        n_far += all(ratio(lowered[i], lowered[j]) <= limit for j in np.flatnonzero(bounds[i] > limit))
        if n_far >= wanted:
            return True
    return median_nearest(pairs) <= limit
