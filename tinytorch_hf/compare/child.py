"""What the process of a student's package does for `compare`: it builds the model, trains it, and hands out numbers.

All that it says is arrays and plain values. What is right is not known here.
"""

from __future__ import annotations

import dataclasses
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf.as_tinytorch import SeededDataLoader
from tinytorch_hf.check import child
from tinytorch_hf.compare import plain_loader, running
from tinytorch_hf.compare.plain import digest, flat, numbered, of_layers, to_model, to_part, to_settings
from tinytorch_hf.compare.tinytorch_side import TinyTorchSide, bridge
from tinytorch_hf.errors import StudentCodeError
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student import session, wire
from tinytorch_hf.student.answers import Answer
from tinytorch_hf.student.frameworks import package_location
from tinytorch_hf.student.mapping import FrameworkMap, parse_map
from tinytorch_hf.student.view import UnbuiltError

Request = dict[str, Any]
Inputs = dict[str, Any]


class Session(child.Session):
    """A package whose parts are trained.

    A handler leaves what it computes in ``results`` as it goes, so that the answer about an error has what was computed
    before it, and under "doing" what was being done.
    """

    def __init__(self, framework_map: FrameworkMap) -> None:
        super().__init__(framework_map)
        self._data: dict[str, Array] = {}
        self._sides: dict[str, TinyTorchSide] = {}
        self._batches: Iterator[Any] = iter(())
        self.results: dict[str, Any] = {}

    def _part(self, name: str) -> Any:
        """As of `check`; a mapped framework that has no loader of its own is handed its batches."""
        if name in plain_loader.PARTS and plain_loader.lacks_loader(self._map):
            if name == "TensorDataset":
                return plain_loader.PlainDataset
            return plain_loader.loader_of(self.student())
        return super()._part(name)

    def handlers(self) -> Mapping[str, session.Handler]:
        """As of `check`, and what a training needs."""
        own: dict[str, Callable[[Request, Inputs], None]] = {
            "holds": self._holds,
            "hold": self._hold,
            "modules": self._modules,
            "build": self._build,
            "weights": self._weights,
            "restore": self._restore,
            "walk": self._walk,
            "outputs": self._outputs,
            "step": self._step,
            "update": self._update,
            "part alone": self._part_alone,
            "loss alone": self._loss_alone,
            "output alone": self._output_alone,
            "optimizer alone": self._optimizer_alone,
        }
        return {**super().handlers(), **{name: self._answering(handle) for name, handle in own.items()}}

    def answer(self, request: Request) -> Answer:
        """What comes of a request; with an error comes what was computed before it."""
        self.results = {}
        answer = super().answer(request)
        answer = answer if answer.kind == "results" else dataclasses.replace(answer, results=self.results)
        return answer if self._map.is_bare else dataclasses.replace(answer, results=_in_float32(answer.results))

    def _answering(self, handle: Callable[[Request, Inputs], None]) -> session.Handler:
        def answered(request: Request) -> Answer:
            # What arrives is read-only, and a student may well write into what is his.
            inputs = {name: np.array(value) for name, value in wire.decode(request.get("inputs", {})).items()}
            try:
                handle(request, inputs)
            except StudentCodeError as error:
                return Answer("crash", message=str(error))
            self.results.pop("doing", None)
            return Answer("results", results=self.results)

        return answered

    def _say(self, doing: str) -> None:
        self.results["doing"] = doing

    def _complaint(self, error: BaseException) -> str:
        """What is said of an error that backward() raised, and where in the package."""
        folder = Path(package_location(self._opened()))
        lines = traceback.walk_tb(error.__traceback__)
        places = [(frame.f_code.co_filename, line) for frame, line in lines]
        inside = [f", at {name}:{line}" for name, line in places if folder in Path(name).parents]
        return f"{type(error).__name__}: {error}{inside[-1] if inside else ''}"

    def _holds(self, _request: Request, _inputs: Inputs) -> None:
        """Whether the data are here."""
        self.results["held"] = sorted(self._data)

    def _hold(self, request: Request, inputs: Inputs) -> None:
        """Take some rows of an array that is as long as the request says."""
        name, rows = request["name"], inputs["rows"]
        if request["start"] == 0:
            self._data[name] = np.empty((request["length"], *rows.shape[1:]), rows.dtype)
        self._data[name][request["start"] : request["start"] + len(rows)] = rows

    def _modules(self, request: Request, _inputs: Inputs) -> None:
        """Where parts are defined, and what they are called there."""
        parts = [(name, self.student().part(name)) for name in request["names"]]
        self.results["modules"] = [
            [name, str(getattr(part, "__module__", "")), str(getattr(part, "__name__", ""))] for name, part in parts
        ]

    def _build(self, request: Request, inputs: Inputs) -> None:
        """Build a model, from weights if any are given; what its layers' parameters() list comes back."""
        model, settings = to_model(request["model"]), to_settings(request["settings"])
        if not hasattr(self.student().tensor([0.0]), self.student().conventions.backward):
            raise UnbuiltError(f"no {self.student().conventions.backward}() of tensors")
        weights = of_layers(model, _in_order(inputs)) if request["has_weights"] else None
        side = TinyTorchSide(settings, model, weights, self.student(), self._say)
        self._sides[request["of"]] = side
        self.results["listings"] = running.listings(side)
        self.results["strangers"] = [len(tensors) for tensors in running.strangers(side).values()]
        if model.layers:
            # In some frameworks parameters take gradients only once an optimizer has them.
            side.optimizer  # noqa: B018

    def _weights(self, request: Request, _inputs: Inputs) -> None:
        """The values of a model's parameters."""
        self.results.update(numbered("value", flat(self._sides[request["of"]].weights())))

    def _restore(self, request: Request, inputs: Inputs) -> None:
        """Let a model's parameters have these values."""
        side = self._sides[request["of"]]
        side.set_weights(of_layers(side.model, _in_order(inputs)))

    def _walk(self, request: Request, _inputs: Inputs) -> None:
        """Take batches from the loader until time is up or there is none left, and train on them if asked.

        Of each batch comes a hash of its content, and the loss that was trained on it.
        """
        if request["starts"]:
            self._say("making its DataLoader")
            self._batches = self._loader(request)
        batches: list[str] = []
        losses: list[float] = []
        self.results.update(batches=batches, over=False)
        stop = time.perf_counter() + request["seconds"]
        try:
            while time.perf_counter() < stop and len(batches) < request["at_most"]:
                batch = self._next()
                if batch is None:
                    self.results["over"] = True
                    break
                batches.append(self._digest(batch))
                if not batches[-1]:
                    # Whoever asked knows which batch this is, and what should have been in it.
                    break
                if request["trains"]:
                    losses.append(self._sides["model"].step(*batch))
        finally:
            self.results["losses"] = np.array(losses)

    def _loader(self, request: Request) -> Iterator[Any]:
        """A walk through a split: in the order of an epoch, or from the first sample to the last."""
        student = self.student()
        X, y = self._data[f"X_{request['split']}"], self._data[f"y_{request['split']}"]
        if request["epoch"] is None:
            parts = bridge(student)
            dataset = parts.TensorDataset(parts.Tensor(X), parts.Tensor(y))
            return iter(parts.DataLoader(dataset, batch_size=request["batch_size"], shuffle=False))
        loader = SeededDataLoader(bridge(student), X, y, request["batch_size"], request["seed"])
        loader.epoch = request["epoch"] - 1
        return iter(loader)

    def _next(self) -> tuple[Any, Any] | tuple[()] | None:
        """Inputs and targets of the next batch, as the loader gives them; nothing if it gives something else.

        None where there is no batch any more.
        """
        self._say("its DataLoader made a batch")
        given = next(self._batches, None)
        if given is None:
            return None
        try:
            inputs, targets = given
        except (TypeError, ValueError):
            return ()
        return inputs, targets

    def _digest(self, batch: tuple[Any, Any] | tuple[()] | None) -> str:
        """A hash of what a batch holds; nothing if that is something else than numbers in tensors."""
        student = self.student()
        if not batch:
            return ""
        inputs, targets = batch
        # Ids may be arrays elsewhere.
        is_right = student.is_tensor(inputs) or (student.is_mapped and isinstance(inputs, np.ndarray))
        if not (is_right and student.is_tensor(targets)):
            return ""
        return digest(*map(self.student().array, batch))

    def _outputs(self, request: Request, _inputs: Inputs) -> None:
        """The model's outputs for samples of a split, a hundred at a time, from one on until time is up."""
        stop = time.perf_counter() + request["seconds"]
        X = self._data[f"X_{request['split']}"]
        found = []
        for start in range(request["start"], len(X), 100):
            found.append(self._sides["model"].outputs(X[start : start + 100]))
            if time.perf_counter() > stop:
                break
        self.results.update(numbered("output", found))

    def _step(self, request: Request, inputs: Inputs) -> None:
        """Forward, loss and gradients of the next batch, from weights that come with the request."""
        side = self._sides["model"]
        side.set_weights(of_layers(side.model, _in_order(inputs)))
        if request["starts"]:
            self._batches = self._loader(request)
        batch = self._next()
        self.results["batch"] = self._digest(batch)
        if batch and self.results["batch"]:
            running.judged_step(side, batch, self.results, self._complaint)

    def _update(self, request: Request, inputs: Inputs) -> None:
        """What the optimizer makes of gradients that come with the request."""
        running.update(self._sides[request["of"]], _in_order(inputs), self.results)

    def _part_alone(self, request: Request, inputs: Inputs) -> None:
        """A part of a model forward and backward."""
        side, part = self._sides[request["of"]], to_part(request["part"])
        running.part_alone(side, part, inputs["x"], inputs["gradient"], self.results, self._complaint)

    def _loss_alone(self, request: Request, inputs: Inputs) -> None:
        """The loss of outputs that come with the request."""
        side = self._sides[request["of"]]
        running.loss_alone(side, inputs["outputs"], inputs["targets"], self.results, self._complaint)

    def _output_alone(self, request: Request, inputs: Inputs) -> None:
        """What a model gives for an input that comes with the request."""
        running.output_alone(self._sides[request["of"]], inputs["x"], self.results)

    def _optimizer_alone(self, request: Request, inputs: Inputs) -> None:
        """An optimizer of one parameter, with gradients that come with the request."""
        settings = to_settings(request["settings"])
        running.optimizer_alone(self.student(), settings, inputs["start"], inputs["gradients"], self.results)


def _in_float32(results: Mapping[str, Any]) -> dict[str, Any]:
    """Results of a mapped framework, which may well compute in double precision, as TinyTorch has them."""
    return {
        name: value.astype(np.float32)
        if isinstance(value, np.ndarray) and value.dtype == np.float64 and name != "losses"
        else value
        for name, value in results.items()
    }


def _in_order(inputs: Inputs) -> list[Array]:
    return [inputs[name] for name in numbered("value", range(len(inputs)))]


def main() -> None:
    """Answer requests until standard input ends."""
    # What it needs of the operating system is not there everywhere that a session can be made.
    from tinytorch_hf.student.serving import serve

    serve(lambda values: Session(parse_map(values, "the map")).answer)
