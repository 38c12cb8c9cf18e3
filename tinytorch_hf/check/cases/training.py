"""Training steps: layers, loss, backward pass and optimizer together, from given weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinytorch_hf.check.cases.losses import CROSS_ENTROPY, loss_function
from tinytorch_hf.check.inputs import digits, weights
from tinytorch_hf.judging.case import Case, Claim, Draw, Inputs, Results, RunTorch
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student

N_STEPS = 4
_PARAMETERS = ("0.weight", "0.bias", "1.weight", "1.bias")


def _inputs(draw: Draw) -> Inputs:
    batch, hidden = draw.size(13), draw.size(11)
    pixels, labels = digits(draw, N_STEPS * batch)
    return {
        "images": pixels.reshape(N_STEPS, batch, 64),
        "labels": labels.reshape(N_STEPS, batch),
        "0.weight": weights(draw, 64, hidden),
        "0.bias": weights(draw, hidden),
        "1.weight": weights(draw, hidden, 10),
        "1.bias": weights(draw, 10),
    }


def _loss_of(step: int) -> str:
    return f"loss of step {step + 1}"


def _mlp(optimizer: str, arguments: Mapping[str, float]) -> Any:
    def run(student: Student, values: Inputs) -> Results:
        linear = student.part("Linear")
        layers, others = ([linear(*values[path].shape) for path in ("0.weight", "1.weight")] for _ in range(2))
        relu, loss_of = student.part("ReLU")(), loss_function(student, CROSS_ENTROPY)

        def loss_in(step: int, layers: Any) -> Any:
            hidden = relu(layers[0](student.tensor(values["images"][step].copy())))
            return loss_of(layers[1](hidden), student.labels(values["labels"][step].copy()))

        student.load(layers, {path: values[path].copy() for path in _PARAMETERS})
        # As training does: what parameters() leaves out is never changed.
        # A layer that has no such method is trained by its attributes.
        listed = [getattr(layer, student.conventions.parameters, None) for layer in layers]
        if all(map(callable, listed)):
            parameters = [p for give in listed if give is not None for p in give()]
        else:
            parameters = [student.parameter(layers, path) for path in _PARAMETERS]
        n_different = len({id(parameter) for parameter in parameters})
        results: Results = {"parameters": len(parameters), "different parameters": n_different}
        chosen = student.part(optimizer)(parameters, **arguments) if parameters else None
        for step in range(N_STEPS):
            loss = loss_in(step, layers)
            if chosen is not None:
                getattr(chosen, student.conventions.zero_grad)()
            student.backward(loss)
            if chosen is not None:
                chosen.step()
            results[_loss_of(step)] = student.array(loss).reshape(())
        student.load(others, {path: np.array(student.parameter_values(layers, path)) for path in _PARAMETERS})
        for name, some in (("layers that were trained", layers), ("new layers", others)):
            results[f"loss of {name}"] = np.array(student.array(loss_in(0, some))).reshape(())
        return results

    return run


def _mlp_in_torch(
    optimizer: str,
    arguments: Mapping[str, float],
    trained: tuple[str, ...] = _PARAMETERS,
    resets: bool = True,
    shares_gradient: str = "",
) -> RunTorch:
    """The same steps in PyTorch, with what may be wrong about them.

    Parameters
    ----------
    optimizer, arguments
        Which optimizer, and what it is given.
    trained
        The parameters that it is given.
    resets
        Whether the gradients are reset before each backward.
    shares_gradient
        What has become of the first gradient's own array, which is the velocity too, when the second step is taken:
        "reset" in place, or "added to" after that; nothing where the velocity has an array of its own.
    """

    def run(judge: Judge, values: Inputs) -> Results:
        tensors = judge.tensors(values, _PARAMETERS)
        # PyTorch refuses to train nothing.
        given = [tensors[path] for path in trained] or [judge.torch.zeros(1, requires_grad=True)]
        chosen = getattr(judge.torch.optim, optimizer)(given, **arguments)
        results: Results = {}
        for step in range(N_STEPS):
            hidden = judge.F.relu(tensors["images"][step] @ tensors["0.weight"] + tensors["0.bias"])
            logits = hidden @ tensors["1.weight"] + tensors["1.bias"]
            loss = judge.F.cross_entropy(logits, tensors["labels"][step].long())
            if resets:
                chosen.zero_grad()
            loss.backward()
            if shares_gradient and step == 1:
                for parameter in given:
                    now = parameter.grad.clone()
                    chosen.state[parameter]["momentum_buffer"] = now if shares_gradient == "added to" else 0 * now
            chosen.step()
            results[_loss_of(step)] = judge.array(loss)
        return results

    return run


def _claims(_: Inputs, results: Results) -> list[Claim]:
    """That parameters() gives as many as there are, and that layers compute with what these hold."""
    found, n_different, n = results["parameters"], results["different parameters"], len(_PARAMETERS)
    code = "PARAMETERS-MISSING" if n_different < n else "PARAMETERS-TWICE" if n_different == n else "PARAMETERS-OTHER"
    seen = f"they give {found}, of which {n_different} are different, instead of {n}"
    trained, new = results["loss of layers that were trained"], results["loss of new layers"]
    is_same = bool(np.isclose(trained, new, rtol=1e-3, equal_nan=True))
    return [
        Claim("parameters() of the layers give every weight and bias once", found == n_different == n, code, seen=seen),
        Claim(
            "layers that were trained give what new layers with their parameters give",
            is_same,
            "PARAMETERS-STALE",
            seen=f"the loss is {trained:.4g} instead of {new:.4g}",
        ),
    ]


def _case(name: str, optimizer: str, arguments: Mapping[str, float]) -> Case:
    wrong = {
        "OPTIMIZER-ZERO-GRAD": _mlp_in_torch(optimizer, arguments, resets=False),
    }
    other = {}
    if "momentum" in arguments:
        wrong["MOMENTUM-SHARES-GRADIENT"] = _mlp_in_torch(optimizer, arguments, shares_gradient="added to")
        other["MOMENTUM-SHARES-GRADIENT"] = [_mlp_in_torch(optimizer, arguments, shares_gradient="reset")]
    return Case(
        name,
        "training",
        ("Tensor", "autograd", "Linear", "ReLU", "CrossEntropyLoss", optimizer),
        _inputs,
        _mlp(optimizer, arguments),
        _mlp_in_torch(optimizer, arguments),
        mistakes=wrong,
        variants=other,
        claims=_claims,
    )


CASES = (
    _case("mlp-with-sgd", "SGD", {"lr": 0.1}),
    _case("mlp-with-momentum", "SGD", {"lr": 0.1, "momentum": 0.9}),
    _case("mlp-with-adam", "Adam", {"lr": 0.01}),
    _case("mlp-with-adamw", "AdamW", {"lr": 0.01, "weight_decay": 0.1}),
)
