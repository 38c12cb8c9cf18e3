"""Training steps: layers, loss, backward pass and optimizer together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinytorch_hf.check.inputs import digits, weights
from tinytorch_hf.judging.case import Case, Draw, Inputs, Results, RunTorch
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student

N_STEPS = 3
BATCH = 16
LR = 0.1
_PARAMETERS = ("0.weight", "0.bias", "1.weight", "1.bias")


def _inputs(draw: Draw) -> Inputs:
    pixels, labels = digits(draw, N_STEPS * BATCH)
    return {
        "images": pixels.reshape(N_STEPS, BATCH, 64),
        "labels": labels.reshape(N_STEPS, BATCH),
        "0.weight": weights(draw, 64, 16),
        "0.bias": weights(draw, 16),
        "1.weight": weights(draw, 16, 10),
        "1.bias": weights(draw, 10),
    }


def _mlp(optimizer: str, arguments: Mapping[str, float]) -> Any:
    def run(student: Student, values: Inputs) -> Results:
        layers = [student.part("Linear")(64, 16), student.part("Linear")(16, 10)]
        relu, loss_function = student.part("ReLU")(), student.part("CrossEntropyLoss")()
        student.load(layers, {path: values[path] for path in _PARAMETERS})
        parameters = [student.parameter(layers, path) for path in _PARAMETERS]
        chosen = student.part(optimizer)(parameters, lr=LR, **arguments)
        results: Results = {}
        for number in range(N_STEPS):
            hidden = relu(layers[0](student.tensor(values["images"][number])))
            loss = loss_function(layers[1](hidden), student.tensor(values["labels"][number]))
            getattr(chosen, student.conventions.zero_grad)()
            student.backward(loss)
            chosen.step()
            results[f"loss of step {number + 1}"] = student.array(loss).reshape(())
        return results

    return run


def _mlp_in_torch(optimizer: str, arguments: Mapping[str, float], resets: bool = True) -> RunTorch:
    def run(judge: Judge, values: Inputs) -> Results:
        tensors = judge.tensors(values, _PARAMETERS)
        chosen = getattr(judge.torch.optim, optimizer)([tensors[path] for path in _PARAMETERS], lr=LR, **arguments)
        results: Results = {}
        for number in range(N_STEPS):
            hidden = judge.F.relu(tensors["images"][number] @ tensors["0.weight"] + tensors["0.bias"])
            logits = hidden @ tensors["1.weight"] + tensors["1.bias"]
            loss = judge.F.cross_entropy(logits, tensors["labels"][number].long())
            if resets:
                chosen.zero_grad()
            loss.backward()
            chosen.step()
            results[f"loss of step {number + 1}"] = judge.array(loss)
        return results

    return run


def _case(name: str, optimizer: str, arguments: Mapping[str, float]) -> Case:
    return Case(
        name,
        "training",
        ("Tensor", "autograd", "Linear", "ReLU", "CrossEntropyLoss", optimizer),
        _inputs,
        _mlp(optimizer, arguments),
        _mlp_in_torch(optimizer, arguments),
        mistakes={"OPTIMIZER-ZERO-GRAD": _mlp_in_torch(optimizer, arguments, resets=False)},
    )


CASES = (
    _case("mlp-with-sgd", "SGD", {}),
    _case("mlp-with-momentum", "SGD", {"momentum": 0.9}),
)
