"""One submission: copied, checked under every seed, marked. Whatever it holds, something comes of it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinytorch_hf._version import __version__
from tinytorch_hf.errors import InvalidArgumentError, NoProcessError, NoTinyTorchError, TinyTorchHFError
from tinytorch_hf.grading.code_prints import CodePrint, code_prints
from tinytorch_hf.grading.file_names import shown
from tinytorch_hf.grading.marking import Run, marks_of
from tinytorch_hf.grading.marks import Graded
from tinytorch_hf.grading.packages import COURSE
from tinytorch_hf.grading.rubric import Rubric
from tinytorch_hf.grading.sandbox import check_confined
from tinytorch_hf.grading.submissions import Prepared, Submission, prepared
from tinytorch_hf.grading.unpacking import UngradableError
from tinytorch_hf.judging.judges import judged_by
from tinytorch_hf.judging.results import Report
from tinytorch_hf.student.mapping import FrameworkMap

_LEAST_S = 1.0
_NOT_TOLD = "it imports or reads what it may not, which the instructor can see"
_LONGEST_REASON = 1000
_HAND_IN = f"Hand in the folder {COURSE} of the course, with all of its files."


@dataclass(frozen=True)
class Conditions:
    """What decides, beside a submission itself, what it gets.

    Attributes
    ----------
    rubric
        What is worth how much, and what it may use.
    shown_seeds, hidden_seeds
        The seeds that fix its inputs.
    judge
        Who says what is right; see `tinytorch_hf.judging.judges`.
    run_as
        The name of the user that it runs as, where this process is root's; the user of this process by default. What
        it gets does not depend on that.
    """

    rubric: Rubric
    shown_seeds: tuple[int, ...]
    hidden_seeds: tuple[int, ...]
    judge: str
    run_as: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 over all of it, and over the release of this package."""
        parts = [self.rubric.digest, self.shown_seeds, self.hidden_seeds, self.judge, __version__]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Task:
    """A submission to be graded; it can be sent to another process.

    Attributes
    ----------
    submission
        Where it is.
    conditions
        How it is graded.
    known
        The digest of its content when it was last graded under these conditions; or nothing.
    """

    submission: Submission
    conditions: Conditions
    known: str = ""


@dataclass(frozen=True)
class Entry:
    """What came of a submission.

    Attributes
    ----------
    graded
        What it gets.
    prints
        Fingerprints of its functions, to be compared with others'.
    is_final
        Whether it would be the same another time, so that it need not be graded again while it is unchanged.
    """

    graded: Graded
    prints: tuple[CodePrint, ...] = ()
    is_final: bool = True


def grade_one(task: Task) -> Entry | None:
    """Grade a submission; nothing if it has not changed since it was graded."""
    name = task.submission.name
    try:
        with prepared(task.submission.path) as copy:
            return None if copy.digest == task.known else _graded(name, copy, task.conditions)
    except UngradableError as error:
        return ungradable(name, str(error))
    except NoProcessError as error:
        return ungradable(name, f"It could not be run: {error}", is_final=False)
    except Exception as error:
        reason = str(error) if isinstance(error, TinyTorchHFError) else f"{type(error).__name__}: {error}"
        return ungradable(name, f"tinytorch-hf itself failed on it, please report that: {reason}", is_final=False)


def ungradable(name: str, reason: str, digest: str = "", *, is_final: bool = True) -> Entry:
    """What comes of a submission that cannot be graded."""
    reason = "\n".join(map(shown, reason[:_LONGEST_REASON].split("\n")))
    return Entry(Graded(name, digest, ungradable=reason), is_final=is_final)


def _graded(name: str, copy: Prepared, conditions: Conditions) -> Entry:
    start = time.monotonic()
    rubric = conditions.rubric
    # What is shown comes first: what is said of it is told, and nothing of hidden numbers may have been kept for that.
    seeds = [(seed, False) for seed in conditions.shown_seeds] + [(seed, True) for seed in conditions.hidden_seeds]
    runs, violations, remarks = [], list[str](), list(copy.remarks)
    if conditions.run_as:
        _let_others_read(copy.folder)
    try:
        with judged_by(conditions.judge):
            for seed, is_hidden in seeds:
                left = rubric.limits.total_seconds - (time.monotonic() - start)
                if left < _LEAST_S:
                    remarks.append(f"it took over {rubric.limits.total_seconds:g} s; what came after that was not run")
                    break
                confined = check_confined(
                    copy.folder,
                    only=rubric.operations,
                    seed=seed,
                    limits=dataclasses.replace(rubric.limits, total_seconds=left),
                    allowed_imports=rubric.allowed_imports,
                    framework_map=FrameworkMap(copy.package),
                    run_as=conditions.run_as,
                )
                runs.append(Run(confined.report, is_hidden, str(copy.folder)))
                new = [text for text in confined.violations if text not in violations]
                # What students read may hold what was asked under a shown seed, and nothing of a hidden one.
                violations += [_NOT_TOLD] if new and is_hidden else new
                remarks += [*(new if is_hidden else ()), *confined.report.notes, *confined.remarks]
    except NoTinyTorchError as error:
        why = f" ({error.reason})" if error.reason else ""
        reason = f"Its package {copy.package} has no Tensor{why}, so it is no TinyTorch. {_HAND_IN}"
        return ungradable(name, reason, copy.digest)
    except InvalidArgumentError:
        return ungradable(name, f"Its package {copy.package} cannot be found under this name. {_HAND_IN}", copy.digest)
    not_run = [Run(Report("", "", "", []), is_hidden) for _, is_hidden in seeds[len(runs) :]]
    graded = Graded(
        name,
        copy.digest,
        marks_of([*runs, *not_run], rubric),
        remarks=_once(remarks, copy),
        withheld="; ".join(_once(violations, copy)),
        seconds=round(time.monotonic() - start, 2),
    )
    return Entry(graded, code_prints(copy.folder))


def _let_others_read(folder: Path) -> None:
    """Let another user read a copy; the folder that it lies in can be gone through, and not listed."""
    folder.parent.chmod(0o711)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _once(texts: Sequence[str], copy: Prepared) -> tuple[str, ...]:
    """Each text once, without the place of the copy, in printable characters."""
    short = (text.replace(f"{copy.folder}{os.sep}", "")[:_LONGEST_REASON] for text in texts)
    return tuple(dict.fromkeys(map(shown, short)))
