"""A character trigram, which a GPT should beat on text that it has not seen."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np


class Trigram:
    """Counts of one, two and three characters of a text, as a model of another text.

    Its orders, down to a uniform one, are mixed in two ways: by fixed shares, of which the best for the text that is
    judged are taken, which flatters it; or as Witten and Bell (1991) do, by how many different characters follow what
    is known. https://doi.org/10.1109/18.87000
    """

    def __init__(self, text: str) -> None:
        self.alphabet = len(set(text))
        self.counts = [Counter(text[i : i + n] for i in range(len(text) - n + 1)) for n in (1, 2, 3)]
        self.followers = [_followers(text, n) for n in (0, 1, 2)]

    def _orders(self, before: str, character: str) -> tuple[list[float], list[float]]:
        """The chance of a character by each order, and how far Witten and Bell trust it."""
        chances, trust = [1 / self.alphabet], [1.0]
        for n in range(3):
            known = before[len(before) - n :]
            total, kinds = self.followers[n].get(known, (0, 0))
            chances.append(self.counts[n][known + character] / total if total else chances[-1])
            trust.append(total / (total + kinds) if total else 0.0)
        return chances, trust

    def losses(self, text: str) -> tuple[float, float]:
        """Mean cross-entropy of a text's characters: mixed by the best shares, and as Witten and Bell do."""
        found = [self._orders(text[i - 2 : i], text[i]) for i in range(2, len(text))]
        chances, trust = np.array([one for one, _ in found]), np.array([one for _, one in found])
        mixed = chances[:, 0]
        for n in range(1, 4):
            mixed = trust[:, n] * chances[:, n] + (1 - trust[:, n]) * mixed
        grid = [k / 20 for k in range(21)]
        shares = [(0.01, 0.99 - two - three, two, three) for two in grid for three in grid if two + three <= 0.99]
        fixed = min(float(-np.log(chances @ np.array(share)).mean()) for share in shares)
        return fixed, float(-np.log(mixed).mean())


def _followers(text: str, n: int) -> dict[str, tuple[int, int]]:
    """For each ``n`` characters how many times something follows them, and how many different characters do."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for i in range(n, len(text)):
        found[text[i - n : i]][text[i]] += 1
    return {known: (sum(after.values()), len(after)) for known, after in found.items()}
