"""What was measured: kept as JSON lines, and shown as tables in ``docs/explanations/tinify_proof.md``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docs.tools import blocks
from tinytorch_hf.curation.proof import Proof, Score
from tinytorch_hf.files import store

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER / "results.jsonl"
STRATEGIES = FOLDER / "strategies.jsonl"
LOOK_ALIKES = FOLDER / "look_alikes.json"
PAGE = FOLDER.parents[1] / "docs" / "explanations" / "tinify_proof.md"
_DIGITS = 5


@dataclass(frozen=True)
class Outcome:
    """What one choice is worth.

    Attributes
    ----------
    source, per_class, seed
        What was chosen from, how many of each class, and the seed of all that is drawn.
    n_candidates, n_held_out
        How many samples it was chosen from, and how many the judges were asked about.
    scores
        What each judge makes of the choice and of chance.
    """

    source: str
    per_class: int
    seed: int
    n_candidates: int
    n_held_out: int
    scores: Mapping[str, Score]

    @property
    def key(self) -> tuple[str, int, int]:
        """Which choice it is."""
        return self.source, self.per_class, self.seed

    @property
    def proof(self) -> Proof:
        """As `tinify` has it."""
        return Proof(self.scores, self.n_held_out)


def read(path: Path = RESULTS) -> dict[tuple[str, int, int], Outcome]:
    """What is known so far, by source, number a class, and seed."""
    if not path.is_file():
        return {}
    return {one.key: one for one in map(_outcome, path.read_text(encoding="utf-8").splitlines())}


def _outcome(line: str) -> Outcome:
    values: dict[str, Any] = json.loads(line)
    judges = values.pop("judges")
    return Outcome(**values, scores={name: Score(one["chosen"], tuple(one["random"])) for name, one in judges.items()})


def save(known: Iterable[Outcome], path: Path = RESULTS) -> None:
    """Write all that is known, one line a choice."""
    store.write(path, "".join(f"{_line(one)}\n" for one in sorted(known, key=lambda one: one.key)).encode("utf-8"))


def _line(one: Outcome) -> str:
    judges = {
        name: {"chosen": round(score.chosen, _DIGITS), "random": [round(value, _DIGITS) for value in score.random]}
        for name, score in one.scores.items()
    }
    return json.dumps(
        {
            "source": one.source,
            "per_class": one.per_class,
            "seed": one.seed,
            "n_candidates": one.n_candidates,
            "n_held_out": one.n_held_out,
            "judges": judges,
        },
        ensure_ascii=False,
    )


def cells(known: Iterable[Outcome]) -> dict[tuple[str, int], list[Outcome]]:
    """The outcomes of each source and number a class, by seed."""
    found: dict[tuple[str, int], list[Outcome]] = {}
    for one in sorted(known, key=lambda one: one.key):
        found.setdefault((one.source, one.per_class), []).append(one)
    return found


def accuracies(known: Iterable[Outcome]) -> str:
    """Every judge of the smallest seed of each cell."""
    rows = []
    for (source, per_class), outcomes in cells(known).items():
        first = outcomes[0]
        rows += [
            (
                source,
                str(per_class),
                name,
                f"{score.chosen:.1%}",
                f"{score.mean:.1%} ± {score.spread:.1%}",
                f"{score.deviations:+.1f}",
            )
            for name, score in first.scores.items()
        ]
    head = ("Source", "A class", "Judge", "Our choice", "By chance: mean ± standard deviation", "Deviations above")
    return blocks.markdown_table(head, rows)


def seeds(known: Iterable[Outcome]) -> str:
    """How each cell ends, seed by seed, and what fails."""
    rows = []
    for (source, per_class), outcomes in cells(known).items():
        good = [one for one in outcomes if one.proof.is_better_than_chance]
        below = [
            f"seed {one.seed}: {name} {score.deviations:+.1f}"
            for one in outcomes
            for name, score in one.scores.items()
            if score.deviations < 0
        ]
        low = [
            f"seed {one.seed}: mean {one.proof.mean_deviations:+.1f}"
            for one in outcomes
            if one.proof.mean_deviations < 1
        ]
        rows.append(
            (
                source,
                str(per_class),
                str(outcomes[0].n_candidates),
                str(outcomes[0].n_held_out),
                ", ".join(f"{one.proof.mean_deviations:+.1f}" for one in outcomes),
                f"{len(good)} of {len(outcomes)}",
                "; ".join([*below, *low]) or "nothing",
            )
        )
    head = (
        "Source",
        "A class",
        "Chosen from",
        "Held out",
        "Mean deviations above chance, by seed",
        "Seeds that pass",
        "What fails",
    )
    return blocks.markdown_table(head, rows)


def strategies() -> list[dict[str, Any]]:
    """What was seen of ways of choosing that were compared here, one entry for each way and source."""
    return [json.loads(line) for line in STRATEGIES.read_text(encoding="utf-8").splitlines()]


def compared(seen: Sequence[Mapping[str, Any]]) -> str:
    """The table of ways of choosing."""
    rows = [
        (
            one["source"],
            str(one["per_class"]),
            one["strategy"],
            ", ".join(f"{value:+.1f}" for value in one["mean_deviations"]),
            f"{one['below']} of {one['judges'] * len(one['mean_deviations'])}",
        )
        for one in seen
    ]
    head = ("Source", "A class", "Way of choosing", "Mean deviations above chance, by seed", "Judges below chance")
    return blocks.markdown_table(head, rows)


def look_alikes() -> dict[str, Any]:
    """What was measured of look-alikes: "judged" by people, and "planted" by source."""
    found: dict[str, Any] = json.loads(LOOK_ALIKES.read_text(encoding="utf-8")) if LOOK_ALIKES.is_file() else {}
    return found


def judged(found: Mapping[str, Any]) -> str:
    """How many of the pairs that people judged are found from each cosine on."""
    n = found["n_judged"]
    rows = [
        (
            f"{one['cosine']:g}",
            f"{one['judged']} of {n}",
            f"{one['judged'] / one['test_and_train']:.0%}" if one["test_and_train"] else "none found",
            str(one["test_and_train"]),
            str(one["pairs"]),
        )
        for one in found["from"]
    ]
    head = (
        "Cosine from",
        "Judged pairs found",
        "Precision",
        "Pairs of test and train",
        f"All pairs, of {found['n_images']:,} images",
    )
    return blocks.markdown_table(head, rows)


def planted(found: Mapping[str, Mapping[str, Any]]) -> str:
    """What is found of copies that were planted."""
    rows = [
        (
            source,
            f"{one['cosine']:g}",
            ", ".join(f"{way} {share:.1%}" for way, share in one["ways"].items()),
            f"{one['recall']:.1%}, {one['precision']:.1%} of {one['n_exact']:,}",
            f"{one['others']} of {one['n_originals']:,}",
        )
        for source, one in found.items()
    ]
    head = (
        "Source",
        "Cosine from",
        "Copies found",
        "Recall and precision against the exact cosine of all pairs",
        "Pairs found among originals",
    )
    return blocks.markdown_table(head, rows)


def tables() -> dict[str, str]:
    """What stands in the page, by the name of the part."""
    known, alike = list(read().values()), look_alikes()
    return {
        "accuracies": accuracies(known),
        "seeds": seeds(known),
        "strategies": compared(strategies()),
        "judged": judged(alike["judged"]),
        "planted": planted(alike["planted"]),
    }


def write_page() -> None:
    """Put every table into the page."""
    for name, text in tables().items():
        blocks.write_block(PAGE, (f"<!-- tinify_proof: {name} -->", "<!-- /tinify_proof -->"), text)
