"""The student's side of a comparison, seen from where the judge is: arrays go in, arrays come out.

What comes back may be anything that the schema of answers allows; what is not a number stays what it is, for the judge
to look at, and what is missing altogether is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf.compare.batches import Batch, Batches, slice_s, walk
from tinytorch_hf.compare.layers import Part, Residual
from tinytorch_hf.compare.listing import wrong_listing
from tinytorch_hf.compare.models import Model, Weights
from tinytorch_hf.compare.package import Package
from tinytorch_hf.compare.plain import digest, flat, numbered, of_layers, of_model, of_part, of_settings
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.sides import Computed, Key
from tinytorch_hf.errors import StudentCodeError, TinyTorchHFError
from tinytorch_hf.formats.arrays import Array

Results = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """What came of a step or an operation of the student's, as far as it went.

    Attributes
    ----------
    computed
        What was computed.
    complaint
        What backward() raised, or nothing.
    strangers
        By layer, how many tensors its parameters() lists beside the known ones, none of which received a gradient.
    failure
        What ended it early, to be raised unless something was wrong before that.
    """

    computed: Computed
    complaint: str = ""
    strangers: tuple[int, ...] = ()
    failure: TinyTorchHFError | None = None


class StudentSide:
    """A model in the student's package.

    Parameters
    ----------
    package
        Where it is built.
    settings
        Of the run.
    model
        What is built.
    weights
        What it starts from; None for what its layers start from by themselves.
    of
        Under which name the package keeps it: several models may be there at once.

    Attributes
    ----------
    listings
        By layer, how often its parameters() lists each parameter; None for a layer that has no such method.
    strangers
        By layer, how many other tensors it lists.
    n_steps
        How many steps it has been trained.
    """

    def __init__(
        self, package: Package, settings: Settings, model: Model, weights: Weights | None, of: str = "model"
    ) -> None:
        self.package = package
        self.model = model
        self.keys: list[Key] = [
            (layer.name, parameter.name) for layer in model.layers for parameter in layer.parameters
        ]
        self.n_steps = 0
        self._of = of
        given = [] if weights is None else flat(weights)
        answer = package.request(
            "build",
            numbered("value", given),
            of=of,
            model=of_model(model),
            settings=of_settings(settings),
            has_weights=weights is not None,
        )
        results = answer.results
        if answer.kind != "results" and "listings" not in results:
            raise package.error(answer)
        self.listings = [self._counts(results, "listings", number) for number in range(len(model.layers))]
        self.strangers = self._whole_numbers(results.get("strangers"), len(model.layers))
        if answer.kind != "results":
            # An optimizer may refuse what is not listed.
            error, wrong = package.error(answer), wrong_listing(model, self.listings)
            if wrong is None:
                raise error
            raise StudentCodeError(f"{error}\nBefore that, {wrong.layer}: {wrong.finding.detail}. {wrong.cause}.")

    def weights(self) -> Weights:
        """What the parameters are now."""
        found = self._values(self.package.results("weights", of=self._of), "value", len(self.keys))
        shapes = [parameter.shape for layer in self.model.layers for parameter in layer.parameters]
        for key, value, shape in zip(self.keys, found, shapes, strict=True):
            if np.shape(value) != shape:
                raise StudentCodeError(f"{'.'.join(key)} has the shape {np.shape(value)}, expected {shape}.")
        return of_layers(self.model, [np.array(value, np.float32) for value in found])

    def restore(self, weights: Weights) -> None:
        """Let the parameters have these values."""
        self.package.results("restore", numbered("value", flat(weights)), of=self._of)

    def train(self, epoch: int, batches: Batches, on_step: Callable[[int], None] = lambda _: None) -> list[float]:
        """Train for an epoch on batches of the student's own DataLoader; the loss of each, before the update.

        Parameters
        ----------
        epoch, batches
            Which epoch, and its batches.
        on_step
            Called now and then with the number of steps that have been trained in all.

        Raises
        ------
        StudentCodeError
            The student's code raised an error, or a batch was not the one that was given to the loader.
        """

        def trained(new: list[float]) -> None:
            self.n_steps += len(new)
            losses.extend(new)
            on_step(self.n_steps)

        losses: list[float] = []
        walk(
            self.package, batches.digests(epoch), batches.wrong(self.package, epoch), trained, **batches.request(epoch)
        )
        return losses

    def outputs(self, X: Array, shape: tuple[int, ...], split: str = "test") -> Array:
        """The outputs for a split, "test" or "val", which have to have this shape; ``X`` is what it holds."""
        found: list[Array] = []
        done = 0
        while done < len(X):
            results = self.package.results("outputs", split=split, start=done, seconds=slice_s(self.package))
            new = [value for name, value in results.items() if name.startswith("output ")]
            if not new or not all(isinstance(value, np.ndarray) for value in new):
                raise self.package.damaged(f"outputs for the {split} split")
            found += new
            done += 100 * len(new)
        shapes = [value.shape for value in found]
        if {one[1:] for one in shapes} != {shape[1:]} or sum(one[0] for one in shapes) != shape[0]:
            raise self.package.damaged(f"outputs for the {split} split of the shapes {shapes[:3]} instead of {shape}")
        return np.concatenate(found)

    def judged_step(self, weights: Weights, batch: Batch, batches: Batches) -> Step:
        """Forward, loss and gradients of the loader's next batch, from these weights.

        Raises
        ------
        StudentCodeError
            The batch is not the one that was given to the loader.
        """
        answer = self.package.request(
            "step",
            numbered("value", flat(weights)),
            starts=batch.number == 1,
            **batches.request(batch.epoch),
        )
        results = answer.results
        failure = None if answer.kind == "results" else self.package.error(answer)
        if "batch" not in results and failure:
            raise failure
        if results.get("batch") != digest(batch.X, batch.y):
            raise batches.wrong(self.package, batch.epoch)(batch.number)
        names = _names_seen(self.model)
        outputs = {name: results[f"output {at}"] for at, name in enumerate(names) if f"output {at}" in results}
        computed = Computed(outputs, results.get("loss"))
        if failure:
            return Step(computed, failure=failure)
        if len(outputs) != len(names):
            raise self.package.damaged("outputs")
        computed.gradients = dict(zip(self.keys, self._values(results, "gradient", len(self.keys)), strict=True))
        strangers = self._whole_numbers(results.get("strangers"), len(self.model.layers))
        return Step(computed, _text(results, "complaint"), strangers)

    def update(self, gradients: Sequence[Array]) -> tuple[dict[Key, Any], TinyTorchHFError | None]:
        """The parameters after the optimizer's step with these gradients, and what ended it early."""
        answer = self.package.request("update", numbered("value", gradients), of=self._of)
        failure = None if answer.kind == "results" else self.package.error(answer)
        if failure and "value 0" not in answer.results:
            raise failure
        return dict(zip(self.keys, self._values(answer.results, "value", len(self.keys)), strict=True)), failure

    def part_alone(self, part: Part, x: Array, gradient: Array) -> tuple[dict[Key, Any], str]:
        """The gradients of a part that is run alone, the input's under the part's own name; and the complaint."""
        results = self.package.results("part alone", {"x": x, "gradient": gradient}, of=self._of, part=of_part(part))
        layers = part.layers if isinstance(part, Residual) else (part,)
        keys = [(layer.name, parameter.name) for layer in layers for parameter in layer.parameters]
        found = dict(zip(keys, self._values(results, "gradient", len(keys)), strict=True))
        return {**found, (part.name, "input"): results.get("input")}, _text(results, "complaint")

    def loss_alone(self, outputs: Array, targets: Array) -> tuple[Any, Any, str]:
        """The loss of these outputs, the gradient with respect to them, and the complaint."""
        results = self.package.results("loss alone", {"outputs": outputs, "targets": targets}, of=self._of)
        return results.get("loss"), results.get("input"), _text(results, "complaint")

    def output_alone(self, x: Array) -> Any:
        """What the model gives for an input."""
        return self.package.results("output alone", {"x": x}, of=self._of).get("output")

    def _values(self, results: Results, what: str, n: int) -> list[Any]:
        names = [f"{what} {number}" for number in range(n)]
        if any(name not in results for name in names):
            raise self.package.damaged(what)
        return [results[name] for name in names]

    def _counts(self, results: Results, what: str, number: int) -> tuple[int, ...] | None:
        found = results.get(what)
        if not isinstance(found, list) or len(found) != len(self.model.layers):
            raise self.package.damaged(what)
        n = len(self.model.layers[number].parameters)
        return None if found[number] is None else self._whole_numbers(found[number], n)

    def _whole_numbers(self, found: Any, n: int) -> tuple[int, ...]:
        if not isinstance(found, list) or len(found) != n or not all(isinstance(one, int) for one in found):
            raise self.package.damaged("whole numbers")
        return tuple(found)


def _text(results: Results, name: str) -> str:
    found = results.get(name, "")
    return found if isinstance(found, str) else ""


def _names_seen(model: Model) -> list[str]:
    """The parts in the order in which the forward pass ends them."""
    names: list[str] = []
    for part in model.parts:
        names += [layer.name for layer in part.layers] if isinstance(part, Residual) else []
        names.append(part.name)
    return names
