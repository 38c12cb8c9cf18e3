"""The datasheet of a set: what was measured is written by code; what only a person knows is a gap that one can see.

References
----------
T. Gebru et al. (2021), Datasheets for Datasets, Communications of the ACM 64(12), https://doi.org/10.1145/3458723
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tinytorch_hf.catalog.facts import DIFFICULTIES
from tinytorch_hf.curation.findings import Findings
from tinytorch_hf.curation.licences import may_be_packed
from tinytorch_hf.curation.proof import N_STRATEGIES, Proof
from tinytorch_hf.hub import responsible
from tinytorch_hf.hub.gaps import GAP
from tinytorch_hf.shown import printable

FILE_NAME = "DATASHEET.md"

WAYS = (
    f"No other way of choosing was tried in this run. This one was picked beforehand among {N_STRATEGIES} that were "
    "compared on MNIST, a part of CIFAR-10 and short texts. No judge took part in choosing."
)
"""How many ways of choosing were compared."""

_MOST_NAMED = 20
# What only a person can answer, by the section in which it stands.
_QUESTIONS: Mapping[str, Sequence[str]] = {
    "Motivation": (
        "For what purpose was the set created, and for which lesson?",
        "Who created it, and on behalf of whom?",
    ),
    "People": (
        "Can individuals be identified? Did they consent?",
        "Does it contain anything confidential, offensive, or fit to cause anxiety?",
    ),
    "Maintenance": ("Who maintains it, and how can they be reached?",),
}


def text(findings: Findings) -> str:
    """The content of ``DATASHEET.md``.

    Parameters
    ----------
    findings
        What was found.
    """
    blocks = [
        f"# Datasheet of {_line(findings.facts['name'])}",
        "The numbers on this page were written by `tinytorch-hf tinify`. Where it says that a person has to write "
        "something, replace that line; `tinytorch-hf hub publish` refuses the set until none is left.",
        *_human("Motivation"),
        "## Composition",
        *_composition(findings),
        *_human("People"),
        "## How it was chosen",
        *_choice(findings),
        "## What it is worth",
        *_worth(findings),
        "## Distribution",
        *_distribution(findings),
        *_human("Maintenance"),
        *_responsible(findings),
    ]
    return "\n\n".join(blocks) + "\n"


def baselines(proof: Proof | None, n_strategies: int = N_STRATEGIES) -> dict[str, Any]:
    """The content of ``baselines.json``: what each judge reached, and what by chance.

    Parameters
    ----------
    proof
        None where that was not asked.
    n_strategies
        Ways of choosing that were tried on the source.
    """
    if proof is None:
        return {"proof": None}
    return {
        "n_held_out": proof.n_held_out,
        "n_random_subsets": proof.n_random,
        "n_strategies": n_strategies,
        "mean_deviations": round(proof.mean_deviations, 3),
        "better_than_chance": proof.is_better_than_chance,
        "judges": {
            name: {
                "chosen": round(score.chosen, 4),
                "random_mean": round(score.mean, 4),
                "random_std": round(score.spread, 4),
                "random": [round(one, 4) for one in score.random],
            }
            for name, score in proof.scores.items()
        },
    }


def _human(section: str) -> Iterator[str]:
    yield f"## {section}"
    for question in _QUESTIONS[section]:
        yield f"**{question}**\n{GAP}"


def _responsible(findings: Findings) -> Iterator[str]:
    """What the card and Croissant take from here; how it was made is known."""
    yield f"## {responsible.SECTION}"
    yield (
        f"**{responsible.HOW.asked}**\n`tinytorch-hf tinify` chose it from {_line(findings.source)} by the rule under "
        '"How it was chosen", with the seed '
        f"{findings.wish.seed}. Nothing was relabelled."
    )
    yield from responsible.gaps_to_fill(one for one in responsible.QUESTIONS if one is not responsible.HOW)


def _composition(findings: Findings) -> Iterator[str]:
    wish, summary, pool = findings.wish, findings.summary, findings.pool
    what = "texts" if findings.kind == "texts" else f"images of {wish.size}x{wish.size} pixels"
    yield (
        f"{len(pool.classes)} classes of {what}: {wish.n_train} samples of each to train, {wish.n_test} to test. "
        "Nothing was drawn, generated or relabelled."
    )
    if findings.kind == "images":
        yield (
            "An image that had another size was cut to its middle square and resized with a Lanczos filter; "
            "transparent parts became white, 16 bits became 8. "
            + ("All are grey." if pool.images is None or pool.images.ndim == 3 else "They are in colour.")
        )
    rows = [
        "| Class | In the source | Different | Looked at | Train: easy, medium, hard |",
        "| --- | --- | --- | --- | --- |",
    ]
    for code, name in enumerate(pool.classes):
        n_looked = int((pool.label == code).sum())
        quotas = ", ".join(map(str, findings.choice.quotas[name]))
        n_source, n_unique = (counts.get(name, 0) for counts in (summary.n_rows, summary.n_unique))
        rows.append(f"| {_cell(name)} | {n_source} | {n_unique} | {n_looked} | {quotas} |")
    yield "\n".join(rows)
    yield (
        f"{sum(summary.n_rows.values()) - sum(summary.n_unique.values())} samples of the source were copies of "
        f"others, or had several labels. {_torn(summary.n_contradictions)}"
    )
    for digest, labels in list(summary.contradictions.items())[:_MOST_NAMED]:
        yield f"- `{digest}`: {_line(', '.join(labels))}"


def _torn(n: int) -> str:
    if not n:
        return "No content has several labels."
    return f"{n} content{'s have' if n > 1 else ' has'} several labels; {'they are' if n > 1 else 'it is'} left out."


def _choice(findings: Findings) -> Iterator[str]:
    wish, choice, pool = findings.wish, findings.choice, findings.pool
    easy, medium = choice.bounds
    yield (
        f"Of each class up to {wish.candidates} samples were looked at, drawn at random: which ones depends only on "
        f"their content and the seed {wish.seed}. Of them the test split was drawn by lot. The train split "
        "was chosen by kernel herding (Chen, Welling and Smola 2010), with as many easy, medium and hard ones as there "
        f"are among the samples that were looked at. {DIFFICULTIES[0].capitalize()} is a score up to "
        f"{easy / 10_000:.4f}, {DIFFICULTIES[1]} up to {medium / 10_000:.4f}, {DIFFICULTIES[2]} above; the score is 1 "
        "minus the mean share that three classifiers give to the true class, which have learned from other samples."
    )
    n_across = sum(int(pool.label[one.first] != pool.label[one.second]) for one in choice.pairs)
    what = "runs of letters" if findings.kind == "texts" else "pixels less their mean, as they are or in a mirror"
    yield (
        f"Look-alikes: {len(choice.pairs)} pairs of samples that were looked at have a cosine of {choice.min_cosine:g} "
        f"or more ({what}). Of each group one sample may be chosen; of the {n_across} pairs under two labels, none."
    )
    yield (
        f"Suspected labels: {len(choice.suspects)} samples that all three classifiers take for one other class. They "
        "were not chosen. Somebody should look at them:"
        if choice.suspects
        else "Suspected labels: none."
    )
    names = list(choice.suspects.items())[:_MOST_NAMED]
    if names:
        yield "\n".join(
            f"- `{_digest(findings, one)}`: labelled {_line(pool.classes[pool.label[one]])}, taken for "
            f"{_line(pool.classes[other])}"
            for one, other in names
        )


def _worth(findings: Findings) -> Iterator[str]:
    if findings.proof is None:
        yield "Not measured: `--no-proof` was given."
    else:
        yield from worth(findings.proof)


def worth(proof: Proof, ways: str = WAYS) -> Iterator[str]:
    """What a set is worth, as Markdown.

    Parameters
    ----------
    proof
        What was found.
    ways
        How many ways of choosing were compared.
    """
    yield (
        f"What each judge tells rightly of {proof.n_held_out} samples of the source that nothing was chosen from, "
        f"after it has learned from the train split, and after each of {proof.n_random} balanced subsets that were "
        "drawn by chance from the same samples. " + ways
    )
    rows = [
        "| Judge | This set | By chance, mean ± standard deviation | Deviations above |",
        "| --- | --- | --- | --- |",
    ]
    for name, score in proof.scores.items():
        rows.append(
            f"| {name} | {score.chosen:.1%} | {score.mean:.1%} ± {score.spread:.1%} | {score.deviations:+.1f} |"
        )
    yield "\n".join(rows)
    below = [name for name, score in proof.scores.items() if score.chosen < score.mean]
    if proof.is_better_than_chance:
        yield f"It is better than chance: {proof.mean_deviations:+.1f} deviations on average, and no judge is below."
    else:
        yield (
            f"**It is not better than chance**: {proof.mean_deviations:+.1f} deviations on average"
            + (f"; below chance is {', '.join(below)}." if below else ".")
        )


def _distribution(findings: Findings) -> Iterator[str]:
    licence = str(findings.facts.get("license") or "not stated")
    link = str(findings.facts.get("source_url") or "")
    yield f"Source: {_line(findings.source)}{f', {_line(link)}' if link else ''}. Licence: {_line(licence)}."
    if may_be_packed(licence):
        yield "The licence lets everybody pass the content on. Name the source and its authors, as the licence asks."
    else:
        yield (
            "The content is not in this folder, because the licence does not let everybody pass it on, or is not "
            "known. Whoever has the source makes the files with `tinytorch-hf tinify SOURCE --rebuild FOLDER`."
        )


def _digest(findings: Findings, position: int) -> str:
    digest: str = np.ascontiguousarray(findings.pool.digest[position].astype("<u8")).tobytes().hex()
    return digest


def _line(value: Any) -> str:
    return printable(" ".join(str(value).split()))


def _cell(value: Any) -> str:
    return _line(value).replace("|", "\\|")
