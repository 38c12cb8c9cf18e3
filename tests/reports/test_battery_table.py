"""Specification of the battery's report: the table, the JSON and the JUnit XML say the same."""

from __future__ import annotations

import dataclasses
import functools
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tinytorch_hf.errors import StorageError
from tinytorch_hf.judging.results import Difference, Outcome, Report, Result
from tinytorch_hf.reports import junit
from tinytorch_hf.reports import operations_table as table

WRONG = Difference("output", "is off by 1.0e+00", 1.0, 1e-6)
SENTENCE, HINT = "the sign is wrong", "subtract where it adds"
GELU = Result(
    *("gelu", "activations", Outcome.DIFFERS, "output is off by 1.0e+00"),
    code="SIGN",
    cause=SENTENCE,
    hint=HINT,
    differences=(WRONG,),
    part="GELU",
)
RESULTS = (
    Result("relu", "activations", Outcome.AGREES, notes=("accepts what PyTorch refuses: a text",), seconds=0.25),
    GELU,
    Result(
        *("mse", "losses", Outcome.CRASHES, "KeyError: '\\x00<&>'\nsecond line"),
        where="/home/ada/tinytorch/core/losses.py:7",
        expression="1 - a",
        call="MSELoss()(x, y)",
    ),
    Result("cross-entropy", "losses", Outcome.UNTRIED, "the call does not fit CrossEntropyLoss()"),
    Result("sgd", "optimizers", Outcome.MISSING, "not implemented yet: SGD.step (o.py:3), SGD.zero_grad (o.py:5)"),
    Result("adam", "optimizers", Outcome.MISSING, "no Adam"),
    Result("adamw", "optimizers", Outcome.MISSING, "not implemented yet: SGD.step (o.py:3)"),
    Result("mlp", "transformers", Outcome.DIFFERS, "output is off by 2.0e+00", follows=("gelu",)),
    Result("gpt", "transformers", Outcome.CRASHES, "KeyError", follows=("gelu", "mse")),
)
REPORT = Report("tinytorch 0.2.0", "/home/ada/tinytorch", "2.15.0", RESULTS, notes=("numpy.py hides NumPy",))


def test_the_table_has_what_is_wrong_first_and_then_the_modules_of_the_course() -> None:
    """What was seen, where, why and what to do; what follows from it with its module; notes below the table."""
    assert list(table.lines(REPORT, width=200)) == [
        "package  tinytorch 0.2.0 at /home/ada/tinytorch",
        "PyTorch  2.15.0",
        "",
        "What is wrong",
        "  differs  gelu           output is off by 1.0e+00",
        "                          Likely cause: the sign is wrong [SIGN]",
        "                          Hint: subtract where it adds",
        "                          What follows from gelu: mlp, gpt",
        "  crashes  mse            KeyError: '\\x00<&>'",
        "                          second line",
        "                          computing `1 - a` at tinytorch/core/losses.py:7",
        "                          called as MSELoss()(x, y)",
        "                          What follows from mse: gpt",
        "",
        "activations",
        "  agrees   relu           Note: accepts what PyTorch refuses: a text",
        "",
        "losses",
        "  untried  cross-entropy  the call does not fit CrossEntropyLoss()",
        "",
        "optimizers",
        "  missing  not implemented yet: SGD.step (o.py:3), SGD.zero_grad (o.py:5), no Adam",
        "",
        "transformers",
        "  differs  mlp            follows from gelu",
        "  crashes  gpt            follows from gelu, mse",
        "",
        "note     numpy.py hides NumPy",
        "",
        "Look at these first:",
        "  gelu  GELU: the sign is wrong [SIGN]",
        "  mse   tinytorch/core/losses.py:7: KeyError: '\\x00<&>'",
        "Why it is wrong, with an example: tinytorch-hf check --explain SIGN",
        "",
        "1 agrees, 2 differ, 2 crash, 3 not implemented yet, 1 could not be tried",
        "exit status 1: something that counts differs or crashes",
    ]


def test_long_rows_are_wrapped_below_their_own_beginning() -> None:
    """And colours, which only a terminal gets, count for nothing in the width."""
    plain = list(table.lines(REPORT, width=60))
    coloured = list(table.lines(REPORT, width=60, colour=True))

    assert max(map(len, plain[2:-2])) <= 60
    assert len(plain) == len(coloured)
    assert not any("\x1b" in row for row in plain)
    assert any("\x1b[31mdiffers\x1b[0m" in row for row in coloured)


