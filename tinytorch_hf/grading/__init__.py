"""A class: every submission checked apart from all others, and marked by a rubric.

Read `marks.py` first: what a submission gets, and for what. `rubric.py` is how submissions are marked, and
`rubric_file.py` reads one. `submissions.py` finds what was handed in and makes a copy that may be run (`packages.py`,
`unpacking.py`); `sandbox.py` runs it confined, `marking.py` makes marks of what was found, `one.py` puts that together
for one submission and `grade.py` for a class. `journal.py` keeps what is done, `similar.py` compares code;
`for_students.py`, `for_the_class.py`, `pages.py` and `formats/` are what is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinytorch_hf import _lazy

_HOMES = {
    "Gradebook": "gradebook",
    "Graded": "marks",
    "Item": "rubric",
    "Limits": "rubric",
    "Mark": "marks",
    "Progress": "grade",
    "Rubric": "rubric",
    "Seeds": "rubric",
    "Status": "marks",
    "grade_submissions": "grade",
    "read_rubric": "rubric_file",
}

if TYPE_CHECKING:
    from tinytorch_hf.grading.grade import Progress, grade_submissions
    from tinytorch_hf.grading.gradebook import Gradebook
    from tinytorch_hf.grading.marks import Graded, Mark, Status
    from tinytorch_hf.grading.rubric import Item, Rubric, Seeds
    from tinytorch_hf.grading.rubric_file import read_rubric
    from tinytorch_hf.student.limits import Limits

    __all__ = [
        "Gradebook",
        "Graded",
        "Item",
        "Limits",
        "Mark",
        "Progress",
        "Rubric",
        "Seeds",
        "Status",
        "grade_submissions",
        "read_rubric",
    ]

__getattr__, __dir__ = _lazy.attach(__name__, _HOMES, {})
