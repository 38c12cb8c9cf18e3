"""A file that says where a framework that is not TinyTorch keeps its parts, and what it calls things.

The file is JSON: Python reads it without a further library in every version supported (TOML needs 3.11), it nests,
and an editor knows it.

.. code-block:: json

    {
      "package": "mylib",
      "names": {"Tensor": "mylib.Tensor", "Linear": "mylib.nn.Dense", "SGD": "mylib.optim.GradientDescent"},
      "conventions": {"linear_weight": "out, in", "weight": "W", "bias": "b", "grad": "gradient"}
    }

Every key may be left out; ``docs/how_to/mapping.md`` says what each of them means. A part that takes other arguments
than TinyTorch's is named through a function of your own that translates them, in any module that can be imported.
"""

from __future__ import annotations

import keyword
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from tinytorch_hf.errors import InvalidArgumentError, StorageError, UnknownNameError
from tinytorch_hf.files.opening import read_file
from tinytorch_hf.formats.strict_json import JsonError, parse_json
from tinytorch_hf.shown import printable
from tinytorch_hf.student.frameworks import HOMES

_LAYOUTS = ("in, out", "out, in")
STYLES = ("tensors", "scalars", "layers")
PARAMETERS = ("weight", "bias", "gamma", "beta")
"""Attributes of layers that a map may rename, for all layers or for some."""

_LONGEST_REASON = 500
_MOST_BYTES = 2**20


@dataclass(frozen=True)
class Conventions:
    """What differs between frameworks; the defaults are TinyTorch's.

    Attributes
    ----------
    linear_weight
        Layout of Linear's weight: ``"in, out"``, or ``"out, in"`` as in PyTorch.
    data, grad, requires_grad
        A tensor's attributes for its array, for its gradient, and for whether it gets one. The gradient may be
        an array or a tensor.
    backward, zero_grad, parameters
        Names of methods: of tensors, of optimizers, of layers.
    weight, bias, gamma, beta
        Attributes of layers for their parameters.
    axis, keepdims
        Arguments of a tensor's reductions.
    """

    linear_weight: str = "in, out"
    data: str = "data"
    grad: str = "grad"
    requires_grad: str = "requires_grad"
    backward: str = "backward"
    zero_grad: str = "zero_grad"
    parameters: str = "parameters"
    weight: str = "weight"
    bias: str = "bias"
    gamma: str = "gamma"
    beta: str = "beta"
    axis: str = "axis"
    keepdims: str = "keepdims"


@dataclass(frozen=True)
class FrameworkMap:
    """What a mapping file says.

    Attributes
    ----------
    package
        Import name of the framework.
    names
        For a part of TinyTorch, where it is, such as ``"mylib.nn.Dense"``: a class, or a function that makes one.
    functions
        For an activation or a loss, the function that computes it, such as ``"mylib.functional.relu"``.
    methods
        For an activation or a loss, the method of tensors that computes it, such as ``"relu"``.
    parameters
        For a layer, what its own parameters are called, such as ``{"Embedding": {"weight": "table"}}``.
    untried
        For a part that cannot be called as TinyTorch's, the reason.
    conventions
        What is called or laid out otherwise.
    style
        "tensors" of arrays; "scalars", each node of the graph is one number; "layers", which pass gradients back
        themselves, and no tensors.
    """

    package: str = "tinytorch"
    names: Mapping[str, str] = field(default_factory=dict)
    conventions: Conventions = field(default_factory=Conventions)
    functions: Mapping[str, str] = field(default_factory=dict)
    methods: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    untried: Mapping[str, str] = field(default_factory=dict)
    style: str = "tensors"

    @property
    def is_bare(self) -> bool:
        """Whether it says nothing but which package is meant."""
        return self == FrameworkMap(self.package)


