"""Lines of a script at which the gradient of a loss ends before it has reached all that is trained.

A finding needs all of this: a tensor is made from the numbers of another; those numbers depend on layers with
parameters; what is computed from the tensor has its ``backward`` called; and on that way these layers get no gradient,
nor do they from every way to another loss of the script. So predictions, metrics, targets, masks, inputs, updates of
weights and states that are carried from one part of a sequence to the next are none.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tinytorch_hf.milestones.gradients import advice, calls, statements
from tinytorch_hf.milestones.gradients.expressions import Frame, OutOfBudget, Rules
from tinytorch_hf.milestones.gradients.program import Argument, Class, Function, Memory, Module, read
from tinytorch_hf.milestones.gradients.values import Cut, Site, Value

_BUDGET = 100_000


@dataclass(frozen=True, order=True)
class Detached:
    """One line that cuts the graph.

    Attributes
    ----------
    path, line
        Where it is.
    expression
        What stands there.
    why
        Why no gradient passes, and what gets none, in a sentence.
    instead
        What to write there.
    """

    path: Path
    line: int
    expression: str
    why: str
    instead: str


def detached(script: Path) -> list[Detached]:
    """Lines of a script, or of a module beside it that it imports, that cut the graph; by file and line.

    Nothing is executed. What cannot be read or parsed has none.
    """
    module = read(script)
    if module is None:
        return []
    memory = Memory(_BUDGET)
    # What was found until the budget was spent is as true.
    with contextlib.suppress(OutOfBudget, RecursionError):
        _follow(module, memory)
    by_node: dict[ast.expr, tuple[Cut, set[Site]]] = {}
    for cut, missing in _cuts(memory):
        by_node.setdefault(cut.node, (cut, set()))[1].update(missing)
    return sorted(
        Detached(Path(cut.path), cut.node.lineno, ast.unparse(cut.node), *advice.of(cut.node, missing))
        for cut, missing in by_node.values()
    )


def _follow(module: Module, memory: Memory) -> None:
    """Follow a script, and then what nothing in it calls."""
    frame = Frame(Rules(calls.call, statements.run), memory, module, module.scope)
    statements.start(module, frame)
    handed = Value(refs=frozenset({Argument()}))
    defined = [ref for values in list(module.scope.names.values()) for value in values for ref in value.refs]
    for ref in dict.fromkeys(defined):
        if isinstance(ref, Function) and ref.module is module and ref.node not in memory.visited:
            calls.invoke(ref, [handed] * len(ref.node.args.args), {}, ref.node, frame)
    trains = any(isinstance(node, ast.Attribute) and node.attr == "backward" for node in ast.walk(module.tree))
    for ref in dict.fromkeys(defined):
        if isinstance(ref, Class) and ref.module is module and (ref.node not in memory.visited or not trains):
            _follow_class(ref, frame, trains)


def _follow_class(cls: Class, frame: Frame, trains: bool) -> None:
    """Follow the methods of a class; if nothing here trains its models, those who import it do."""
    made = calls.instantiate(cls, [], {}, cls.node, frame)
    (owner,) = made.refs
    for node in cls.node.body:
        if isinstance(node, ast.FunctionDef) and node not in frame.memory.visited and trains:
            calls.invoke(Function(node, cls.module, cls.scope, owner), [], {}, node, frame)
    forward = cls.method("forward") or cls.method("__call__")
    if not trains and forward is not None and cls.method("parameters"):
        outcomes = calls.invoke(Function(forward, cls.module, cls.scope, owner), [], {}, forward, frame)
        frame.memory.roots.setdefault((forward, ()), set()).update(outcomes)


def _cuts(memory: Memory) -> Iterator[tuple[Cut, frozenset[Site]]]:
    """Each cut on the way to a loss, with what gets no gradient because of it."""
    reached = {
        place: frozenset.intersection(*(value.live for value in values)) for place, values in memory.roots.items()
    }
    for place, values in memory.roots.items():
        elsewhere = frozenset(site for other, sites in reached.items() if other != place for site in sites)
        for value in values:
            for cut in value.cuts:
                if cut.node in memory.by_hand:
                    continue
                severed = cut.severed - value.live - elsewhere
                missing = frozenset(site for site in severed if _is_trained(site, memory))
                if missing:
                    yield cut, missing


def _is_trained(site: Site, memory: Memory) -> bool:
    """Whether these are parameters, and to be trained as far as that is known."""
    if site.kind == "tensor":
        return site in memory.trained
    has_some = site.kind == "layer" or site in memory.with_parameters
    return has_some and (site in memory.trained or not memory.trained)
