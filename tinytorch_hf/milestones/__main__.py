"""`python -m tinytorch_hf.milestones run 03` is what `tinytorch-hf milestones run 03` was called before."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tinytorch_hf import cli
from tinytorch_hf.cli import spelling


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command of the milestones; returns the exit status."""
    return cli.main([spelling.MODULE, *(sys.argv[1:] if arguments is None else arguments)])


if __name__ == "__main__":
    sys.exit(main())
