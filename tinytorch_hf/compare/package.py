"""The TinyTorch that is compared, asked from where the judge is: arrays in, arrays out, and errors told."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf.compare.plain_loader import NOTE, lacks_loader
from tinytorch_hf.compare.target import REFERENCE, Target, asking
from tinytorch_hf.errors import InvalidArgumentError, StudentCodeError
from tinytorch_hf.files.folders import nearby
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student import finding
from tinytorch_hf.student.answers import Answer, Ask
from tinytorch_hf.student.asking import Respondent
from tinytorch_hf.student.finding import Found
from tinytorch_hf.student.mapping import FrameworkMap

# Rows of data go over in pieces of about this size.
_PIECE_BYTES = 8_000_000


@dataclass(frozen=True)
class Subject:
    """What was compared, for reports.

    Attributes
    ----------
    name
        Of the package, with its version.
    location
        Its folder.
    note
        Why this one was taken.
    is_reference
        Whether it is the reference, and so nothing of the user's.
    not_isolated
        What is to be said first where code of the user's ran in the process that judges it; empty where it had its own,
        and for the reference, which is ours.
    notes
        What is to be said of its map, where that was inferred.
    inferred
        That map.
    folder
        What holds the package, so that lines to run find it; empty where it is installed.
    """

    name: str
    location: str
    note: str
    is_reference: bool = False
    not_isolated: str = ""
    notes: tuple[str, ...] = ()
    inferred: FrameworkMap | None = None
    folder: str = ""

    def __str__(self) -> str:
        if self.is_reference:
            return f"the reference that comes with tinytorch-hf, not code of yours ({self.note})"
        return f"{self.name} ({self.note})"


class Package:
    """A TinyTorch behind requests.

    Attributes
    ----------
    ask
        Answers requests.
    target
        What the user asked for.
    subject
        What it is.
    """

    def __init__(self, ask: Ask, target: Target, subject: Subject) -> None:
        self.ask = ask
        self.target = target
        self.subject = subject

    def request(self, ask: str, inputs: dict[str, Any] | None = None, **fields: Any) -> Answer:
        """The answer to a request, whatever it is."""
        return self.ask(ask=ask, inputs=inputs or {}, **fields)

    def results(self, ask: str, inputs: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
        """The results of a request.

        Raises
        ------
        StudentCodeError, InvalidArgumentError
            There are none; as `error` says.
        """
        answer = self.request(ask, inputs, **fields)
        if answer.kind != "results":
            raise self.error(answer)
        return dict(answer.results)

    def error(self, answer: Answer, doing: str = "") -> StudentCodeError | InvalidArgumentError:
        """What to raise where an answer has no results: what happened, where, and what was being done."""
        done = answer.results.get("doing")
        doing = doing or (done if isinstance(done, str) else "")
        at = f"The package is at {self.subject.location}."
        if self.subject.not_isolated:
            at += f"\nIt was {self.subject.not_isolated}."
        if answer.kind in ("missing", "untried"):
            state = "is not built that far" if answer.kind == "missing" else "cannot be called as TinyTorch is"
            meanwhile = f" (while {doing})" if doing else ""
            return InvalidArgumentError(
                f"{self.subject.name} {state}: {answer.message}{meanwhile}. {self.advice}\n{at}"
            )
        message = answer.message if answer.kind == "crash" else "something came back that is no answer"
        # What the package says goes on below its beginning, so that no line of it can be taken for one of ours.
        said = message.replace("\n", "\n  ")
        lines = [f"{self.subject.name} raised an error{f' while {doing}' if doing else ''}: {said}"]
        if answer.where:
            file, _, line = answer.where.rpartition(":")
            lines.append(f"In {file}, line {line}.")
        return StudentCodeError("\n".join([*lines, at]))

    def damaged(self, what: str) -> StudentCodeError:
        """The error for an answer that lacks what was asked for, or has it in a form in which it is of no use."""
        return StudentCodeError(
            f"{self.subject.name} gave {what} that cannot be compared. The package is at {self.subject.location}."
        )

    @property
    def advice(self) -> str:
        """What can be run instead where the package is not built far enough."""
        given = f" --package {self.target.given}" if self.target.given else ""
        return (
            f"`tinytorch-hf check{given}` compares what is there; with --package {REFERENCE.package}, `compare` trains "
            "the reference that comes with tinytorch-hf."
        )

    def require(self, names: Sequence[str], what: str) -> None:
        """Raise InvalidArgumentError with what is missing unless all of these parts are built; ``what`` needs them."""
        answers = {name: self.find(name) for name in names}
        missing = [name for name, answer in answers.items() if not _is_found(answer)]
        if not missing:
            return
        reasons = [answers[name].message for name in missing if answers[name].message]
        because = f" ({reasons[0]})" if reasons else ""
        raise InvalidArgumentError(
            f"{in_words(missing)} {'is' if len(missing) == 1 else 'are'} not implemented yet in "
            f"{self.subject.name} at {self.subject.location}{because}, and {what} needs "
            f"{'it' if len(missing) == 1 else 'them'}. {self.advice}"
        )

    def find(self, name: str) -> Answer:
        """Whether a part is built; StudentCodeError if looking for it crashes."""
        answer = self.request("find", name=name)
        if answer.kind == "crash":
            raise self.error(answer, f"looking for {name}")
        return answer

    def hold(self, arrays: dict[str, Array]) -> None:
        """Hand the data over, unless they are there already."""
        if self.results("holds").get("held") == sorted(arrays):
            return
        for name, values in arrays.items():
            n_rows = max(1, _PIECE_BYTES // max(1, values[:1].nbytes))
            for start in range(0, len(values), n_rows):
                rows = np.ascontiguousarray(values[start : start + n_rows])
                self.results("hold", {"rows": rows}, name=name, start=start, length=len(values))


def in_words(names: Sequence[str]) -> str:
    """Names as a sentence lists them: with commas, and one "and" before the last."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _is_absent(answer: Answer) -> bool:
    """Whether nothing speaks of a part, as opposed to a part that is there but cannot be used yet."""
    return answer.kind == "found" and not answer.found


