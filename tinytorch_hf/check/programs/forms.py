"""The operations of which programs are made, each written once for the student's tensors and for the judge's.

Every form has the names of the battery's cases that are about it: where one of those is wrong already, programs do
without the form, so that nothing is accused a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf.check.cases.attention import attend
from tinytorch_hf.check.programs import layers, masking
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student, UntriedError

Operands = Sequence[Any]
Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Form:
    """One operation.

    Attributes
    ----------
    compute
        Computes it with the student's tensors.
    right
        Computes it with the judge's.
    text
        How it is written, given the operands' names.
    cases
        The battery's cases that are about it.
    method
        The method of tensors that it needs, beside those that the course asks for; or nothing.
    may_be_refused
        Whether a package may raise an error instead, as the course does not ask for it.
    """

    compute: Callable[[Student, Operands, Arguments], Any]
    right: Callable[[Judge, Operands, Arguments], Any]
    text: Callable[[Sequence[str], Arguments], str]
    cases: tuple[str, ...] = ()
    method: str = ""
    may_be_refused: bool = False


def _alike(
    compute: Callable[[Operands], Any], template: str, cases: tuple[str, ...], method: str = "", refused: bool = False
) -> Form:
    """What is written alike on both sides."""
    return Form(
        lambda _student, operands, _: compute(operands),
        lambda _judge, operands, _: compute(operands),
        lambda names, _: template.format(*names),
        cases,
        method,
        refused or bool(method),
    )


def _operator(symbol: str, name: str, compute: Callable[[Any, Any], Any]) -> dict[str, Form]:
    """An operator between tensors, with a number on its right and on its left, and as a method."""
    cases = ("tensor-arithmetic", f"gradient-{name}")
    with_number = ("tensor-numbers", f"gradient-{name}-number", f"gradient-{name}", "tensor-arithmetic")
    method = {"add": "add", "sub": "sub", "mul": "mul", "div": "div"}[name]
    return {
        symbol: _alike(lambda o: compute(o[0], o[1]), f"{{}} {symbol} {{}}", cases),
        f"{symbol} number": _alike(lambda o: compute(o[0], o[1]), f"{{}} {symbol} {{}}", with_number),
        f"number {symbol}": _alike(lambda o: compute(o[0], o[1]), f"{{}} {symbol} {{}}", with_number, refused=True),
        f".{method}": Form(
            lambda _s, o, _: getattr(o[0], method)(o[1]),
            lambda _j, o, _: compute(o[0], o[1]),
            lambda names, _: f"{names[0]}.{method}({names[1]})",
            cases,
            method,
            True,
        ),
    }


def _reduction(name: str) -> Form:
    in_torch = {"max": "amax", "min": "amin"}.get(name, name)

    def right(_: Judge, operands: Operands, arguments: Arguments) -> Any:
        axis = _axis(arguments)
        dim = tuple(range(operands[0].ndim)) if axis is None else axis
        return getattr(operands[0], in_torch)(dim=dim, keepdim=arguments.get("keepdims", False))

    def compute(_: Student, operands: Operands, arguments: Arguments) -> Any:
        return getattr(operands[0], name)(**_given(arguments))

    def text(names: Sequence[str], arguments: Arguments) -> str:
        given = ", ".join(f"{key}={value}" for key, value in _given(arguments).items())
        return f"{names[0]}.{name}({given})"

    shared = "max" if name == "min" else name
    cases = [f"tensor-{shared}", f"gradient-{shared}"]
    cases += (
        ["gradient-max-equal-values"] if shared == "max" else [f"gradient-{shared}-axis", f"gradient-{shared}-ways"]
    )
    return Form(compute, right, text, tuple(cases), "min" if name == "min" else "", name == "min")


def _axis(arguments: Arguments) -> Any:
    axis = arguments.get("axis")
    return tuple(axis) if isinstance(axis, list) else axis


def _given(arguments: Arguments) -> dict[str, Any]:
    """Arguments of a reduction as they are written."""
    given: dict[str, Any] = {}
    if arguments.get("axis") is not None:
        given["axis"] = _axis(arguments)
    if arguments.get("keepdims"):
        given["keepdims"] = True
    return given


def _index(arguments: Arguments) -> Any:
    """What stands in the brackets."""
    parts = tuple(
        slice(*part)
        if isinstance(part, list) and part[0] != "rows"
        else np.array(part[1])
        if isinstance(part, list)
        else part
        for part in arguments["index"]
    )
    return parts[0] if len(parts) == 1 else parts


def _index_text(arguments: Arguments) -> str:
    texts = []
    for part in arguments["index"]:
        if isinstance(part, list) and part[0] == "rows":
            texts.append(f"np.array({part[1]})")
        elif isinstance(part, list):
            start, stop, step = ("" if one is None else str(one) for one in part)
            texts.append(f"{start}:{stop}" + (f":{step}" if step else ""))
        else:
            texts.append(str(part))
    return ", ".join(texts)


def _power(_: Any, operands: Operands, arguments: Arguments) -> Any:
    return operands[0] ** arguments["exponent"]


def _reshape(_: Any, operands: Operands, arguments: Arguments) -> Any:
    return operands[0].reshape(*arguments["shape"])


def _elementwise(name: str) -> Form:
    def compute(operands: Operands) -> Any:
        return getattr(operands[0], name)()

    return _alike(compute, f"{{}}.{name}()", ("gradient-formulas",), name)


def _activation_method(part: str) -> Form:
    """An activation as a method of tensors, which the course does not ask for."""
    name = part.lower()
    right = layers.LAYERS[part].right
    return Form(
        lambda _s, o, _: getattr(o[0], name)(),
        lambda judge, o, _: right(judge, {}, o[0], {}),
        lambda names, _: f"{names[0]}.{name}()",
        (name,),
        name,
        True,
    )


_MATMUL = (
    *("tensor-matmul", "tensor-matmul-batched", "gradient-matmul", "gradient-matmul-ways"),
    *("gradient-matmul-batched", "gradient-matmul-broadcast"),
)
_INDEXING = ("tensor-indexing", "gradient-indexing", "gradient-indexing-ways")


def _indexed(cases: tuple[str, ...], refused: bool) -> Form:
    return Form(
        lambda _s, o, arguments: o[0][_index(arguments)],
        lambda _j, o, arguments: o[0][_index(arguments)],
        lambda names, arguments: f"{names[0]}[{_index_text(arguments)}]",
        cases,
        "",
        refused,
    )


def _attention(judge: Judge, operands: Operands, arguments: Arguments) -> Any:
    (query, key, value), given = operands, arguments.get("mask")
    mask = None if given is None else judge.tensor(np.array([given], dtype=np.float32))
    return attend(judge, query, key, value, mask)[0]


def _attention_text(names: Sequence[str], arguments: Arguments) -> str:
    mask = "" if arguments.get("mask") is None else ", mask"
    return f"{masking.FUNCTION}({', '.join(names)}{mask})[0]"


def _parameter(student: Student, operands: Operands, arguments: Arguments) -> Any:
    """A layer's own tensor, where it is laid out as TinyTorch's."""
    (layer,), path = operands, arguments["path"]
    tensor = student.parameter(layer, path)
    if not np.array_equal(student.array(tensor), student.parameter_values(layer, path)):
        raise UntriedError(f"{path} is laid out otherwise than TinyTorch's")
    return tensor


FORMS: Mapping[str, Form] = {
    **_operator("+", "add", lambda a, b: a + b),
    **_operator("-", "sub", lambda a, b: a - b),
    **_operator("*", "mul", lambda a, b: a * b),
    **_operator("/", "div", lambda a, b: a / b),
    "neg": _alike(lambda o: -o[0], "-{}", ("gradient-formulas",), "__neg__"),
    "**": Form(
        _power,
        _power,
        lambda names, arguments: f"{names[0]} ** {arguments['exponent']}",
        ("gradient-formulas",),
        "__pow__",
        True,
    ),
    "exp": _elementwise("exp"),
    "log": _elementwise("log"),
    "sqrt": _elementwise("sqrt"),
    "@": _alike(lambda o: o[0] @ o[1], "{} @ {}", _MATMUL, "__matmul__"),
    ".matmul": _alike(lambda o: o[0].matmul(o[1]), "{}.matmul({})", _MATMUL, "matmul"),
    "sum": _reduction("sum"),
    "mean": _reduction("mean"),
    "max": _reduction("max"),
    "min": _reduction("min"),
    "reshape": Form(
        _reshape,
        _reshape,
        lambda names, arguments: f"{names[0]}.reshape({', '.join(map(str, arguments['shape']))})",
        ("tensor-reshape", "gradient-reshape"),
    ),
    "transpose": Form(
        lambda _s, o, arguments: o[0].transpose(*arguments["axes"]),
        lambda _j, o, arguments: o[0].transpose(*(arguments["axes"] or (-2, -1))),
        lambda names, arguments: f"{names[0]}.transpose({', '.join(map(str, arguments['axes']))})",
        ("tensor-transpose", "gradient-transpose"),
    ),
    "index": _indexed(_INDEXING, False),
    "index rows": _indexed(_INDEXING, True),
    **{f".{part.lower()}": _activation_method(part) for part in ("ReLU", "Sigmoid", "Tanh")},
    "attention": Form(
        lambda student, o, arguments: masking.of_function(student, o, arguments.get("mask")),
        _attention,
        _attention_text,
        ("attention", "attention-weights"),
        "",
        True,
    ),
    # A tensor of a layer, which other operations take as well as the layer.
    "parameter": Form(
        _parameter,
        lambda _, o, arguments: o[0].parameters[arguments["path"]],
        lambda names, arguments: f"{names[0]}.{arguments['path']}",
        (),
        "",
        True,
    ),
}
"""Every operation, by its name in a program."""
