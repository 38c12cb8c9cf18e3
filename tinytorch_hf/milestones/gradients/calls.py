"""What calls in a script give: functions and classes of its own are followed, others are known by their names."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tinytorch_hf.milestones.gradients import names, statements
from tinytorch_hf.milestones.gradients.expressions import Frame, Names, Values, every, evaluate, attribute, grow
from tinytorch_hf.milestones.gradients.program import Argument, Class, Function, Instance, Outside, Scope
from tinytorch_hf.milestones.gradients.values import (
    NOTHING,
    Cut,
    Site,
    Value,
    computed,
    element,
    few,
    flat,
    item,
    numbers,
    united,
)

_DEEPEST_CALL = 12
_DEEPEST_OBJECT = 4


def call(node: ast.Call, known: Names, frame: Frame) -> Values:
    """Alternatives that a call gives."""
    is_method = isinstance(node.func, ast.Attribute)
    callee = node.func.value if isinstance(node.func, ast.Attribute) else node.func
    arguments = [part.value if isinstance(part, ast.Starred) else part for part in node.args]
    keywords = [keyword.arg for keyword in node.keywords]
    found: list[Value] = []
    for first, *values in every([callee, *arguments, *(k.value for k in node.keywords)], known, frame):
        positional, named = values[: len(arguments)], dict(zip(keywords, values[len(arguments) :]))
        if is_method:
            found += _method(node, first, positional, named, known, frame)
        else:
            found += called(node, first, positional, named, frame)
    return few(found)


def called(node: ast.Call, callee: Value, args: Sequence[Value], named: Mapping[Any, Value], frame: Frame) -> Values:
    """What comes of calling a value."""
    given = [*args, *named.values()]
    found: list[Value] = []
    for ref in callee.refs:
        if isinstance(ref, Function):
            found += invoke(ref, args, named, node, frame)
        elif isinstance(ref, Class):
            found.append(instantiate(ref, args, named, node, frame))
        elif isinstance(ref, Instance):
            method = ref.cls.forward()
            if method is not None:
                found += invoke(Function(method, ref.cls.module, ref.cls.scope, ref), args, named, node, frame)
        elif isinstance(ref, Outside):
            found.append(_outside(ref.name, node, args, named, frame))
        elif isinstance(ref, Argument):
            found += _any_model(node, args, named, frame)
    return few(found) if found else (computed([callee, *given]),)


def _any_model(node: ast.Call, args: Sequence[Value], named: Mapping[Any, Value], frame: Frame) -> Values:
    """What the models of this file give, for a function that is handed one by nobody in it."""
    classes = [ref for values in frame.module.scope.names.values() for v in values for ref in v.refs]
    models = [ref for ref in classes if isinstance(ref, Class) and ref.forward() and ref.method("parameters")]
    found: list[Value] = []
    for model in dict.fromkeys(models):
        found += called(node, instantiate(model, [], {}, node, frame), args, named, frame)
    return few(found) or (computed([*args, *named.values()]),)


def _method(
    node: ast.Call, owner: Value, args: Sequence[Value], named: Mapping[Any, Value], known: Names, frame: Frame
) -> Values:
    assert isinstance(node.func, ast.Attribute)  # noqa: S101 -- the caller has looked
    name = node.func.attr
    given = [*args, *named.values()]
    if any(isinstance(ref, (Instance, Outside, Class)) for ref in owner.refs) and not owner.live:
        member = attribute(owner, name, frame)
        if member.refs or member.live:
            return called(node, member, args, named, frame)
        if any(isinstance(ref, Instance) for ref in owner.refs):
            held = replace(frame.memory.with_held(owner), refs=frozenset())
            return (held,) if name in names.PARAMETERS else (computed([held, *given]),)
    if name == "backward":
        root = frame.memory.roots.setdefault((node, frame.stack[-6:]), set())
        root.add(flat(owner))
        return (NOTHING,)
    if name == "step" and owner.holds:
        frame.memory.trained |= owner.live
    if name == "detach":
        return (_tensor(node, numbers(owner), [], frame),)
    if name in names.GROWS and not isinstance(node.func.value, ast.Call):
        grow(node.func.value, [frame.memory.with_held(v) if v.refs else v for v in args[-1:]], known, frame)
        return (NOTHING,)
    return (_known_method(name, owner, args, given, node, frame),)


def _known_method(
    name: str, owner: Value, args: Sequence[Value], given: list[Value], node: ast.Call, frame: Frame
) -> Value:
    if name in names.NUMBERS:
        return numbers(owner)
    if name in names.NO_NUMBERS:
        return NOTHING
    if name in names.SAME:
        return owner
    if name == "items" and owner.items is not None:
        pairs = [Value(items=((0, NOTHING), (1, value))) for _, value in owner.items]
        return Value(items=tuple(enumerate(pairs)))
    if name == "items":
        return Value(items=((0, Value(items=((0, NOTHING), (1, owner)))),))
    if name == "values" and owner.items is not None:
        return Value(items=tuple(enumerate(value for _, value in owner.items)))
    if name in ("get", "pop", "setdefault") and owner.items is not None:
        first = node.args[0] if node.args else None
        return item(owner, first.value) if isinstance(first, ast.Constant) else element(owner)
    if name in names.PARAMETERS and owner.holds:
        frame.memory.with_parameters |= owner.live
        return owner
    result = computed([owner, *given])
    return replace(result, is_mixed=True) if name in names.MULTIPLIES and result.weights else result


def _outside(
    dotted: str, node: ast.Call, args: Sequence[Value], named: Mapping[Any, Value], frame: Frame
) -> Value:
    root, name = dotted.partition(".")[0], dotted.rpartition(".")[2]
    given = [*args, *named.values()]
    if name in names.TENSORS:
        others = [value for key, value in named.items() if key not in ("data", "dtype", "requires_grad")]
        return _tensor(node, united([NOTHING, *args[:1], *(named[k] for k in named if k == "data")]), others, frame)
    if name in names.NO_NUMBERS or ".random." in dotted or root == "random":
        return NOTHING
    if name in ("enumerate", "zip"):
        return _paired(args if name == "zip" else [NOTHING, *args])
    if name in names.SAME or name == "cast":
        return args[-1 if name == "cast" else 0] if args else NOTHING
    if name in names.NUMBERS and root not in ("tinytorch",):
        return numbers(computed(given))
    if root in ("np", "numpy"):
        result = numbers(computed(given)) if any(value.live for value in map(flat, given)) else computed(given)
        return replace(result, is_mixed=True) if name in names.MULTIPLIES and result.weights else result
    if name[:1].isupper():
        return _object(name, node, given, frame)
    return computed(map(frame.memory.with_held, given))


def _paired(values: Sequence[Value]) -> Value:
    """What loops over several containers at once go through."""
    lengths = {len(value.items) for value in values if value.items is not None}
    if len(lengths) == 1 and 0 not in lengths:
        indices = range(lengths.pop())
        rows = [Value(items=tuple(enumerate(item(value, index) for value in values))) for index in indices]
        return Value(items=tuple(enumerate(rows)))
    row = Value(items=tuple(enumerate(map(element, values))))
    return Value(items=((0, row),))


def _object(name: str, node: ast.Call, given: Sequence[Value], frame: Frame) -> Value:
    """An object of a class that is defined elsewhere: it holds what it was given, or has parameters of its own."""
    inside = united([NOTHING, *(flat(frame.memory.with_held(value)) for value in given)])
    if name in names.NOT_LAYERS or inside.live:
        return replace(inside, refs=frozenset(), holds=inside.holds)
    label = frame.memory.labels.get(node, name)
    site = Site((node, frame.owner), label, "layer" if name in names.LAYERS else "unknown")
    return Value(live=frozenset({site}), cuts=inside.cuts, holds=True)


def _tensor(node: ast.Call, data: Value, others: Sequence[Value], frame: Frame) -> Value:
    """A new tensor with these numbers."""
    data = flat(data)
    asks = any(k.arg == "requires_grad" and getattr(k.value, "value", 0) is True for k in node.keywords)
    own = {Site((node, frame.owner), frame.memory.labels.get(node, "a tensor"), "tensor")} if asks else set()
    parents = united([NOTHING, *map(flat, others)])
    if parents.live:
        # Whoever names what a tensor was made from builds the graph by hand.
        return Value(live=data.live | parents.live | data.numbers)
    severed = data.numbers | (data.weights if data.is_mixed and not data.is_gradient else frozenset())
    if not severed or frame.is_quiet:
        weights = data.weights if not severed else frozenset()
        live = data.live | weights | own
        return Value(live=live, cuts=data.cuts, holds=bool(weights | own) or (data.holds and bool(live)))
    cut = Cut(str(frame.module.path), node, severed)
    return Value(live=data.live | own, cuts=data.cuts | {cut})


def instantiate(cls: Class, args: Sequence[Value], named: Mapping[Any, Value], node: ast.AST, frame: Frame) -> Value:
    """An object of a class of the script, made here."""
    key = (node, frame.owner)
    owner, depth = frame.owner, 0
    while owner is not None:
        owner, depth = owner.key[1], depth + 1
    made = Instance(cls, key if depth < _DEEPEST_OBJECT else (node, None))
    frame.memory.visited.add(cls.node)
    start = cls.method("__init__")
    if start is not None:
        invoke(Function(start, cls.module, cls.scope, made), args, named, node, frame)
    for name, value in named.items() if start is None else ():
        frame.memory.store(made, str(name), value)
    return Value(refs=frozenset({made}))


def invoke(
    function: Function, args: Sequence[Value], named: Mapping[Any, Value], node: ast.AST, frame: Frame
) -> Values:
    """What a function of the script returns."""
    memory, body = frame.memory, function.node
    memory.visited.add(body)
    given = [*args, *named.values()]
    if len(frame.stack) >= _DEEPEST_CALL or frame.stack.count(body) > 1:
        return (computed(given),)
    key = (function, tuple(args), tuple(named.items()), frame.is_quiet, frame.stack[-6:] if _trains(body) else ())
    if key in memory.known and memory.known[key][0] == memory.version:
        return memory.known[key][1]
    inner = Frame(
        memory, function.module, Scope(function.scope), function.owner, (*frame.stack, node, body), frame.is_quiet
    )
    known = _bound(function, args, named, inner)
    if isinstance(body, ast.Lambda):
        found = evaluate(body.body, known, inner)
    else:
        statements.run(body.body, [known], inner)
        found = few(inner.returned) or (NOTHING,)
    memory.known[key] = (memory.version, found)
    return found


def _trains(body: ast.AST) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr == "backward" for node in ast.walk(body))


def _bound(function: Function, args: Sequence[Value], named: Mapping[Any, Value], frame: Frame) -> Names:
    parameters = function.node.args
    ordered = [*parameters.posonlyargs, *parameters.args]
    decorators = {getattr(d, "id", "") for d in getattr(function.node, "decorator_list", ())}
    values = list(args)
    if function.owner is not None and "staticmethod" not in decorators:
        values.insert(0, Value(refs=frozenset({function.owner})))
    known: Names = {}
    for parameter, value in zip(ordered, values):
        known[parameter.arg] = value
    if parameters.vararg:
        known[parameters.vararg.arg] = Value(items=tuple(enumerate(values[len(ordered) :])))
    names_of = {parameter.arg for parameter in (*ordered, *parameters.kwonlyargs)}
    known |= {str(name): value for name, value in named.items() if name in names_of}
    defaults = [
        *zip(reversed(ordered), reversed(parameters.defaults)),
        *((p, d) for p, d in zip(parameters.kwonlyargs, parameters.kw_defaults) if d is not None),
    ]
    for parameter, default in defaults:
        if parameter.arg not in known:
            known[parameter.arg] = united(evaluate(default, {}, frame))
    for parameter in (*ordered, *parameters.kwonlyargs):
        known.setdefault(parameter.arg, NOTHING)
    for name, value in known.items():
        frame.scope.bind(name, value)
    return known
