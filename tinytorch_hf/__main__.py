"""`python -m tinytorch_hf` is `tinytorch-hf`."""

import sys

from tinytorch_hf.cli import main

sys.exit(main(prog="python -m tinytorch_hf"))
