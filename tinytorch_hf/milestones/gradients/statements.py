"""Following the statements of a script: every branch, and each with what is known on its own way."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tinytorch_hf.milestones.gradients import names
from tinytorch_hf.milestones.gradients.expressions import Frame, Names, bind, evaluate, function
from tinytorch_hf.milestones.gradients.program import Class, Module, Outside, read
from tinytorch_hf.milestones.gradients.values import NOTHING, Value, computed, element, united

_MOST_WAYS = 6
_ROUNDS = 2


def run(body: Sequence[ast.stmt], ways: list[Names], frame: Frame) -> list[Names]:
    """What is known after some statements, on each way through them; on none if all were left."""
    for statement in body:
        ways = _few([after for known in ways for after in _step(statement, dict(known), frame)])
        if not ways:
            break
    return ways


def _few(ways: list[Names]) -> list[Names]:
    found = list({frozenset((n, v) for n, v in known.items() if v != NOTHING): known for known in ways}.values())
    if len(found) <= _MOST_WAYS:
        return found
    every = {name for known in found for name in known}
    return [{name: united([known[name] for known in found if name in known]) for name in every}]


def _step(statement: ast.stmt, known: Names, frame: Frame) -> list[Names]:
    rule = _RULES.get(type(statement))
    return [known] if rule is None else rule(statement, known, frame)


def _assign(statement: ast.Assign | ast.AnnAssign, known: Names, frame: Frame) -> list[Names]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    if statement.value is None:
        return [known]
    _label(targets[0], statement.value, frame)
    ways = []
    for value in evaluate(statement.value, known, frame):
        after = dict(known)
        for target in targets:
            bind(target, value, after, frame)
        ways.append(after)
    return ways


def _label(target: ast.expr, value: ast.expr, frame: Frame) -> None:
    """Remember what a script calls what it makes."""
    name = getattr(target, "attr", getattr(target, "id", ""))
    if name:
        frame.memory.labels.setdefault(value, name)
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, other in zip(target.elts, value.elts, strict=False):
            _label(one, other, frame)


def _change(statement: ast.AugAssign, known: Names, frame: Frame) -> list[Names]:
    target = statement.target
    values = [united(evaluate(part, known, frame)) for part in (target, statement.value)]
    is_list = isinstance(statement.op, ast.Add) and values[0].items is not None
    both = united(values) if is_list else computed(values)
    if values[0].holds or is_list:
        # `parameters += layer.parameters()`, or an update of a weight.
        both = replace(both, holds=all(value.holds or not value.live for value in values))
    bind(target, both, known, frame)
    return [known]


def _expression(statement: ast.Expr | ast.Assert | ast.Delete, known: Names, frame: Frame) -> list[Names]:
    for part in ast.iter_child_nodes(statement):
        if isinstance(part, ast.expr):
            evaluate(part, known, frame)
    return [known]


def _if(statement: ast.If, known: Names, frame: Frame) -> list[Names]:
    evaluate(statement.test, known, frame)
    quiet = _quiet(statement.test)
    ways = []
    for branch, is_quiet in zip((statement.body, statement.orelse), quiet, strict=False):
        before, frame.is_quiet = frame.is_quiet, frame.is_quiet or is_quiet
        ways += run(branch, [known], frame)
        frame.is_quiet = before
    return ways


def _quiet(test: ast.expr) -> tuple[bool, bool]:
    """Whether the two branches of a condition are for evaluation only."""
    words = [str(getattr(node, "attr", getattr(node, "id", ""))).lower() for node in ast.walk(test)]
    trains = any(part in word for part in names.TRAINS for word in words)
    evaluates = any(part in word for part in names.EVALUATES for word in words)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        trains, evaluates = evaluates, trains
    return evaluates and not trains, trains and not evaluates


def _for(statement: ast.For | ast.AsyncFor, known: Names, frame: Frame) -> list[Names]:
    values = united(evaluate(statement.iter, known, frame))
    before, frame.left = frame.left, []
    if values.items is not None and 0 < len(values.items) <= 16:
        steps = [value for _, value in values.items]
        steps = steps * _ROUNDS if len(steps) == 1 else steps
    else:
        steps = [element(values)] * _ROUNDS
    is_known = values.items is not None and len(values.items) > 1
    ways = [known]
    after: list[Names] = []
    for value in steps:
        for way in ways:
            bind(statement.target, value, way, frame)
        ways = _few([*run(statement.body, ways, frame), *frame.left])
        frame.left = []
        after = ways if is_known else [*after, *ways]
        if not ways:
            break
    frame.left = before
    return run(statement.orelse, _few(after or [known]), frame) if statement.orelse else _few(after or [known])


def _while(statement: ast.While, known: Names, frame: Frame) -> list[Names]:
    evaluate(statement.test, known, frame)
    before, frame.left = frame.left, []
    ways = [known]
    after: list[Names] = []
    for _ in range(_ROUNDS):
        ways = _few([*run(statement.body, ways, frame), *frame.left])
        frame.left = []
        after += ways
    frame.left = before
    return _few(after or [known])


def _leave(_statement: ast.stmt, known: Names, frame: Frame) -> list[Names]:
    frame.left.append(known)
    return []


def _with(statement: ast.With | ast.AsyncWith, known: Names, frame: Frame) -> list[Names]:
    is_quiet = frame.is_quiet
    for part in statement.items:
        words = ast.unparse(part.context_expr).lower()
        frame.is_quiet |= any(word in words for word in names.WITHOUT_GRADIENT)
        values = evaluate(part.context_expr, known, frame)
        if part.optional_vars is not None:
            bind(part.optional_vars, united(values), known, frame)
    ways = run(statement.body, [known], frame)
    frame.is_quiet = is_quiet
    return ways


def _try(statement: ast.Try, known: Names, frame: Frame) -> list[Names]:
    ways = run(statement.orelse, run(statement.body, [known], frame), frame)
    for handler in statement.handlers:
        ways += run(handler.body, [dict(known)], frame)
    return run(statement.finalbody, _few(ways), frame)


def _match(statement: ast.Match, known: Names, frame: Frame) -> list[Names]:
    evaluate(statement.subject, known, frame)
    return [known, *(way for case in statement.cases for way in run(case.body, [known], frame))]


def _return(statement: ast.Return, known: Names, frame: Frame) -> list[Names]:
    frame.returned += evaluate(statement.value, known, frame)
    return []


def _raise(_statement: ast.Raise, _known: Names, _frame: Frame) -> list[Names]:
    return []


def _define(statement: ast.FunctionDef | ast.AsyncFunctionDef, known: Names, frame: Frame) -> list[Names]:
    bind(ast.Name(statement.name, ast.Store()), function(statement, frame), known, frame)
    return [known]


def _class(statement: ast.ClassDef, known: Names, frame: Frame) -> list[Names]:
    frame.scope.is_seen = True
    value = Value(refs=frozenset({Class(statement, frame.module, frame.scope)}))
    bind(ast.Name(statement.name, ast.Store()), value, known, frame)
    return [known]


def _import(statement: ast.Import | ast.ImportFrom, known: Names, frame: Frame) -> list[Names]:
    module = statement.module if isinstance(statement, ast.ImportFrom) else None
    beside = _beside(module, frame) if module else None
    for alias in statement.names:
        name = alias.asname or alias.name.partition(".")[0]
        found = beside.scope.find(alias.name) if beside else None
        outside = alias.name if module or alias.asname else name
        value = united(found) if found else Value(refs=frozenset({Outside(_usual(outside))}))
        bind(ast.Name(name, ast.Store()), value, known, frame)
    return [known]


def _usual(name: str) -> str:
    return "np" if name == "numpy" else name


def _beside(name: str, frame: Frame) -> Module | None:
    """A module in the same folder as this one, of which the definitions are then known."""
    path = Path(frame.module.path).parent / f"{name}.py"
    memory = frame.memory
    if path not in memory.modules:
        # Before it is followed, since it may import the one that imports it.
        memory.modules[path] = None
        module = read(path) if name.isidentifier() and path.is_file() else None
        if module is not None:
            start(module, Frame(frame.rules, memory, module, module.scope))
        memory.modules[path] = module
    return memory.modules[path]


def start(module: Module, frame: Frame) -> None:
    """Follow a file from its first line."""
    run(module.tree.body, [{}], frame)


_RULES: dict[type, Callable[[Any, Names, Frame], list[Names]]] = {
    ast.Assign: _assign,
    ast.AnnAssign: _assign,
    ast.AugAssign: _change,
    ast.Expr: _expression,
    ast.Assert: _expression,
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.Break: _leave,
    ast.Continue: _leave,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.Match: _match,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.FunctionDef: _define,
    ast.AsyncFunctionDef: _define,
    ast.ClassDef: _class,
    ast.Import: _import,
    ast.ImportFrom: _import,
}
