"""Samples that will probably be candidates: they are kept when they are read, so that few are read a second time.

What is kept is a matter of speed alone. What was not kept is read again, and the samples are the same.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from tinytorch_hf.curation.facts import Facts
from tinytorch_hf.curation.lots import lots
from tinytorch_hf.formats.arrays import Array

MARGIN = 1.5
"""So many times as many are kept as will be candidates, since equal samples take lots from others."""
_MOST_BYTES = 1 << 25


@dataclass(frozen=True)
class Expected:
    """What is known before a source is read.

    Attributes
    ----------
    n_candidates, seed
        As for `summarised`.
    n_rows
        Samples of the whole source; None where nobody knows, and then nothing is kept.
    """

    n_candidates: int
    seed: int
    n_rows: int | None


@dataclass
class Likely:
    """The samples of one piece that will probably be candidates, by what stands for them.

    Attributes
    ----------
    expected
        What is known before.
    contents
        The bytes of each sample by its digest, as `mapping.bytes_of` has them; together at most 32 MB.
    """

    expected: Expected
    contents: dict[bytes, bytes] = field(default_factory=dict)
    _seen: Counter[str] = field(default_factory=Counter)
    _n_bytes: int = 0

    def places(self, facts: Facts) -> Array:
        """The positions of those samples of a batch that will probably be candidates.

        Candidates are the smallest lots of each class. How many of all samples are of a class is taken from those of
        the piece so far.
        """
        n_rows = self.expected.n_rows
        if n_rows is None or self._n_bytes > _MOST_BYTES:
            return np.zeros(0, np.int64)
        counts = np.bincount(facts.label, minlength=len(facts.classes)).tolist()
        self._seen.update(dict(zip(facts.classes, counts, strict=True)))
        share = np.array([self._seen[name] for name in facts.classes]) / max(self._seen.total(), 1)
        bound = MARGIN * self.expected.n_candidates / np.maximum(share * n_rows, 1)
        drawn = lots(facts.digest, self.expected.seed) / 2.0**64
        places: Array = np.flatnonzero(drawn < bound[facts.label])
        return places

    def keep(self, digest: Array, content: bytes) -> None:
        """Keep a sample (its digest (2,))."""
        key = digest.astype("<u8").tobytes()
        if key not in self.contents:
            self.contents[key] = content
            self._n_bytes += len(content)
