"""Files that autograders read. Each format is written down once, in `FORMATS`; `write` writes one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinytorch_hf.errors import UnknownNameError
from tinytorch_hf.files import store
from tinytorch_hf.grading.file_names import file_names
from tinytorch_hf.grading.formats import gradescope, nbgrader, otter, prairielearn
from tinytorch_hf.grading.formats.tables import as_csv
from tinytorch_hf.grading.marks import Graded
from tinytorch_hf.grading.rubric import Rubric

__all__ = ["FORMATS", "Format", "write"]


@dataclass(frozen=True)
class Format:
    """A format that an autograder reads.

    Attributes
    ----------
    reader
        What reads it.
    summary
        What is written, for the help of the command.
    files
        The content of each file by its path, of a class and its rubric.
    """

    reader: str
    summary: str
    files: Callable[[Sequence[Graded], Rubric], dict[str, bytes]]


def _for_each(content: Callable[[Graded, Rubric], bytes]) -> Callable[[Sequence[Graded], Rubric], dict[str, bytes]]:
    """A file for each submission."""

    def files(gradeds: Sequence[Graded], rubric: Rubric) -> dict[str, bytes]:
        names = file_names([graded.name for graded in gradeds])
        return {f"{name}.json": content(graded, rubric) for name, graded in zip(names, gradeds, strict=True)}

    return files


FORMATS = {
    "gradescope": Format(
        "Gradescope",
        "results.json for each submission",
        _for_each(lambda graded, rubric: gradescope.as_json(gradescope.results(graded, rubric))),
    ),
    "nbgrader": Format(
        "nbgrader",
        "grades.csv, as nbgrader export writes it",
        lambda gradeds, rubric: {"grades.csv": as_csv(nbgrader.rows(gradeds, rubric))},
    ),
    "otter": Format(
        "otter-grader",
        "final_grades.csv, as otter grade writes it",
        lambda gradeds, rubric: {"final_grades.csv": as_csv(otter.rows(gradeds, rubric))},
    ),
    "prairielearn": Format("PrairieLearn", "results.json for each submission", _for_each(prairielearn.as_json)),
}
"""Each format by the name that `tinytorch-hf grade --format` takes."""


def write(name: str, gradeds: Sequence[Graded], rubric: Rubric, folder: Path) -> list[Path]:
    """Write a class in one format, into a folder of the format's name inside a folder; gives the paths.

    Raises
    ------
    UnknownNameError
        There is no such format.
    StorageError
        A file cannot be written.
    """
    if name not in FORMATS:
        raise UnknownNameError("format", name, list(FORMATS))
    files = FORMATS[name].files(gradeds, rubric)
    for path, data in files.items():
        store.write(folder / name / path, data)
    return [folder / name / path for path in files]
