"""Makes a failing program short: the shortest one found that still fails in the same way.

Each candidate is run again in the student's process. It is delta debugging with the structure in view: statements are
left out, operands replaced by leaves of the same values, lengths and numbers made small.

References
----------
A. Zeller and R. Hildebrandt (2002), Simplifying and Isolating Failure-Inducing Input, IEEE Transactions on Software
Engineering 28. https://doi.org/10.1109/32.988498
"""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tinytorch_hf.check.programs.program import (
    BACKWARD,
    EFFECTS,
    FORGET,
    MAKE,
    NO_TENSORS,
    OPTIMIZER,
    SCALE,
    STEP,
    TENSOR,
    ZERO,
    Program,
    Statement,
)
from tinytorch_hf.check.programs.sound import UnsoundError, values_of

# Tells for each of some programs whether it still fails in the same way.
Fails = Callable[[Sequence[Program]], Sequence[bool]]

_AT_ONCE = 10
# From so many statements on, many are left out at once.
_LONG = 16


def shrunk(program: Program, fails: Fails, seconds: float = 2.5, requests: int = 80) -> Program:
    """The shortest program found that fails in the same way.

    Parameters
    ----------
    program
        One that fails.
    fails
        Tells whether candidates do.
    seconds, requests
        How long to look, and how often to ask.
    """
    until = time.monotonic() + seconds
    tried: set[str] = set()
    best = _without_unused(program) if all(fails([_without_unused(program)])) else program
    is_smaller = True
    while is_smaller:
        is_smaller = False
        candidates = _new(best, tried)
        while chosen := list(itertools.islice(candidates, _AT_ONCE)):
            requests -= 1
            if requests < 0 or time.monotonic() > until:
                return renamed(best)
            failing = [one for one, does in zip(chosen, fails(chosen), strict=True) if does]
            if failing:
                best, is_smaller = min(failing, key=size), True
                break
    return renamed(best)


def size(program: Program) -> tuple[float, ...]:
    """What is made smaller: statements first, then values, then how much there is to read in them."""
    values = [np.array(one.arguments["values"]) for one in program.of(TENSOR)]
    values += [np.array(given) for one in program.of(MAKE) for given in one.arguments["values"].values()]
    written = sum(len(f"{number:g}") for array in values for number in array.ravel())
    written += sum(len(f"{one:g}") for each in program for one in each.operands if not isinstance(one, str))
    passes = sum(one.arguments["scale"] != 1 for one in program.of(BACKWARD))
    passes += sum(len(one.arguments["named"]) for one in program.of(OPTIMIZER))
    passes += sum(one.arguments.get("mask") is not None for one in program)
    # An operation that can be a leaf instead is one to look at less.
    return (
        len(program) + len(program.operations),
        sum(array.size for array in values),
        passes + len(program.leaves),
        written,
    )


def _new(program: Program, tried: set[str]) -> Iterator[Program]:
    """Smaller candidates that are sound and were not tried yet."""
    now = size(program)
    for one in _candidates(program):
        key = repr(renamed(one).as_json())
        if key not in tried and size(one) < now:
            tried.add(key)
            yield one


def _candidates(program: Program) -> Iterator[Program]:
    yield from map(_without_unused, _passes(program))
    if len(program) > _LONG:
        yield from map(_without_unused, _halved(program))
    yield from map(_without_unused, _ends(program))
    yield from map(_without_unused, _replaced(program))
    # What leads nowhere then may be what disturbs: a layer keeps something of an earlier call.
    yield from _ends(program)
    yield from _replaced(program)
    if len(_without_unused(program)) < len(program):
        yield from _passes(program)
        yield from _dead(program)
    yield from _quieter(program)
    yield from _shorter(program)
    yield from _plainer(program)


