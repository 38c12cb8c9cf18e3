"""Specification of tinytorch_hf.reports.progress: a bar on a terminal, and nothing elsewhere."""

from __future__ import annotations

import io

from tinytorch_hf.reports.progress import Bar


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It does."""
        return True


def test_nothing_is_drawn_into_files_and_pipes() -> None:
    """Not one character, so that what is kept can be read."""
    stream = io.StringIO()

    with Bar(stream, after_s=0) as bar:
        bar.show(1, 2, "steps")

    assert stream.getvalue() == ""


def test_what_ends_within_a_second_draws_nothing() -> None:
    """On a terminal, too."""
    stream = Terminal()

    with Bar(stream) as bar:
        bar.show(1, 2, "steps")

    assert stream.getvalue() == ""


def test_a_terminal_shows_how_far_it_is_and_is_left_clean() -> None:
    """Half of the bar for half of the pieces; at the end it is wiped away."""
    stream = Terminal()

    with Bar(stream, after_s=0) as bar:
        bar.show(1, 2, "steps")
        # It is drawn at most ten times a second.
        bar.show(2, 2, "steps")

    assert stream.getvalue() == "\r\x1b[K[############------------] 1/2 steps\r\x1b[K"