def test_one_reason_for_everything_is_said_once() -> None:
    """Such as a package that does not import."""
    crashed = [Result(name, "losses", Outcome.CRASHES, "importing it: SystemExit: 1") for name in ("a", "b", "c")]

    rows = list(table.lines(Report("tinytorch", "", "2.15.0", crashed)))

    assert rows[2:] == [
        "",
        "crashes  importing it: SystemExit: 1",
        "",
        "0 agree, 0 differ, 3 crash, 0 not implemented yet, 0 could not be tried",
        "exit status 1: something that counts differs or crashes",
    ]


def test_one_reason_within_a_module_is_one_line() -> None:
    """Such as a library that it needs; a crash of a case's own expression is a line of its own."""
    crashed = [Result(name, "losses", Outcome.CRASHES, "it needs scipy", where="l.py:1") for name in ("a", "b", "c")]
    others = [
        Result("d", "losses", Outcome.CRASHES, "it needs scipy", where="l.py:1", expression="1 - a"),
        Result("e", "losses", Outcome.AGREES),
    ]

    rows = list(table.lines(Report("tinytorch", "", "2.15.0", [*crashed, *others])))

    assert rows[4:9] == [
        "  crashes  it needs scipy",
        "           at l.py:1",
        "           so crash a, b, c",
        "  crashes  d  it needs scipy",
        "              computing `1 - a` at l.py:1",
    ]


def test_what_follows_from_nothing_that_is_shown_is_shown_itself() -> None:
    """The root may not have run, or agree after all."""
    alone = Result("mlp", "transformers", Outcome.DIFFERS, "output is off by 2.0e+00", follows=("gelu",))

    assert "  differs  mlp  output is off by 2.0e+00" in list(table.lines(Report("", "", "2", [alone])))


@pytest.mark.parametrize(
    ("required", "status", "words"),
    [
        ((), 1, "something that counts differs or crashes"),
        (("relu",), 0, "everything that counts agrees (1 of 9 count)"),
        (("relu", "sgd"), 3, "not implemented yet or could not be tried (2 of 9 count)"),
        (("relu", "cross-entropy"), 3, "not implemented yet or could not be tried (2 of 9 count)"),
        (("mse",), 1, "something that counts differs or crashes (1 of 9 count)"),
    ],
)
def test_the_last_line_says_what_the_exit_status_means(required: tuple[str, ...], status: int, words: str) -> None:
    """Of what counts; the rest is shown all the same."""
    report = dataclasses.replace(REPORT, required=frozenset(required))

    rows = list(table.lines(report))

    assert report.status == status
    assert rows[-1].startswith(f"exit status {status}: ")
    assert rows[-1].endswith(words)
    assert rows[:-1] == list(table.lines(REPORT))[:-1]


def test_the_plain_values_are_json() -> None:
    """Status, counts, notes, and everything known of each case."""
    values = json.loads(json.dumps(table.as_dict(REPORT), allow_nan=False))

    assert values["counts"] == {"agrees": 1, "differs": 2, "missing": 3, "crashes": 2, "untried": 1}
    assert (values["status"], values["meaning"]) == (1, "something that counts differs or crashes")
    assert (values["notes"], values["required"]) == (["numpy.py hides NumPy"], [])
    gelu, mse, gpt = values["results"][1], values["results"][2], values["results"][8]
    assert gelu["differences"] == [{"what": "output", "message": "is off by 1.0e+00", "error": 1.0, "rounding": 1e-6}]
    assert (gelu["code"], gelu["cause"], gelu["hint"]) == ("SIGN", SENTENCE, HINT)
    assert (mse["expression"], mse["where"]) == ("1 - a", "/home/ada/tinytorch/core/losses.py:7")
    assert gpt["follows"] == ["gelu", "mse"]
    assert values["look_at_first"] == [
        {"operation": "gelu", "place": "GELU", "sentence": SENTENCE, "code": "SIGN"},
        {"operation": "mse", "place": "tinytorch/core/losses.py:7", "sentence": "KeyError: '\\x00<&>'", "code": ""},
    ]
    assert values["results"][0]["notes"] == ["accepts what PyTorch refuses: a text"]


