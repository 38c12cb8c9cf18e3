"""What calls in a script give: functions and classes of its own are followed, others are known by their names."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tinytorch_hf.milestones.gradients import names
from tinytorch_hf.milestones.gradients.expressions import Frame, Names, Values, attribute, evaluate, every, grow
from tinytorch_hf.milestones.gradients.program import Argument, Chain, Class, Function, Instance, Outside, Scope
from tinytorch_hf.milestones.gradients.values import (
    NOTHING,
    Cut,
    Site,
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
        positional, named = values[: len(arguments)], dict(zip(keywords, values[len(arguments) :], strict=False))
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
        elif isinstance(ref, Chain):
            found.append(_chained(callee, args[0] if args else NOTHING, node, frame))
        elif isinstance(ref, Argument):
            found += _any_model(node, args, named, frame)
    return few(found) if found else (computed([callee, *given]),)


def _chained(chain: Value, value: Value, node: ast.Call, frame: Frame) -> Value:
    """What comes out at the end of a chain of layers."""
    for _, layer in chain.items or ():
        value = united(called(node, layer, [value], {}, frame))
    return value


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
    member = _member(owner, name, frame)
    if member is not None:
        return called(node, member, args, named, frame)
    if name == "forward" and any(isinstance(ref, Chain) for ref in owner.refs):
        return called(node, owner, args, named, frame)
    if any(isinstance(ref, (Instance, Chain)) for ref in owner.refs):
        held = replace(frame.memory.with_held(owner), refs=frozenset())
        return (held if name in names.PARAMETERS else computed([held, *given]),)
    return (_of_tensor(name, owner, args, given, node, known, frame),)


def _member(owner: Value, name: str, frame: Frame) -> Value | None:
    """What a class, an object or a module of the script has under this name."""
    owners = [ref for ref in owner.refs if isinstance(ref, Instance)]
    is_outside = any(isinstance(ref, Outside) for ref in owner.refs) and not owner.live
    if is_outside or any((ref, name) in frame.memory.heap or ref.cls.method(name) for ref in owners):
        return attribute(owner, name, frame)
    classes = [ref for ref in owner.refs if isinstance(ref, Class)]
    methods = [Function(m, ref.module, ref.scope) for ref in classes if (m := ref.method(name)) is not None]
    return Value(refs=frozenset(methods)) if methods else None


def _of_tensor(
    name: str,
    owner: Value,
    args: Sequence[Value],
    given: list[Value],
    node: ast.Call,
    known: Names,
    frame: Frame,
) -> Value:
    """What a method gives of which no code is known: a tensor's, an optimizer's, a container's."""
    assert isinstance(node.func, ast.Attribute)  # noqa: S101 -- the caller has looked
    if name == "backward":
        root = frame.memory.roots.setdefault((node, frame.stack[-6:]), set())
        root.add(flat(owner))
        return NOTHING
    if name == "step" and owner.holds:
        frame.memory.trained |= owner.live
    if name == "detach":
        return _tensor(node, numbers(owner), [], frame)
    if name in names.GROWS and not isinstance(node.func.value, ast.Call):
        grow(node.func.value, [frame.memory.with_held(v) if v.refs else v for v in args[-1:]], known, frame)
        return NOTHING
    return _known_method(name, owner, given, node, frame)


def _known_method(name: str, owner: Value, given: list[Value], node: ast.Call, frame: Frame) -> Value:
    inside = owner.items
    if name in names.NUMBERS:
        result = numbers(owner)
    elif name in names.NO_NUMBERS:
        result = NOTHING
    elif name in names.SAME:
        result = owner
    elif name == "items":
        parts = [owner] if inside is None else [value for _, value in inside]
        result = _sequence(_sequence([NOTHING, value]) for value in parts)
    elif name == "values" and inside is not None:
        result = _sequence(value for _, value in inside)
    elif name in ("get", "pop", "setdefault") and inside is not None:
        first = node.args[0] if node.args else None
        result = item(owner, first.value) if isinstance(first, ast.Constant) else element(owner)
    elif name in names.PARAMETERS and owner.holds:
        frame.memory.with_parameters |= owner.live
        result = owner
    else:
        result = _multiplied(name, computed([owner, *given]))
    return result


def _multiplied(name: str, result: Value) -> Value:
    return replace(result, is_mixed=True) if name in names.MULTIPLIES and result.weights else result


