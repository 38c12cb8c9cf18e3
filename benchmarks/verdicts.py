"""How long the commands take that give a verdict: by PyTorch, and by its recorded answers with NumPy alone.

Every line is a fresh process, from its start to its end, over the reference that comes with the package.

``python -m benchmarks.verdicts`` (needs torch)
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.cold import process
from benchmarks.timing import Table, measure, run

REPEATS = 7

COMMANDS = {
    "check": ("The whole battery of `tinytorch-hf check`", ["check", "--package", "tinytorch_hf.reference"]),
    "compare": ("The README's first command, `tinytorch-hf compare tinydigits`", ["compare", "tinydigits"]),
}
JUDGES = {"by PyTorch": "torch", "by its recorded answers": "recorded"}


def program(arguments: list[str], judge: str) -> str:
    """A command as a program that fails if its verdict is another one."""
    return f"""
        from tinytorch_hf.cli import main
        assert main({[*arguments, "--judge", judge]!r}) == 0
    """


def tables() -> Iterator[Table]:
    """One table for each command."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, (title, arguments) in COMMANDS.items():
            alternatives = {
                **{"import numpy alone": process("import numpy", Path(scratch))},
                **{who: process(program(arguments, judge), Path(scratch)) for who, judge in JUDGES.items()},
            }
            yield measure(f"verdict_{name}", title, alternatives, "by PyTorch", REPEATS)


if __name__ == "__main__":
    run(__doc__, tables)
