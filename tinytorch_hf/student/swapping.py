"""Objects of a framework called by their ``forward`` where they would be called directly, and the other way round."""

from __future__ import annotations

from typing import Any


class Swapped:
    """An object of the framework, called by its forward where it is called directly, and the other way round."""

    def __init__(self, built: Any) -> None:
        self._built = built

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Call the object's forward."""
        return self._built.forward(*arguments, **named)

    def forward(self, *arguments: Any, **named: Any) -> Any:
        """Call the object."""
        return self._built(*arguments, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._built, name)


def is_not_offered(error: BaseException) -> bool:
    """Whether it was our call that did not fit, or what it called is not written yet, rather than a fault in it."""
    if isinstance(error, NotImplementedError):
        return True
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code.co_filename == __file__