def _outside(dotted: str, node: ast.Call, args: Sequence[Value], named: Mapping[Any, Value], frame: Frame) -> Value:
    root, name = dotted.partition(".")[0], dotted.rpartition(".")[2]
    given = [*args, *named.values()]
    if name in names.TENSORS:
        others = [value for key, value in named.items() if key not in ("data", "dtype", "requires_grad")]
        made_of = united([NOTHING, *args[:1], *(value for key, value in named.items() if key == "data")])
        result = _tensor(node, made_of, [*args[1:], *others], frame)
    elif name in names.NO_NUMBERS or ".random." in dotted or root == "random":
        result = NOTHING
    elif name in ("enumerate", "zip"):
        result = _paired(args if name == "zip" else [NOTHING, *args])
    elif name in names.SAME or name == "cast":
        result = args[-1 if name == "cast" else 0] if args else NOTHING
    elif name in names.NUMBERS:
        result = numbers(computed(given))
    elif root == "np":
        is_tensor = any(value.live for value in map(flat, given))
        result = _multiplied(name, numbers(computed(given)) if is_tensor else computed(given))
    elif name[:1].isupper():
        result = _object(name, node, given, frame)
    else:
        result = computed(map(frame.memory.with_held, given))
    return result


def _sequence(values: Iterable[Value]) -> Value:
    return container(enumerate(values))


def _paired(values: Sequence[Value]) -> Value:
    """What loops over several containers at once go through."""
    lengths = {len(value.items) for value in values if value.items is not None}
    if len(lengths) == 1 and 0 not in lengths:
        return _sequence(_sequence(item(value, index) for value in values) for index in range(lengths.pop()))
    return _sequence([_sequence(map(element, values))])


def _object(name: str, node: ast.Call, given: Sequence[Value], frame: Frame) -> Value:
    """An object of a class that is defined elsewhere: it holds what it was given, or has parameters of its own."""
    inside = united([NOTHING, *(flat(frame.memory.with_held(value)) for value in given)])
    if name in names.CHAINS:
        layers = [each for value in given for each in ([i for _, i in value.items] if value.items else [value])]
        return replace(_sequence(layers), refs=frozenset({Chain()}))
    has_own = name in names.LAYERS
    if name in names.NOT_LAYERS or (inside.live and not has_own):
        return replace(inside, refs=frozenset(), holds=inside.holds)
    label = frame.memory.labels.get(node, name)
    site = Site((node, frame.owner), label, "layer" if has_own else "unknown")
    return Value(live=frozenset({site}), cuts=inside.cuts, holds=True)


def _tensor(node: ast.Call, data: Value, others: Sequence[Value], frame: Frame) -> Value:
    """A new tensor with these numbers."""
    data = flat(data)
    asks = any(k.arg == "requires_grad" and getattr(k.value, "value", 0) is True for k in node.keywords)
    own = {Site((node, frame.owner), frame.memory.labels.get(node, "a tensor"), "tensor")} if asks else set()
    parents = united([NOTHING, *map(flat, others)])
    says_how = any(k.arg and any(part in k.arg for part in names.GRAPH) for k in node.keywords)
    if parents.live or says_how:
        # Whoever names what a tensor was made from, or how a gradient passes, builds the graph by hand.
        return Value(live=data.live | parents.live | data.numbers | data.weights)
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
        frame.rules,
        memory,
        function.module,
        Scope(function.scope),
        function.owner,
        (*frame.stack, node, body),
        frame.is_quiet,
    )
    known = _bound(function, args, named, inner)
    if isinstance(body, ast.Lambda):
        found = evaluate(body.body, known, inner)
    else:
        frame.rules.run(body.body, [known], inner)
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
    for parameter, value in zip(ordered, values, strict=False):
        known[parameter.arg] = value
    if parameters.vararg:
        known[parameters.vararg.arg] = _sequence(values[len(ordered) :])
    names_of = {parameter.arg for parameter in (*ordered, *parameters.kwonlyargs)}
    known |= {str(name): value for name, value in named.items() if name in names_of}
    defaults = [
        *zip(reversed(ordered), reversed(parameters.defaults), strict=False),
        *((p, d) for p, d in zip(parameters.kwonlyargs, parameters.kw_defaults, strict=False) if d is not None),
    ]
    for parameter, default in defaults:
        if parameter.arg not in known:
            known[parameter.arg] = united(evaluate(default, {}, frame))
    for parameter in (*ordered, *parameters.kwonlyargs):
        known.setdefault(parameter.arg, NOTHING)
    for name, value in known.items():
        frame.scope.bind(name, value)
    return known
