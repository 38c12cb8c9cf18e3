"""Grade a class: every submission on its own, in parallel, and all of them as one gradebook."""

from __future__ import annotations

import contextlib
import importlib.util
import multiprocessing
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from tinytorch_hf import workers as parallel
from tinytorch_hf.errors import InvalidArgumentError, MissingExtraError, UnknownNameError
from tinytorch_hf.files.folders import expanded
from tinytorch_hf.grading import formats as known_formats
from tinytorch_hf.grading import writing
from tinytorch_hf.grading.gradebook import Gradebook, Score, score_of
from tinytorch_hf.grading.journal import Journal
from tinytorch_hf.grading.marks import Graded
from tinytorch_hf.grading.one import Conditions, Entry, Task, grade_one, ungradable
from tinytorch_hf.grading.rubric import Rubric
from tinytorch_hf.grading.rubric_file import read_rubric
from tinytorch_hf.grading.similar import remarks_on
from tinytorch_hf.grading.submissions import Submission, find_submissions, ignored_files
from tinytorch_hf.judging.judges import JUDGES, chosen
from tinytorch_hf.reports.html import blocks
from tinytorch_hf.student.cell import Cell

_ENDED = (
    "The process that judged it was ended from outside ({}), as systems do where memory is short. Grade it again with "
    "fewer workers."
)


@dataclass(frozen=True)
class Progress:
    """A submission that has just ended.

    Attributes
    ----------
    graded
        What it gets; what is said of code that is equal to others' comes at the end.
    score
        Its points; None where it could not be graded.
    done, total
        How many have ended, and how many there are.
    is_unchanged
        Whether it was graded before, and was not run again.
    """

    graded: Graded
    score: Score | None
    done: int
    total: int
    is_unchanged: bool


def grade_submissions(
    folder: str | Path,
    out: str | Path | None = None,
    rubric: Rubric | str | Path | None = None,
    *,
    workers: int | None = None,
    executor: Executor | None = None,
    judge: str | None = None,
    publish: bool = False,
    formats: Collection[str] = (),
    run_as: str = "",
    on_graded: Callable[[Progress], None] = lambda _: None,
    keep_partial: bool = False,
) -> Gradebook:
    """Grade every submission in a folder, each confined and apart from all others.

    Whatever is inside, a submission gets an entry. What is the same as the last time is not run again. Where it is
    interrupted, as by Ctrl-C, what is finished is written, and the next call goes on from there.

    Parameters
    ----------
    folder
        Holds the submissions: a folder, a zip file or a .py file for each student. Other files are ignored.
    out
        Where the gradebook is written; nothing is written by default.
    rubric
        How submissions are marked: a rubric, or the file of one; each module of the course the same by default.
    workers
        How many processes grade; by default as many as there are cores.
    executor
        Where to grade instead, such as Dask's ``client.get_executor()``. Its workers need to see the folder.
    judge
        "torch" or "recorded", where what is right is computed with NumPy; by default torch where it is installed.
    publish
        Whether students' files tell of hidden operations, too.
    formats
        Of other graders, to be written besides; see `tinytorch_hf.grading.formats.FORMATS`.
    run_as
        The name of the user that submissions run as, where root grades; the user of this process by default.
    on_graded
        Called as each submission ends.
    keep_partial
        Whether Ctrl-C ends with what is finished, instead of raising KeyboardInterrupt once that is written.

    Raises
    ------
    InvalidArgumentError
        There is nothing to grade, or something else stands in ``out``; submissions cannot run as that user; a
        `RubricError` where the rubric does not hold; a script calls this with no ``if __name__ == "__main__":``.
    UnknownNameError
        There is no such judge, or no such format.
    MissingExtraError
        torch was chosen and is not installed; or files are to be written, and jinja2 is not installed.
    StorageError
        A file cannot be read or written.
    """
    # Before anything is written: a worker that imports the script again would grade into the same gradebook.
    parallel.check_not_imported_by_worker()
    rubric = Rubric() if rubric is None else rubric
    left_out = [] if isinstance(rubric, Rubric) else [expanded(rubric)]
    rubric = rubric if isinstance(rubric, Rubric) else read_rubric(left_out[0])
    place = None if out is None else expanded(out)
    left_out += [place] if place else []
    submissions = find_submissions(expanded(folder), left_out)
    ignored = ignored_files(expanded(folder), left_out)
    _check_formats(formats)
    journal = Journal(place)
    hidden = journal.seeds(rubric.seeds)
    # Whom submissions cannot run as is refused here, before there is any.
    Cell(rubric.limits, run_as=run_as)
    conditions = Conditions(rubric, rubric.seeds.shown, hidden, _judge(judge), run_as)
    class_ = _Class(submissions, ignored, conditions, journal, place, publish, formats)
    class_.begin()
    try:
        class_.grade(workers, executor, on_graded)
    except KeyboardInterrupt:
        # Everything that is finished is written.
        book = class_.end()
        if not keep_partial:
            raise
        return book
    return class_.end()