def read_map(path: Path) -> FrameworkMap:
    """Read a mapping file.

    Raises
    ------
    InvalidArgumentError
        The file is not there, is not JSON, or a value is not what belongs there.
    StorageError
        The file cannot be read.
    UnknownNameError
        A key is none of those that mean something.
    """
    try:
        text = read_file(path, _MOST_BYTES).decode("utf-8")
    except FileNotFoundError as error:
        raise InvalidArgumentError(f"There is no mapping file {path}.") from error
    except OSError as error:
        raise StorageError(f"The mapping file {path} could not be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise InvalidArgumentError(f"The mapping file {path} is not text in UTF-8: {error}.") from error
    try:
        values = parse_json(text)
    except JsonError as error:
        raise InvalidArgumentError(f"The mapping file {path} is not JSON: {error.whole}.") from error
    return parse_map(values, str(path))


def parse_map(values: Any, where: str) -> FrameworkMap:
    """What the decoded JSON of a mapping file says; ``where`` names the file in messages.

    Raises
    ------
    InvalidArgumentError, UnknownNameError
        As for `read_map`.
    """
    _check_keys(values, where, "key", [entry.name for entry in fields(FrameworkMap)])
    package = values.get("package", FrameworkMap.package)
    _check_dotted(package, where)
    conventions = values.get("conventions", {})
    _check_keys(conventions, f"{where}, conventions", "convention", [entry.name for entry in fields(Conventions)])
    for name, value in conventions.items():
        if name == "linear_weight":
            _check_choice(value, f"{where}: linear_weight", _LAYOUTS)
        else:
            _check_dotted(value, f"{where}, conventions, {name}")
    style = values.get("style", FrameworkMap.style)
    _check_choice(style, f"{where}: style", STYLES)
    return FrameworkMap(
        package,
        names=_places(values, "names", where),
        functions=_places(values, "functions", where),
        methods=_places(values, "methods", where),
        parameters=_parameters(values.get("parameters", {}), f"{where}, parameters"),
        untried=_reasons(values.get("untried", {}), f"{where}, untried"),
        conventions=Conventions(**conventions),
        style=style,
    )


def as_json(framework_map: FrameworkMap) -> dict[str, Any]:
    """The values that `parse_map` turns into this map."""
    values = {entry.name: getattr(framework_map, entry.name) for entry in fields(FrameworkMap)}
    conventions = {entry.name: getattr(framework_map.conventions, entry.name) for entry in fields(Conventions)}
    parameters = {part: dict(names) for part, names in framework_map.parameters.items()}
    plain = {name: dict(value) if isinstance(value, Mapping) else value for name, value in values.items()}
    return {**plain, "parameters": parameters, "conventions": conventions}


def brief(framework_map: FrameworkMap) -> dict[str, Any]:
    """The same without what is as in TinyTorch."""
    usual = as_json(FrameworkMap())
    values = as_json(framework_map)
    values["conventions"] = {
        name: value for name, value in values["conventions"].items() if value != usual["conventions"][name]
    }
    return {name: value for name, value in values.items() if name == "package" or (value and value != usual[name])}


def _places(values: Mapping[str, Any], key: str, where: str) -> dict[str, str]:
    places = values.get(key, {})
    _check_keys(places, f"{where}, {key}", "part of TinyTorch", HOMES)
    for name, place in places.items():
        _check_dotted(place, f"{where}, {key}, {name}")
    return dict(places)


def _parameters(values: Any, where: str) -> dict[str, dict[str, str]]:
    _check_keys(values, where, "part of TinyTorch", HOMES)
    for part, names in values.items():
        _check_keys(names, f"{where}, {part}", "parameter", PARAMETERS)
        for name, attribute in names.items():
            _check_dotted(attribute, f"{where}, {part}, {name}")
    return {part: dict(names) for part, names in values.items()}


def _reasons(values: Any, where: str) -> dict[str, str]:
    _check_keys(values, where, "part of TinyTorch", HOMES)
    for part, reason in values.items():
        if not isinstance(reason, str) or not reason.strip() or len(reason) > _LONGEST_REASON:
            raise InvalidArgumentError(f"{where}, {part}: a sentence belongs here that says why, not {reason!r:.80}.")
    return {part: printable(reason) for part, reason in values.items()}


def _check_choice(value: Any, where: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise InvalidArgumentError(f"{where} is one of {tuple(choices)}, not {value!r}.")


def _check_keys(values: Any, where: str, kind: str, known: Any) -> None:
    if not isinstance(values, dict):
        raise InvalidArgumentError(f"{where}: a JSON object belongs here, with some of {', '.join(known)}.")
    for key in values:
        if key not in known:
            raise UnknownNameError(f"{kind} in {where} called", key, known)


def _check_dotted(value: Any, where: str) -> None:
    """Raise unless this can be written after ``import`` or after a dot in Python."""
    words = value.split(".") if isinstance(value, str) else [""]
    if not all(word.isidentifier() and not keyword.iskeyword(word) for word in words):
        raise InvalidArgumentError(f"{where}: a name such as 'mylib.nn.Dense' belongs here, not {value!r}.")
