"""The folder of a run, beside the one that comes to be: its plan, and the facts that it has found, until it ends."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinytorch_hf.curation.options import option
from tinytorch_hf.curation.spill import Spill
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError, StorageError
from tinytorch_hf.files import store
from tinytorch_hf.files.opening import open_to_append
from tinytorch_hf.formats.strict_json import JsonError, parse_json

_PLAN = "plan.json"
_MOST_NAMED = 3


@dataclass(frozen=True)
class Work:
    """The folder of a run."""

    folder: Path

    @property
    def spill(self) -> Spill:
        """Where facts are kept."""
        return Spill(self.folder / "facts")

    @property
    def accuracies(self) -> Path:
        """Where the proof keeps what judges have said."""
        return self.folder / "proof"

    def remove(self) -> None:
        """Remove it: nothing can be resumed any more."""
        shutil.rmtree(self.folder, ignore_errors=True)


def begun(out: Path, plan: Mapping[str, Any], *, resume: bool) -> Work:
    """The folder of a run, with its plan in it; that of an earlier run only to go on with the same plan.

    Parameters
    ----------
    out
        The folder that comes to be.
    plan
        All that the result hangs on.
    resume
        Whether an earlier run may be there.

    Raises
    ------
    InvalidArgumentError
        An earlier run is there and not to be resumed, or had another plan: the message names the difference.
    StorageError
        The folder cannot be written.
    """
    work = Work(out.with_name(f"{out.name}.work"))
    path = work.folder / _PLAN
    if path.exists():
        if not resume:
            raise InvalidArgumentError(
                f"{work.folder} is there, from a run that was interrupted. Go on with "
                f"{option('resume')}, or remove that folder."
            )
        differences = _differences(_read(path), json.loads(json.dumps(plan)))
        if differences:
            raise InvalidArgumentError(
                f"The run in {work.folder} had another plan: {'; '.join(differences[:_MOST_NAMED])}. Give the same "
                "again, or remove that folder to begin anew."
            )
    try:
        work.spill.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{work.folder} cannot be written: {error.strerror or error}.") from error
    store.write(path, json.dumps(plan, indent=1, sort_keys=True).encode("utf-8"))
    return work


def _read(path: Path) -> Any:
    try:
        return parse_json(path.read_bytes(), with_infinity=True)
    except JsonError as error:
        raise CorruptFileError(f"{path} is damaged: {error}. Remove its folder to begin anew.") from None


def _differences(before: Mapping[str, Any], now: Mapping[str, Any], where: str = "") -> list[str]:
    """What differs, in words."""
    found = []
    for name in sorted({*before, *now}):
        one, other = before.get(name), now.get(name)
        if isinstance(one, dict) and isinstance(other, dict):
            found += _differences(one, other, f"{where}{name} ")
        elif one != other:
            is_shard = where == "shards "
            states = ("is gone" if other is None else "is new" if one is None else "has changed") if is_shard else ""
            found.append(f"{where}{name} {states or f'was {one}, now {other}'}")
    return found


class Log:
    """What a run did and when, one line an event, beside the folder that comes to be; nothing reads it."""

    def __init__(self, out: Path) -> None:
        self.path = out.with_name(f"{out.name}.log")
        self._began = time.monotonic()

    def __call__(self, text: str) -> None:
        """Add a line."""
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        try:
            number = open_to_append(self.path)
            with os.fdopen(number, "a", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
                stream.write(f"{now} {time.monotonic() - self._began:9.1f} s  {' '.join(text.split())}\n")
        except OSError as error:
            raise StorageError(f"{self.path} cannot be written: {error.strerror or error}.") from error
