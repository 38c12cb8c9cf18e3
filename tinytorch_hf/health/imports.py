"""What really imports: tried in another process, so that what is broken breaks nothing here.

Where none can be started it is tried in this one.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from tinytorch_hf.errors import NoProcessError
from tinytorch_hf.health import pip
from tinytorch_hf.health.child import Answer
from tinytorch_hf.health.finding import Finding, Outcome
from tinytorch_hf.health.roads import Library
from tinytorch_hf.student.apart import NOT_ISOLATED
from tinytorch_hf.student.starting import starting

# The folder that is searched for this package is not one in which libraries are looked for.
_PROGRAM = (
    "import sys; sys.path.append({parent!r}); from tinytorch_hf.health import child; sys.path.pop(); child.main()"
)

Task = tuple[str, ...]

LIMIT_S = 60.0
"""How long one import may take; a large library on a busy network disk takes tens of seconds."""


def ask(tasks: Iterable[Task], limit_s: float = LIMIT_S) -> list[Answer]:
    """Do tasks of `child` in a fresh process that is started in the current folder, as the user's own would be.

    Where the process dies or hangs, the task it was at is broken, and another process goes on with the next one. Where
    none can be started, tasks are done here, and each answer says so under "not_isolated".
    """
    left = list(tasks)
    answers: list[Answer] = []
    while left:
        try:
            done, reason = _run(left, limit_s)
        except NoProcessError as error:
            from tinytorch_hf.health import here

            note = f"{NOT_ISOLATED} (no other process can be started here: {error.reason})"
            return [*answers, *({**answer, "not_isolated": note} for answer in here.ask(left))]
        answers += done
        left = left[len(done) :]
        if left:
            answers.append({"outcome": "broken", "detail": reason, "location": ""})
            left = left[1:]
    return answers


def _run(tasks: list[Task], limit_s: float) -> tuple[list[Answer], str]:
    """The answers that one process gave, and how it ended."""
    program = _PROGRAM.format(parent=str(Path(__file__).resolve().parents[2]))
    with starting():
        done = subprocess.run(
            [sys.executable, "-c", program, json.dumps(tasks), str(limit_s)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.endswith("}")]
    return answers, _end(done, limit_s)


def _end(done: subprocess.CompletedProcess[str], limit_s: float) -> str:
    if "Timeout (" in done.stderr:
        return f"importing it takes longer than {limit_s:g} seconds"
    if done.returncode < 0:
        number = -done.returncode
        name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
        return f"importing it kills Python ({name})"
    said = [line for line in done.stderr.splitlines() if line.strip()]
    return f"importing it ends Python with status {done.returncode} ({said[-1] if said else 'no message'})"


def try_libraries(libraries: Iterable[Library], limit_s: float = LIMIT_S) -> dict[str, Finding]:
    """Import each library and tell by its name whether it works, is missing or is broken."""
    libraries = list(libraries)
    answers = ask([("library", library.module, library.attribute) for library in libraries], limit_s)
    return {library.name: _judge(library, answer) for library, answer in zip(libraries, answers, strict=True)}


def noted(answer: Answer) -> dict[str, str]:
    """What a finding says more where the process of the doctor itself was where it was tried."""
    return {"not_isolated": answer["not_isolated"]} if "not_isolated" in answer else {}


def _judge(library: Library, answer: Answer) -> Finding:
    outcome, reason = Outcome(answer["outcome"]), answer["detail"]
    version = _installed_version(library) or (reason if outcome is Outcome.OK else "")
    more = {"version": version, "location": answer["location"], "folders": answer.get("folders", [])}
    more |= noted(answer)
    if outcome is Outcome.OK:
        if not _is_older(version, library.at_least):
            return Finding(library.name, Outcome.OK, more=more)
        reason = f"this release is too old, {library.at_least} or newer is needed"
        return Finding(library.name, Outcome.BROKEN, reason, pip.upgrade(library), more)
    if outcome is Outcome.MISSING and not version:
        return Finding(library.name, Outcome.MISSING, more=more)
    if _is_users_own(answer["location"], library):
        reason = f"{answer['location']} has the library's name and is imported in its place; give it another name"
        return Finding(library.name, Outcome.BROKEN, reason, more=more)
    return Finding(library.name, Outcome.BROKEN, reason, pip.reinstall(library), more)


def _installed_version(library: Library) -> str:
    """What pip says is installed, whether it works or not."""
    try:
        return metadata.version(library.name)
    except metadata.PackageNotFoundError:
        return ""


def _is_older(version: str, at_least: str) -> bool:
    """Whether a release is older than another; of both only the leading numbers count."""
    return bool(version and at_least) and _numbers(version) < _numbers(at_least)


def _numbers(version: str) -> list[int]:
    numbers = []
    for part in version.split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return numbers


def _is_users_own(location: str, library: Library) -> bool:
    """Whether a module lies in the current folder, such as a lesson that was saved as torch.py."""
    if not location:
        return False
    here = Path.cwd()
    return Path(location) in (here / f"{library.import_name}.py", here / library.import_name / "__init__.py")
