"""Specification of tinytorch_hf.judging.answers and .records: PyTorch's recorded answers to the battery."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tinytorch_hf.check.cases import CASES
from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.judging import answers, records
from tinytorch_hf.judging.case import Case
from tinytorch_hf.judging.drawing import drawn
from tinytorch_hf.judging.judges import judge, judged_by
from tinytorch_hf.judging.yardstick import Expected, expected, is_float

# Another release may answer otherwise; that is looked at where it is asked for, and stops nobody's tests.
IS_STRICT = "RECORDS_STRICT" in os.environ

WITH_RESULTS = {name: case for name, case in CASES.items() if answers.recorded(name)}


@pytest.fixture(autouse=True)
def _needs_torch() -> None:
    pytest.importorskip("torch", reason="PyTorch's answers are held against PyTorch itself")


def live(case: Case) -> list[Expected]:
    """What PyTorch answers here."""
    with judged_by("torch"):
        return list(expected(case, answers.SEED))


def wrong(case: Case) -> list[str]:
    """Results that were recorded otherwise than PyTorch gives them here."""
    record = answers.recorded(case.name)
    assert record is not None
    found = []
    for kept, right in zip(record.answers, live(case), strict=True):
        if list(kept.values) != list(right.values):
            return ["the results have other names"]
        for name, value in right.values.items():
            if not is_float(value):
                found += [name] if kept.values[name] != value else []
            elif value.shape != kept.values[name].shape or (
                value.size and np.abs(kept.values[name] - value).max() > right.rounding[name]
            ):
                found.append(name)
    return found


def test_every_record_is_what_pytorch_answers() -> None:
    """Every result of every definition, within what rounding explains."""
    differing = {name: found for name, case in WITH_RESULTS.items() if (found := wrong(case))}

    if differing and not IS_STRICT and judge("float64", "torch").version != answers.version():
        pytest.skip(f"recorded with {answers.version()}; this PyTorch answers otherwise in {', '.join(differing)}")
    assert differing == {}


def test_every_case_that_has_results_is_recorded() -> None:
    """The others make statements that need no judge."""
    without = {name for name, case in CASES.items() if not any(one.values for one in live(case))}

    assert set(WITH_RESULTS) == set(CASES) - without


def test_the_inputs_are_those_that_the_cases_draw() -> None:
    """In the type and the shape in which they are drawn; float32 may be rounded otherwise by another NumPy."""
    for case in WITH_RESULTS.values():
        with judged_by("recorded"):
            kept = drawn(case, answers.SEED)
        fresh = case.draw(answers.SEED)
        assert list(kept) == list(fresh)
        for name, value in fresh.items():
            assert type(kept[name]) is type(value)
            if isinstance(value, np.ndarray):
                assert (kept[name].shape, kept[name].dtype) == (value.shape, value.dtype)
                assert np.allclose(kept[name], value, rtol=1e-5, atol=1e-6), (case.name, name)
            else:
                assert kept[name] == value


def test_other_seeds_and_other_sizes_are_computed() -> None:
    """Only the numbers of one seed are recorded."""
    case = CASES["linear"]
    with judged_by("recorded"):
        first, second, other = (expected(case, *draw)[0] for draw in ((0, False), (0, True), (1, False)))
    shape = first.values["output"].shape

    assert second.values["output"].shape != shape
    assert other.values["output"].shape == shape
    assert not np.allclose(other.values["output"], first.values["output"])


def test_nothing_is_believed_where_numpy_draws_other_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gradients that arrive from behind are drawn here: with other ones, records would accuse whoever is right."""
    monkeypatch.setattr(answers, "_generator", lambda: "another")
    answers._all.cache_clear()
    try:
        assert answers.recorded("linear") is None
    finally:
        answers._all.cache_clear()


def test_what_is_written_is_what_is_read() -> None:
    """To a sixteenth of what rounding explains; a later definition that is nearly the same is kept beside it."""
    rng = np.random.default_rng(0)
    value = rng.standard_normal((4, 5))
    inputs = {"x": rng.standard_normal((2, 3)).astype(np.float32), "n": 3, "ids": np.arange(4), "texts": ["a", "b"]}
    steps = answers._Steps()
    beside = [steps.add(("case", "output"), one, 1e-6) for one in (value, value + 1e-5, value)]
    read = answers._Steps.unpacked(steps.packed())
    floats = answers._Floats()
    kept = {name: floats.add(given) for name, given in inputs.items()}
    again = answers._Floats.unpacked(floats.packed())

    assert beside == [-1, 0, 0]
    for one, base in zip((value, value + 1e-5, value), beside, strict=True):
        assert np.abs(read.take(("case", "output"), (4, 5), base, 1e-6) - one).max() <= 1e-6 / 16
    taken = {name: again.take(form) for name, form in kept.items()}
    assert all(np.array_equal(taken[name], given) for name, given in inputs.items())


@pytest.mark.parametrize("value", [np.array([np.inf]), np.array([np.nan]), np.array([1e30])])
def test_what_cannot_be_recorded_is_refused(value: np.ndarray) -> None:
    """Nothing is kept that would be read as something else."""
    with pytest.raises(ValueError, match="cannot be recorded"):
        answers._Steps().add(("case", "output"), value, 1e-6)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        (b"", "not a readable npz archive"),
        (records.written({}, {}, "2")[:-9], "not a readable npz archive"),
    ],
)
def test_a_damaged_file_says_so(content: bytes | None, said: str, tmp_path: Path) -> None:
    """What happened to which file, and what to do."""
    path = tmp_path / "battery.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CorruptFileError, match=said) as error:
        records.read(path)
    assert str(path) in str(error.value)


def test_another_form_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a later release writes is not guessed at."""
    path = tmp_path / "battery.npz"
    monkeypatch.setattr(records, "VERSION", records.VERSION + 1)
    path.write_bytes(records.written({}, {}, "2"))
    monkeypatch.undo()

    with pytest.raises(CorruptFileError, match="their form is 2, not 1"):
        records.read(path)
