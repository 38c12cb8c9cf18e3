"""Specification of the measure of what `check` notices: every place is counted, and what is published was measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Install

from benchmarks.mutated_reference import places, record, runs
from benchmarks.mutated_reference.equality import Reference
from tinytorch_hf.check.cases import CASES
from tinytorch_hf.check.child import Session
from tinytorch_hf.judging.attempt import attempt
from tinytorch_hf.judging.judges import judged_by
from tinytorch_hf.student import wire
from tinytorch_hf.student.mapping import FrameworkMap

CODE = '''"""A module."""

from typing import Any

Array = NDArray[np.float32]


class Layer:
    """A class."""

    size: int = 3

    def __repr__(self) -> str:
        return f"Layer({self.size + 1})"

    def forward(self, x: Any, *, keep: bool = True) -> Any:
        """Compute."""
        if x.ndim != 2:
            raise ValueError(f"{x.ndim + 1} axes")
        check_shape("Layer", x, self.size)
        total = x.data.sum(axis=0, keepdims=keep).copy()
        total += 1.5 if keep and not x.empty else -x[1:]
        return total, x
'''
CHANGES = [
    "Layer: another number: 3 -> 4",
    "Layer.forward: the other truth value: True -> False",
    "Layer.forward: not copied: x.data.sum(axis=0, keepdims=keep).copy() -> (x.data.sum(axis=0, keepdims=keep))",
    "Layer.forward: another function: x.data.sum -> x.data.mean",
    "Layer.forward: without the keyword: x.data.sum(axis=0, keepdims=keep) -> (x.data.sum(keepdims=keep))",
    "Layer.forward: without the keyword: x.data.sum(axis=0, keepdims=keep) -> (x.data.sum(axis=0))",
    "Layer.forward: another number: 0 -> 1",
    "Layer.forward: set instead of changed: {0} -> total = 1.5 if keep and (not x.empty) else -x[1:]",
    "Layer.forward: left out: {0} -> pass",
    "Layer.forward: branches exchanged: {1} -> (-x[1:] if keep and (not x.empty) else 1.5)",
    "Layer.forward: another number: 1.5 -> 3.0",
    "Layer.forward: and for or: keep and (not x.empty) -> (keep or not x.empty)",
    "Layer.forward: without the sign: not x.empty -> x.empty",
    "Layer.forward: without the sign: -x[1:] -> (x[1:])",
    "Layer.forward: without the bound: 1: -> :",
    "Layer.forward: another number: 1 -> 2",
    "Layer.forward: elements exchanged: (total, x) -> (x, total)",
]
ENDING = ("total += 1.5 if keep and (not x.empty) else -x[1:]", "1.5 if keep and (not x.empty) else -x[1:]")


@pytest.fixture(scope="module")
def known() -> dict[str, record.Outcome]:
    """What is recorded."""
    return record.read()


def test_a_place_is_whatever_computes() -> None:
    """In every way that fits it; documentation, annotations, texts and validation are left alone."""
    found = places.mutations("module", CODE)

    assert sorted(one.key.removeprefix("module.") for one in found) == sorted(one.format(*ENDING) for one in CHANGES)
    for one in found:
        compile(one.applied(CODE), "module", "exec")
        assert len({one.applied(CODE) for one in found}) == len(found)


def test_every_place_of_the_reference_was_tried(known: dict[str, record.Outcome]) -> None:
    """Nothing is recorded of code that is gone; `python -m benchmarks.mutated_reference` tries what is new."""
    mutations = record.all_mutations()

    assert len({one.key for one in mutations}) == len(mutations)
    assert set(known) == {one.key for one in mutations}


def test_what_is_not_noticed_has_its_reason(known: dict[str, record.Outcome]) -> None:
    """And was measured; no reason is left of what is noticed by now."""
    survivors = {key: one for key, one in known.items() if not one.by}

    assert set(record.reasons()) == set(survivors)
    assert all(record.reasons().values())
    assert [key for key, one in survivors.items() if one.differs is None] == []


def test_enough_is_noticed(known: dict[str, record.Outcome]) -> None:
    """At least 97 % of what computes something else."""
    total = record.count(record.all_mutations(), known)

    assert total.changes == total.found + total.equivalent + (total.others - total.found)
    assert total.share >= 97


def test_documents_show_what_was_measured(known: dict[str, record.Outcome]) -> None:
    """`--write` renews them."""
    for path, name, text in (
        (record.PAGE, "tables", record.tables(known)),
        (record.PAGE_OF_CHECK, "share", record.sentence(known)),
    ):
        assert f"<!-- mutation: {name} -->\n{text}\n<!-- /mutation -->" in path.read_text(encoding="utf-8")


def _changed(mutation: places.Mutation) -> dict[str, str]:
    texts = {path.name: path.read_text(encoding="utf-8") for path in places.SOURCE.glob("*.py")}
    texts[f"{mutation.module}.py"] = mutation.applied(texts[f"{mutation.module}.py"])
    return {name: text.replace("tinytorch_hf.reference", runs.PACKAGE) for name, text in texts.items()}


@pytest.mark.parametrize("kind", places.KINDS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_change_of_each_kind_is_noticed(kind: str, known: dict[str, record.Outcome], install: Install) -> None:
    """By the case that is recorded, which is run and judged as by `check`, without its explanation."""
    mutation = next(one for one in record.all_mutations() if one.kind == kind and _by(known, one.key) in CASES)
    install(_changed(mutation))

    case, session = CASES[_by(known, mutation.key)], Session(FrameworkMap(runs.PACKAGE))
    session.answer({"ask": "open"})
    inputs = case.draw(0)
    with judged_by("recorded"):
        answer = session.answer({"ask": "run", "case": case.name, "inputs": wire.encode(inputs)})
        is_right = answer.kind == "results" and not attempt(case, answer, 0).seen
    assert not is_right or not all(claim.holds for claim in case.claims(inputs, answer.results) if not claim.is_note)


def _by(known: dict[str, record.Outcome], key: str) -> str:
    return known[key].by if key in known else ""


@pytest.mark.longer
def test_equality_is_measured(tmp_path: Path, known: dict[str, record.Outcome]) -> None:
    """A listed change computes the same in every scene and program; another one does not."""
    by_key = {one.key: one for one in record.all_mutations()}
    equivalent = next(by_key[key] for key, one in known.items() if one.is_equivalent and key in by_key)
    noticed = by_key["activations.Tanh.forward: another operator: g * (1 - t * t) -> (g / (1 - t * t))"]
    first_difference: Callable[[places.Mutation], str] = Reference(tmp_path, n=20).first_difference

    assert first_difference(equivalent) == ""
    assert first_difference(noticed) == "use of Tanh()"
