"""Which functions are near-duplicates of each other: the bag-of-tokens method of SourcererCC.

Two texts are clones if they share at least seven tenths of the words of the longer one; a word that occurs three
times counts three times. Words are runs of letters, digits and underscores: keywords, names, numbers, and the words
inside of strings. Their order does not matter.

References
----------
H. Sajnani, V. Saini, J. Svajlenko, C. K. Roy and C. V. Lopes (2016), SourcererCC: Scaling Code Clone Detection to
Big Code, ICSE 2016, https://doi.org/10.1145/2884781.2884877
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

# Shared words per word of the longer text, as a fraction of whole numbers: no machine rounds it otherwise.
_SHARED, _OF = 7, 10


def words(text: str) -> frozenset[tuple[str, int]]:
    """The words of a text as a bag: each with 1, 2 ... for its first, second ... occurrence."""
    counts: Counter[str] = Counter()
    bag = set()
    for word in re.findall(r"\w+", text):
        counts[word] += 1
        bag.add((word, counts[word]))
    return frozenset(bag)


def are_clones(n_shared: int, n_longer: int) -> bool:
    """Whether so many shared words make clones, where the longer text has ``n_longer``."""
    return n_shared * _OF >= n_longer * _SHARED


def without_clones(texts: Sequence[str]) -> list[int]:
    """Positions of texts no two of which are clones: each in turn is kept unless it is a clone of one kept before."""
    bags = [words(text) for text in texts]
    frequency = Counter(word for bag in bags for word in bag)
    # With the rarest words of all kept texts in an index, only those that share one of them need be compared:
    # two that share seven tenths share at least one of the rarest three tenths and one more.
    holders: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    kept = []
    for position, bag in enumerate(bags):
        n_rarest = len(bag) - -(-len(bag) * _SHARED // _OF) + 1
        rarest = sorted(bag, key=lambda word: (frequency[word], word))[:n_rarest]
        candidates = {other for word in rarest for other in holders[word]}
        if any(are_clones(len(bag & bags[other]), max(len(bag), len(bags[other]))) for other in candidates):
            continue
        kept.append(position)
        for word in rarest:
            holders[word].append(position)
    return kept
