"""`python -m tinytorch_hf` is `tinytorch-hf`."""

import sys

from tinytorch_hf.cli import main

sys.exit(main(program="python -m tinytorch_hf"))
