"""What runs on Gradescope for each submission: ``python -I -m tinytorch_hf.grading.gradescope_run FOLDER``.

Root judges, and the submission runs as another user, which can read neither the rubric nor results. Whatever happens,
a file of results is left; where that other user reaches what it may not, nothing of the submission runs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from tinytorch_hf.files import store
from tinytorch_hf.grading.formats import gradescope
from tinytorch_hf.grading.formats.gradescope_zip import RUBRIC
from tinytorch_hf.grading.formats.points import maxima, points, total
from tinytorch_hf.grading.journal import Journal
from tinytorch_hf.grading.marks import Graded
from tinytorch_hf.grading.one import Conditions, Task, grade_one
from tinytorch_hf.grading.rubric import Rubric
from tinytorch_hf.grading.rubric_file import read_rubric
from tinytorch_hf.grading.submissions import Submission
from tinytorch_hf.judging import judges
from tinytorch_hf.shown import printable

GradeOne = Callable[[Path, Rubric, str], Graded]
"""Grades what was handed in, as a user."""

# Earlier results are in the metadata, those of hidden operations, too.
_PRIVATE = ("source", "results", "submission", "submission_metadata.json", "run_autograder")
# What the other user says of these paths, and of the Python that it is to run.
_LOOK = """
for path; do
    if [ -r "$path" ] || [ -w "$path" ]; then echo "can reach $path"; fi
done
[ -x "$0" ] || echo "cannot run $0"
"""


class UnsafeError(Exception):
    """The submission would run where it reaches what it may not."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Grade the submission of an autograder's folder; the exit status is 0 where it has marks."""
    parser = argparse.ArgumentParser(prog="python -m tinytorch_hf.grading.gradescope_run")
    parser.add_argument("folder", type=Path, nargs="?", default=Path("/autograder"))
    parser.add_argument("--user", default="tinytorch-student")
    parser.add_argument("--check", type=Path, metavar="RUBRIC", help="only look whether a rubric can be read")
    given = parser.parse_args(arguments)
    if given.check:
        print(f"{read_rubric(given.check).title}: {given.check} can be graded with.")  # noqa: T201 -- for the instructor
        return 0
    return run(given.folder, given.user)


def run(folder: Path, user: str, grade: GradeOne | None = None) -> int:
    """Grade ``folder/submission`` by the rubric in ``folder/source``, and write ``folder/results/results.json``.

    Parameters
    ----------
    folder
        As Gradescope has it: with source, submission and results.
    user
        The name of the user that the submission runs as.
    grade
        Grades it; by default as `tinytorch-hf grade` does.
    """
    try:
        protect(folder, user)
        rubric = read_rubric(folder / "source" / RUBRIC)
        graded = (grade or _graded)(folder / "submission", rubric, user)
        found = gradescope.results(graded, rubric)
        _tell(graded, rubric)
    except UnsafeError as error:
        graded, found = None, gradescope.ungradable(f"{error} Tell your instructor: this is no fault of yours.")
    except Exception as error:
        traceback.print_exc()
        reason = f"The grader failed: {type(error).__name__}: {error}"
        graded, found = None, gradescope.ungradable(f"{reason}\nTell your instructor: this is no fault of yours.")
    store.write(folder / "results" / "results.json", gradescope.as_json(found))
    return 0 if graded and not graded.ungradable else 1


def protect(folder: Path, user: str) -> None:
    """Take the rubric, the results and the metadata out of the reach of everybody but root, and look whether they are.

    Raises
    ------
    UnsafeError
        This process is not root's, there is no such user, or it reaches one of them all the same.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        raise UnsafeError("The grader has to be run by root, so that submissions can run as another user.")
    import pwd

    try:
        account = pwd.getpwnam(user)
    except KeyError:
        raise UnsafeError(f"There is no user {user} for submissions to run as.") from None
    if account.pw_uid == 0:
        raise UnsafeError(f"The user {user} is root.")
    private = [folder / name for name in _PRIVATE if (folder / name).exists()]
    for path in private:
        os.chown(path, 0, 0)
        path.chmod(0o700)
    looked = subprocess.run(
        ["/bin/sh", "-c", _LOOK, sys.executable, *map(str, private)],
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if looked.stdout or looked.stderr or looked.returncode:
        raise UnsafeError(f"The user {user} {'; '.join((looked.stdout + looked.stderr).split(chr(10))[:-1])}.")


def _graded(submission: Path, rubric: Rubric, user: str) -> Graded:
    hidden = Journal(None).seeds(rubric.seeds)
    conditions = Conditions(rubric, rubric.seeds.shown, hidden, judges.default(), user)
    entry = grade_one(Task(Submission("submission", submission, "submission"), conditions))
    assert entry is not None  # noqa: S101 -- only what was graded before is not graded
    return entry.graded


def _tell(graded: Graded, rubric: Rubric) -> None:
    """Print what only the instructor may read."""
    if not graded.ungradable:
        given, most = points(graded, rubric), total(maxima(rubric))
        print(f"{given.total:g} of {most:g} points in {graded.seconds:.1f} s")  # noqa: T201
    for line in (graded.ungradable, graded.withheld, *graded.remarks):
        if line:
            print(printable(line))  # noqa: T201
    for mark in graded.marks:
        if mark.for_instructor:
            text = "\n".join(map(printable, mark.for_instructor.split("\n")))
            print(f"\n{mark.operation}, under a hidden seed:\n{text}")  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
