"""Pooling, on what a convolution makes of images."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinytorch_hf.check.cases.convolution import cropped_digits
from tinytorch_hf.check.cases.windows import last_missing, overwritten, padded_at_the_end
from tinytorch_hf.check.inputs import feature_maps
from tinytorch_hf.check.operation import InTorch, operation
from tinytorch_hf.check.optional import if_taken
from tinytorch_hf.judging.case import Case, Draw, Inputs, Results
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student


def _pooling(
    name: str,
    part: str,
    shape: tuple[int, int, int, int],
    arguments: Mapping[str, Any],
    torch: Any,
    mistakes: Mapping[str, InTorch] | None = None,
) -> Case:
    def pool(judge: Judge, v: Mapping[str, Any]) -> Any:
        return torch(judge)(v["x"], **arguments)

    is_square = isinstance(arguments["kernel_size"], int)

    def run(student: Student, v: Mapping[str, Any]) -> Any:
        make = student.part(part)
        if is_square:
            return make(**arguments)(v["x"])
        return if_taken(f"{part} with a window that is not square", lambda: make(**arguments)(v["x"]))

    return operation(
        name,
        "spatial",
        ("Tensor", part),
        # Mostly negative, so that it shows what stands around an image.
        lambda draw: {"x": feature_maps(draw, *(draw.size(length) for length in shape)) - np.float32(1)},
        run,
        pool,
        mistakes={
            "WINDOWS-LAST-MISSING": last_missing(pool),
            **(_max_mistakes(arguments) if torch is _max else {}),
            **(_padding_mistakes(torch, arguments) if "padding" in arguments else {}),
            **({"STRIDE-IGNORED": _without(torch, arguments, "stride")} if "stride" in arguments else {}),
            **(mistakes or {}),
        },
    )


def _without(torch: Any, arguments: Mapping[str, Any], name: str) -> InTorch:
    kept = {key: value for key, value in arguments.items() if key != name}
    return lambda judge, v: torch(judge)(v["x"], **kept)


def _padding_mistakes(torch: Any, arguments: Mapping[str, Any]) -> dict[str, InTorch]:
    unpadded = _without(torch, arguments, "padding")
    around = -np.inf if torch is _max else 0.0
    return {
        "PADDING-IGNORED": unpadded,
        "PADDING-AT-THE-END": padded_at_the_end(unpadded, arguments["padding"], around),
    }


def _max(judge: Judge) -> Any:
    return judge.F.max_pool2d


def _average(judge: Judge) -> Any:
    return judge.F.avg_pool2d


def _zero_padded_max(judge: Judge, v: Any) -> Any:
    return judge.F.max_pool2d(judge.F.pad(v["x"], (1, 1, 1, 1)), 3, 2)


def _padding_not_counted(judge: Judge, v: Any) -> Any:
    return judge.F.avg_pool2d(v["x"], 3, 2, 1, count_include_pad=False)


def _everywhere(arguments: Mapping[str, Any], is_divided: bool = False) -> InTorch:
    """Every pixel of a window receives the gradient, or its share of it."""

    def compute(judge: Judge, v: Mapping[str, Any]) -> Any:
        slope = judge.F.avg_pool2d(v["x"], **arguments)
        slope = slope if is_divided else slope * math.prod(_kernel(arguments))
        return judge.F.max_pool2d(v["x"], **arguments).detach() + slope - slope.detach()

    return compute


def _kernel(arguments: Mapping[str, Any]) -> tuple[int, int]:
    size = arguments["kernel_size"]
    return (size, size) if isinstance(size, int) else size


def _max_mistakes(arguments: Mapping[str, Any]) -> dict[str, InTorch]:
    return {
        "POOL-ALL-RECEIVE": _everywhere(arguments),
        "POOL-GRADIENT-DIVIDED": _everywhere(arguments, is_divided=True),
        "POOL-AVERAGES": lambda judge, v: judge.F.avg_pool2d(v["x"], **arguments),
    }


def _summed(judge: Judge, v: Any) -> Any:
    """The average's window is added up, and not divided."""
    return judge.F.avg_pool2d(v["x"], 2) * 4


def _average_gradient_whole(judge: Judge, v: Any) -> Any:
    """Every pixel of an averaged window receives the whole gradient."""
    slope = judge.F.avg_pool2d(v["x"], 2) * 4
    return judge.F.avg_pool2d(v["x"], 2).detach() + slope - slope.detach()


