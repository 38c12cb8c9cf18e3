"""Ctrl-C in a run of which what is known by then is to be kept."""

from __future__ import annotations

from types import TracebackType


class Interruption:
    """Around what Ctrl-C may break off, if what is known by then is to be kept.

    Parameters
    ----------
    is_kept
        Whether it is.

    Attributes
    ----------
    has_come
        Whether it has been broken off.
    """

    def __init__(self, is_kept: bool) -> None:
        self._is_kept = is_kept
        self.has_come = False

    def __enter__(self) -> None:
        """Nothing has to be done before."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        is_held = self._is_kept and isinstance(error, KeyboardInterrupt)
        self.has_come = self.has_come or is_held
        return is_held
