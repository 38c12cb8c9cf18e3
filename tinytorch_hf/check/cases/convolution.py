"""Convolution, on images and on what a first convolution makes of them; and milestone 04's model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinytorch_hf.check.cases.windows import last_missing, overwritten, padded_at_the_end
from tinytorch_hf.check.inputs import digits, feature_maps, images, weights
from tinytorch_hf.check.naming import by_name, named
from tinytorch_hf.check.operation import DrawInputs, InTorch, layer
from tinytorch_hf.check.optional import if_taken
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.case import Case, Draw, Inputs, Results, upstream
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student


def cropped_digits(draw: Draw, n: int, height: int, width: int) -> Array:
    """Digits (n, 1, height, width), cut out of the middle of their 8 by 8 pixels."""
    top, left = (8 - height) // 2, (8 - width) // 2
    return images(draw, n)[:, :, top : top + height, left : left + width]


def _filters(draw: Draw, n_out: int, n_in: int, height: int, width: int) -> dict[str, Any]:
    return {
        "weight": weights(draw, n_out, n_in, height, width, fan_in=n_in * height * width),
        "bias": weights(draw, n_out),
    }


def _draw_digits(draw: Draw) -> Inputs:
    size = draw.size(3)
    return {
        "x": cropped_digits(draw, draw.size(4), draw.size(6), draw.size(5)),
        **_filters(draw, draw.size(2), 1, size, size),
    }


def _draw_mnist(draw: Draw) -> Inputs:
    size = draw.size(3)
    # One image, not square.
    x = images(draw, 1, "tinymnist")[:, :, 4 : 4 + draw.size(19), 5 : 5 + draw.size(16)]
    return {"x": x, **_filters(draw, draw.size(2), 1, size, size)}


def _draw_maps(shape: tuple[int, int, int, int], n_out: int, kernel: tuple[int, int], grows: bool = True) -> DrawInputs:
    def draw_maps(draw: Draw) -> Inputs:
        height, width = (draw.size(length) for length in kernel) if grows else kernel
        x = feature_maps(draw, *(draw.size(length) for length in shape))
        return {"x": x, **_filters(draw, draw.size(n_out), x.shape[1], height, width)}

    return draw_maps


def _mistakes(size: int, stride: int, padding: int, has_bias: bool) -> dict[str, InTorch]:
    def convolve(judge: Judge, v: Mapping[str, Any], stride: int = stride, padding: int = padding) -> Any:
        return judge.F.conv2d(v["x"], v["weight"], v["bias"] if has_bias else None, stride, padding)

    def with_kernel(change: Callable[[Any], Any]) -> InTorch:
        return lambda judge, v: convolve(judge, {**v, "weight": change(v["weight"])})

    def without_padding(judge: Judge, v: Mapping[str, Any]) -> Any:
        return convolve(judge, v, padding=0)

    def flipped_gradient(judge: Judge, v: Mapping[str, Any]) -> Any:
        slope = convolve(judge, {**v, "weight": v["weight"].flip(2, 3).detach(), "bias": v["bias"].detach()})
        return convolve(judge, {**v, "x": v["x"].detach()}) + slope - slope.detach()

    def overwriting(judge: Judge, v: Mapping[str, Any]) -> Any:
        n_out, *_, height, width = v["weight"].shape
        windows = overwritten(judge, judge.F.pad(v["x"], (padding,) * 4), (height, width), stride).flatten(1, 2)
        maps = v["weight"].reshape(n_out, -1) @ windows + (v["bias"][:, None] if has_bias else 0)
        return maps.reshape(convolve(judge, v).shape)

    mistakes: dict[str, InTorch] = {
        "CONV-KERNEL-NO-GRADIENT": with_kernel(lambda weight: weight.detach()),
        "CONV-INPUT-NO-GRADIENT": lambda judge, v: convolve(judge, {**v, "x": v["x"].detach()}),
    }
    if has_bias:
        mistakes["BIAS-NOT-ADDED"] = lambda judge, v: convolve(judge, {**v, "bias": 0 * v["bias"]})
    if size > 1:
        mistakes |= {
            "CONV-FLIPPED": with_kernel(lambda weight: weight.flip(2, 3)),
            "CONV-KERNEL-TRANSPOSED": with_kernel(lambda weight: weight.transpose(2, 3)),
            "CONV-GRADIENT-NOT-FLIPPED": flipped_gradient,
            "WINDOWS-OVERWRITE": overwriting,
            "WINDOWS-LAST-MISSING": last_missing(convolve),
        }
    if padding:
        mistakes |= {
            "PADDING-IGNORED": without_padding,
            "PADDING-AT-THE-END": padded_at_the_end(without_padding, padding),
        }
    if stride > 1:
        mistakes["STRIDE-IGNORED"] = lambda judge, v: convolve(judge, v, stride=1)
    return mistakes


def _convolution(
    name: str,
    inputs: DrawInputs,
    *,
    stride: int = 1,
    padding: int = 0,
    bias: bool = True,
    size: int = 3,
) -> Case:
    arguments: dict[str, Any] = {"stride": stride, "padding": padding, **({} if bias else {"bias": False})}
    parameters = ("weight", "bias") if bias else ("weight",)

    def build(student: Student, v: Inputs) -> Any:
        n_out, n_in, height, _ = v["weight"].shape
        return student.part("Conv2d")(n_in, n_out, height, **arguments)

    return layer(
        name,
        "spatial",
        ("Tensor", "Conv2d"),
        inputs,
        by_name(build, parameters),
        lambda judge, v: judge.F.conv2d(v["x"], v["weight"], v["bias"] if bias else None, stride, padding),
        parameters=parameters,
        mistakes=_mistakes(size, stride, padding, bias),
    )


def _rectangular() -> Case:
    parameters = ("weight", "bias")

    def build(student: Student, v: Inputs) -> Any:
        n_out, n_in, *kernel = v["weight"].shape
        make = student.part("Conv2d")
        return if_taken("Conv2d with a kernel that is not square", lambda: make(n_in, n_out, tuple(kernel)))

    return layer(
        "conv2d-rectangular",
        "spatial",
        ("Tensor", "Conv2d"),
        _draw_maps((2, 3, 7, 8), 4, (2, 5)),
        by_name(build, parameters),
        lambda judge, v: judge.F.conv2d(v["x"], v["weight"], v["bias"]),
        parameters=parameters,
        call=lambda _, built, v: if_taken("Conv2d with a kernel that is not square", lambda: built(v["x"])),
        # Its kernel cannot be transposed: the right one does not fit then.
        mistakes={code: run for code, run in _mistakes(3, 1, 0, True).items() if code != "CONV-KERNEL-TRANSPOSED"},
    )


# One number for both directions; and pairs of (height, width), which the course does not ask for.
_STEPS: Mapping[str, tuple[Any, Any]] = {
    "stride=2, padding=1": (2, 1),
    "stride=(2, 1), padding=(1, 0)": ((2, 1), (1, 0)),
    "stride=(1, 3), padding=(0, 2)": ((1, 3), (0, 2)),
}


def _two_steps(student: Student, values: Inputs) -> Results:
    """What comes of numbers, and of pairs of numbers where TinyTorch's own interface takes them."""
    results: Results = {}
    n_out, n_in, size, _ = values["weight"].shape
    for text, (stride, padding) in _STEPS.items():
        is_pair = isinstance(stride, tuple)
        if is_pair and student.is_mapped:
            continue
        x = student.tensor(values["x"], gradient=True)
        try:
            built = student.part("Conv2d")(n_in, n_out, size, stride=stride, padding=padding)
            layer = named(student, built, {path: values[path].shape for path in ("weight", "bias")})
            student.load(layer, {path: values[path] for path in ("weight", "bias")})
            output = layer(x)
        except (TypeError, ValueError, AssertionError):
            if not is_pair:
                raise
            continue
        results[text] = np.array(student.array(output))
        if student.has_autograd:
            student.backward(output, upstream(results[text].shape))
            arrived = student.gradient(x)
            results[f"gradient of x for {text}"] = None if arrived is None else np.array(arrived)
    return results


