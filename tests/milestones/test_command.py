"""Specification of `tinytorch-hf milestones run` and of its report."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import Run

from tinytorch_hf.cli import OK, PROBLEM, USAGE, main
from tinytorch_hf.milestones.experiments import report, table
from tinytorch_hf.milestones.experiments.running import Outcome, Result
from tinytorch_hf.milestones.experiments.table import BITS, Experiment, Goal, Milestone
from tinytorch_hf.milestones.experiments.writing import Written
from tinytorch_hf.milestones.optimisation import matrix

TALKS = Experiment("tinytalks", "gpt-64", "", Goal(BITS, at_most=2.0), seconds=1)
WRITTEN = Written("Q: What is 1 + 1?\nA:", " 1 + 1 = 3.", " 1 + 1 = 2.")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Run a command in this process, with an empty cache: exit status, standard output, standard error."""
    monkeypatch.setenv("TINYTORCH_HF_CACHE", str(tmp_path / "cache"))

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            status = main(["milestones", *arguments])
        except SystemExit as stop:
            status = int(stop.code or 0)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def test_numpy_alone_is_enough(run_numpy_only: Run) -> None:
    """Neither torch nor anything else is needed, and nothing is downloaded."""
    done = run_numpy_only("-m", "tinytorch_hf", "milestones", "run", "01", "02")

    assert (done.returncode, done.stderr) == (OK, "")
    assert re.search(
        r"^01  perceptron  logistic  100\.0%    50\.0%     at least 99\.0%   .* s  as expected$", *[done.stdout], re.M
    )
    assert re.search(r"^02  xor +mlp +100\.0%", done.stdout, re.M)


def test_what_did_not_learn_makes_the_run_fail(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is the guarantee: 0 is only given to those that learn."""
    impossible = Experiment("xor", "logistic", "", Goal(table.ACCURACY, at_least=0.9), seconds=1)
    monkeypatch.setattr(table, "MILESTONES", (Milestone(1, "", "", (impossible,)),))

    status, out, _ = run("run", "01")

    assert status == PROBLEM
    assert out.rstrip().endswith("NOT as expected")


def test_absent_data_are_a_failure_only_where_they_were_asked_for(run: Any) -> None:
    """--full asks for them; without it the run says how to get them, and is fine."""
    status, out, _ = run("run", "03")
    assert status == OK
    assert re.search(
        r"^03  mnist was not run\. .*\(12 MB, 10 s at 10 Mbit/s\).* tinytorch-hf milestones run 03 --full --download$",
        out,
        re.M,
    )

    status, out, _ = run("run", "03", "--full")
    assert status == PROBLEM
    assert re.search(r"^03  mnist was not run\. .* run 03 --full --download$", out, re.M)


def test_json_is_for_a_program_and_progress_goes_elsewhere(run: Any) -> None:
    """Plain values on standard output; who watches sees the lines on standard error."""
    status, out, err = run("run", "02", "--json", "--seed", "3")

    printed = json.loads(out)
    assert status == OK
    assert printed["seed"] == 3
    crisis, solved = printed["outcomes"]
    assert (crisis["milestone"], crisis["dataset"], crisis["model"], crisis["state"]) == (
        2,
        "xor",
        "logistic",
        "as expected",
    )
    assert (crisis["goal"], solved["goal"]) == ({"at_most": 0.75}, {"at_least": 1.0})
    assert solved["result"]["value"] == 1.0
    assert solved["result"]["chance"] == 0.5
    assert "epoch 200" in err


def test_early_stopping_is_an_option_of_every_experiment(run: Any) -> None:
    """One neuron needs few epochs to find its line; the JSON says how many, and which was the best."""
    status, out, err = run("run", "01", "--early-stopping", "--json")

    (outcome,) = json.loads(out)["outcomes"]
    assert status == OK
    assert outcome["result"]["epochs"] >= outcome["result"]["best_epoch"] >= 1
    assert "early stopping after 5" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run",), "usage: tinytorch-hf milestones run"),
        (("run", "01", "--seed", "-1"), "-1 is negative"),
        (("run", "11"), "There is no milestone '11'. Did you mean '01'? Known: 01, 02"),
    ],
)
def test_a_wrong_call_exits_with_2(run: Any, arguments: tuple[str, ...], message: str) -> None:
    """And says what is wrong, without a traceback."""
    status, out, err = run(*arguments)

    assert (status, out) == (USAGE, "")
    assert message in err
    assert "Traceback" not in err


def test_help_has_an_example_and_tells_when_it_fails(run: Any) -> None:
    """The example calls the command itself."""
    _, out, _ = run("run", "--help")
    text = " ".join(out.split())

    assert "Example: tinytorch-hf milestones run 03 --full --download" in text
    assert "is not a failure unless --full asked for it" in text


def test_what_a_gpt_wrote_is_shown_beside_the_original() -> None:
    """The loss alone says little to a beginner."""
    outcome = Outcome(5, TALKS, Result(1.084, 4.708, 30.44, (WRITTEN,), 5))

    assert report.conclusion(outcome) == [
        "    | Q: What is 1 + 1?",
        "    | A: 1 + 1 = 3.",
        "    original: 1 + 1 = 2.",
        "  1.08 bits where guessing gives 4.71 bits; at most 2.00 bits expected: as expected, in 30.4 s",
    ]
    printed = json.loads(json.dumps(report.as_dict(outcome)))
    assert printed["result"]["written"] == [
        {"prompt": WRITTEN.prompt, "written": WRITTEN.written, "original": WRITTEN.original}
    ]


def test_the_table_has_a_row_for_what_ran_and_a_line_for_what_did_not() -> None:
    """Aligned, so that columns can be compared."""
    ran = Outcome(5, TALKS, Result(2.5, 4.708, 30.44, (), 5))
    header, row, empty, note = report.table([ran, Outcome(3, TALKS, None, "How to run it.")])

    assert row.split("  ")[0] == "05"
    assert header.index("measured") == row.index("2.50 bits")
    assert header.index("guessing") == row.index("4.71 bits")
    assert row.endswith("30.4 s  NOT as expected")
    assert (empty, note) == ("", "03  tinytalks was not run. How to run it.")
    assert report.conclusion(Outcome(3, TALKS, None, "How to run it.")) == []


@pytest.mark.parametrize(("allowed", "status"), [(0.9, OK), (1.1, PROBLEM)])
def test_optimisations_are_a_matrix_that_must_have_no_problem(
    run: Any, monkeypatch: pytest.MonkeyPatch, allowed: float, status: int
) -> None:
    """Milestone 06, here for the MLP alone: a baseline that has not learned enough fails the run."""
    monkeypatch.setattr(matrix, "EXPERIMENTS", (("tinydigits", "mlp"),))
    monkeypatch.setattr(matrix, "LEARNED", {"accuracy": allowed})

    found, out, err = run("run", "06")
    assert (found, err) == (status, "")
    assert re.search(r"^int8 .* bytes", out, re.M)
    last = out.splitlines()[-1]
    assert last.startswith("06  tinydigits  9 levels  ")
    assert last.endswith("as expected")
    assert ("NOT" in last) == (status == PROBLEM)


def test_the_matrix_is_also_for_programs(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One entry for each level."""
    monkeypatch.setattr(matrix, "EXPERIMENTS", (("tinydigits", "mlp"),))

    _, out, _ = run("run", "06", "--json")

    (outcome,) = json.loads(out)["outcomes"]
    assert (outcome["milestone"], outcome["state"], outcome["problems"]) == (6, "as expected", [])
    assert [level["level"] for level in outcome["levels"]][:2] == ["baseline", "explicit loops"]
