"""What came of every change: kept as JSON lines, counted by module, and shown in documents.

``results.jsonl`` is written by the command: for each change what `check` first calls wrong, and of what it does not
notice what is computed otherwise. ``reasons.json`` is written by hand: for each change that is not noticed one sentence
that says why.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.mutated_reference import places
from benchmarks.mutated_reference.equality import N_PROGRAMS
from benchmarks.mutated_reference.places import Mutation
from docs.tools import blocks
from tinytorch_hf.check.programs import trial
from tinytorch_hf.files import store

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER / "results.jsonl"
REASONS = FOLDER / "reasons.json"
_CHECKOUT = FOLDER.parents[1]
PAGE = _CHECKOUT / "docs" / "explanations" / "mutation.md"
PAGE_OF_CHECK = _CHECKOUT / "docs" / "how_to" / "check.md"


@dataclass(frozen=True)
class Outcome:
    """What came of one change.

    Attributes
    ----------
    key
        Which one.
    by
        What is first called wrong; nothing if it is not noticed.
    differs
        Of one that is not noticed what is first computed otherwise: nothing if all bytes are equal, None if that was
        not measured.
    """

    key: str
    by: str
    differs: str | None = None

    @property
    def is_equivalent(self) -> bool:
        """Whether it is a change of the text alone."""
        return not self.by and self.differs == ""


def read(path: Path = RESULTS) -> dict[str, Outcome]:
    """What is known so far, by key; what stands later in the file counts."""
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    return {one.key: one for one in (Outcome(**json.loads(line)) for line in lines)}


def line(outcome: Outcome) -> str:
    """An outcome as a line of the file."""
    values = {"key": outcome.key, "by": outcome.by}
    return json.dumps(values if outcome.by or outcome.differs is None else {**values, "differs": outcome.differs})


def save(known: Mapping[str, Outcome], path: Path = RESULTS) -> None:
    """Write what is known of the present source, in the order of its lines, and nothing else."""
    lines = [line(known[one.key]) for one in all_mutations() if one.key in known]
    store.write(path, "".join(f"{text}\n" for text in lines).encode("utf-8"))


def reasons() -> dict[str, str]:
    """Why a change is not noticed, by its key."""
    found: dict[str, str] = json.loads(REASONS.read_text(encoding="utf-8"))
    return found


def save_reasons(known: Mapping[str, Outcome]) -> None:
    """Keep the reasons of what is not noticed, in the order of the source; a new one is empty until it is written."""
    written = reasons()
    kept = {one.key: written.get(one.key, "") for one in all_mutations() if one.key in known and not known[one.key].by}
    store.write(REASONS, (json.dumps(kept, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))


def all_mutations(modules: Iterable[str] = ()) -> list[Mutation]:
    """Every change of some modules, or of all."""
    return [one for module in modules or places.modules() for one in _mutations(module)]


@functools.cache
def _mutations(module: str) -> list[Mutation]:
    return places.mutations(module)


@dataclass(frozen=True)
class Count:
    """How the changes of a module, or of all, ended."""

    places: int
    changes: int
    by_cases: int
    by_programs: int
    equivalent: int

    @property
    def others(self) -> int:
        """How many do change something."""
        return self.changes - self.equivalent

    @property
    def found(self) -> int:
        """How many are noticed."""
        return self.by_cases + self.by_programs

    @property
    def share(self) -> float:
        """The share found, in percent, of those that are not equivalent."""
        return 100 * self.found / self.others if self.others else 100.0


def count(mutations: Iterable[Mutation], known: Mapping[str, Outcome]) -> Count:
    """Count what came of some changes; one that was not tried is not found."""
    given = list(mutations)
    ended = [known[one.key] for one in given if one.key in known]
    by_programs = sum(one.by.startswith(f"{trial.MODULE}-") for one in ended)
    return Count(
        places=len({one.place for one in given}),
        changes=len(given),
        by_cases=sum(bool(one.by) for one in ended) - by_programs,
        by_programs=by_programs,
        equivalent=sum(one.is_equivalent for one in ended),
    )


def sentence(known: Mapping[str, Outcome]) -> str:
    """The share found, for the page about `check`."""
    total = count(all_mutations(), known)
    return (
        f"Of {total.others} small changes that make the reference compute something else, tried at every one of its "
        f"{total.places} places,\n`check` notices {total.found} ({total.share:.1f} %): "
        "[mutation.md](../explanations/mutation.md) lists the others."
    )


def tables(known: Mapping[str, Outcome]) -> str:
    """All numbers, and every change that is not noticed, for the page."""
    mutations = all_mutations()
    rows = {module: count([one for one in mutations if one.module == module], known) for module in places.modules()}
    total, why = count(mutations, known), reasons()
    survivors = [one for one in mutations if one.key in known and not known[one.key].by]
    open_ones = [one for one in survivors if not known[one.key].is_equivalent]
    equivalent = [one for one in survivors if known[one.key].is_equivalent]
    return "\n".join(
        [
            f"**{total.share:.1f} %**: {total.found} of {total.others} changes are noticed; another {total.equivalent} "
            f"of the {total.changes} change nothing that is computed.",
            "",
            "| Module | Places | Changes | Noticed by a case | By generated programs alone | Equivalent | Not noticed "
            "| Share noticed |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
            *(_row(module, one) for module, one in rows.items() if one.changes),
            _row("all", total),
            "",
            f"## Not noticed: {len(open_ones)}",
            "",
            "| Where | Change | Why |",
            "| --- | --- | --- |",
            *(_survivor(one, why) for one in open_ones),
            "",
            f"## Equivalent: {len(equivalent)}",
            "",
            f"All bytes are equal: of {N_PROGRAMS:,} generated programs, of what every part is built with, of its "
            "outputs and gradients, and of trainings with every optimizer.",
            "",
            "| Where | Change | Why |",
            "| --- | --- | --- |",
            *(_survivor(one, why) for one in equivalent),
        ]
    )


def _row(name: str, one: Count) -> str:
    missed = one.others - one.found
    return (
        f"| {name} | {one.places} | {one.changes} | {one.by_cases} | {one.by_programs} | {one.equivalent} | {missed} "
        f"| {one.share:.1f} % |"
    )


def _survivor(one: Mutation, why: Mapping[str, str]) -> str:
    change = " → ".join(f"`{text.replace('|', chr(92) + '|')}`" for text in (one.before, one.after))
    return f"| {one.where} | {change} | {why.get(one.key, '')} |"


def write_documents(known: Mapping[str, Outcome]) -> None:
    """Write the numbers into both pages."""
    for path, name, text in ((PAGE, "tables", tables(known)), (PAGE_OF_CHECK, "share", sentence(known))):
        blocks.write_block(path, (f"<!-- mutation: {name} -->", "<!-- /mutation -->"), text)
