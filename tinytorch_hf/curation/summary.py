"""The reduce: of all samples of each class a few hundred candidates, and how many there were.

Equal samples have one digest, and so one partition. Within a partition each is kept once; a content that has two labels
is left out and counted. The candidates of a class are those with the smallest lots: those of two summaries together are
those of everything that both have seen, whatever the order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from tinytorch_hf.curation.facts import Facts, merged
from tinytorch_hf.curation.lots import by_lot, hexadecimal
from tinytorch_hf.formats.arrays import Array

_MOST_NAMED = 100


@dataclass(frozen=True)
class Summary:
    """What is known of samples.

    Attributes
    ----------
    n_rows
        Samples of each class, as they lie in the source.
    n_unique
        Different contents of each class, without those that have two labels.
    n_contradictions
        Contents that have more than one label; they are left out.
    contradictions
        The labels of the first of them, by digest.
    candidates
        Of each class those with the smallest lots.
    """

    n_rows: Mapping[str, int]
    n_unique: Mapping[str, int]
    n_contradictions: int
    contradictions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    candidates: Facts = field(default_factory=lambda: merged([]))


def summarised(facts: Facts, n_candidates: int, seed: int) -> Summary:
    """The summary of facts that hold every copy of each of their samples.

    Parameters
    ----------
    facts
        One partition, or everything.
    n_candidates
        How many are kept of each class.
    seed
        Of the lots.
    """
    facts = facts.in_order()
    first = np.ones(len(facts), dtype=bool)
    first[1:] = (facts.digest[1:] != facts.digest[:-1]).any(axis=1)
    group = np.cumsum(first) - 1
    # In order, so that a group's labels go from its smallest to its largest.
    starts = np.flatnonzero(first)
    ends = np.append(starts[1:], len(facts)) - 1 if len(starts) else starts
    is_torn = facts.label[starts] != facts.label[ends]
    named = {
        hexadecimal(facts.digest[starts[one]]): tuple(
            sorted({facts.classes[code] for code in facts.label[group == one]})
        )
        for one in np.flatnonzero(is_torn)[:_MOST_NAMED]
    }
    unique = facts.take(starts[~is_torn])
    return Summary(
        _counts(facts),
        _counts(unique),
        int(is_torn.sum()),
        named,
        unique.take(_smallest(unique, n_candidates, seed)),
    )


def together(one: Summary, other: Summary, n_candidates: int, seed: int) -> Summary:
    """The summary of what two have seen that share no content."""
    candidates = merged([one.candidates, other.candidates]).in_order()
    named = dict(sorted({**one.contradictions, **other.contradictions}.items())[:_MOST_NAMED])
    return Summary(
        _sum(one.n_rows, other.n_rows),
        _sum(one.n_unique, other.n_unique),
        one.n_contradictions + other.n_contradictions,
        named,
        candidates.take(_smallest(candidates, n_candidates, seed)),
    )


def _smallest(facts: Facts, n: int, seed: int) -> Array:
    """Positions of the ``n`` samples of each class with the smallest lots, by class and lot."""
    order = by_lot(facts.digest, seed)
    by_class = order[np.argsort(facts.label[order], kind="stable")]
    label = facts.label[by_class]
    # How many of its class stand before each.
    first = np.searchsorted(label, label, side="left")
    return by_class[np.arange(len(label)) - first < n]


def _counts(facts: Facts) -> dict[str, int]:
    counted = np.bincount(facts.label, minlength=len(facts.classes))
    return {name: int(n) for name, n in zip(facts.classes, counted, strict=True) if n}


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in sorted({*one, *other})}
