"""What the course's programs are told on standard output, whatever that can show."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    """Print a line; characters that the output's encoding lacks, as in a path on Windows, become escapes."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(line.encode(encoding, "backslashreplace").decode(encoding))  # noqa: T201 -- as TinyTorch's manager does
