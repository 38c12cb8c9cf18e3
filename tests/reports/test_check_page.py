"""Specification of tinytorch_hf.reports.html.check_page: what the battery found as a page."""

from __future__ import annotations

import dataclasses
import re

from test_battery_table import HINT, REPORT, SENTENCE
from test_html_blocks import Parsed

from tinytorch_hf.judging.results import Outcome, Report, Result, Row, Shown
from tinytorch_hf.reports.html.check_page import check_page

COMMAND = "tinytorch-hf check --seed 0"
SHOWN = {
    "gelu": Shown(
        ("GELU()(x); x has the shape (2, 3)",),
        (("x", "float32 (2, 3): 1, 2"),),
        (Row("output", "[0, 1]", "0.5", "0.25", False), Row("gradient of x", "[0, 0]", "1", "1", True)),
        "GELU()(a)",
        ("import numpy as np", "print(b.data)  # yours: [0.5], PyTorch: [0.25]"),
        False,
    ),
    "relu": Shown(("ReLU()(x)",), (), (Row("output", "", "1", "1", True),), "ReLU()(a)", ("print(1)",), True),
}


def page(report: Report) -> str:
    """The words of the page."""
    written = check_page(report, COMMAND, lambda name: f"{COMMAND} --only {name}", {"NumPy": "2.4.6"})
    return re.sub(r"\s*\n\s*", "\n", Parsed(written).text)


def entry(report: Report, name: str) -> str:
    """What stands under one operation."""
    written = check_page(report, COMMAND, lambda name: f"{COMMAND} --only {name}", {})
    found = re.search(rf'<details id="of-{name}".*?</details>', written, re.DOTALL)
    assert found
    return re.sub(r"\s*\n\s*", "\n", Parsed(found[0]).text)


def test_roots_come_first_then_what_follows_then_the_rest() -> None:
    """Every operation once; the roots are open, the others folded up."""
    written = check_page(REPORT, COMMAND, lambda name: name, {})

    order = re.findall(r'<details id="of-(\w+)"( open)?', written)
    assert [name for name, _ in order] == [
        *("gelu", "mse", "mlp", "gpt"),
        *("cross_2d_entropy", "sgd", "adam", "adamw"),
        "relu",
    ]
    assert [name for name, is_open in order if is_open] == ["gelu", "mse"]
    headings = ["Look at these first", "What follows from them", "Not implemented, or not tried", "What agrees"]
    places = [written.index(f"<h2>{heading}</h2>") for heading in headings]
    assert places == sorted(places)


def test_an_operation_has_both_results_its_cause_and_lines_to_run() -> None:
    """How it is called, on what, what each side gives, why, and what to do."""
    text = entry(dataclasses.replace(REPORT, shown=SHOWN), "gelu")

    for part in (SENTENCE, "SIGN", HINT, "GELU()(x)  # x has the shape (2, 3)", "float32 (2, 3): 1, 2"):
        assert part in text
    rows = re.search(r"\noutput\n(.*)gradient of x(.*)GELU", text, re.DOTALL)
    assert rows
    assert rows[1].split() == ["[0,", "1]", "0.5", "0.25", "differs"]
    assert "differs" not in rows[2]
    assert "print(b.data)  # yours: [0.5], PyTorch: [0.25]" in text


def test_what_has_no_lines_of_its_own_has_the_command_that_runs_it_alone() -> None:
    """So has what its example does not show."""
    report = dataclasses.replace(REPORT, shown={**SHOWN, "mse": dataclasses.replace(SHOWN["relu"])})

    assert f"{COMMAND} --only adam" in entry(report, "adam")
    assert f"{COMMAND} --only mse" in entry(report, "mse")
    assert f"{COMMAND} --only relu" not in entry(report, "relu")


def test_what_follows_is_linked_to_what_it_follows_from() -> None:
    """Each link leads to something that is there."""
    written = check_page(REPORT, COMMAND, lambda name: name, {})

    targets = re.findall(r'href="#([^"]+)"', written)
    assert "of-gelu" in targets
    assert all(f'id="{target}"' in written for target in targets)


def test_the_verdict_is_that_of_the_exit_status() -> None:
    """Interrupted, wrong, unknown or right; in words."""
    right = dataclasses.replace(REPORT, results=[Result("relu", "activations", Outcome.AGREES)])

    assert "something is wrong" in page(REPORT)
    assert "Exit status 0: everything that counts agrees." in page(right)
    assert "Exit status 130: interrupted" in page(dataclasses.replace(REPORT, is_interrupted=True))


def test_what_a_student_writes_is_shown_as_text() -> None:
    """Messages, names of functions, notes, results."""
    hostile = "<script>x</script>\x1b[2J"
    result = Result(
        *("relu", "activations", Outcome.CRASHES, hostile),
        where=f"/{hostile}.py:3",
        expression=hostile,
        call=hostile,
        notes=(hostile,),
        shared=(hostile,),
        snippet=hostile,
    )
    shown = {"relu": Shown((hostile,), ((hostile, hostile),), (Row(hostile, hostile, hostile, hostile, False),))}

    written = check_page(
        dataclasses.replace(REPORT, package=hostile, results=[result], notes=(hostile,), shown=shown),
        *(COMMAND, lambda name: name, {}),
    )

    parsed = Parsed(written)
    assert "script" not in parsed.tags
    assert "\x1b" not in written
    assert parsed.text.count("<script>") >= 10
