"""Specification of tinytorch_hf.student.unbuilt: what is still to be written is told from what is written wrongly."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from blank import BODIES

from tinytorch_hf.student.unbuilt import is_unbuilt


def _method(body: str, head: str = "def f(self, x):", before: str = "") -> Any:
    names: dict[str, Any] = {"functools": functools}
    exec(f"class A:\n    {before}\n    {head}\n        {body}\n", names)  # noqa: S102 -- a student writes it
    return vars(names["A"])["f" if "f(" in head else "__init__"]


UNWRITTEN = [
    *BODIES,
    "raise NotImplementedError",
    "raise NotImplementedError(f'{type(self).__name__} has no forward')",
    "'''Doc.'''\n        pass",
    "y = None\n        return y",
    "return NotImplemented",
]
WRITTEN = [
    "return x",
    "return 0",
    "y = x\n        return None",
    "self.x = None",
    "print('not yet')",
    "if x: raise NotImplementedError('no bias')\n        return x",
    "self.check(x)",
    "yield",
    "raise ValueError('no')",
    "y = x + 1\n        raise NotImplementedError",
]


@pytest.mark.parametrize("body", UNWRITTEN)
def test_a_body_that_does_nothing_is_unbuilt(body: str) -> None:
    """Also as a property, as a static method, and inside what wraps it."""
    assert is_unbuilt(_method(body))
    if "self" not in body:
        assert is_unbuilt(_method(body, before="@staticmethod"))
    assert is_unbuilt(_method(body, before="@property"))
    assert is_unbuilt(functools.wraps(_method(body))(lambda self, x: x))


@pytest.mark.parametrize("body", WRITTEN)
def test_a_body_that_does_something_is_built(body: str) -> None:
    """Whether right or wrong."""
    assert not is_unbuilt(_method(body))


def test_what_may_well_do_nothing_is_built() -> None:
    """Lambdas, hooks, a constructor without arguments, what is not a function."""
    assert not is_unbuilt(lambda _: None)
    assert not is_unbuilt(_method("pass", "def __init__(self):"))
    assert is_unbuilt(_method("pass", "def __init__(self, n):"))
    assert not any(map(is_unbuilt, (None, 3, "x", int, len, functools.partial(max, 1))))
    exec("def on_epoch_end(x): pass\ndef backward_hook(x): pass", names := {})  # noqa: S102 -- a student writes it
    assert not is_unbuilt(names["on_epoch_end"]) and not is_unbuilt(names["backward_hook"])
