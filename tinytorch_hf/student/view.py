"""A TinyTorch as the cases see it: parts by name, tensors in, arrays and gradients out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student.mapping import Conventions

# Attributes of layers that a mapping file may rename.
_RENAMED = ("weight", "bias", "gamma", "beta")

# One of them passes a gradient back wherever autograd is built, even if the others do not yet.
_PROBES: tuple[Callable[[Any], Any], ...] = (
    lambda x: x + x,
    lambda x: x * x,
    lambda x: x - x * x,
    lambda x: x.sum(),
    lambda x: x.matmul(x),
    lambda x: x.reshape(1, 1),
)


class UnbuiltError(Exception):
    """A part that a case needs is not there yet."""


class DiffersError(Exception):
    """Something is not as it should be that no comparison of numbers would show; the message says what."""


class Student:
    """A TinyTorch, or a framework that a mapping file describes.

    Parameters
    ----------
    find_part
        Gives a part by its name in TinyTorch, or None.
    conventions
        What is called otherwise.
    autograd_is_built
        Whether the package has a module for it, so that gradients which never arrive are a fault.
    """

    def __init__(
        self,
        find_part: Callable[[str], Any],
        conventions: Conventions | None = None,
        autograd_is_built: bool = False,
    ) -> None:
        self._find_part = find_part
        self.conventions = conventions or Conventions()
        self._autograd_is_built = autograd_is_built

    def part(self, name: str) -> Any:
        """A class or function of the framework; UnbuiltError if there is none."""
        part = self._find_part(name)
        if part is None:
            raise UnbuiltError(f"no {name}")
        return part

    def tensor(self, values: Any, gradient: bool = False) -> Any:
        """A tensor of these values, which receives a gradient if asked to, once that is built."""
        if not (gradient and self.has_autograd):
            return self.part("Tensor")(np.asarray(values, dtype=np.float32))
        return self._with_gradient(self.part("Tensor")(np.asarray(values, dtype=np.float32)))

    def _with_gradient(self, tensor: Any) -> Any:
        """Ask for a gradient, as an optimizer does for parameters."""
        if not getattr(tensor, self.conventions.requires_grad, True):
            setattr(tensor, self.conventions.requires_grad, True)
        return tensor

    def array(self, value: Any) -> Array:
        """The values of a tensor; an array is returned as it is."""
        if value is None:
            raise DiffersError("None came back instead of a tensor; is a `return` missing?")
        if isinstance(value, np.ndarray | np.generic | float | int):
            return np.asarray(value)
        if not hasattr(value, self.conventions.data):
            raise DiffersError(f"a {type(value).__name__} came back instead of a tensor")
        return np.asarray(getattr(value, self.conventions.data))

    def is_tensor(self, value: Any) -> bool:
        """Whether a value is one of the framework's tensors, and not an array or None."""
        # NumPy's arrays have an attribute `data`, too.
        return not isinstance(value, np.ndarray | np.generic) and hasattr(value, self.conventions.data)

    def gradient(self, tensor: Any) -> Array | None:
        """The gradient that a tensor has received."""
        gradient = getattr(tensor, self.conventions.grad, None)
        return None if gradient is None else self.array(gradient)

    def has_gradient(self, tensor: Any) -> bool:
        """Whether a tensor has received a gradient that is not 0 everywhere."""
        gradient = self.gradient(tensor)
        return gradient is not None and bool(gradient.any())

    def set_gradient(self, tensor: Any, values: Array) -> None:
        """Leave a gradient in a tensor, as a backward pass would."""
        kept = self.part("Tensor")(values) if self._gradients_are_tensors else values.copy()
        setattr(tensor, self.conventions.grad, kept)

    def backward(self, output: Any, gradient: Array | None = None) -> None:
        """Send a gradient back from an output; a single value needs none."""
        if not getattr(output, self.conventions.requires_grad, True):
            # Nothing leads back from here. That shows as gradients which never arrive.
            return
        run = getattr(output, self.conventions.backward)
        if gradient is None:
            run()
        else:
            run(self.part("Tensor")(gradient) if self._gradients_are_tensors else gradient)

    @functools.cached_property
    def has_autograd(self) -> bool:
        """Whether gradients flow through anything at all, or should."""
        return self._autograd_is_built or self._probe() is not None

    @functools.cached_property
    def _gradients_are_tensors(self) -> bool:
        return self.is_tensor(self._probe())

    def _probe(self) -> Any:
        """The gradient that the first of some operations to pass one back leaves; None if none does."""
        for operation in _PROBES:
            x = self._with_gradient(self.part("Tensor")(np.ones((1, 1), dtype=np.float32)))
            try:
                output = operation(x)
                getattr(output, self.conventions.backward)()
            except Exception:  # noqa: S112 -- what does not work here is found by the case that is about it
                continue
            if getattr(x, self.conventions.grad, None) is not None:
                return getattr(x, self.conventions.grad)
        return None

    def load(self, layer: Any, values: Mapping[str, Array]) -> None:
        """Set parameters of a layer, given by their path, such as ``blocks.0.ln1.gamma``."""
        for path, wanted in values.items():
            parameter = self.parameter(layer, path)
            laid_out = wanted.T if self._is_transposed(layer, path) else wanted
            present = self.array(parameter)
            if present.shape != laid_out.shape:
                raise DiffersError(
                    f"{path} has the shape {present.shape} where TinyTorch's has {laid_out.shape}"
                    + ("; is it transposed?" if present.shape == laid_out.shape[::-1] else "")
                )
            setattr(parameter, self.conventions.data, laid_out.copy())

    def parameter(self, layer: Any, path: str) -> Any:
        """A parameter of a layer by its path, ready to receive a gradient."""
        owner, name = self._owner(layer, path)
        parameter = getattr(owner, self._renamed(name), None)
        if parameter is None:
            raise DiffersError(f"{type(owner).__name__} has no {self._renamed(name)}")
        return self._with_gradient(parameter)

    def parameter_gradient(self, layer: Any, path: str) -> Array | None:
        """The gradient of a parameter, laid out as TinyTorch's."""
        gradient = self.gradient(self.parameter(layer, path))
        return gradient.T if gradient is not None and self._is_transposed(layer, path) else gradient

    def held(self, layer: Any, path: str) -> Any:
        """A parameter of a layer by its path, as the layer holds it; `parameter` asks for its gradient, too."""
        owner, name = self._owner(layer, path)
        parameter = getattr(owner, self._renamed(name), None)
        if parameter is None:
            raise DiffersError(f"{type(owner).__name__} has no {self._renamed(name)}")
        return parameter

    def laid_out(self, layer: Any, path: str, values: Array) -> Array:
        """A parameter's values laid out as TinyTorch's, from those that the layer holds, or the other way round."""
        return values.T if self._is_transposed(layer, path) else values

    def _owner(self, layer: Any, path: str) -> tuple[Any, str]:
        *steps, name = path.split(".")
        for step in steps:
            layer = layer[int(step)] if step.isdigit() else getattr(layer, step)
        return layer, name

    def _renamed(self, name: str) -> str:
        return getattr(self.conventions, name) if name in _RENAMED else name

    def _is_transposed(self, layer: Any, path: str) -> bool:
        if self.conventions.linear_weight == "in, out" or not path.endswith("weight"):
            return False
        owner, _ = self._owner(layer, path)
        return isinstance(owner, self._linear_class)

    @functools.cached_property
    def _linear_class(self) -> type:
        """The class of linear layers, also where the part is a function that makes one."""
        linear = self.part("Linear")
        return linear if isinstance(linear, type) else type(linear(1, 1))