def _passes(program: Program) -> Iterator[Program]:
    """With one pass back or one step fewer, or nothing forgotten between; and without what comes after a step."""
    for place, one in enumerate(program):
        if one.form == STEP and one is not program.statements[-1]:
            yield Program(program.statements[: place + 1])
    for place, one in enumerate(program):
        is_one_of_several = one.form in (BACKWARD, STEP) and len(program.of(one.form)) > 1
        if one.form in (ZERO, SCALE, FORGET) or is_one_of_several:
            yield _left_out(program, place)


def _ends(program: Program) -> Iterator[Program]:
    """That end earlier: an earlier result is passed back from."""
    if len(program.of(BACKWARD)) != 1:
        return
    (last,) = program.of(BACKWARD)
    behind = program.statements[program.statements.index(last) + 1 :]
    for place, one in enumerate(program.statements[:-2]):
        if one.form not in (TENSOR, *NO_TENSORS):
            kept = program.statements[: place + 1]
            yield Program((*kept, Statement("", BACKWARD, (one.name,), {"scale": 1.0}), *behind))


def _halved(program: Program) -> Iterator[Program]:
    """With many statements in a row passed over: first a half of them, then a quarter, and so on."""
    try:
        values = values_of(program)
    except UnsoundError:
        return
    made = [one for one in program if one.form not in (TENSOR, *NO_TENSORS)]
    length = len(made) // 2
    while length > 1:
        for start in range(0, len(made) - length, length):
            first, last = made[start], made[start + length]
            if values[first.name].shape == values[last.name].shape:
                place = program.statements.index(last)
                yield _renaming(_left_out(program, place), last.name, first.name)
        length //= 2


def _dead(program: Program) -> Iterator[Program]:
    """With one statement fewer of those that nothing is made of."""
    used = {source for one in program for source in one.sources}
    for place, one in enumerate(program):
        if one.name and one.name not in used:
            yield _left_out(program, place)


def _replaced(program: Program) -> Iterator[Program]:
    """With a result replaced by a leaf of its values, or by one of what it was made of."""
    try:
        values = values_of(program)
    except UnsoundError:
        return
    for place, one in enumerate(program.statements):
        if one.form in (TENSOR, *NO_TENSORS):
            continue
        for source in one.sources:
            if source in values and values[source].shape == values[one.name].shape:
                yield _renaming(_left_out(program, place), one.name, source)
        given = np.round(values[one.name], 2).tolist()
        leaf = Statement(one.name, TENSOR, (), {"values": given, "gradient": True})
        yield Program((*program.statements[:place], leaf, *program.statements[place + 1 :]))


def _quieter(program: Program) -> Iterator[Program]:
    """With a gradient fewer that is asked for, passes back that are not scaled, and no masks and options."""
    for place, one in enumerate(program):
        if one.form == TENSOR and one.arguments["gradient"] and len(program.leaves) > 1:
            yield _with(program, place, gradient=False)
        if one.form == BACKWARD and one.arguments["scale"] != 1:
            yield _with(program, place, scale=1.0)
        if one.arguments.get("mask") is not None:
            yield _with(program, place, mask=None)
        for option in one.arguments["named"] if one.form == OPTIMIZER else ():
            named = {key: value for key, value in one.arguments["named"].items() if key != option}
            yield _with(program, place, named=named)


def _shorter(program: Program) -> Iterator[Program]:
    """With a length that is smaller wherever it stands."""
    lengths = {length for one in program.of(TENSOR) for length in np.shape(one.arguments["values"])}
    for length in sorted(lengths - {0, 1}, reverse=True):
        for other in (1, 2, 3):
            if other < length:
                yield Program(tuple(_of_length(one, length, other) for one in program))


