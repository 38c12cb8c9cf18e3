"""The releases of what took part in a run."""

from __future__ import annotations

import platform
from collections.abc import Mapping

import numpy as np

from tinytorch_hf._version import __version__


def versions() -> Mapping[str, str]:
    """Names and releases of everything beside the package under test and PyTorch."""
    return {
        "tinytorch-hf": __version__,
        "NumPy": np.__version__,
        "Python": platform.python_version(),
        "System": f"{platform.system()} {platform.machine()}".strip(),
    }
