"""What says that no process can be started here, told from everything else that goes wrong."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tinytorch_hf.errors import NoProcessError, TinyTorchHFError
from tinytorch_hf.shown import printable

# Of the operating system; of Python where there is none, and where threads cannot be started; of what is left out.
_REFUSALS = (OSError, RuntimeError, AttributeError)


@contextlib.contextmanager
def starting() -> Iterator[None]:
    """Raise NoProcessError where what is done inside, which starts a process, is refused.

    Raises
    ------
    NoProcessError
        With what the system said.
    TinyTorchHFError
        A file of the user's has taken the place of Python's own ``subprocess``, so that nothing is known.
    """
    file = getattr(subprocess, "__file__", None)
    if file and Path(file).parent != Path(os.__file__).parent:
        raise TinyTorchHFError(printable(f"{file} hides Python's own subprocess. Give it another name."))
    if not sys.executable:
        raise NoProcessError("Python does not know which program it is")
    try:
        yield
    except TinyTorchHFError:
        raise
    except _REFUSALS as error:
        raise NoProcessError(printable(f"{type(error).__name__}: {error}")) from error
