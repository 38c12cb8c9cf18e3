"""Every error this package raises on purpose: what happened, on which file, what to run next."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tinytorch_hf.shown import printable as printable  # noqa: PLC0414 -- it was here before
from tinytorch_hf.shown import shown

REPAIR_ADVICE = (
    "Get a good copy: in a TinyTorch checkout with `tinytorch-hf export ROOT --force`, under a root or in the cache "
    "with `tinytorch-hf download NAME`; if the damaged file belongs to the installation, reinstall tinytorch-hf."
)


class TinyTorchHFError(RuntimeError):
    """Base of all errors of this package.

    It is a RuntimeError because that is what users of torchvision's datasets catch.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        # Subclasses take the parts of their message, of which only the message is left; without this, what a
        # worker process raises cannot be read by the process that waits for it.
        return _again, (type(self), *self.args), self.__dict__

    def __str__(self) -> str:
        # Names of files, words of servers and of libraries are anybody's, and addresses may hold passwords.
        return shown(super().__str__())


def _again(kind: type[TinyTorchHFError], *message: str) -> TinyTorchHFError:
    """An error with a message that it has already made."""
    # Of two bases, `kind.__new__` is the first one's, which refuses to make an OSError.
    new = OSError.__new__ if issubclass(kind, OSError) else Exception.__new__
    error: TinyTorchHFError = new(kind)
    error.args = message
    return error


class UnknownNameError(TinyTorchHFError, ValueError):
    """A dataset, split, column or attribute was asked for that does not exist.

    Parameters
    ----------
    kind
        What was looked for, such as "dataset" or "split".
    name
        What the user wrote.
    known
        What exists; close matches are suggested first.
    note
        What else is to be said, at the end.
    also
        What exists, too, and is too much to be listed: close matches are suggested.
    """

    def __init__(self, kind: str, name: object, known: Iterable[str], note: str = "", also: Iterable[str] = ()) -> None:
        # Needed by who has mistyped something, and by nobody else.
        import difflib

        known = list(known)
        in_lower_case = {entry.lower(): entry for entry in [*known, *also]}
        close = difflib.get_close_matches(str(name).lower(), list(in_lower_case), n=3, cutoff=0.5)
        matches = [in_lower_case[entry] for entry in close]
        hint = f"Did you mean {' or '.join(map(repr, matches))}? " if matches else ""
        super().__init__(
            f"There is no {kind} {_short(str(name), 200)!r}. {hint}Known: {', '.join(known)}.{note and f' {note}'}"
        )


class InvalidArgumentError(TinyTorchHFError, ValueError):
    """An argument has a value that makes no sense here; the message says which values do."""


class NoTinyTorchError(InvalidArgumentError):
    """A package has nothing that a TinyTorch has.

    Parameters
    ----------
    message
        What happened, and what to do.
    reason
        Why it has no tensors, such as that a file is missing which it imports; or nothing.
    """

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


def whole_number(what: str, value: Any, least: int = 1) -> int:
    """An argument as int; InvalidArgumentError unless it is a whole number that is not below ``least``."""
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least:
        raise InvalidArgumentError(f"{what} must be a whole number of at least {least}, got {value!r}.")
    return number


class MissingExtraError(TinyTorchHFError, ImportError):
    """A library that one room of this package needs is not installed, or does not import.

    Parameters
    ----------
    library
        The import name that failed.
    extra
        The extra of tinytorch-hf that brings it.
    cause
        The ImportError that was caught.
    """

    def __init__(self, library: str, extra: str, cause: ImportError) -> None:
        advice = f'install it with: pip install "tinytorch-hf[{extra}]"'
        if isinstance(cause, ModuleNotFoundError) and cause.name == library:
            super().__init__(f"This needs {library}, which is not installed; {advice}")
        else:
            super().__init__(f"This needs {library}, which does not import here ({cause}); {advice}")


class StorageError(TinyTorchHFError, OSError):
    """The operating system refused to read or write a file; nothing was changed."""


class NetworkError(TinyTorchHFError, OSError):
    """A port cannot be used, a server cannot be reached, or it refused what was asked of it."""


