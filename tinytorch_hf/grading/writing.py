"""The files of a gradebook, and where they are.

==================================  ===============================================================
``students/NAME/report.txt``        what the student may read; also ``.json``, ``.html``, ``junit.xml``
``details/NAME.html``               the same with everything that is for the instructor alone
``grades.csv``, ``gradebook.json``  the class, for a spreadsheet and for a program
``index.html``                      the class, to be read
``finished/NAME.json``              what need not be run again; see `tinytorch_hf.grading.journal`
==================================  ===============================================================
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from tinytorch_hf.errors import StorageError
from tinytorch_hf.files import store
from tinytorch_hf.grading import for_students, for_the_class, formats, pages
from tinytorch_hf.grading.gradebook import Gradebook
from tinytorch_hf.grading.journal import BOOK
from tinytorch_hf.grading.marks import Graded
from tinytorch_hf.grading.rubric import Rubric


def write_student(folder: Path, file_name: str, graded: Graded, rubric: Rubric, *, is_published: bool) -> None:
    """Write what a student may read.

    Raises
    ------
    MissingExtraError
        jinja2 is not installed.
    StorageError
        A file cannot be written.
    """
    shown = for_students.view(graded, rubric, is_published=is_published)
    place = folder / "students" / file_name
    _put(place / "report.txt", for_students.as_text(shown))
    _put(place / "report.json", for_students.as_json(shown))
    _put(place / "junit.xml", for_students.as_junit(shown))
    _put(place / "report.html", pages.of_student(shown).encode())


def write_class(
    folder: Path, book: Gradebook, file_names: Mapping[str, str], wanted_formats: Collection[str] = ()
) -> None:
    """Write what is for the instructor: the class, a page for each submission, and files for other programs.

    Parameters
    ----------
    folder
        Of the gradebook.
    book
        What the class gets.
    file_names
        For each submission's name one of a file.
    wanted_formats
        Names of `tinytorch_hf.grading.formats.FORMATS`.

    Raises
    ------
    MissingExtraError, StorageError, UnknownNameError
        jinja2 is not installed; a file cannot be written; there is no such format.
    """
    for graded in book.gradeds:
        everything = for_students.view(graded, book.rubric, is_published=True)
        page = pages.of_graded(book, graded, everything)
        _put(folder / "details" / f"{file_names[graded.name]}.html", page.encode())
    _put(folder / "grades.csv", for_the_class.csv_of(book))
    links = {name: f"details/{file}.html" for name, file in file_names.items()}
    _put(folder / "index.html", pages.of_class(book, links).encode())
    for name in wanted_formats:
        formats.write(name, book.gradeds, book.rubric, folder)
    write_book(folder, book)


def write_book(folder: Path, book: Gradebook) -> None:
    """Write the file that the hidden seeds are kept in.

    Raises
    ------
    StorageError
        It cannot be written.
    """
    _put(folder / BOOK, for_the_class.json_of(book))


def _put(path: Path, data: bytes) -> None:
    """Write a file, unless it is there as it should be."""
    try:
        if path.is_file() and store.present_at(path, len(data)) == data:
            return
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}.") from error
    store.write(path, data)
