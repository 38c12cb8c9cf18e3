"""How much a package that is not trusted may use."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from tinytorch_hf.errors import InvalidArgumentError


@dataclass(frozen=True)
class Limits:
    """What a submission may use; whatever takes more is a crash of that operation, or is not tried any more.

    Attributes
    ----------
    operation_seconds
        How long one operation may take.
    total_seconds
        How long all operations of a run may take together. What comes after that is not tried.
    memory
        Bytes of address space, NumPy's own included.
    file_size
        Bytes that one file may have, and that all files together may have which are left in its folder for files.
    processes
        How many processes it may start beside its own; where there are to be none, threads are not counted.
    open_files
        How many files and pipes it may have open at once.

    Raises
    ------
    InvalidArgumentError
        One of them is not a number, or too small to run anything.
    """

    operation_seconds: float = 10.0
    total_seconds: float = 300.0
    memory: int = 2 << 30
    file_size: int = 64 << 20
    processes: int = 0
    open_files: int = 64

    def __post_init__(self) -> None:
        for entry in fields(self):
            value, least = getattr(self, entry.name), _LEAST[entry.name]
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
                raise InvalidArgumentError(f"The limit {entry.name} is {value!r}, which is not a number.")
            if value < least:
                raise InvalidArgumentError(
                    f"The limit {entry.name} is {value:g}; nothing runs with less than {least:g}."
                )


_LEAST = {
    "operation_seconds": 0.1,
    "total_seconds": 1.0,
    # Python and NumPy alone take about a third of it.
    "memory": 512 << 20,
    "file_size": 0,
    "processes": 0,
    "open_files": 16,
}
