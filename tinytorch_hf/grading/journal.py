"""What is done is kept: a file for each submission that is finished, and the hidden seeds, from the start on.

So a gradebook goes on where it was interrupted, in whatever way; and what has not changed is not run again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tinytorch_hf.errors import InvalidArgumentError, StorageError
from tinytorch_hf.files import store
from tinytorch_hf.formats.strict_json import parse_json
from tinytorch_hf.grading import plain
from tinytorch_hf.grading.one import Conditions, Entry
from tinytorch_hf.grading.rubric import Seeds
from tinytorch_hf.grading.submissions import Submission

FINISHED = "finished"
"""The folder of the finished ones."""

SCHEMA = 1
BOOK = "gradebook.json"


class Journal:
    """What is kept in the folder of a gradebook; without a folder, nothing.

    Parameters
    ----------
    folder
        Of the gradebook.

    Raises
    ------
    InvalidArgumentError
        Something else is in the folder.
    StorageError
        It cannot be read.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._book = None if folder is None else _book_in(folder)

    def seeds(self, wanted: Seeds) -> tuple[int, ...]:
        """The hidden seeds: the rubric's own; or those that were drawn for this gradebook before, and new ones."""
        if wanted.hidden:
            return wanted.hidden
        before = [] if self._book is None else self._book["seeds"]["drawn"]
        drawn = [seed for seed in before if seed not in wanted.shown]
        while len(drawn) < wanted.to_draw:
            # Never 0, whose answers ship.
            seed = 1 + secrets.randbelow(2**31 - 1)
            drawn += [seed] if seed not in (*drawn, *wanted.shown) else []
        return tuple(drawn[: wanted.to_draw])

    def has_seeds(self, hidden: Sequence[int]) -> bool:
        """Whether the gradebook that is there has these hidden seeds."""
        return self._book is not None and self._book["seeds"].get("hidden") == list(hidden)

    def finished(self, submission: Submission, conditions: Conditions) -> Entry | None:
        """What came of a submission under these conditions, if it is finished, whether it has changed since or not."""
        if self._folder is None:
            return None
        try:
            path = self._folder / FINISHED / f"{submission.file_name}.json"
            values = parse_json(path.read_bytes(), with_infinity=True)
            is_same = values["conditions"] == conditions.digest and values["entry"]["graded"]["name"] == submission.name
            return plain.entry_of(values["entry"]) if is_same else None
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            # What cannot be read is done again.
            return None

    def keep(self, submission: Submission, conditions: Conditions, entry: Entry) -> None:
        """Write down that a submission is finished, unless it may end otherwise the next time.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        if self._folder is not None and entry.is_final:
            values = {"schema": SCHEMA, "conditions": conditions.digest, "entry": plain.of_entry(entry)}
            path = self._folder / FINISHED / f"{submission.file_name}.json"
            store.write(path, json.dumps(values, ensure_ascii=False).encode())


def drawn_seeds(wanted: Seeds, hidden: Sequence[int]) -> list[int]:
    """Of the hidden seeds those that were drawn, and not the rubric's own; they are kept for the next time."""
    return [] if wanted.hidden else list(hidden)


def _book_in(folder: Path) -> dict[str, Any] | None:
    """What is in the gradebook of a folder; nothing where there is none yet."""
    path = folder / BOOK
    try:
        if not folder.exists():
            return None
        # What was interrupted at its very beginning leaves a hidden file at most.
        if folder.is_dir() and all(entry.name.startswith(".") for entry in folder.iterdir()):
            return None
        if not path.is_file():
            raise InvalidArgumentError(f"{folder} holds something that is no gradebook. Give another folder for --out.")
        values = parse_json(path.read_bytes())
        if values["schema"] != SCHEMA or not all(type(seed) is int for seed in values["seeds"]["drawn"]):
            raise ValueError("it is of another release")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InvalidArgumentError(
            f"{path} cannot be read as a gradebook ({error}), and the hidden seeds are in it. Get a good copy of it, "
            "or give another folder for --out."
        ) from error
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}.") from error
    return dict(values)