def _max_overwriting(judge: Judge, v: Any) -> Any:
    """Of several windows with the same largest pixel, the last one's gradient overwrites the others'."""
    found, places = judge.F.max_pool2d(v["x"], 3, 2, return_indices=True)
    flat = places.flatten(2)
    later = (flat[..., :, None] == flat[..., None, :]).triu(1).any(-1)
    return judge.torch.where(later.reshape(found.shape), found.detach(), found)


def _average_overwriting(judge: Judge, v: Any) -> Any:
    shape = judge.F.avg_pool2d(v["x"], 3, 2).shape
    return overwritten(judge, v["x"], (3, 3), 2).mean(2).reshape(shape)


_AVERAGE_MISTAKES: dict[str, InTorch] = {
    "POOL-SUMS": _summed,
    "POOL-TAKES-MAXIMUM": lambda judge, v: judge.F.max_pool2d(v["x"], 2),
    "POOL-GRADIENT-NOT-DIVIDED": _average_gradient_whole,
}


def _ties(student: Student, values: Inputs) -> Results:
    """Where the largest values of a window are equal, any of them may receive the gradient, or all may share it."""
    x = student.tensor(values["x"], gradient=True)
    output = student.part("MaxPool2d")(2)(x)
    results: Results = {"output": student.array(output)}
    if student.has_autograd:
        student.backward(output, values["upstream"])
        gradient = student.gradient(x)
        n, channels, height, width = values["x"].shape
        windows = None if gradient is None else gradient.reshape(n, channels, height // 2, 2, width // 2, 2)
        results["gradient of each window"] = None if windows is None else windows.sum(axis=(3, 5))
    return results


def _ties_in_torch(each_whole: bool) -> Any:
    def run(judge: Judge, values: Inputs) -> Results:
        x, gradient = judge.tensor(values["x"]), judge.tensor(values["upstream"])
        output = judge.F.max_pool2d(x, 2)
        if each_whole:
            largest = output.repeat_interleave(2, 2).repeat_interleave(2, 3)
            gradient = gradient * judge.F.avg_pool2d((x == largest).to(judge.dtype), 2) * 4
        return {"output": judge.array(output), "gradient of each window": judge.array(gradient)}

    return run


def _ties_inputs(draw: Draw) -> Inputs:
    """The digits' dark corners are windows of equal zeros."""
    n, height, width = draw.size(3), draw.size(6), draw.size(4)
    upstream = feature_maps(draw, n, 1, height // 2, width // 2)
    x = cropped_digits(draw, n, height, width)
    return {"x": np.where(x > 0.5, x, np.float32(0)), "upstream": upstream}


_OVERLAPPING = {"kernel_size": 3, "stride": 2}
_RECTANGULAR = {"kernel_size": (2, 3), "stride": 2}

CASES = (
    _pooling("max-pool2d", "MaxPool2d", (2, 3, 8, 10), {"kernel_size": 2}, _max),
    _pooling("max-pool2d-odd", "MaxPool2d", (2, 3, 7, 5), {"kernel_size": 2}, _max),
    _pooling(
        "max-pool2d-overlapping",
        "MaxPool2d",
        (2, 3, 9, 7),
        _OVERLAPPING,
        _max,
        {"WINDOWS-OVERWRITE": _max_overwriting},
    ),
    _pooling(
        "max-pool2d-padding",
        "MaxPool2d",
        (2, 3, 9, 7),
        {**_OVERLAPPING, "padding": 1},
        _max,
        {"POOL-PADDED-WITH-ZEROS": _zero_padded_max},
    ),
    _pooling("max-pool2d-rectangular", "MaxPool2d", (2, 3, 7, 8), _RECTANGULAR, _max),
    Case(
        "max-pool2d-equal-values",
        "spatial",
        ("Tensor", "MaxPool2d"),
        _ties_inputs,
        _ties,
        _ties_in_torch(each_whole=False),
        mistakes={"POOL-TIES-ALL-WHOLE": _ties_in_torch(each_whole=True)},
    ),
    _pooling("avg-pool2d", "AvgPool2d", (2, 3, 8, 10), {"kernel_size": 2}, _average, _AVERAGE_MISTAKES),
    _pooling(
        "avg-pool2d-overlapping",
        "AvgPool2d",
        (2, 3, 9, 7),
        _OVERLAPPING,
        _average,
        {"WINDOWS-OVERWRITE": _average_overwriting},
    ),
    _pooling(
        "avg-pool2d-padding",
        "AvgPool2d",
        (2, 3, 9, 7),
        {**_OVERLAPPING, "padding": 1},
        _average,
        {"POOL-PADDING-NOT-COUNTED": _padding_not_counted},
    ),
    _pooling("avg-pool2d-rectangular", "AvgPool2d", (2, 3, 7, 8), _RECTANGULAR, _average),
)