def _two_steps_in_torch(judge: Judge, values: Inputs) -> Results:
    results: Results = {}
    for text, (stride, padding) in _STEPS.items():
        (down, right), (top, left) = (pair if isinstance(pair, tuple) else (pair, pair) for pair in (stride, padding))
        tensors = judge.tensors(values, ("x",))
        padded = judge.F.pad(tensors["x"], (left, left, top, top))
        output = judge.F.conv2d(padded, tensors["weight"], tensors["bias"])[:, :, ::down, ::right]
        output.backward(judge.tensor(upstream(tuple(output.shape))))
        results |= {text: judge.array(output), f"gradient of x for {text}": judge.array(tensors["x"].grad)}
    return results


_CNN = ("0.weight", "0.bias", "1.weight", "1.bias")


def _cnn_inputs(draw: Draw) -> Inputs:
    n, n_filters, size = draw.size(7), draw.size(5), draw.size(3)
    pixels, labels = digits(draw, n)
    x = pixels.reshape(-1, 1, 8, 8)[:, :, :, 1:7]
    filters = _filters(draw, n_filters, 1, size, size)
    n_flat = n_filters * ((8 - size + 1) // 2) * ((6 - size + 1) // 2)
    return {
        "x": x,
        "targets": labels,
        "0.weight": filters["weight"],
        "0.bias": filters["bias"],
        "1.weight": weights(draw, n_flat, 10),
        "1.bias": weights(draw, 10),
    }


def _new_cnn(student: Student, v: Inputs) -> Any:
    n_out, n_in, size, _ = v["0.weight"].shape
    return [student.part("Conv2d")(n_in, n_out, size), student.part("Linear")(*v["1.weight"].shape)]


def _cnn(student: Student, layers: Any, v: Mapping[str, Any]) -> Any:
    """Milestone 04's model: convolution, ReLU, pooling, flattening, a linear layer, and the loss."""
    pooled = student.part("MaxPool2d")(2)(student.part("ReLU")()(layers[0](v["x"])))
    logits = layers[1](pooled.reshape(len(v["targets"]), len(v["1.weight"])))
    return student.part("CrossEntropyLoss")()(logits, student.labels(v["targets"]))


def _cnn_in_torch(cut: bool = False, flipped: bool = False) -> InTorch:
    def compute(judge: Judge, v: Any) -> Any:
        kernel = v["0.weight"].flip(2, 3) if flipped else v["0.weight"]
        maps = judge.F.relu(judge.F.conv2d(v["x"], kernel, v["0.bias"]))
        flat = judge.F.max_pool2d(maps, 2).flatten(1)
        flat = flat.detach() if cut else flat
        return judge.F.cross_entropy(flat @ v["1.weight"] + v["1.bias"], v["targets"].long())

    return compute


CASES = (
    _convolution("conv2d", _draw_digits),
    _convolution("conv2d-padding", _draw_digits, padding=1),
    _convolution("conv2d-stride", _draw_digits, stride=2),
    _convolution("conv2d-channels", _draw_maps((2, 3, 8, 11), 7, (5, 5)), stride=2, padding=2),
    _convolution("conv2d-1x1", _draw_maps((2, 3, 5, 7), 4, (1, 1), grows=False), size=1),
    _convolution("conv2d-without-bias", _draw_digits, bias=False),
    _convolution("conv2d-on-mnist", _draw_mnist),
    _rectangular(),
    Case(
        "conv2d-two-steps",
        "spatial",
        ("Tensor", "Conv2d"),
        _draw_maps((2, 3, 7, 8), 4, (3, 3)),
        _two_steps,
        _two_steps_in_torch,
        optional=frozenset(name for text in list(_STEPS)[1:] for name in (text, f"gradient of x for {text}")),
    ),
    layer(
        "cnn",
        "spatial",
        ("Tensor", "Conv2d", "ReLU", "MaxPool2d", "Linear", "CrossEntropyLoss"),
        _cnn_inputs,
        _new_cnn,
        _cnn_in_torch(),
        parameters=_CNN,
        call=_cnn,
        mistakes={"GRAPH-CUT-CNN": _cnn_in_torch(cut=True), "CONV-FLIPPED": _cnn_in_torch(flipped=True)},
    ),
)