class NotAskedError(NetworkError):
    """A server could not be asked: there is no network, it is forbidden, or no answer came.

    Parameters
    ----------
    message
        What happened, and what to do.
    reason
        Why, in a few words.
    """

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class MissingFileError(TinyTorchHFError, FileNotFoundError):
    """A dataset's file is not where it was looked for."""


class CorruptFileError(TinyTorchHFError):
    """A file is there, but its content is not what it should be."""


class GitLFSPointerError(CorruptFileError):
    """A file holds a Git-LFS pointer instead of data."""

    START = b"version https://git-lfs.github.com/spec/"
    """How such a pointer begins."""

    def __init__(self, path: Path, advice: str = REPAIR_ADVICE) -> None:
        super().__init__(
            f"{path} is a Git-LFS pointer, not data: Git downloaded a short text that stands for the file. {advice}"
        )


class TruncatedFileError(CorruptFileError):
    """A file ends too early."""

    def __init__(self, path: Path, size_bytes: int, expected_bytes: int, advice: str = REPAIR_ADVICE) -> None:
        super().__init__(f"{path} is cut off: it has {size_bytes} of {expected_bytes} bytes. {advice}")


class WrongHashError(CorruptFileError):
    """A file's hash, SHA-256 unless only an md5 is published, differs from the catalog's."""

    def __init__(self, path: Path, algorithm: str, found: str, expected: str, advice: str = REPAIR_ADVICE) -> None:
        super().__init__(
            f"{path} does not hold the published data.\n"
            f"  {f'its {algorithm}:':<17}{found}\n"
            f"  the catalog's:   {expected}\n{advice}"
        )


def _about_field(source: Path | str, field: str, problem: str) -> str:
    """What is wrong with a field of a file, or with the whole where the field is nothing."""
    where = f", {_short(field, 200)}" if field else ""
    return printable(f"{source}{where}: {_short(problem, 2000)}")


def _short(text: str, most: int) -> str:
    """A text that may quote what somebody wrote, of at most so many characters."""
    return text if len(text) <= most else f"{text[:most]}..."


class DescriptionError(TinyTorchHFError, ValueError):
    """A ``dataset.json``, or facts made in code, are missing or bad: the message names the field and what to write.

    Parameters
    ----------
    source
        The file, or what else the facts are called.
    field
        Where in it, such as "columns[1].dtype"; "" for the whole.
    problem
        What is wrong, and what to write.
    """

    def __init__(self, source: Path | str, field: str, problem: str) -> None:
        super().__init__(_about_field(source, field, problem))


class RubricError(InvalidArgumentError):
    """A rubric is missing or bad: the message names the file, the field and what to write.

    Parameters
    ----------
    source
        The file, or what else the rubric is called.
    field
        Where in it, such as "item[1].points"; "" for the whole.
    problem
        What is wrong, and what to write.
    """

    def __init__(self, source: Path | str, field: str, problem: str) -> None:
        super().__init__(_about_field(source, field, problem))


class LineEndsError(CorruptFileError):
    """A file is the published one but for its line ends, which a tool has changed."""

    def __init__(self, path: Path, change: str, advice: str = REPAIR_ADVICE) -> None:
        super().__init__(
            f"{path} has other line ends than the published file ({change}); otherwise it is the same. "
            "Git does that with `core.autocrlf`, and some editors and transfers in text mode do. " + advice
        )


class UnsafePickleError(CorruptFileError):
    """A pickle asks for something that a dict of NumPy arrays never needs."""

    def __init__(self, path: Path, wanted: str) -> None:
        super().__init__(
            f"{path} was not loaded: its pickle asks for {printable(wanted)}, which a dictionary of plain NumPy arrays "
            f"never needs and which could run code. Do not open it with pickle.load. " + REPAIR_ADVICE
        )


class StudentCodeError(TinyTorchHFError):
    """The TinyTorch package under comparison raised an exception of its own."""


class NoProcessError(TinyTorchHFError):
    """The operating system starts no other process, as in a browser, in some sandboxes, or where there are too many.

    Parameters
    ----------
    reason
        What it said.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"No other process can be started here, and code that is not trusted runs in no other place: {reason}. "
            "Allow it, end what else is running, or use another computer."
        )
        self.reason = reason
