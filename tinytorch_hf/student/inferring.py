"""The map of a framework that has none: parts by their names, conventions by trying them on small numbers.

All of it happens in the process of the framework. What comes out is a map of plain values, which the asking side reads
as strictly as one from a file.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from tinytorch_hf.student import (
    adapting,
    attention_trials,
    faults,
    layer_trials,
    layerwise,
    part_trials,
    parts,
    scalars,
    synonyms,
    tensor_trials,
)
from tinytorch_hf.student.frameworks import import_part, package_location
from tinytorch_hf.student.mapping import Conventions, FrameworkMap
from tinytorch_hf.student.part_trials import Seen
from tinytorch_hf.student.scanning import Definition, candidates, definitions
from tinytorch_hf.student.view import Student

_RAISED = (Exception, SystemExit)
# Layers that have parameters of their own, and are not stacks of other layers.
_WITH_PARAMETERS = ("Linear", "Conv2d", "BatchNorm2d", "LayerNorm", "Embedding")
_LAYERS = tuple(name for name in layer_trials.SHAPED if name != "Linear")
_OPTIMIZERS = ("SGD", "Adam", "AdamW")
_NO_WAY_BACK = "no_way_back_was_found"

Trial = Callable[[Student], Seen]


class _Option(NamedTuple):
    """One thing that may be a part: where the map would name it, how, and the thing itself."""

    key: str
    place: str
    thing: Any


class Inference:
    """What is found out about one package.

    Parameters
    ----------
    package
        The package, imported.

    Attributes
    ----------
    failures
        Modules that define something of a fitting name and cannot be imported, with the reason.
    """

    def __init__(self, package: ModuleType) -> None:
        self.failures: dict[str, str] = {}
        self._package = package
        is_single = not hasattr(package, "__path__") and bool(package.__file__)
        folder = Path(str(package.__file__)) if is_single else Path(package_location(package))
        self._defined = definitions(folder, package.__name__)
        self._candidates = candidates(self._defined)
        self._things: dict[str, Any] = {}
        self._places: dict[str, dict[str, str]] = {"names": {}, "functions": {}, "methods": {}}
        self._parameters: dict[str, Mapping[str, str]] = {}
        self._untried: dict[str, str] = {}
        self._conventions = Conventions()
        # How single nodes are spoken to, in a scalar framework.
        self._of_nodes: Conventions | None = None
        self._style = "tensors"

    def framework_map(self) -> FrameworkMap | None:
        """The map; None where there is nothing that computes."""
        tensor = self._tensor()
        if tensor is None and hasattr(self._package, "Tensor"):
            # It is where TinyTorch has it, and may come from elsewhere, or be broken.
            return FrameworkMap(self._package.__name__)
        if tensor is None and self._layerwise() is None:
            return None
        for name in part_trials.ACTIVATIONS:
            self._take(name, self._computing(name), _activation_of(name))
        self._linear()
        for name in _LAYERS if self._style != "scalars" else ():
            self._take(name, self._made(name), functools.partial(layer_trials.layer, name=name))
        self._take("Embedding", self._made("Embedding"), layer_trials.embedding)
        if self._style == "scalars":
            self._take("Sequential", self._made("Sequential", "MLP"), layer_trials.network)
        else:
            self._take("Sequential", self._made("Sequential"), layer_trials.sequential)
        for name in _WITH_PARAMETERS[1:]:
            self._name_parameters(name)
        for name, trial in _LOSSES.items():
            self._take(name, self._computing(name), trial)
        for name in _OPTIMIZERS:
            self._take(name, self._made(name), functools.partial(part_trials.optimizer, name=name))
        for name, judge in attention_trials.TRIALS.items():
            self._take(name, self._made(name), judge)
        # Its arguments have many orders; the cases that are about it find out which.
        self._take("GPT", self._made("GPT"), lambda _: Seen(True, True))
        if self._style == "layers" and not self._places["names"]:
            return None
        return FrameworkMap(self._package.__name__) if self._is_tinytorch() else self._map()

    def _is_tinytorch(self) -> bool:
        """Whether all that was found is where TinyTorch has it, and called as there; faults make no difference."""
        if self._conventions not in (Conventions(), Conventions(backward=_NO_WAY_BACK)) or self._parameters:
            return False
        if self._places["functions"] or self._places["methods"] or not hasattr(self._things["Tensor"], "matmul"):
            return False
        with contextlib.suppress(*_RAISED):
            return all(import_part(self._package, name) is thing for name, thing in self._things.items())
        return False

    def _map(self) -> FrameworkMap:
        return FrameworkMap(
            self._package.__name__,
            conventions=self._conventions if self._of_nodes is None else self._of_nodes,
            parameters={part: dict(names) for part, names in self._parameters.items()},
            untried={part: reason for part, reason in self._untried.items() if reason},
            style=self._style,
            **{key: dict(places) for key, places in self._places.items()},
        )

    def _tensor(self) -> Any:
        """Find the class of tensors, the first in which gradients arrive, or else the first that holds an array.

        A class of single numbers is taken for arrays of them.
        """
        found: list[tuple[Definition, Any, Conventions]] = []
        for one in self._tensors():
            kind = self._loaded("Tensor", one)
            if isinstance(kind, type) and tensor_trials.is_scalar(kind) and not found:
                self._of_nodes = tensor_trials.scalar_conventions(kind)
                if self._of_nodes is not None:
                    self._style = "scalars"
                    self._places["names"]["Tensor"] = one.place
                    self._things["Tensor"] = scalars.tensors_of(kind, self._of_nodes)
                    return kind
            spoken = tensor_trials.spoken(kind) if isinstance(kind, type) else None
            if spoken is not None:
                conventions = spoken.conventions
                if spoken.arrives:
                    found.insert(0, (one, kind, conventions))
                    break
                found.append((one, kind, dataclasses.replace(conventions, backward=_NO_WAY_BACK)))
        if not found:
            return None
        one, kind, self._conventions = found[0]
        self._accept("Tensor", _Option("names", one.place, kind))
        return kind

    def _layerwise(self) -> Any:
        """The stand-in for tensors, where some class has forward and backward as layers without tensors have."""
        if not any({"forward", "backward"} <= set(one.methods) for one in self._defined):
            return None
        self._style = "layers"
        self._things["Tensor"] = layerwise.Tensor
        return layerwise.Tensor

    def _tensors(self) -> list[Definition]:
        """Classes that are called as tensors are, then those that compute and pass back."""
        words = {synonyms.plain(word) for word in synonyms.BACKWARD}
        named = [one for one in self._candidates["Tensor"] if one.is_class]
        computing = [
            one
            for one in self._defined
            if one not in named
            and "__mul__" in one.methods
            and any(synonyms.plain(method) in words for method in one.methods)
        ]
        return [*self._imported_first(named), *self._imported_first(computing)]

    def _linear(self) -> None:
        """Find Linear, and with it what layers call their parameters."""
        self._take("Linear", self._made("Linear"), lambda student: layer_trials.layer(student, "Linear"))
        if "Linear" not in self._things:
            return
        with contextlib.suppress(*_RAISED):
            if self._style != "tensors":
                # An adapter presents it as TinyTorch's.
                return
            student = self._student()
            made = student.part("Linear")(2, 3)
            method = layer_trials.parameters_method(student, made)
            self._conventions = dataclasses.replace(self._conventions, parameters=method)
            self._conventions = dataclasses.replace(
                self._conventions, **layer_trials.names_of(self._student(), "Linear")
            )

    def _name_parameters(self, name: str) -> None:
        if name not in self._things or self._style != "tensors":
            return
        with contextlib.suppress(*_RAISED):
            names = layer_trials.names_of(self._student(), name)
            other = {ours: theirs for ours, theirs in names.items() if theirs != getattr(self._conventions, ours)}
            if other:
                self._parameters[name] = other

    def _student(self) -> Student:
        student = Student(self._things.get, self._conventions)
        student.is_mapped = True
        student.own_names = self._parameters
        return student

    def _take(self, name: str, options: Iterator[_Option], trial: Trial) -> None:
        """Take the first of several that computes what it should, or else the first that can be called."""
        calling: _Option | None = None
        reason = ""
        for option in options:
            self._things[name] = option.thing
            try:
                seen = trial(self._student())
            except _RAISED as error:
                seen = Seen(False, reason=part_trials.reason_of(error))
            finally:
                del self._things[name]
            if seen.fits and seen.is_right:
                self._accept(name, option)
                return
            calling = calling or (option if seen.fits else None)
            reason = reason or ("" if seen.fits else f"{option.place} is called otherwise: {seen.reason}")
        if calling is not None:
            self._accept(name, calling)
        else:
            self._untried[name] = reason or self._failure(name)

    def _failure(self, name: str) -> str:
        """That a module which defines it cannot be imported; nothing where none does."""
        modules = [one.place.rpartition(".")[0] for one in self._candidates.get(name, [])]
        return next((self.failures[module] for module in modules if module in self.failures), "")

    def _accept(self, name: str, option: _Option) -> None:
        self._places[option.key][name] = option.place
        self._things[name] = option.thing

    def _made(self, name: str, called: str = "") -> Iterator[_Option]:
        """What makes objects, or is called as it is; looked for under the names of another part if it says so."""
        for one in self._imported_first(self._candidates.get(called or name, [])):
            thing = self._loaded(name, one)
            if callable(thing):
                yield _Option("names", one.place, self._adapted(name, thing))

    def _computing(self, name: str) -> Iterator[_Option]:
        """Classes of objects that compute, functions, and methods of tensors."""
        for one in self._imported_first(self._candidates.get(name, [])):
            thing = self._loaded(name, one)
            if isinstance(thing, type):
                yield _Option("names", one.place, self._adapted(name, thing))
            elif callable(thing) and self._style != "layers":
                function = scalars.elementwise(thing) if self._style == "scalars" else thing
                yield _Option("functions", one.place, adapting.from_function(function))
        kind = self._things["Tensor"]
        for method in dir(kind):
            if synonyms.plain(method) in synonyms.PARTS[name] and callable(getattr(kind, method)):
                yield _Option("methods", method, adapting.from_method(kind, method))

    def _adapted(self, name: str, thing: Any) -> Any:
        if self._style == "scalars":
            return parts.of_scalars(name, thing, self._things["Tensor"])
        return layerwise.adapted(name, thing) if self._style == "layers" else thing

    def _imported_first(self, found: list[Definition]) -> list[Definition]:
        return sorted(found, key=lambda one: one.place.rpartition(".")[0] not in sys.modules)

    def _loaded(self, name: str, one: Definition) -> Any:
        try:
            return import_part(self._package, name, one.place)
        except _RAISED as error:
            module = one.place.rpartition(".")[0]
            reason = faults.told(error, self._package.__name__, package_location(self._package)).message
            self.failures[module] = f"{module} cannot be imported: {reason}"[:400]
            return None


def _activation_of(name: str) -> Trial:
    return lambda student: part_trials.activation(student, name, student.part(name))


_LOSSES: Mapping[str, Trial] = {
    "MSELoss": lambda student: part_trials.mean_squared(student, student.part("MSELoss")),
    "CrossEntropyLoss": lambda student: part_trials.cross_entropy(student, student.part("CrossEntropyLoss")),
    "BinaryCrossEntropyLoss": lambda student: part_trials.binary(student, student.part("BinaryCrossEntropyLoss")),
}