class _Class:
    """The submissions on their way into the gradebook."""

    def __init__(
        self,
        submissions: Sequence[Submission],
        ignored: Sequence[str],
        conditions: Conditions,
        journal: Journal,
        place: Path | None,
        is_published: bool,
        formats: Collection[str],
    ) -> None:
        self._submissions = submissions
        self._ignored = tuple(ignored)
        self._conditions = conditions
        self._journal = journal
        self._place = place
        self._is_published = is_published
        self._formats = formats
        self._entries: dict[int, Entry] = {}
        self._unchanged: list[str] = []

    def begin(self) -> None:
        """Make sure that pages can be made, and write down the hidden seeds before anything is graded with them."""
        if self._place is None:
            return
        blocks.paragraph("")
        if not self._journal.has_seeds(self._conditions.hidden_seeds):
            writing.write_book(self._place, self._book())

    def grade(self, workers: int | None, executor: Executor | None, on_graded: Callable[[Progress], None]) -> None:
        """Grade them all; each is kept as soon as it is finished."""
        before = [self._journal.finished(one, self._conditions) for one in self._submissions]
        tasks = [
            Task(one, self._conditions, "" if entry is None else entry.graded.digest)
            for one, entry in zip(self._submissions, before, strict=True)
        ]
        # Closed at once when it is interrupted, so that nothing runs while what is known is written.
        with contextlib.closing(_each(tasks, workers, executor)) as ended:
            for number, found in ended:
                entry = found or before[number]
                assert entry is not None  # noqa: S101 -- only what is known is found unchanged
                self._add(number, entry, is_unchanged=found is None)
                score = score_of(entry.graded, self._conditions.rubric)
                on_graded(Progress(entry.graded, score, len(self._entries), len(tasks), found is None))

    def _add(self, number: int, entry: Entry, *, is_unchanged: bool) -> None:
        """Keep what came of a submission, and write what its student may read."""
        submission = self._submissions[number]
        if is_unchanged:
            self._unchanged.append(submission.name)
        else:
            self._journal.keep(submission, self._conditions, entry)
        self._entries[number] = entry
        if self._place is not None:
            writing.write_student(
                self._place,
                submission.file_name,
                entry.graded,
                self._conditions.rubric,
                is_published=self._is_published,
            )

    def end(self) -> Gradebook:
        """What the class gets, written if it is to be."""
        book = self._book()
        if self._place is not None:
            names = {one.name: one.file_name for one in self._submissions}
            writing.write_class(self._place, book, names, self._formats)
        return book

    def _book(self) -> Gradebook:
        entries = [self._entries[number] for number in sorted(self._entries)]
        said = remarks_on({entry.graded.name: entry.prints for entry in entries})
        return Gradebook(
            self._conditions.rubric,
            tuple(
                replace(entry.graded, remarks=(*entry.graded.remarks, *said.get(entry.graded.name, ())))
                for entry in entries
            ),
            self._conditions.shown_seeds,
            self._conditions.hidden_seeds,
            self._conditions.judge,
            len(entries) == len(self._submissions),
            tuple(sorted(self._unchanged)),
            self._place,
            self._ignored,
        )


def _each(
    tasks: Sequence[Task], workers: int | None, executor: Executor | None
) -> Generator[tuple[int, Entry | None], None, None]:
    """What comes of each; whoever has the process ended that judges it is found, and the others go on."""
    waiting = dict(enumerate(tasks))
    while waiting:
        numbers = list(waiting)
        try:
            for place, found in parallel.results(grade_one, list(waiting.values()), workers=workers, executor=executor):
                del waiting[numbers[place]]
                yield numbers[place], found
        except InvalidArgumentError:
            raise
        except Exception:
            # `grade_one` raises nothing: the executor has lost a process.
            yield from _alone(waiting, executor)


def _alone(waiting: dict[int, Task], executor: Executor | None) -> Iterator[tuple[int, Entry | None]]:
    """Grade one after the other, until it is found which one has its process ended."""
    for number, task in list(waiting.items()):
        context = multiprocessing.get_context("spawn")
        try:
            if executor is None:
                with ProcessPoolExecutor(1, context) as pool:
                    found = pool.submit(grade_one, task).result()
            else:
                found = executor.submit(grade_one, task).result()
        except Exception as error:
            if isinstance(error, RuntimeError) and not isinstance(error, BrokenExecutor):
                # None of the submission's doing: this is what an executor raises that takes no work.
                raise InvalidArgumentError(f"The executor takes no work: {error}. Give another one.") from error
            found = ungradable(task.submission.name, _ENDED.format(type(error).__name__), is_final=False)
            del waiting[number]
            yield number, found
            return
        del waiting[number]
        yield number, found


def _judge(judge: str | None) -> str:
    by = judge or chosen()
    if by not in JUDGES:
        raise UnknownNameError("judge", by, JUDGES)
    if by == "torch" and importlib.util.find_spec("torch") is None:
        error = ModuleNotFoundError("No module named 'torch'", name="torch")
        raise MissingExtraError("torch", "compare", error)
    return by


def _check_formats(formats: Collection[str]) -> None:
    for name in formats:
        if name not in known_formats.FORMATS:
            raise UnknownNameError("format", name, list(known_formats.FORMATS))
