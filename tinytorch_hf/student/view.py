"""A TinyTorch as the cases see it: parts by name, tensors in, arrays and gradients out."""

from __future__ import annotations

import contextlib
import copy
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student import passing_back
from tinytorch_hf.student.mapping import Conventions

# Attributes of layers that a mapping file may rename.
_RENAMED = ("weight", "bias", "gamma", "beta")


class UnbuiltError(Exception):
    """A part that a case needs is not there yet."""


class DiffersError(Exception):
    """Something is not as it should be that no comparison of numbers would show; the message says what."""


class ParameterShapeError(DiffersError):
    """A parameter has another shape than TinyTorch's; ``layer`` is what it belongs to."""

    def __init__(self, layer: Any, message: str) -> None:
        super().__init__(message)
        self.layer = layer


class Student:
    """A TinyTorch, or a framework that a mapping file describes.

    Parameters
    ----------
    find_part
        Gives a part by its name in TinyTorch, or None.
    conventions
        What is called otherwise.

    Attributes
    ----------
    is_brief
        Whether a case need give nothing but its output, as where forward alone is run on many inputs.
    is_mapped
        Whether a mapping file describes the framework; then what TinyTorch's documentation promises is not asked for.
    """

    is_brief = False
    is_mapped = False

    def __init__(
        self,
        find_part: Callable[[str], Any],
        conventions: Conventions | None = None,
    ) -> None:
        self._find_part = find_part
        self.conventions = conventions or Conventions()
        self._made: list[tuple[Any, Array]] | None = None
        self._goes_the_other_way = False
        self._went_the_other_way = False

    def part(self, name: str) -> Any:
        """A class or function of the framework; UnbuiltError if there is none."""
        part = self._find_part(name)
        if part is None:
            raise UnbuiltError(f"no {name}")
        return self._maker_of_swapped(part) if self._goes_the_other_way and isinstance(part, type) else part

    def tensor(self, values: Any, gradient: bool = False, keeps_type: bool = False) -> Any:
        """A tensor of these values, which receives a gradient if asked to, once that is built.

        It is given float32, unless the array is to keep its type.
        """
        made = self.part("Tensor")(values) if keeps_type else self._tensor(values)
        if self._made is not None:
            self._made.append((made, self.array(made).copy()))
        return self._with_gradient(made) if gradient and self.has_autograd else made

    @contextlib.contextmanager
    def watching(self) -> Iterator[list[tuple[Any, Array]]]:
        """Write down every tensor that a case makes meanwhile, with the values that it has at first."""
        before, self._made = self._made, []
        try:
            yield self._made
        finally:
            self._made = before

    def the_other_way(self, run: Callable[[Callable[[Any], Any]], Any]) -> tuple[Any, bool]:
        """Run something that calls objects of the framework by their ``forward`` where it would call them directly.

        And the other way round. Whatever has only one of the two, or takes other arguments there, is called as ever.

        Parameters
        ----------
        run
            What is to be run; it is given a function that turns an object that exists already.

        Returns
        -------
        tuple
            What came out, and whether anything was called the other way.
        """
        self._goes_the_other_way, self._went_the_other_way = True, False
        try:
            return run(self._swapped), self._went_the_other_way
        except (TypeError, NotImplementedError) as error:
            if not _is_not_offered(error):
                raise
        finally:
            self._goes_the_other_way = False
        return run(lambda built: built), False

    def _maker_of_swapped(self, part: type) -> Callable[..., Any]:
        return lambda *arguments, **named: self._swapped(part(*arguments, **named))

    def _swapped(self, built: Any) -> Any:
        if not (callable(built) and callable(getattr(built, "forward", None))):
            return built
        self._went_the_other_way = True
        return _Swapped(built)

    def _tensor(self, values: Any) -> Any:
        return self.part("Tensor")(np.asarray(values, dtype=np.float32))

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
        gradient = self.kept(tensor)
        return None if gradient is None else self.array(gradient)

    def keep_gradients(self, tensors: Iterable[Any]) -> Callable[[], None]:
        """Remember what tensors hold as gradients; what is returned brings it back."""
        # Copied each time, because frameworks add to gradients in place.
        before = [(tensor, copy.deepcopy(self.kept(tensor))) for tensor in tensors]

        def restore() -> None:
            for tensor, gradient in before:
                setattr(tensor, self.conventions.grad, copy.deepcopy(gradient))

        return restore

    def add(self, tensor: Any, amount: float | Array) -> None:
        """Change the values of a tensor, as a training step does."""
        values = self.array(tensor)
        setattr(tensor, self.conventions.data, (values + amount).astype(values.dtype))

    def has_gradient(self, tensor: Any) -> bool:
        """Whether a tensor has received a gradient that is not 0 everywhere."""
        gradient = self.gradient(tensor)
        return gradient is not None and bool(gradient.any())

    def set_gradient(self, tensor: Any, values: Array) -> None:
        """Leave a gradient in a tensor, as a backward pass would."""
        kept = self._tensor(values) if self._way_back.gradients_are_tensors else values.copy()
        setattr(tensor, self.conventions.grad, kept)

    def backward(self, output: Any, gradient: Array | None = None) -> None:
        """Send a gradient back from an output; a single value needs none.

        Where nothing leads back from the output, nothing is sent: that shows as gradients which never arrive.
        """
        if self._way_back.flag_travels and not self.wants_gradient(output):
            return
        if gradient is None:
            self._call_backward(output)
        else:
            self.send(output, gradient, self._way_back.road)

    def send(self, output: Any, gradient: Array, road: passing_back.Road) -> None:
        """Send a gradient back in one of the ways in which frameworks take it."""
        if road == "array":
            self._call_backward(output, gradient)
        elif road == "tensor":
            self._call_backward(output, self._tensor(gradient))
        else:
            self._call_backward((output * self._tensor(gradient)).sum())

    def _call_backward(self, output: Any, *gradient: Any) -> None:
        getattr(output, self.conventions.backward)(*gradient)

    @functools.cached_property
    def has_autograd(self) -> bool:
        """Whether tensors have a backward that is implemented, whatever comes of it."""
        try:
            return passing_back.is_implemented(self._tensor([[1.0]]), self.conventions.backward)
        except Exception:
            # Without a tensor there is no gradient either; what is wrong with it is found where tensors are made.
            return False

    @functools.cached_property
    def _way_back(self) -> passing_back.WayBack:
        return passing_back.way_back(self)

    def new_leaf(self) -> Any:
        """A tensor of ones, (2, 2), that wants a gradient."""
        return self._with_gradient(self._tensor(np.ones((2, 2))))

    def kept(self, tensor: Any) -> Any:
        """What a tensor holds as its gradient, an array or a tensor; None for nothing."""
        return getattr(tensor, self.conventions.grad, None)

    def wants_gradient(self, tensor: Any) -> Any:
        """What a tensor says about whether it wants a gradient; None where it says nothing."""
        return getattr(tensor, self.conventions.requires_grad, None)

    def load(self, layer: Any, values: Mapping[str, Array]) -> None:
        """Set parameters of a layer, given by their path, such as ``blocks.0.ln1.gamma``."""
        for path, wanted in values.items():
            parameter = self.parameter(layer, path)
            laid_out = wanted.T if self._is_transposed(layer, path) else wanted
            present = self.array(parameter)
            if present.shape != laid_out.shape:
                raise ParameterShapeError(
                    layer,
                    f"{path} has the shape {present.shape} where TinyTorch's has {laid_out.shape}"
                    + ("; is it transposed?" if present.shape == laid_out.shape[::-1] else ""),
                )
            setattr(parameter, self.conventions.data, laid_out.copy())

    def parameter(self, layer: Any, path: str) -> Any:
        """A parameter of a layer by its path, ready to receive a gradient."""
        owner, name = self._owner(layer, path)
        parameter = getattr(owner, self._renamed(name), None)
        if parameter is None:
            raise DiffersError(f"{type(owner).__name__} has no {self._renamed(name)}")
        return self._with_gradient(parameter)

    def parameter_values(self, layer: Any, path: str) -> Array:
        """The values of a parameter, laid out as TinyTorch's."""
        values = self.array(self.parameter(layer, path))
        return values.T if self._is_transposed(layer, path) else values

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
        linear = self._find_part("Linear")
        return linear if isinstance(linear, type) else type(linear(1, 1))


class _Swapped:
    """An object of the framework, called by its forward where it is called directly, and the other way round."""

    def __init__(self, built: Any) -> None:
        self._built = built

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._built.forward(*arguments, **named)

    def forward(self, *arguments: Any, **named: Any) -> Any:
        """Call the object."""
        return self._built(*arguments, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._built, name)


def _is_not_offered(error: BaseException) -> bool:
    """Whether it was our call that did not fit, or what it called is not written yet, rather than a fault in it."""
    if isinstance(error, NotImplementedError):
        return True
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code.co_filename == __file__


class UntriedError(Exception):
    """What is asked for cannot be tried with this package, though it may be right; the message says why."""
