"""The command that grades a class: grade."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tinytorch_hf.cli import completion, terminal
from tinytorch_hf.cli.options import OK, USAGE, add_json, command, positive_int, print_json, user_path
from tinytorch_hf.cli.outputs import command_line, write_page
from tinytorch_hf.cli.tree import Parser
from tinytorch_hf.errors import InvalidArgumentError

if TYPE_CHECKING:
    from tinytorch_hf.grading.grade import Progress
    from tinytorch_hf.grading.gradebook import Gradebook

_MOST_MISTAKES = 5
_MOST_NAMED = 5


def add_to(commands: Parser) -> None:
    """Add this command to the parser."""
    parser = command(
        commands,
        "grade",
        _grade,
        "grade a class: check every submission in a folder, each confined and isolated from the others",
        "%(prog)s submissions --out gradebook --rubric rubric.toml",
        "Each folder, zip file or .py file in SUBMISSIONS is one. The gradebook has a page and a table of the class, "
        "and for each student a text, JSON, HTML and JUnit XML. What has not changed is not run again, and after an "
        "interruption the same command goes on. Exit status: 0 all are graded, 1 one is ungradable or its points are "
        "withheld, 2 the command was called wrongly, 130 it was interrupted.",
    )
    parser.usage = "%(prog)s SUBMISSIONS --out GRADEBOOK [OPTIONS]\n       %(prog)s --gradescope-zip FILE [OPTIONS]"
    parser.add_argument(
        "submissions", type=user_path, nargs="?", metavar="SUBMISSIONS", help="the folder that holds them"
    )
    parser.add_argument(
        "--out", type=user_path, metavar="GRADEBOOK", help="the folder of the gradebook, new or existing"
    )
    parser.add_argument(
        "--rubric",
        type=user_path,
        metavar="FILE",
        help="points, required operations, limits and seeds, in TOML or JSON (default: each module is worth the same)",
    )
    parser.add_argument("--workers", type=positive_int, metavar="N", help="processes that grade (default: all cores)")
    parser.add_argument(
        "--judge",
        choices=("torch", "recorded"),
        help="PyTorch itself, or NumPy in its place; never recorded answers (default: torch where it is installed)",
    )
    parser.add_argument(
        "--report",
        type=user_path,
        metavar="FILE.html",
        help="also write the class and what is wrong in each submission as a page of one file, for the instructor",
    )
    formats = parser.add_argument(
        "--format",
        nargs="+",
        default=[],
        metavar="NAME",
        help="also write files for other graders: gradescope, nbgrader, otter, prairielearn",
    )
    completion.complete_with(formats, _formats)
    parser.add_argument("--run-as", default="", metavar="USER", help="the user that submissions run as, if root grades")
    parser.add_argument(
        "--gradescope-zip",
        type=user_path,
        metavar="FILE",
        help="grade nothing, but write a zip file with which Gradescope grades by the rubric; without SUBMISSIONS",
    )
    parser.add_argument(
        "--wheel", type=user_path, metavar="FILE", help="the wheel of tinytorch-hf that Gradescope is to install"
    )
    parser.add_argument("--publish", action="store_true", help="show hidden operations in the students' files, too")
    add_json(parser)
    parser.group_options(
        how_it_is_graded=("--rubric", "--judge", "--workers", "--run-as"),
        output=("--out", "--report", "--format", "--publish", "--json"),
        on_Gradescope=("--gradescope-zip", "--wheel"),
    )


def _formats(_options: argparse.Namespace) -> Iterable[str]:
    """What `--format` takes."""
    from tinytorch_hf.grading.formats import FORMATS

    return FORMATS


def _grade(options: argparse.Namespace) -> int:
    from tinytorch_hf.grading import for_the_class
    from tinytorch_hf.grading.grade import grade_submissions
    from tinytorch_hf.grading.pages import of_class_in_one
    from tinytorch_hf.reports.versions import versions

    # 1 says that a submission is ungradable; where nothing was graded, nothing is known to be.
    options.without_verdict = USAGE
    if options.gradescope_zip:
        return _write_zip(options)
    if not options.submissions or not options.out:
        raise InvalidArgumentError(
            "Give the folder of the submissions, and --out GRADEBOOK. See: tinytorch-hf grade -h"
        )
    if options.wheel:
        raise InvalidArgumentError("--wheel is for --gradescope-zip FILE. Leave it out.")
    book = grade_submissions(
        options.submissions,
        options.out,
        options.rubric,
        workers=options.workers,
        judge=options.judge,
        publish=options.publish,
        formats=options.format,
        run_as=options.run_as,
        on_graded=_show_on_stderr if options.json else _show,
        keep_partial=True,
    )
    if options.json:
        print_json(for_the_class.values_of(book))
    else:
        for line in _summary(book):
            print(line)
    if options.report is not None:
        write_page(options, of_class_in_one(book, _command(options, book), versions()))
    return book.status


def _command(options: argparse.Namespace, book: Gradebook) -> str:
    """What grades the class again."""
    return command_line(
        "grade",
        str(options.submissions),
        out=options.out,
        rubric=options.rubric,
        judge=book.judge,
        format=options.format,
        run_as=options.run_as or None,
        publish=options.publish,
    )


def _write_zip(options: argparse.Namespace) -> int:
    from tinytorch_hf.grading.formats import gradescope_zip
    from tinytorch_hf.grading.rubric import Rubric
    from tinytorch_hf.grading.rubric_file import read_rubric

    if options.submissions or options.out or options.report:
        raise InvalidArgumentError(
            "--gradescope-zip FILE grades nothing here: leave out SUBMISSIONS, --out and --report."
        )
    rubric = gradescope_zip.with_seeds(read_rubric(options.rubric) if options.rubric else Rubric())
    gradescope_zip.write(options.gradescope_zip, rubric, options.wheel)
    hidden = list(rubric.seeds.hidden)
    if options.json:
        return print_json({"written": str(options.gradescope_zip), "hidden_seeds": hidden})
    print(terminal.wrapped("written  ", str(options.gradescope_zip)))
    print(terminal.wrapped("seeds    ", f"hidden, not for students: {', '.join(map(str, hidden))}"))
    return OK


def _show(progress: Progress) -> None:
    print(_line(progress), flush=True)


def _show_on_stderr(progress: Progress) -> None:
    print(_line(progress), file=sys.stderr, flush=True)


def _line(progress: Progress) -> str:
    """A line for a submission that has ended."""
    width = len(str(progress.total))
    graded, score = progress.graded, progress.score
    said = [f"ungradable: {graded.ungradable}" if score is None else str(score)]
    said += [score.note] if score is not None and score.note else []
    said += ["unchanged"] if progress.is_unchanged else []
    start = f"{progress.done:>{width}}/{progress.total}  {graded.name}  "
    return terminal.wrapped(start, "; ".join(said).replace("\n", " "))


def _summary(book: Gradebook) -> Iterable[str]:
    graded = [one for one in book.gradeds if not one.ungradable]
    shares = sorted(score.points for one in graded if (score := book.score(one)) is not None)
    yield ""
    if not book.is_complete:
        yield "interrupted: some submissions are missing; the same command resumes"
    yield f"{len(graded)} graded, {len(book.gradeds) - len(graded)} ungradable, {len(book.unchanged)} unchanged"
    if shares:
        middle = (shares[(len(shares) - 1) // 2] + shares[len(shares) // 2]) / 2
        yield f"points   {shares[0]:g} to {shares[-1]:g} of {book.rubric.out_of:g}, median {middle:g}"
    for mistake in book.mistakes()[:_MOST_MISTAKES]:
        code = f" [{mistake.code}]" if mistake.code else ""
        where = f"{mistake.operations[0]}: " if len(mistake.operations) == 1 or code else ""
        yield terminal.wrapped("mistake  ", f"{len(mistake.names)} of {len(graded)}: {where}{mistake.sentence}{code}")
    n_remarks = len(book.to_be_looked_at())
    if n_remarks:
        yield f"remarks  {n_remarks} to be looked at"
    if book.ignored:
        names = ", ".join(book.ignored[:_MOST_NAMED])
        more = f" and {len(book.ignored) - _MOST_NAMED} more" if len(book.ignored) > _MOST_NAMED else ""
        yield terminal.wrapped("ignored  ", f"{names}{more}: submissions are folders, zip files and .py files")
    if book.out is not None:
        yield terminal.wrapped("written  ", str(book.out / "index.html"))
