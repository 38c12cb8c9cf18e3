"""What is known about a value of a script: through which parameters a gradient passes, and where it was cut off.

These stand for many values of a running program at once, and they do not change.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

MOST = 6
"""So many alternatives are told apart; more are made one, with which less is found and nothing wrong."""


_MOST_ITEMS = 32
_DEEPEST = 3


@dataclass(frozen=True)
class Site:
    """Parameters: of a layer, made at one place of a script, in one object.

    Attributes
    ----------
    key
        Tells it from others.
    label
        What the script calls it, such as ``conv1``.
    kind
        "layer"; "tensor", one that asks for a gradient; or "unknown", which may have no parameters at all.
    """

    key: Any
    label: str
    kind: str


@dataclass(frozen=True)
class Cut:
    """A tensor that was made again from the numbers of another.

    Attributes
    ----------
    path
        The file, as it was given.
    node
        The expression, known by its identity.
    severed
        Whose gradients end there.
    """

    path: str
    node: ast.expr
    severed: frozenset[Site]


@dataclass(frozen=True)
class Value:
    """One value.

    Attributes
    ----------
    live
        Parameters that it holds, or that get a gradient through it.
    numbers
        Parameters on which its numbers depend, though no gradient gets there.
    weights
        Parameters of which it holds the numbers themselves, as ``layer.weight.data`` does.
    cuts
        Where its graph was cut off.
    refs
        What it may be: functions, classes, instances, modules.
    items
        What a tuple, list or dictionary has at its indices or keys, if that is known.
    holds
        Whether it holds parameters, and was not computed from them.
    is_mixed
        Whether it depends on numbers of other tensors, too, or is a product of matrices.
    is_gradient
        Whether gradients are in it, as in the update of a weight.
    """

    live: frozenset[Site] = frozenset()
    numbers: frozenset[Site] = frozenset()
    weights: frozenset[Site] = frozenset()
    cuts: frozenset[Cut] = frozenset()
    refs: frozenset[Any] = frozenset()
    items: tuple[tuple[Any, Value], ...] | None = None
    holds: bool = False
    is_mixed: bool = False
    is_gradient: bool = False


NOTHING = Value()
GRADIENT = Value(is_gradient=True)


def flat(value: Value) -> Value:
    """A container with what is in it as one."""
    if value.items is None:
        return value
    inside = [flat(item) for _, item in value.items]
    return united([replace(value, items=None, holds=value.holds or all(item.holds for item in inside)), *inside])


def container(pairs: Iterable[tuple[Any, Value]]) -> Value:
    """A container with these keys and values, told apart unless there are many or they are nested deeply."""
    items = tuple(pairs)
    if len(items) > _MOST_ITEMS or any(_depth(value) >= _DEEPEST for _, value in items):
        return united([NOTHING, *(flat(value) for _, value in items)])
    return Value(items=items)


def _depth(value: Value) -> int:
    return 0 if value.items is None else 1 + max((_depth(inner) for _, inner in value.items), default=0)


def united(values: Iterable[Value]) -> Value:
    """Several as one, of which less is known."""
    return reduce(_both, values) if not isinstance(values, Value) else values


def _both(one: Value, other: Value) -> Value:
    if one == other:
        return one
    items = None
    if one.items is not None and other.items is not None:
        keys = [key for key, _ in one.items]
        if keys == [key for key, _ in other.items]:
            items = tuple((key, _both(a, b)) for key, (_, a), (_, b) in zip(keys, one.items, other.items, strict=False))
    if items is None:
        one, other = flat(one), flat(other)
    return Value(
        one.live | other.live,
        one.numbers | other.numbers,
        one.weights | other.weights,
        one.cuts | other.cuts,
        one.refs | other.refs,
        items,
        (one.holds or not one.live) and (other.holds or not other.live) and (one.holds or other.holds),
        one.is_mixed or other.is_mixed,
        one.is_gradient or other.is_gradient,
    )


def computed(values: Iterable[Value]) -> Value:
    """What an operation on these values gives: it depends on all of them, and is none of them."""
    known = [flat(value) for value in values]
    return replace(united(known), refs=frozenset(), holds=False) if known else NOTHING


def numbers(value: Value) -> Value:
    """The numbers of a tensor, as ``.data`` gives them."""
    value = flat(value)
    if value.holds:
        return Value(weights=value.live | value.weights, cuts=value.cuts, is_gradient=value.is_gradient)
    severed = value.live | value.numbers | {site for cut in value.cuts for site in cut.severed}
    return Value(frozenset(), severed, value.weights, value.cuts, is_mixed=True, is_gradient=value.is_gradient)


def few(values: Iterable[Value]) -> tuple[Value, ...]:
    """Alternatives, each once, and at most `MOST` of them."""
    found = tuple(dict.fromkeys(values))
    return found if len(found) <= MOST else (united(found),)


def element(value: Value) -> Value:
    """Any element of a container."""
    if value.items is None:
        return value
    return united([item for _, item in value.items]) if value.items else NOTHING


def item(value: Value, key: Any) -> Value:
    """The element at an index or key."""
    if value.items is None:
        return value
    if isinstance(key, int) and key < 0:
        key += len(value.items)
    return next((found for known, found in value.items if known == key), element(value))