def test_junit_has_failures_errors_and_skipped_tests(tmp_path: Path) -> None:
    """What autograders count: a suite a module, a test a case; and the file is XML whatever a message holds."""
    junit.write(REPORT, tmp_path / "report.xml")

    root = ElementTree.parse(tmp_path / "report.xml").getroot()  # noqa: S314 -- written above
    counts = {key: root.get(key) for key in ("tests", "failures", "errors", "skipped", "time")}
    assert counts == {"tests": "9", "failures": "2", "errors": "2", "skipped": "4", "time": "0.250"}
    assert [(suite.get("name"), suite.get("tests")) for suite in root] == [
        ("activations", "2"),
        ("losses", "2"),
        ("optimizers", "3"),
        ("transformers", "2"),
    ]
    kinds = {case.get("name"): [(child.tag, child.get("type")) for child in case] for case in root.iter("testcase")}
    assert kinds == {
        "relu": [("system-out", None)],
        "gelu": [("failure", "SIGN")],
        "mse": [("error", "crashes")],
        "cross-entropy": [("skipped", "could not be tried")],
        "sgd": [("skipped", "not implemented yet")],
        "adam": [("skipped", "not implemented yet")],
        "adamw": [("skipped", "not implemented yet")],
        "mlp": [("failure", "differs")],
        "gpt": [("error", "crashes")],
    }
    failure, error = root.find(".//failure"), root.find(".//error")
    assert failure is not None and error is not None
    assert str(failure.text).splitlines() == [
        "output is off by 1.0e+00",
        f"Likely cause: {SENTENCE}",
        f"Hint: {HINT}",
    ]
    assert error.get("message") == "KeyError: '\\x00<&>'\nsecond line"
    assert error.text == "Computing 1 - a\nCalled as MSELoss()(x, y)\nAt /home/ada/tinytorch/core/losses.py:7"


@pytest.mark.parametrize("text", ["\x00", "\x1b[2J", "\ufffe", "\ud800", "]]>", "&#0;"])
def test_junit_is_xml_whatever_a_message_holds(text: str) -> None:
    """Also what XML has no way to write."""
    document = junit.as_xml(Report("", "", "", [Result("mse", "losses", Outcome.CRASHES, text)]))

    error = ElementTree.fromstring(document).find(".//error")  # noqa: S314 -- written above
    assert error is not None
    assert str(error.get("message")).isprintable()


def test_junit_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """As for any other file."""
    (tmp_path / "file").touch()

    with pytest.raises(StorageError):
        junit.write(REPORT, tmp_path / "file" / "report.xml")


def test_what_only_has_a_function_in_common_is_not_said_to_follow() -> None:
    """It goes wrong together with the other, and what both run is named; of two roots, it may be one cause."""
    crashed = functools.partial(Result, module="spatial", outcome=Outcome.CRASHES, detail="ValueError", call="F()(x)")
    results = [
        crashed("pool"),
        crashed("conv", follows=("pool",), together=("pool",), shared=("w.pad",)),
        crashed("cnn", follows=("pool",)),
        Result("norm", "spatial", Outcome.DIFFERS, "is 1", together=("pool",), shared=("w.cut",)),
    ]
    report = Report("tinytorch", "", "2", results)

    rows = [row.strip() for row in table.lines(report, width=200)]

    assert "What follows from pool: cnn" in rows
    assert "What goes wrong together with pool, as all run w.pad: conv" in rows
    assert "crashes  conv  goes wrong together with pool: both run w.pad" in rows
    assert "May have one cause with pool: both run w.cut" in rows
    assert [entry["operation"] for entry in table.look_at_first(report)] == ["pool", "norm"]


def test_only_the_first_few_faults_are_listed_once_more() -> None:
    """Those from which most follows; the number of the others is said."""
    results = [Result(str(number), "losses", Outcome.DIFFERS, "is 1") for number in range(8)]
    results.append(Result("last", "losses", Outcome.DIFFERS, "is 1", follows=("7",)))

    rows = list(table.lines(Report("tinytorch", "", "2", results)))

    assert rows[-10:-3] == [
        "Look at these first:",
        *(f"  {number}  is 1" for number in (7, 0, 1, 2, 3)),
        "  and 3 more",
    ]
