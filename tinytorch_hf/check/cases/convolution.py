"""Convolution, on images and on what a first convolution makes of them; and milestone 04's model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinytorch_hf.check.inputs import digits, feature_maps, images, weights
from tinytorch_hf.check.operation import DrawInputs, InTorch, layer
from tinytorch_hf.judging.case import Case, Draw, Inputs
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student


def _filters(draw: Draw, n_out: int, n_in: int, height: int, width: int) -> dict[str, Any]:
    return {
        "weight": weights(draw, n_out, n_in, height, width, fan_in=n_in * height * width),
        "bias": weights(draw, n_out),
    }


def _draw_digits(n_out: int, size: int) -> DrawInputs:
    return lambda draw: {"x": images(draw, 4), **_filters(draw, n_out, 1, size, size)}


def _draw_mnist(draw: Draw) -> Inputs:
    return {"x": images(draw, 1, "tinymnist"), **_filters(draw, 2, 1, 3, 3)}


def _draw_maps(shape: tuple[int, int, int, int], n_out: int, size: int) -> DrawInputs:
    return lambda draw: {"x": feature_maps(draw, *shape), **_filters(draw, n_out, shape[1], size, size)}


def _convolution_mistakes(size: int, stride: int, padding: int) -> dict[str, InTorch]:
    def convolve(judge: Judge, x: Any, weight: Any, bias: Any, stride: int = stride, padding: int = padding) -> Any:
        return judge.F.conv2d(x, weight, bias, stride, padding)

    mistakes: dict[str, InTorch] = {
        "BIAS-NOT-ADDED": lambda judge, v: convolve(judge, v["x"], v["weight"], 0 * v["bias"]),
        "CONV-KERNEL-NO-GRADIENT": lambda judge, v: convolve(judge, v["x"], v["weight"].detach(), v["bias"]),
    }
    if size > 1:
        mistakes["CONV-FLIPPED"] = lambda judge, v: convolve(judge, v["x"], v["weight"].flip(2, 3), v["bias"])
        mistakes["CONV-KERNEL-TRANSPOSED"] = lambda judge, v: convolve(
            judge, v["x"], v["weight"].transpose(2, 3), v["bias"]
        )
    if padding:
        mistakes["PADDING-IGNORED"] = lambda judge, v: convolve(judge, v["x"], v["weight"], v["bias"], padding=0)
    if stride > 1:
        mistakes["STRIDE-IGNORED"] = lambda judge, v: convolve(judge, v["x"], v["weight"], v["bias"], stride=1)
    return mistakes


def _convolution(
    name: str, inputs: DrawInputs, sizes: tuple[int, int, int], *, stride: int = 1, padding: int = 0, bias: bool = True
) -> Case:
    arguments: dict[str, Any] = {"stride": stride, "padding": padding, **({} if bias else {"bias": False})}
    return layer(
        name,
        "spatial",
        ("Tensor", "Conv2d"),
        inputs,
        lambda student, _: student.part("Conv2d")(*sizes, **arguments),
        lambda judge, v: judge.F.conv2d(v["x"], v["weight"], v["bias"] if bias else None, stride, padding),
        parameters=("weight", "bias") if bias else ("weight",),
        mistakes=_convolution_mistakes(sizes[-1], stride, padding) if bias else None,
    )


_CNN = ("0.weight", "0.bias", "1.weight", "1.bias")


def _cnn_inputs(draw: Draw) -> Inputs:
    pixels, labels = digits(draw, 4)
    filters = _filters(draw, 8, 1, 3, 3)
    return {
        "x": pixels.reshape(-1, 1, 8, 8),
        "targets": labels,
        "0.weight": filters["weight"],
        "0.bias": filters["bias"],
        "1.weight": weights(draw, 72, 10),
        "1.bias": weights(draw, 10),
    }


def _cnn(student: Student, layers: Any, v: Mapping[str, Any]) -> Any:
    """Milestone 04's model: convolution, ReLU, pooling, flattening, a linear layer, and the loss."""
    pooled = student.part("MaxPool2d")(2)(student.part("ReLU")()(layers[0](v["x"])))
    logits = layers[1](pooled.reshape(4, 72))
    return student.part("CrossEntropyLoss")()(logits, student.tensor(v["targets"]))


def _cnn_in_torch(cut: bool) -> InTorch:
    def compute(judge: Judge, v: Any) -> Any:
        maps = judge.F.relu(judge.F.conv2d(v["x"], v["0.weight"], v["0.bias"]))
        flat = judge.F.max_pool2d(maps, 2).reshape(4, 72)
        flat = flat.detach() if cut else flat
        return judge.F.cross_entropy(flat @ v["1.weight"] + v["1.bias"], v["targets"].long())

    return compute


CASES = (
    _convolution("conv2d", _draw_digits(3, 3), (1, 3, 3)),
    _convolution("conv2d-padding", _draw_digits(2, 3), (1, 2, 3), padding=1),
    _convolution("conv2d-stride", _draw_digits(2, 3), (1, 2, 3), stride=2),
    _convolution("conv2d-channels", _draw_maps((2, 3, 9, 7), 4, 5), (3, 4, 5), stride=2, padding=2),
    _convolution("conv2d-1x1", _draw_maps((2, 3, 4, 4), 4, 1), (3, 4, 1)),
    _convolution("conv2d-without-bias", _draw_digits(2, 3), (1, 2, 3), bias=False),
    _convolution("conv2d-on-mnist", _draw_mnist, (1, 2, 3)),
    layer(
        "cnn",
        "spatial",
        ("Tensor", "Conv2d", "ReLU", "MaxPool2d", "Linear", "CrossEntropyLoss"),
        _cnn_inputs,
        lambda student, _: [student.part("Conv2d")(1, 8, 3), student.part("Linear")(72, 10)],
        _cnn_in_torch(cut=False),
        parameters=_CNN,
        call=_cnn,
        mistakes={"GRAPH-CUT-CNN": _cnn_in_torch(cut=True)},
    ),
)
