"""Specification of grading a class: something comes of every submission, and what is hidden is not told.

One class is really run, confined, with two operations and one seed; where a test is about what is kept and written
alone, what comes of a run stands for it.
"""

from __future__ import annotations

import csv
import json
import multiprocessing
import os
import re
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import pytest
from conftest import MakeOnce
from handed_in import DOUBLED, hand_in, own_package, with_fault, zipped

from tinytorch_hf import grade_submissions
from tinytorch_hf.cli import main
from tinytorch_hf.errors import InvalidArgumentError, UnknownNameError
from tinytorch_hf.grading import one
from tinytorch_hf.grading.grade import Progress
from tinytorch_hf.grading.gradebook import Gradebook
from tinytorch_hf.grading.marks import Status
from tinytorch_hf.grading.one import Entry, Task, grade_one
from tinytorch_hf.grading.rubric import Item, Rubric, Seeds
from tinytorch_hf.grading.sandbox import Confined
from tinytorch_hf.judging.results import Outcome, Report, Result

RUBRIC = Rubric("Week <3>", (Item("relu", 3.0), Item("sigmoid", 1.0), Item("tanh", 2.0, hidden=True)), ("sigmoid",))
ONE_SEED = Rubric(RUBRIC.title, RUBRIC.items, RUBRIC.required, seeds=Seeds((), (7,), 0))


def contents(folder: Path) -> dict[str, bytes]:
    """Everything below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def without_times(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files in which it does not stand how long something took."""
    return {
        name: data
        for name, data in files.items()
        if not name.startswith(("finished", "details")) and not name.endswith("junit.xml")
    }


@pytest.fixture(scope="session")
def graded(made_once: MakeOnce) -> tuple[Path, Path]:
    """A class that is really run: right, doubled, not importable, no package, a file is lost; and its gradebook."""

    def make(folder: Path) -> None:
        hand_in(folder / "class" / "ada", own_package())
        hand_in(folder / "class" / "bob", with_fault("activations.py", DOUBLED))
        zipped(folder / "class" / "cyd.zip", {"tinytorch/__init__.py": "raise ValueError('\x1b[2J<script>')"})
        (folder / "class" / "=dan").mkdir()
        hand_in(folder / "class" / "eve", {"__init__.py": "", "core/tensor.py": "from tinytorch.lost import Tensor\n"})
        grade_submissions(folder / "class", folder / "book", ONE_SEED, workers=1, judge="recorded")

    folder = made_once("graded_class", make)
    return folder / "class", folder / "book"


def test_a_class_is_marked(graded: tuple[Path, Path]) -> None:
    """What is right has its points, a fault costs its own, what does not import is wrong, no package is no score."""
    book = json.loads((graded[1] / "gradebook.json").read_bytes())

    found = {one["name"]: one for one in book["submissions"]}
    assert {name: (one["status"], one["score"]) for name, one in found.items()} == {
        "=dan": ("ungradable", None),
        "ada": ("graded", 6.0),
        "bob": ("graded", 3.0),
        "cyd": ("graded", 0.0),
        "eve": ("ungradable", None),
    }
    assert "No module named 'tinytorch.lost'" in found["eve"]["ungradable"]
    assert "It is empty" in found["=dan"]["ungradable"]
    assert {mark["operation"]: mark["code"] for mark in found["bob"]["marks"] if mark["status"] == "failed"}
    assert "those of tinytorch_hf.reference" in found["ada"]["remarks"][0]
    assert [entry["name"] for entry in book["may_need_help"]] == ["cyd", "=dan", "eve"]
    assert book["mistakes"][0]["names"] in (["bob"], ["cyd"])


def test_every_submission_has_its_files(graded: tuple[Path, Path]) -> None:
    """Text, JSON, JUnit XML and HTML; nothing of a submission's words is obeyed, in none of them."""
    files = contents(graded[1])

    for name in ("ada", "bob", "cyd"):
        for file in ("report.txt", "report.json", "report.html", "junit.xml"):
            text = files[f"students/{name}/{file}"].decode()
            assert "\x1b" not in text
            assert "<script>" not in text or file in ("report.txt", "report.json")
        ElementTree.fromstring(files[f"students/{name}/junit.xml"])  # noqa: S314 -- it is ours
    assert len([name for name in files if name.startswith("students/_dan-")]) == 4
    assert len([name for name in files if name.startswith("details/")]) == 5
    assert "The package does not import." in files["students/cyd/report.txt"].decode()
    assert "\\x1b[2J&lt;script&gt;" in files["details/cyd.html"].decode()


