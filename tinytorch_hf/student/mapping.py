"""A file that says where a framework that is not TinyTorch keeps its parts, and what it calls things.

The file is JSON: Python reads it without a further library in every version supported (TOML needs 3.11), it nests,
and an editor knows it.

.. code-block:: json

    {
      "package": "mylib",
      "names": {"Tensor": "mylib.Tensor", "Linear": "mylib.nn.Dense", "SGD": "mylib.optim.GradientDescent"},
      "conventions": {"linear_weight": "out, in", "weight": "W", "bias": "b", "grad": "gradient"}
    }

Every key may be left out. A part that takes other arguments than TinyTorch's is named through a function of your own
that translates them; it may live in any module that can be imported.
"""

from __future__ import annotations

import json
import keyword
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from tinytorch_hf.errors import InvalidArgumentError, StorageError, UnknownNameError
from tinytorch_hf.student.frameworks import HOMES

_LAYOUTS = ("in, out", "out, in")


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


@dataclass(frozen=True)
class FrameworkMap:
    """What a mapping file says.

    Attributes
    ----------
    package
        Import name of the framework.
    names
        For a part of TinyTorch, where it is, such as ``"mylib.nn.Dense"``.
    conventions
        What is called or laid out otherwise.
    """

    package: str = "tinytorch"
    names: Mapping[str, str] = field(default_factory=dict)
    conventions: Conventions = field(default_factory=Conventions)


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
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InvalidArgumentError(f"There is no mapping file {path}.") from error
    except OSError as error:
        raise StorageError(f"The mapping file {path} could not be read: {error}.") from error
    except UnicodeDecodeError as error:
        raise InvalidArgumentError(f"The mapping file {path} is not text in UTF-8: {error}.") from error
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidArgumentError(f"The mapping file {path} is not JSON: {error}.") from error
    return parse_map(values, str(path))


def parse_map(values: Any, where: str) -> FrameworkMap:
    """What the decoded JSON of a mapping file says; ``where`` names the file in messages.

    Raises
    ------
    InvalidArgumentError, UnknownNameError
        As for `read_map`.
    """
    _check_keys(values, where, "key", ("package", "names", "conventions"))
    package = values.get("package", FrameworkMap.package)
    names = values.get("names", {})
    conventions = values.get("conventions", {})
    _check_keys(names, f"{where}, names", "part of TinyTorch", HOMES)
    _check_keys(conventions, f"{where}, conventions", "convention", [entry.name for entry in fields(Conventions)])
    _check_dotted(package, where)
    for name, place in names.items():
        _check_dotted(place, f"{where}, names, {name}")
    for name, value in conventions.items():
        if name == "linear_weight":
            if value not in _LAYOUTS:
                raise InvalidArgumentError(f"{where}: linear_weight is one of {_LAYOUTS}, not {value!r}.")
        else:
            _check_dotted(value, f"{where}, conventions, {name}")
    return FrameworkMap(package, dict(names), Conventions(**conventions))


def as_json(framework_map: FrameworkMap) -> dict[str, Any]:
    """The values that `parse_map` turns into this map."""
    conventions = {entry.name: getattr(framework_map.conventions, entry.name) for entry in fields(Conventions)}
    return {"package": framework_map.package, "names": dict(framework_map.names), "conventions": conventions}


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
