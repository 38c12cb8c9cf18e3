"""A TinyTorch as the cases see it: parts by name, tensors in, arrays and gradients out."""

from __future__ import annotations

import contextlib
import copy
import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student import axes, optimizers, passing_back, swapping, whole_numbers
from tinytorch_hf.student.calls import arguments_of
from tinytorch_hf.student.mapping import Conventions
from tinytorch_hf.student.parameters import Parameters
from tinytorch_hf.student.signals import DiffersError, UnbuiltError, UntriedError

__all__ = ["DiffersError", "Student", "UnbuiltError", "UntriedError"]


# What tensors of arrays have at least one of.
_OF_ARRAYS = ("shape", "ndim", "sum", "mean", "max", "matmul", "__matmul__", "reshape", "transpose", "__getitem__")


class Student(Parameters):
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
    style
        What its tensors are: "tensors" of its own, or an adapter's, over "scalars" or "layers".
    """

    is_brief = False
    style = "tensors"

    def __init__(
        self,
        find_part: Callable[[str], Any],
        conventions: Conventions | None = None,
    ) -> None:
        super().__init__()
        self._find_part = find_part
        self.conventions = conventions or Conventions()
        self._made: list[tuple[Any, Array]] | None = None
        self._goes_the_other_way = False
        self._went_the_other_way = False
        self._asks_when_made = False
        self._forms: dict[str, whole_numbers.Form | str] = {}
        self._named: dict[str, bool] = {}
        self._other_axes: dict[str, bool] = {}

    def part(self, name: str) -> Any:
        """A class or function of the framework; UnbuiltError if there is none."""
        part = self._find_part(name)
        if part is None:
            raise UnbuiltError(f"no {name}")
        if self.is_mapped and name in optimizers.USUAL:
            if name not in self._named:
                self._named[name] = optimizers.takes_named_parameters(part, self.float_tensor([1.0]))
            if name == "Adam":
                return optimizers.adam(self, part, self._named[name])
            return optimizers.as_in_tinytorch(name, part, self._named[name])
        return self._maker_of_swapped(part) if self._goes_the_other_way and isinstance(part, type) else part

    def require_own_tensors(self, what: str) -> None:
        """Raise UntriedError where tensors are an adapter's, which says nothing of the framework."""
        if self.style != "tensors":
            raise UntriedError(f"{what} cannot be told of a framework without tensors of its own")

    def takes(self, part: str, argument: str, method: str = "") -> bool:
        """Whether a part, or a method of it, has an argument of this name."""
        found = self._find_part(part)
        return argument in arguments_of(getattr(found, method, None) if method else found)

    def tensor(self, values: Any, gradient: bool = False, keeps_type: bool = False) -> Any:
        """A tensor of these values, which receives a gradient if asked to, once that is built.

        It is given float32, unless the array is to keep its type; ids, which are whole numbers, as Embedding takes
        them.
        """
        if self.is_mapped and np.size(values) != 1 and self._holds_single_numbers:
            raise UntriedError("its tensors hold single numbers: they have no shape, and no operation on arrays")
        if np.asarray(values).dtype.kind in "iu" and not keeps_type and not gradient:
            return self._noted(self._whole(values, "Embedding"))
        typed = values if keeps_type else np.asarray(values, dtype=np.float32)
        return self._noted(self._leaf(typed) if gradient and self.has_autograd else self.part("Tensor")(typed))

    @functools.cached_property
    def _holds_single_numbers(self) -> bool:
        """Whether a tensor makes no array of a list, and has nothing that speaks of arrays.

        It may take an array all the same, as data of any kind.
        """
        try:
            made = self.part("Tensor")([1.0, 2.0])
            keeps_lists = isinstance(getattr(made, self.conventions.data), list)
            return keeps_lists and not any(hasattr(made, name) for name in _OF_ARRAYS)
        except UnbuiltError:
            raise
        except Exception:
            # What it takes instead is found by the cases.
            return False

    def labels(self, values: Any) -> Any:
        """Labels as cross entropy takes them: a tensor of float32, unless the framework wants something else."""
        return self._noted(self._whole(values, "CrossEntropyLoss"))

    def _whole(self, values: Any, part: str) -> Any:
        if not self.is_mapped:
            return self.float_tensor(values)
        if part not in self._forms:
            self._forms[part] = whole_numbers.form_of_whole_numbers(self, part)
        form = self._forms[part]
        if isinstance(form, str):
            raise UntriedError(f"{part} takes whole numbers in another form than those that were tried: {form}")
        return form(self, values)

    def _noted(self, made: Any) -> Any:
        if self._made is not None:
            self._made.append((made, self.array(made).copy()))
        return made

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
            if not swapping.is_not_offered(error):
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
        return swapping.Swapped(built)

    def float_tensor(self, values: Any) -> Any:
        """A tensor of float32."""
        return self.part("Tensor")(np.asarray(values, dtype=np.float32))

    def _leaf(self, values: Any) -> Any:
        """A tensor that wants a gradient, asked for when it is made where it is too late afterwards."""
        _ = self._way_back
        return self._asked(values)

    def _asked(self, values: Any) -> Any:
        if not self._asks_when_made:
            return self.with_gradient(self.part("Tensor")(values))
        return self.part("Tensor")(values, **{self.conventions.requires_grad: True})

    def array(self, value: Any) -> Array:
        """The values of a tensor; an array is returned as it is."""
        if value is None:
            raise DiffersError("None came back instead of a tensor; is a `return` missing?")
        if isinstance(value, np.ndarray | np.generic | float | int):
            return np.asarray(value)
        if not hasattr(value, self.conventions.data):
            if self.is_mapped and isinstance(value, tuple | list):
                raise UntriedError(f"a {type(value).__name__} came back instead of a tensor")
            raise DiffersError(f"a {type(value).__name__} came back instead of a tensor")
        return np.asarray(getattr(value, self.conventions.data))

    def means_other_axes(self, method: str) -> bool:
        """Whether a method of tensors, called without axes, takes others than TinyTorch's: that is not a fault.

        A sum may be over the last axis alone; a transposition may be of the first two axes, or of all.
        """
        if method not in self._other_axes:
            self._other_axes[method] = bool(method) and axes.are_others(self, method)
        return self._other_axes[method]

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
                self._put(tensor, copy.deepcopy(gradient))

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
        self._put(tensor, self.float_tensor(values) if self._way_back.gradients_are_tensors else values.copy())

    @functools.cached_property
    def starts_with_zeros(self) -> bool:
        """Whether a new tensor has a gradient of zeros, to which gradients are added, instead of none."""
        try:
            return self.gradient(self.new_leaf()) is not None
        except Exception:
            # What is wrong with it is found where tensors are made.
            return False

    def forget_gradient(self, tensor: Any) -> None:
        """Have a tensor forget its gradient: by its own method, or so that it is as it was at first."""
        method = getattr(tensor, self.conventions.zero_grad, None)
        if callable(method):
            method()
        elif self.starts_with_zeros:
            self.set_gradient(tensor, np.zeros_like(self.array(tensor)))
        else:
            setattr(tensor, self.conventions.grad, None)

    def _put(self, tensor: Any, gradient: Any) -> None:
        """Let a tensor hold this as its gradient, also where what is assigned is added to what it holds."""
        setattr(tensor, self.conventions.grad, gradient)
        if gradient is None:
            return
        found = self.gradient(tensor)
        if found is None or not np.array_equal(found, self.array(gradient), equal_nan=True):
            setattr(tensor, self.conventions.grad, None)
            setattr(tensor, self.conventions.grad, gradient)

    def backward(self, output: Any, gradient: Array | None = None) -> None:
        """Send a gradient back from an output; a single value needs none.

        Where nothing leads back from the output, nothing is sent: that shows as gradients which never arrive.
        """
        if self._way_back.flag_travels and not self.wants_gradient(output):
            return
        if gradient is None:
            self.call_backward(output)
        else:
            self.send(output, gradient, self._way_back.road)

    def send(self, output: Any, gradient: Array, road: passing_back.Road) -> None:
        """Send a gradient back in one of the ways in which frameworks take it."""
        passing_back.send(self, output, gradient, road)

    def call_backward(self, output: Any, *gradient: Any) -> None:
        """Call a tensor's backward."""
        getattr(output, self.conventions.backward)(*gradient)

    @functools.cached_property
    def has_autograd(self) -> bool:
        """Whether tensors have a backward that is implemented, whatever comes of it."""
        try:
            return passing_back.is_implemented(self.float_tensor([[1.0]]), self.conventions.backward)
        except Exception:
            # Without a tensor there is no gradient either; what is wrong with it is found where tensors are made.
            return False

    @property
    def gradients_arrive(self) -> bool:
        """Whether a gradient arrives as it should in one of the ways that are tried."""
        return self.has_autograd and self._way_back.arrives

    @functools.cached_property
    def _way_back(self) -> passing_back.WayBack:
        way = passing_back.way_back(self)
        if not way.arrives:
            self._asks_when_made = True
            other = passing_back.way_back(self)
            if other.arrives:
                return other
            self._asks_when_made = False
        return way

    def new_leaf(self) -> Any:
        """A tensor of ones, (2, 2), that wants a gradient."""
        return self._asked(np.ones((2, 2), dtype=np.float32))

    def kept(self, tensor: Any) -> Any:
        """What a tensor holds as its gradient, an array or a tensor; None for nothing."""
        return getattr(tensor, self.conventions.grad, None)

    def wants_gradient(self, tensor: Any) -> Any:
        """What a tensor says about whether it wants a gradient; None where it says nothing."""
        return getattr(tensor, self.conventions.requires_grad, None)
