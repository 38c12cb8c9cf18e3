"""Parts of a package, where its map says they are, and so that they can be called as TinyTorch's."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from tinytorch_hf.student import adapting, layerwise, scalars
from tinytorch_hf.student.frameworks import import_part
from tinytorch_hf.student.mapping import Conventions, FrameworkMap
from tinytorch_hf.student.signals import UntriedError

OPTIMIZERS = ("SGD", "Adam", "AdamW")


def find(package: ModuleType, framework_map: FrameworkMap, name: str) -> Any:
    """A class or function by its name in TinyTorch; None if there is none.

    Raises
    ------
    UntriedError
        The map says that it cannot be tried.
    BaseException
        Whatever a module raises while it is imported.
    """
    if name in framework_map.untried:
        raise UntriedError(framework_map.untried[name])
    if framework_map.style == "layers":
        place = framework_map.names.get(name)
        return layerwise.adapted(name, import_part(package, name, place) if place else None)
    if name in framework_map.methods:
        return adapting.from_method(find(package, framework_map, "Tensor"), framework_map.methods[name])
    is_scalar = framework_map.style == "scalars"
    if name in framework_map.functions:
        function = import_part(package, name, framework_map.functions[name])
        return adapting.from_function(scalars.elementwise(function) if is_scalar else function)
    if is_scalar and name not in framework_map.names:
        return None
    part = import_part(package, name, framework_map.names.get(name))
    if is_scalar:
        tensor = import_part(package, "Tensor", framework_map.names["Tensor"])
        return of_scalars(name, part, scalars.tensors_of(tensor, framework_map.conventions))
    if not framework_map.is_bare:
        if name == "Tensor":
            adapting.accept_spellings(part, framework_map.conventions)
        elif name in framework_map.names:
            adapting.accept_calls(part)
    return part


def of_scalars(name: str, part: Any, tensors: type[scalars.Nodes]) -> Any:
    """A part of a scalar framework, for arrays of its nodes."""
    if name == "Tensor":
        return tensors
    if name == "Linear":
        return scalars.linear(part, tensors)
    if name == "Sequential":
        return scalars.network(part, tensors)
    return scalars.optimizer(part) if name in OPTIMIZERS else part


def conventions_of(framework_map: FrameworkMap) -> Conventions:
    """How what `find` gives is spoken to: what an adapter makes of a framework is spoken to as TinyTorch."""
    return framework_map.conventions if framework_map.style == "tensors" else Conventions()
