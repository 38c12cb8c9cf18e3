"""What a package may or may not take: what is not taken is not tried, and no fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinytorch_hf.student.view import UnbuiltError, UntriedError


def if_taken(what: str, run: Callable[[], Any]) -> Any:
    """What ``run`` gives.

    Raises
    ------
    UntriedError
        It raises an error, so that ``what`` is not taken.
    """
    try:
        return run()
    except (UnbuiltError, UntriedError, NotImplementedError):
        raise
    except Exception as error:
        raise UntriedError(f"{what} is not taken: {type(error).__name__}: {error}") from error
