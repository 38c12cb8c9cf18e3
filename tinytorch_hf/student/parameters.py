"""Parameters of layers: found by their path, set, and read in TinyTorch's layout."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student import layouts, passing_back
from tinytorch_hf.student.mapping import PARAMETERS, Conventions
from tinytorch_hf.student.signals import DiffersError, ParameterShapeError, UnbuiltError, UntriedError


class Parameters:
    """The part of a view that reaches into layers."""

    is_mapped = False
    conventions: Conventions
    _find_part: Callable[[str], Any]

    def __init__(self) -> None:
        # Where a layer holds a parameter in another shape: the layer, so that its id stays its own, and both shapes.
        self._reshaped: dict[tuple[int, str], tuple[Any, tuple[int, ...], tuple[int, ...]]] = {}
        # What a mapping file says of the parameters of some layers.
        self.own_names: Mapping[str, Mapping[str, str]] = {}
        self._classes: dict[str, type | None] = {}

    def array(self, value: Any) -> Array:
        """The values of a tensor."""
        raise NotImplementedError

    def gradient(self, tensor: Any) -> Array | None:
        """The gradient that a tensor has received."""
        raise NotImplementedError

    def with_gradient(self, tensor: Any) -> Any:
        """Ask for a gradient, as an optimizer does for parameters."""
        if not getattr(tensor, self.conventions.requires_grad, True):
            setattr(tensor, self.conventions.requires_grad, True)
        return tensor

    def load(self, layer: Any, values: Mapping[str, Array]) -> None:
        """Set parameters of a layer, given by their path, such as ``blocks.0.ln1.gamma``.

        A mapped framework may hold them in another shape in which they stand in the same order.
        """
        for path, wanted in values.items():
            parameter = self.parameter(layer, path)
            laid_out = wanted.T if self._is_transposed(layer, path) else wanted
            present = self.array(parameter)
            if present.shape != laid_out.shape:
                if not (self.is_mapped and layouts.holds_the_same(present.shape, laid_out.shape)):
                    raise self._unfit(layer, path, present.shape, laid_out.shape)
                self._reshaped[id(layer), path] = layer, present.shape, laid_out.shape
            setattr(parameter, self.conventions.data, laid_out.reshape(present.shape).copy())

    def accept_shape(self, layer: Any, path: str, wanted: Array) -> None:
        """From now on lay a parameter out as TinyTorch's, if a mapped framework holds it in another shape."""
        present = self.array(self.held(layer, path)).shape
        laid_out = (wanted.T if self._is_transposed(layer, path) else wanted).shape
        if self.is_mapped and present != laid_out and layouts.holds_the_same(present, laid_out):
            self._reshaped[id(layer), path] = layer, present, laid_out

    def fill(self, parameter: Any, values: Array) -> None:
        """Set a tensor to these values, in the shape that it has."""
        setattr(parameter, self.conventions.data, values.reshape(self.array(parameter).shape).copy())

    def _unfit(self, layer: Any, path: str, present: tuple[int, ...], wanted: tuple[int, ...]) -> Exception:
        """What to raise for a parameter of another shape: of a mapped framework, the map or our call may be wrong."""
        hint = "; is it transposed?" if present == wanted[::-1] else ""
        message = f"{path} has the shape {present} where TinyTorch's has {wanted}{hint}"
        return UntriedError(message) if self.is_mapped else ParameterShapeError(layer, message)

    def parameter(self, layer: Any, path: str) -> Any:
        """A parameter of a layer by its path, ready to receive a gradient."""
        return self.with_gradient(self.held(layer, path))

    def parameter_values(self, layer: Any, path: str) -> Array:
        """The values of a parameter, laid out as TinyTorch's."""
        return self.laid_out(layer, path, self.array(self.parameter(layer, path)))

    def parameters(self, layer: Any) -> list[Any] | None:
        """What a layer says are its parameters; None where it says nothing.

        Raises
        ------
        UnbuiltError
            The method is still to be written.
        """
        method = getattr(layer, self.conventions.parameters, None)
        if not callable(method):
            return None
        if not passing_back.is_implemented(layer, self.conventions.parameters):
            raise UnbuiltError(f"{type(layer).__name__}.{self.conventions.parameters} is not implemented yet")
        given = method()
        entries = given.values() if isinstance(given, Mapping) else given
        # Some give pairs of a name and a tensor.
        return [entry[-1] if isinstance(entry, tuple) and entry else entry for entry in entries]

    def parameter_gradient(self, layer: Any, path: str) -> Array | None:
        """The gradient of a parameter, laid out as TinyTorch's."""
        gradient = self.gradient(self.parameter(layer, path))
        return None if gradient is None else self.laid_out(layer, path, gradient)

    def held(self, layer: Any, path: str) -> Any:
        """A parameter of a layer by its path, as the layer holds it; `parameter` asks for its gradient, too."""
        owner, name = self._owner(layer, path)
        written = self.written(owner, name)
        parameter = getattr(owner, written, None)
        if parameter is None:
            # A mapped framework may have it under a name that the map does not give.
            kind = UntriedError if self.is_mapped else DiffersError
            raise kind(f"{type(owner).__name__} has no {written}")
        return parameter

    def laid_out(self, layer: Any, path: str, values: Array) -> Array:
        """A parameter's values laid out as TinyTorch's, from those that the layer holds, or the other way round."""
        if (id(layer), path) in self._reshaped:
            _, present, wanted = self._reshaped[id(layer), path]
            # What has the shape of neither is left to be seen as it is.
            values = values.reshape({present: wanted, wanted: present}.get(values.shape, values.shape))
        return values.T if self._is_transposed(layer, path) else values

    def _owner(self, layer: Any, path: str) -> tuple[Any, str]:
        *steps, name = path.split(".")
        for step in steps:
            layer = layer[int(step)] if step.isdigit() else getattr(layer, step)
        return layer, name

    def written(self, owner: Any, name: str) -> str:
        """What a layer calls one of its parameters."""
        for part, names in self.own_names.items():
            if name in names and self._is_a(owner, part):
                return names[name]
        return getattr(self.conventions, name) if name in PARAMETERS else name

    def _is_a(self, owner: Any, part: str) -> bool:
        if part not in self._classes:
            found = self._find_part(part)
            self._classes[part] = found if isinstance(found, type) else None
        kind = self._classes[part]
        return kind is not None and isinstance(owner, kind)

    def _is_transposed(self, layer: Any, path: str) -> bool:
        if self.conventions.linear_weight == "in, out" or not path.endswith("weight"):
            return False
        owner, _ = self._owner(layer, path)
        return isinstance(owner, self._linear_class)

    @functools.cached_property
    def _linear_class(self) -> type:
        """The class of linear layers, also where the part is a function that makes one."""
        linear = self._find_part("Linear")
        return linear if isinstance(linear, type) else type(linear(1, 1))
