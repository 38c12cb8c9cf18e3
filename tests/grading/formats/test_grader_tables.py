"""Specification of the tables of nbgrader and otter-grader: columns, their order, types, what is not known."""

from __future__ import annotations

import csv
import dataclasses
import io
from datetime import datetime, timezone

from class_of_five import RUBRIC, STUDENTS, WITH_HIDDEN_REQUIRED

from tinytorch_hf.grading.formats import nbgrader, otter
from tinytorch_hf.grading.formats.tables import as_csv


def read(rows):
    """Rows as any reader of CSV has them."""
    return list(csv.DictReader(io.StringIO(as_csv(rows).decode("utf-8"), newline="")))


def test_nbgrader_columns_and_types_are_those_of_its_exporter():
    """The header is nbgrader's, scores are floats, times as Python writes them, and what is not known is empty."""
    handed_in = {"ada": datetime(2026, 11, 29, 8, 1, 2, tzinfo=timezone.utc)}
    rows = nbgrader.rows(list(STUDENTS.values()), RUBRIC, handed_in, due=datetime(2026, 11, 30, 12))
    assert as_csv(rows).decode().splitlines()[:3] == [
        "assignment,duedate,timestamp,student_id,last_name,first_name,email,raw_score,late_submission_penalty,score,"
        "max_score",
        "Assignment 3,2026-11-30 12:00:00,2026-11-29 08:01:02,ada,,,,17.5,0.0,17.5,17.5",
        "Assignment 3,2026-11-30 12:00:00,,bob,,,,13.5,0.0,13.5,17.5",
    ]


def test_nbgrader_has_no_score_for_what_could_not_be_graded():
    """The cells are empty: it is not a score of zero, which is what withheld points are."""
    rows = {row["student_id"]: row for row in read(nbgrader.rows(list(STUDENTS.values()), RUBRIC))}
    assert (rows["cyd"]["raw_score"], rows["cyd"]["score"], rows["cyd"]["max_score"]) == ("", "", "17.5")
    assert (rows["dan"]["raw_score"], rows["dan"]["score"]) == ("0.0", "0.0")


def test_otter_has_a_column_for_each_operation_and_the_points_first():
    """File, operations by name, total, percent and status; the first row holds the points that there are."""
    everyone = list(STUDENTS.values())
    rows = read(otter.rows(everyone[::-1], RUBRIC))
    assert list(rows[0]) == [
        "file",
        *sorted(RUBRIC.operations),
        "total_points_earned",
        "percent_correct",
        "grading_status",
    ]
    assert [row["file"] for row in rows] == ["points-per-question", "ada", "bob", "cyd", "dan", "eve"]
    last = ("total_points_earned", "percent_correct", "grading_status")
    assert [tuple(row[column] for column in last) for row in rows] == [
        ("17.5", "1.0", "--"),
        ("17.5", "1.0", "Completed"),
        ("13.5", "0.7714", "Completed"),
        ("", "", "There is no package in it."),
        ("0.0", "0.0", "Completed"),
        ("0.0", "0.0", "Completed"),
    ]
    assert (rows[0]["gelu"], rows[1]["gelu"], rows[2]["gelu"], rows[3]["gelu"]) == ("4.0", "4.0", "0.0", "")


def test_otter_points_add_up_where_a_hidden_required_operation_is_wrong():
    """A table is for the instructor: there the operations have no points either."""
    _, row = read(otter.rows([WITH_HIDDEN_REQUIRED], RUBRIC))
    assert {row[name] for name in (*RUBRIC.operations, "total_points_earned")} == {"0.0"}


def test_cells_are_no_formulas_and_stay_on_one_line():
    """Names and reasons that a spreadsheet would compute get an apostrophe; commas, quotes and lines do no harm."""
    names = ["=1+1", "-ada", "+49", "@x", '  =HYPERLINK("a")', 'O\'Neil, "Ed"', "a\nb\x1b", "\uff1dx", "z"]
    class_ = [dataclasses.replace(STUDENTS["ada"], name=name) for name in names]
    broken = dataclasses.replace(STUDENTS["cyd"], ungradable="=cmd|' /C calc'!A0\r\nx")
    safe = ["'=1+1", "'-ada", "'+49", "'@x", '\'  =HYPERLINK("a")', 'O\'Neil, "Ed"', "a b\\x1b", "'\uff1dx", "z"]
    assert [row["student_id"] for row in read(nbgrader.rows(class_, RUBRIC))] == safe
    rows = read(otter.rows([*class_, broken], RUBRIC))
    assert {row["file"] for row in rows} == {*safe, "cyd", "points-per-question"}
    assert {row["grading_status"] for row in rows} == {"--", "Completed", "'=cmd|' /C calc'!A0\\r x"}