def test_the_table_is_safe_in_a_spreadsheet(graded: tuple[Path, Path]) -> None:
    """A row for each, points by item; a name that is a formula is a text."""
    with (graded[1] / "grades.csv").open(encoding="utf-8", newline="") as stream:
        rows = {row["name"]: row for row in csv.DictReader(stream)}

    assert rows.keys() == {"'=dan", "ada", "bob", "cyd", "eve"}
    assert (rows["bob"]["score"], rows["bob"]["out_of"], rows["bob"]["relu"], rows["bob"]["tanh"]) == (
        *("3.0", "6.0"),
        *("0.0", "2.0"),
    )
    assert (rows["'=dan"]["score"], rows["'=dan"]["status"]) == ("", "ungradable")


def test_what_is_unchanged_is_not_run_again(
    graded: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the gradebook is the same, byte by byte; what has changed is run."""
    before = contents(graded[1])
    monkeypatch.setattr(one, "check_confined", _refuse)

    again = grade_submissions(*graded, ONE_SEED, workers=1, judge="recorded")

    assert set(again.unchanged) == {"ada", "bob", "cyd", "eve"}
    assert contents(graded[1]) == before
    with pytest.raises(AssertionError, match="was run"):
        _refuse()


def _refuse(*_arguments: object, **_named: object) -> Confined:
    raise AssertionError("it was run")


@pytest.fixture
def class_of_six(tmp_path: Path) -> Path:
    """Six packages, of which the names of functions say what comes of them."""
    for number in range(6):
        hand_in(tmp_path / "class" / f"s{number}", {"__init__.py": f"number = {number}\n"})
    return tmp_path / "class"


RAN: list[tuple[int, int]] = []


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[int, int]]]:
    """What was run, by the submission's number and the seed; nothing really runs, and relu of odd ones is wrong."""

    def confined(folder: Path, *, seed: int, **_more: object) -> Confined:
        number = int((folder / "tinytorch" / "__init__.py").read_text().split("=")[1])
        RAN.append((number, seed))
        outcome = Outcome.DIFFERS if number % 2 else Outcome.AGREES
        results = [
            Result("relu", "activations", outcome, "off by 0.123", "TWICE", "it is added up twice"),
            Result("sigmoid", "activations", Outcome.AGREES),
            Result("tanh", "activations", outcome, "off by 0.456"),
        ]
        violations = ("it imports torch",) if number == 4 else ()
        return Confined(Report("tinytorch", str(folder / "tinytorch"), "", results), violations)

    monkeypatch.setattr(one, "check_confined", confined)
    RAN.clear()
    yield RAN


def test_hidden_seeds_are_drawn_once_for_a_gradebook(class_of_six: Path, runs: list[tuple[int, int]]) -> None:
    """Other ones for another gradebook, never 0; every submission meets the same, after those that are shown."""
    first = grade_submissions(class_of_six, class_of_six.parent / "a", RUBRIC, workers=1, judge="recorded")
    seeds = {seed for _, seed in runs}
    hand_in(class_of_six / "s6", {"__init__.py": "number = 6\n"})
    runs.clear()
    second = grade_submissions(class_of_six, class_of_six.parent / "a", RUBRIC, workers=1, judge="recorded")
    other = grade_submissions(class_of_six, None, RUBRIC, workers=1, judge="recorded")

    assert seeds == {0, *first.hidden_seeds}
    assert runs[:3] == [(6, seed) for seed in (0, *first.hidden_seeds)]
    assert second.hidden_seeds == first.hidden_seeds
    assert (len(set(first.hidden_seeds) | set(other.hidden_seeds)), 0 in first.hidden_seeds) == (4, False)


def test_an_interruption_keeps_what_is_known(class_of_six: Path, runs: list[tuple[int, int]]) -> None:
    """The class so far is written, and the next call runs the others alone."""
    out = class_of_six.parent / "book"

    def stop(progress: Progress) -> None:
        if progress.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grade_submissions(class_of_six, out, RUBRIC, workers=1, judge="recorded", on_graded=stop)
    book = json.loads((out / "gradebook.json").read_bytes())
    assert ([one["name"] for one in book["submissions"]], book["is_complete"]) == (["s0", "s1", "s2"], False)
    assert "interrupted" in (out / "index.html").read_text(encoding="utf-8")
    runs.clear()

    whole = grade_submissions(class_of_six, out, RUBRIC, workers=1, judge="recorded")

    assert {number for number, _ in runs} == {3, 4, 5}
    assert (whole.unchanged, whole.is_complete) == (("s0", "s1", "s2"), True)


def test_what_was_killed_goes_on_from_what_it_kept(class_of_six: Path, runs: list[tuple[int, int]]) -> None:
    """Nothing but the files of finished ones and the seeds are needed; what was half written is written again."""
    out = class_of_six.parent / "book"
    first = grade_submissions(class_of_six, out, RUBRIC, workers=1, judge="recorded")
    before = contents(out)
    (out / "finished" / "s3.json").write_bytes((out / "finished" / "s3.json").read_bytes()[:100])
    (out / "finished" / "s4.json").unlink()
    (out / "index.html").unlink()
    (out / "students" / "s5" / "report.txt").write_text("half")
    runs.clear()

    second = grade_submissions(class_of_six, out, RUBRIC, workers=1, judge="recorded")

    assert {number for number, _ in runs} == {3, 4}
    assert without_times(contents(out)) == without_times(before)
    assert second.hidden_seeds == first.hidden_seeds


def test_another_rubric_runs_everything_again(class_of_six: Path, runs: list[tuple[int, int]]) -> None:
    """Whatever decides what a submission gets; another title does not."""
    out = class_of_six.parent / "book"
    grade_submissions(class_of_six, out, RUBRIC, workers=1, judge="recorded")
    titled = Rubric("Another title", RUBRIC.items, RUBRIC.required)
    assert len(grade_submissions(class_of_six, out, titled, workers=1, judge="recorded").unchanged) == 6
    runs.clear()
    changed = Rubric(RUBRIC.title, RUBRIC.items, RUBRIC.required, allowed_imports=("torch",))

    assert grade_submissions(class_of_six, out, changed, workers=1, judge="recorded").unchanged == ()
    assert len({number for number, _ in runs}) == 6


def test_students_read_nothing_hidden_until_grades_are_published(
    class_of_six: Path, runs: list[tuple[int, int]]
) -> None:
    """Neither the operation, nor how it went, nor the seeds; afterwards the operation, and never the seeds."""
    out = class_of_six.parent / "book"
    book = grade_submissions(class_of_six, out, RUBRIC, workers=1, judge="recorded")
    before = b"".join(data for name, data in contents(out / "students").items()).decode()
    runs.clear()

    grade_submissions(class_of_six, out, RUBRIC, workers=1, judge="recorded", publish=True)
    after = b"".join(data for name, data in contents(out / "students").items()).decode()

    assert ("tanh" in before, "0.456" in before, "0.123" in before) == (False, False, True)
    assert ("tanh" in after, "0.456" in after, runs) == (True, True, [])
    assert not any(str(seed) in before + after for seed in book.hidden_seeds)
    assert "3 of 4 points; 1 more operation, 2 points" not in before
    assert "1 more operation, 2 points, shown once grades are published" in before


def test_what_is_withheld_or_required_gives_no_points(class_of_six: Path, runs: list[tuple[int, int]]) -> None:
    """A forbidden import; the exit status says that somebody has to look."""
    book = grade_submissions(class_of_six, None, RUBRIC, workers=1, judge="recorded")

    scores = {graded.name: book.score(graded) for graded in book.gradeds}
    assert {name: score and score.points for name, score in scores.items()} == {
        **{"s0": 6.0, "s1": 1.0, "s2": 6.0, "s3": 1.0},
        **{"s4": 0.0, "s5": 1.0},
    }
    assert (book.status, scores["s4"] and scores["s4"].note) == (1, "No points: it imports torch")


def test_why_points_are_withheld_tells_nothing_of_hidden_seeds(class_of_six: Path, runs: list[tuple[int, int]]) -> None:
    """A name that is imported may be made of the numbers; the instructor reads it."""
    hidden = Rubric(RUBRIC.title, RUBRIC.items, seeds=Seeds((), (9,), 0))
    (graded,) = (one for one in grade_submissions(class_of_six, None, hidden, workers=1).gradeds if one.name == "s4")

    assert "torch" not in graded.withheld
    assert graded.remarks == ("it imports torch",)


def test_a_fault_of_ours_is_an_entry_too(class_of_six: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told, is no score, and is tried again the next time."""
    monkeypatch.setattr(one, "check_confined", _refuse)
    out = class_of_six.parent / "book"

    book = grade_submissions(class_of_six, out, RUBRIC, workers=1, judge="recorded")

    assert len(book.gradeds) == 6
    assert all("tinytorch-hf itself failed on it" in graded.ungradable for graded in book.gradeds)
    assert not (out / "finished").exists()


class Fragile(Executor):
    """An executor whose process is ended by one of the submissions, as by a system without memory left."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._is_broken = False

    def submit(self, work: object, task: Task) -> Future[Entry | None]:  # type: ignore[override]
        """Run it here; once it is broken, what was in flight is lost."""
        future: Future[Entry | None] = Future()
        self._is_broken |= task.submission.name == self._name
        if self._is_broken:
            future.set_exception(BrokenExecutor("ended"))
            self._is_broken = False
        else:
            future.set_result(grade_one(task))
        return future


def test_who_ends_the_process_that_judges_is_found(class_of_six: Path, runs: list[tuple[int, int]]) -> None:
    """And the others have their marks."""
    book = grade_submissions(class_of_six, None, RUBRIC, executor=Fragile("s2"), judge="recorded")

    ungradable = {graded.name: graded.ungradable for graded in book.gradeds if graded.ungradable}
    assert (list(ungradable), len(book.gradeds)) == (["s2"], 6)
    assert "was ended from outside" in ungradable["s2"]


class Closed(Executor):
    """An executor that takes no work any more."""

    def submit(self, work: object, task: Task) -> Future[Entry | None]:  # type: ignore[override]
        """Refuse it, as after its shutdown."""
        raise RuntimeError("cannot schedule new futures after shutdown")


def test_an_executor_that_takes_no_work_is_no_fault_of_a_submission(class_of_six: Path) -> None:
    """It says so, and nobody is ungradable for want of memory."""
    with pytest.raises(InvalidArgumentError, match="takes no work: cannot schedule new futures after shutdown"):
        grade_submissions(class_of_six, None, RUBRIC, executor=Closed(), judge="recorded")


def test_a_worker_that_imports_its_script_grades_nothing(class_of_six: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused before anything is written."""
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    out = class_of_six.parent / "book"
    with pytest.raises(InvalidArgumentError, match="__main__"):
        grade_submissions(class_of_six, out, RUBRIC, workers=1, judge="recorded")
    assert not out.exists()


def test_an_executor_gives_the_same_gradebook(class_of_six: Path, runs: list[tuple[int, int]]) -> None:
    """Whoever runs the submissions, and in whatever order they end."""
    rubric = Rubric(RUBRIC.title, RUBRIC.items, RUBRIC.required, seeds=Seeds((0,), (5, 6), 0))
    here, there = class_of_six.parent / "here", class_of_six.parent / "there"

    grade_submissions(class_of_six, here, rubric, workers=1, judge="recorded")
    with ThreadPoolExecutor(3) as pool:
        grade_submissions(class_of_six, there, rubric, executor=pool, judge="recorded")

    for name in ("gradebook.json", "grades.csv", "index.html"):
        assert (here / name).read_bytes() == (there / name).read_bytes()


def test_what_stands_in_the_place_of_a_gradebook_is_left_alone(class_of_six: Path, tmp_path: Path) -> None:
    """Other files, and a gradebook that cannot be read: the hidden seeds are in it."""
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").touch()
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "gradebook.json").write_text("{")

    for name, says in (("thesis", "no gradebook"), ("book", "hidden seeds are in it")):
        with pytest.raises(InvalidArgumentError, match=says):
            grade_submissions(class_of_six, tmp_path / name, RUBRIC, workers=1, judge="recorded")


def test_arguments_are_looked_at_before_anything_runs(class_of_six: Path, runs: list[tuple[int, int]]) -> None:
    """Workers, judges and formats."""
    for more, error in (
        ({"workers": 0}, InvalidArgumentError),
        ({"judge": "me"}, UnknownNameError),
        ({"formats": ["moodle"]}, UnknownNameError),
    ):
        with pytest.raises(error):
            grade_submissions(class_of_six, None, RUBRIC, **more)  # type: ignore[arg-type]
    assert runs == []


def test_the_command_says_a_line_for_each(
    class_of_six: Path, runs: list[tuple[int, int]], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """As it ends, and then the class; with --json, what is in gradebook.json."""
    rubric = tmp_path / "rubric.json"
    items = [{"name": item.name, "points": item.points, "hidden": item.hidden} for item in RUBRIC.items]
    rubric.write_text(json.dumps({"title": RUBRIC.title, "item": items}))
    words = ["grade", str(class_of_six), "--out", str(tmp_path / "book"), "--rubric", str(rubric)]
    words += ["--workers", "1", "--judge", "recorded"]

    status = main([*words, "--format", "gradescope"])
    lines = capsys.readouterr().out.splitlines()
    status_again = main([*words, "--json"])
    printed = json.loads(capsys.readouterr().out)

    assert (status, status_again) == (1, 1)
    assert lines[:2] == ["1/6  s0  6 of 6", "2/6  s1  1 of 6"]
    assert "mistake  3 of 6: relu: it is added up twice [TWICE]" in lines
    assert printed == json.loads((tmp_path / "book" / "gradebook.json").read_bytes())
    assert (tmp_path / "book" / "gradescope" / "s1.json").is_file()


def test_ctrl_c_ends_the_command_with_130(
    class_of_six: Path,
    runs: list[tuple[int, int]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What is known so far is printed and written."""
    from tinytorch_hf.cli import grade

    monkeypatch.setattr(grade, "_show", lambda progress: progress.done == 2 and os.kill(os.getpid(), signal.SIGINT))

    words = ["grade", str(class_of_six), "--out", str(tmp_path / "book"), "--workers", "1"]
    status = main([*words, "--report", str(tmp_path / "class.html")])

    book = json.loads((tmp_path / "book" / "gradebook.json").read_bytes())
    assert (status, len(book["submissions"]), book["is_complete"]) == (130, 2, False)
    assert "interrupted: some submissions are missing" in capsys.readouterr().out
    assert "interrupted: some submissions are missing" in (tmp_path / "class.html").read_text(encoding="utf-8")


def test_the_class_is_one_page_where_it_is_asked_for(
    graded: tuple[Path, Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Who has what, what is wrong in each submission, and how to get it again; it leads nowhere but into itself."""
    page = tmp_path / "class.html"

    # Nothing has changed, so that nothing is run again.
    status = main(["grade", *map(str, graded[:1]), *_as_before(graded[1], tmp_path), "--report", str(page)])

    text = page.read_text(encoding="utf-8")
    links = re.findall(r'(?:href|src)="([^"]*)"', text)
    assert (status, "4 unchanged" in capsys.readouterr().out) == (1, True)
    assert links
    assert all(link.startswith("#") and f'id="{link[1:]}"' in text for link in links)
    assert {"bob": "3 of 6" in _entry(text, "bob"), "eve": "tinytorch.lost" in _entry(text, "eve")} == {
        "bob": True,
        "eve": True,
    }
    assert "relu" in _entry(text, "bob")
    assert "relu" not in _entry(text, "ada")
    assert "\x1b" not in text
    assert "<script" not in text
    assert f"tinytorch-hf grade {graded[0]} --out" in text


def _as_before(book: Path, folder: Path) -> list[str]:
    """The options with which the class of `graded` was graded, on a copy of its gradebook."""
    shutil.copytree(book, folder / "book")
    rubric = folder / "rubric.json"
    items = [{"name": item.name, "points": item.points, "hidden": item.hidden} for item in ONE_SEED.items]
    seeds = {"shown": list(ONE_SEED.seeds.shown), "hidden": list(ONE_SEED.seeds.hidden)}
    values = {"title": ONE_SEED.title, "required": list(ONE_SEED.required), "item": items, "seeds": seeds}
    rubric.write_text(json.dumps(values))
    return ["--out", str(folder / "book"), "--rubric", str(rubric), "--judge", "recorded", "--workers", "1"]


def _entry(page: str, name: str) -> str:
    """What a page of the class says of one submission."""
    return page.split(f'<details id="submission-{name}"')[1].split('<details id="submission-', maxsplit=1)[0]


def test_statuses_are_counted(class_of_six: Path, runs: list[tuple[int, int]]) -> None:
    """For each operation how it ended in the class."""
    book: Gradebook = grade_submissions(class_of_six, None, RUBRIC, workers=1, judge="recorded")

    assert {tally.operation: dict(tally.counts) for tally in book.tallies()} == {
        "relu": {Status.PASSED: 3, Status.FAILED: 3},
        "sigmoid": {Status.PASSED: 6},
        "tanh": {Status.PASSED: 3, Status.FAILED: 3},
    }
