"""Parts of a package, where its map says they are, and so that they can be called as TinyTorch's."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from tinytorch_hf.student import adapting
from tinytorch_hf.student.frameworks import import_part
from tinytorch_hf.student.mapping import FrameworkMap
from tinytorch_hf.student.signals import UntriedError


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
    if name in framework_map.functions:
        return adapting.from_function(import_part(package, name, framework_map.functions[name]))
    if name in framework_map.methods:
        return adapting.from_method(find(package, framework_map, "Tensor"), framework_map.methods[name])
    part = import_part(package, name, framework_map.names.get(name))
    if name == "Tensor" and part is not None and not framework_map.is_bare:
        adapting.accept_spellings(part, framework_map.conventions)
    return part
