"""What expressions of a script give, as far as gradients are concerned.

An expression gives alternatives, since a function that it calls may return several things; a statement follows each.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tinytorch_hf.milestones.gradients import names
from tinytorch_hf.milestones.gradients.program import Function, Instance, Memory, Module, Outside, Scope
from tinytorch_hf.milestones.gradients.values import (
    GRADIENT,
    NOTHING,
    Value,
    computed,
    container,
    element,
    few,
    flat,
    item,
    numbers,
    united,
)

Names = dict[str, Value]
Values = tuple[Value, ...]


@dataclass(frozen=True)
class Rules:
    """What an expression may lead to: a call, and with it statements of a function."""

    call: Callable[[ast.Call, Names, Frame], Values]
    run: Callable[[Sequence[ast.stmt], list[Names], Frame], list[Names]]


@dataclass
class Frame:
    """A function, or a module, while it is followed.

    Attributes
    ----------
    rules
        What calls and statements do.
    memory, module, scope
        What is known of everything, of the file, and of its names.
    owner
        The object whose method it is.
    stack
        The calls that lead here.
    is_quiet
        Whether no graph is wanted here, so that nothing cuts it off.
    returned, left
        What it returned, and names where loops were left or begun again.
    """

    rules: Rules
    memory: Memory
    module: Module
    scope: Scope
    owner: Instance | None = None
    stack: tuple[ast.AST, ...] = ()
    is_quiet: bool = False
    returned: list[Value] = field(default_factory=list)
    left: list[Names] = field(default_factory=list)


class OutOfBudget(Exception):
    """A script takes more steps than anybody wants to wait for."""


def evaluate(node: ast.expr | None, known: Names, frame: Frame) -> Values:
    """Alternatives that an expression gives."""
    if node is None:
        return (NOTHING,)
    frame.memory.budget -= 1
    if frame.memory.budget < 0:
        raise OutOfBudget
    rule = _RULES.get(type(node))
    if rule is not None:
        return rule(node, known, frame)
    if isinstance(node, ast.Call):
        return frame.rules.call(node, known, frame)
    children = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    return combined(children, known, frame)


def every(nodes: Iterable[ast.expr], known: Names, frame: Frame) -> list[tuple[Value, ...]]:
    """Combinations of the alternatives of several expressions."""
    found = [evaluate(node, known, frame) for node in nodes]
    while len(list(itertools.islice(itertools.product(*found), 13))) > 12:
        longest = max(range(len(found)), key=lambda index: len(found[index]))
        found[longest] = (united(found[longest]),)
    return list(itertools.product(*found))


def combined(nodes: Sequence[ast.expr], known: Names, frame: Frame) -> Values:
    """What an operation on several expressions gives."""
    return few(computed(values) for values in every(nodes, known, frame))


def _name(node: Any, known: Names, frame: Frame) -> Values:
    if node.id in known:
        return (known[node.id],)
    found = frame.scope.find(node.id)
    return found if found is not None else (Value(refs=frozenset({Outside(node.id)})),)


def _attribute(node: Any, known: Names, frame: Frame) -> Values:
    return few(attribute(value, node.attr, frame) for value in evaluate(node.value, known, frame))


def attribute(value: Value, name: str, frame: Frame) -> Value:
    """An attribute of a value."""
    owners = [ref for ref in value.refs if isinstance(ref, Instance)]
    found = [frame.memory.heap[owner, name] for owner in owners if (owner, name) in frame.memory.heap]
    if found:
        return united(found)
    methods = [
        Function(method, owner.cls.module, owner.cls.scope, owner)
        for owner in owners
        if (method := owner.cls.method(name)) is not None
    ]
    if methods:
        return Value(refs=frozenset(methods))
    outside = [ref for ref in value.refs if isinstance(ref, Outside)]
    if outside and not value.live:
        return Value(refs=frozenset(Outside(f"{ref.name}.{name}") for ref in outside))
    return _of_tensor(value, name, frame)


def _of_tensor(value: Value, name: str, frame: Frame) -> Value:
    """An attribute of what the script does not define."""
    if name == "grad":
        return GRADIENT
    if name in names.NUMBERS:
        return numbers(value)
    if name in names.NO_NUMBERS:
        return NOTHING
    if name in names.PARAMETERS and value.holds:
        frame.memory.with_parameters |= value.live
    return replace(value, refs=frozenset())


def _operation(node: Any, known: Names, frame: Frame) -> Values:
    found = []
    for pair in every([node.left, node.right], known, frame):
        result = computed(pair)
        if isinstance(node.op, ast.MatMult) and result.weights:
            result = replace(result, is_mixed=True)
        elif isinstance(node.op, ast.Add) and all(value.holds for value in map(flat, pair)):
            # Two lists of parameters, as a rule.
            result = replace(result, holds=True)
        found.append(result)
    return few(found)


def _comparison(node: Any, known: Names, frame: Frame) -> Values:
    return few(numbers(value) for value in combined([node.left, *node.comparators], known, frame))


def _either(node: Any, known: Names, frame: Frame) -> Values:
    evaluate(node.test, known, frame)
    return few((*evaluate(node.body, known, frame), *evaluate(node.orelse, known, frame)))


def _one_of(node: Any, known: Names, frame: Frame) -> Values:
    return few(value for part in node.values for value in evaluate(part, known, frame))


def _sequence(node: Any, known: Names, frame: Frame) -> Values:
    if any(isinstance(part, ast.Starred) for part in node.elts):
        return combined([getattr(part, "value", part) for part in node.elts], known, frame)
    return few(container(enumerate(values)) for values in every(node.elts, known, frame))


def _dictionary(node: Any, known: Names, frame: Frame) -> Values:
    keys = [key.value if isinstance(key, ast.Constant) else key for key in node.keys]
    return few(container(zip(keys, values, strict=False)) for values in every(node.values, known, frame))


def _subscript(node: Any, known: Names, frame: Frame) -> Values:
    evaluate(node.slice, known, frame)
    key = _constant(node.slice)
    values = evaluate(node.value, known, frame)
    if isinstance(node.slice, ast.Slice):
        return few(replace(flat(value), items=None) for value in values)
    return few(item(value, key) for value in values)


def _constant(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return node


def _comprehension(node: Any, known: Names, frame: Frame) -> Values:
    inner = dict(known)
    for generator in node.generators:
        bind(generator.target, element(united(evaluate(generator.iter, inner, frame))), inner, frame, keeps=False)
        for condition in generator.ifs:
            evaluate(condition, inner, frame)
    return evaluate(node.value if isinstance(node, ast.DictComp) else node.elt, inner, frame)


def _lambda(node: Any, _known: Names, frame: Frame) -> Values:
    return (function(node, frame),)


def function(node: Any, frame: Frame) -> Value:
    """A function that is defined here."""
    frame.scope.is_seen = True
    return Value(refs=frozenset({Function(node, frame.module, frame.scope)}))


def _yielded(node: Any, known: Names, frame: Frame) -> Values:
    frame.returned += evaluate(node.value, known, frame)
    return (NOTHING,)


def _walrus(node: Any, known: Names, frame: Frame) -> Values:
    values = evaluate(node.value, known, frame)
    bind(node.target, united(values), known, frame)
    return values


def _nothing(_node: Any, _known: Names, _frame: Frame) -> Values:
    return (NOTHING,)


def _text(node: Any, known: Names, frame: Frame) -> Values:
    for part in ast.iter_child_nodes(node):
        if isinstance(part, ast.FormattedValue):
            evaluate(part.value, known, frame)
    return (NOTHING,)


_RULES: dict[type, Callable[[Any, Names, Frame], Values]] = {
    ast.Constant: _nothing,
    ast.JoinedStr: _text,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.BinOp: _operation,
    ast.Compare: _comparison,
    ast.IfExp: _either,
    ast.BoolOp: _one_of,
    ast.Tuple: _sequence,
    ast.List: _sequence,
    ast.Dict: _dictionary,
    ast.Subscript: _subscript,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _comprehension,
    ast.Lambda: _lambda,
    ast.Yield: _yielded,
    ast.YieldFrom: _yielded,
    ast.NamedExpr: _walrus,
}


def bind(target: ast.expr, value: Value, known: Names, frame: Frame, *, keeps: bool = True) -> None:
    """Bind a target of an assignment or a loop; ``keeps`` says whether functions that are defined here see it."""
    if isinstance(target, ast.Name):
        known[target.id] = value
        if keeps and frame.scope.bind(target.id, value) and frame.scope.is_seen:
            frame.memory.version += 1
    elif isinstance(target, (ast.Tuple, ast.List)):
        for index, part in enumerate(target.elts):
            starred = isinstance(part, ast.Starred)
            whole = replace(flat(value), items=None) if starred else item(value, index)
            bind(part.value if isinstance(part, ast.Starred) else part, whole, known, frame, keeps=keeps)
    elif isinstance(target, ast.Attribute):
        for owner in evaluate(target.value, known, frame):
            _set(target, owner, value, known, frame)
    elif isinstance(target, ast.Subscript):
        grow(target.value, [value], known, frame)


def _set(target: ast.Attribute, owner: Value, value: Value, known: Names, frame: Frame) -> None:
    memory, name = frame.memory, target.attr
    for ref in owner.refs:
        if isinstance(ref, Instance):
            memory.store(ref, name, value)
    if name == "data" and owner.holds:
        memory.trained |= owner.live
    if owner.cuts and any(part in name for part in names.GRAPH) and isinstance(target.value, ast.Name):
        # Whoever says how a gradient passes has built this part of the graph by hand.
        latest = max(owner.cuts, key=lambda cut: (cut.node.lineno, cut.node.col_offset))
        memory.by_hand.add(latest.node)
        severed = frozenset(site for cut in owner.cuts for site in cut.severed)
        known[target.value.id] = replace(owner, live=owner.live | severed, cuts=frozenset())


def grow(target: ast.expr, values: Sequence[Value], known: Names, frame: Frame) -> None:
    """Put values into a container that a name or an attribute has."""
    for before in evaluate(target, known, frame)[:1]:
        if before.items is not None and len(before.items) < 16 and all(isinstance(k, int) for k, _ in before.items):
            after = container((*before.items, *enumerate(values, len(before.items))))
        else:
            after = united([flat(before), *values])
        if isinstance(target, (ast.Name, ast.Attribute)):
            if isinstance(target, ast.Attribute):
                owners = [ref for v in evaluate(target.value, known, frame) for ref in v.refs]
                for owner in owners:
                    if isinstance(owner, Instance):
                        frame.memory.heap.pop((owner, target.attr), None)
            bind(target, after, known, frame)