def _of_length(one: Statement, length: int, other: int) -> Statement:
    arguments = dict(one.arguments)
    if one.form == TENSOR:
        arguments["values"] = _cut(arguments["values"], length, other)
    if one.form == MAKE:
        arguments["values"] = {path: _cut(value, length, other) for path, value in arguments["values"].items()}
        if arguments["values"]:
            arguments["sizes"] = [other if each == length else each for each in arguments["sizes"]]
    if "target" in arguments:
        arguments["target"] = _cut(arguments["target"], length, other)
    if arguments.get("ids"):
        arguments["values"] = (np.array(arguments["values"]) % other).tolist()
    if arguments.get("mask") is not None:
        arguments["mask"] = _cut(arguments["mask"], length, other)
    if "labels" in arguments:
        arguments["labels"] = [label % other for label in _cut(arguments["labels"], length, other)]
    if "shape" in arguments:
        arguments["shape"] = [other if each == length else each for each in arguments["shape"]]
    return dataclasses.replace(one, arguments=arguments)


def _cut(values: Any, length: int, other: int) -> Any:
    """The first of the values along each axis of a length."""
    array = np.array(values)
    return array[tuple(slice(other) if each == length else slice(None) for each in array.shape)].tolist()


def _plainer(program: Program) -> Iterator[Program]:
    """With numbers that are easier to read."""
    for place, one in enumerate(program):
        if one.form in (TENSOR, MAKE) and not one.arguments.get("ids"):
            for change in (_counted, _whole, _tenths):
                if one.form == TENSOR:
                    yield _with(program, place, values=change(one.arguments["values"]))
                elif one.arguments["values"]:
                    given = one.arguments["values"].items()
                    yield _with(program, place, values={path: change(value) for path, value in given})
        if "target" in one.arguments:
            yield _with(program, place, target=_whole(one.arguments["target"]))


def _counted(values: Any) -> Any:
    array = np.array(values)
    return (1.0 + np.arange(array.size, dtype=float)).reshape(array.shape).tolist()


def _whole(values: Any) -> Any:
    array = np.round(np.array(values, dtype=float))
    return np.where(array == 0, 1.0, array).tolist()


def _tenths(values: Any) -> Any:
    return np.round(np.array(values, dtype=float), 1).tolist()


def _with(program: Program, place: int, **arguments: Any) -> Program:
    statements = list(program.statements)
    one = statements[place]
    statements[place] = dataclasses.replace(one, arguments={**one.arguments, **arguments})
    return Program(tuple(statements))


def _left_out(program: Program, place: int) -> Program:
    return Program((*program.statements[:place], *program.statements[place + 1 :]))


def _renaming(program: Program, name: str, other: str) -> Program:
    return _renamed(program, {name: other})


def _renamed(program: Program, names: Mapping[str, str]) -> Program:
    return Program(
        tuple(
            dataclasses.replace(
                one,
                name=names.get(one.name, one.name),
                operands=tuple(names.get(each, each) if isinstance(each, str) else each for each in one.operands),
            )
            for one in program
        )
    )


def _without_unused(program: Program) -> Program:
    """Without what no pass back comes by."""
    needed: set[str] = set()
    kept: list[Statement] = []
    for one in reversed(program.statements):
        if one.form == OPTIMIZER:
            kept.append(one)
        elif one.form in (BACKWARD, STEP) or one.name in needed:
            needed.update(one.sources)
            kept.append(one)
        elif one.form in EFFECTS:
            kept.append(one)
    statements = []
    for one in reversed(kept):
        if one.form in (ZERO, SCALE, OPTIMIZER):
            sources = tuple(source for source in one.operands if source in needed)
            if sources:
                statements.append(dataclasses.replace(one, operands=sources))
        else:
            statements.append(one)
    return Program(tuple(statements))


def renamed(program: Program) -> Program:
    """The same with the first letters for its values, in their order."""
    letters = iter("abcdefghijkmnopqrstuvwxyz")
    names: dict[str, str] = {}
    made = program.of(MAKE)
    for one in program:
        if one.form == MAKE:
            names[one.name] = "layer" if len(made) == 1 else f"layer{made.index(one) + 1}"
        elif one.name and one.form != OPTIMIZER:
            letter = next(letters, None)
            names[one.name] = letter if letter else f"v{len(names)}"
    return _renamed(program, names)