def _is_found(answer: Answer) -> bool:
    return answer.kind == "found" and answer.found


@contextlib.contextmanager
def opened(target: Target) -> Iterator[Package]:
    """The package of a target; where the user named none and has none, the reference.

    Raises
    ------
    InvalidArgumentError
        There is no package of the name that the user gave.
    StudentCodeError
        The package does not import.
    """
    if not target.given and not target.is_reference and not target.is_installed:
        with _reference(target, f"no package {target.framework_map.package} is installed") as package:
            yield package
        return
    why = ""
    with asking(target) as respondent:
        is_theirs = bool(target.given) and not target.is_reference
        found = finding.found(respondent.ask, target.framework_map) if is_theirs else Found(target.framework_map)
        if found.failed:
            raise InvalidArgumentError(f"{target.framework_map.package} has no Tensor. {found.failed}")
        if not found.is_inferred:
            package, why = _opened(respondent, target)
            if not why:
                yield package
                return
    if found.is_inferred:
        mapped = dataclasses.replace(target, framework_map=found.framework_map)
        with asking(mapped) as respondent:
            package, _ = _opened(respondent, mapped)
            notes = (*found.notes, NOTE) if lacks_loader(found.framework_map) else found.notes
            package.subject = dataclasses.replace(
                package.subject,
                notes=notes,
                inferred=found.framework_map,
            )
            yield package
        return
    # What was no TinyTorch has run here all the same, if it was here.
    with _reference(target, why, respondent.not_isolated) as package:
        yield package


def _opened(respondent: Respondent, target: Target) -> tuple[Package, str]:
    """The package, and why it is none that can be compared, where the reference may stand in."""
    answer = respondent.ask(ask="open")
    subject = dataclasses.replace(_subject(target, answer), not_isolated=respondent.not_isolated)
    package = Package(respondent.ask, target, subject)
    if answer.kind == "absent":
        if target.given or target.is_reference:
            raise InvalidArgumentError(
                f"No package {target.framework_map.package} can be imported. {nearby(target.framework_map.package)}"
                f"--package {REFERENCE.package} is one that is complete."
            )
        return package, f"no package {target.framework_map.package} is installed"
    if answer.kind != "opened":
        raise package.error(answer, "being imported")
    if not target.given and _is_absent(package.find("Tensor")):
        name = target.framework_map.package
        return package, f"the {name} that is installed at {subject.location} is another one: no Tensor"
    return package, ""


@contextlib.contextmanager
def _reference(target: Target, why: str, not_isolated: str = "") -> Iterator[Package]:
    target = dataclasses.replace(target, framework_map=REFERENCE, folder=None)
    with asking(target) as respondent:
        subject = _subject(target, respondent.ask(ask="open"))
        yield Package(respondent.ask, target, dataclasses.replace(subject, note=why, not_isolated=not_isolated))


def _subject(target: Target, answer: Answer) -> Subject:
    name = answer.package or target.framework_map.package
    note = "as you asked" if target.is_reference else f"your own package at {answer.location}"
    folder = str(target.folder or "")
    return Subject(name, answer.location or folder or "?", note, target.is_reference, folder=folder)
