"""Pooling, on what a convolution makes of images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinytorch_hf.check.inputs import feature_maps, images
from tinytorch_hf.check.operation import InTorch, operation
from tinytorch_hf.judging.case import Case, Draw, Inputs, Results
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student


def _pooling(
    name: str,
    part: str,
    shape: tuple[int, int, int, int],
    arguments: Mapping[str, int],
    torch: Any,
    mistakes: Mapping[str, InTorch] | None = None,
) -> Case:
    return operation(
        name,
        "spatial",
        ("Tensor", part),
        # Mostly negative, so that it shows what stands around an image.
        lambda draw: {"x": feature_maps(draw, *shape) - np.float32(1)},
        lambda student, v: student.part(part)(**arguments)(v["x"]),
        lambda judge, v: torch(judge)(v["x"], **arguments),
        mistakes={
            **({"PADDING-IGNORED": _without(torch, arguments, "padding")} if "padding" in arguments else {}),
            **({"STRIDE-IGNORED": _without(torch, arguments, "stride")} if "stride" in arguments else {}),
            **(mistakes or {}),
        },
    )


def _without(torch: Any, arguments: Mapping[str, int], name: str) -> InTorch:
    kept = {key: value for key, value in arguments.items() if key != name}
    return lambda judge, v: torch(judge)(v["x"], **kept)


def _max(judge: Judge) -> Any:
    return judge.F.max_pool2d


def _average(judge: Judge) -> Any:
    return judge.F.avg_pool2d


def _zero_padded_max(judge: Judge, v: Any) -> Any:
    return judge.F.max_pool2d(judge.F.pad(v["x"], (1, 1, 1, 1)), 3, 2)


def _padding_not_counted(judge: Judge, v: Any) -> Any:
    return judge.F.avg_pool2d(v["x"], 3, 2, 1, count_include_pad=False)


def _everywhere(judge: Judge, v: Any) -> Any:
    """Every pixel of a window receives the gradient."""
    slope = judge.F.avg_pool2d(v["x"], 2) * 4
    return judge.F.max_pool2d(v["x"], 2).detach() + slope - slope.detach()


def _everywhere_averaged(judge: Judge, v: Any) -> Any:
    slope = judge.F.avg_pool2d(v["x"], 2)
    return judge.F.max_pool2d(v["x"], 2).detach() + slope - slope.detach()


_MAX_MISTAKES: dict[str, InTorch] = {
    "POOL-ALL-RECEIVE": _everywhere,
    "POOL-AVERAGES": lambda judge, v: judge.F.avg_pool2d(v["x"], 2),
    "POOL-GRADIENT-DIVIDED": _everywhere_averaged,
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


def _ties_expected(judge: Judge, values: Inputs) -> Results:
    return {
        "output": judge.array(judge.F.max_pool2d(judge.tensor(values["x"]), 2)),
        "gradient of each window": judge.array(judge.tensor(values["upstream"])),
    }


def _ties_inputs(draw: Draw) -> Inputs:
    upstream = feature_maps(draw, 4, 1, 4, 4)
    # The digits' dark corners are windows of equal zeros.
    return {"x": images(draw, 4), "upstream": upstream}


CASES = (
    _pooling("max-pool2d", "MaxPool2d", (2, 2, 6, 6), {"kernel_size": 2}, _max, _MAX_MISTAKES),
    _pooling("max-pool2d-odd", "MaxPool2d", (2, 2, 7, 5), {"kernel_size": 2}, _max),
    _pooling("max-pool2d-overlapping", "MaxPool2d", (2, 2, 7, 7), {"kernel_size": 3, "stride": 2}, _max),
    _pooling(
        "max-pool2d-padding",
        "MaxPool2d",
        (2, 2, 7, 7),
        {"kernel_size": 3, "stride": 2, "padding": 1},
        _max,
        {"POOL-PADDED-WITH-ZEROS": _zero_padded_max},
    ),
    Case("max-pool2d-equal-values", "spatial", ("Tensor", "MaxPool2d"), _ties_inputs, _ties, _ties_expected),
    _pooling("avg-pool2d", "AvgPool2d", (2, 2, 6, 6), {"kernel_size": 2}, _average),
    _pooling("avg-pool2d-overlapping", "AvgPool2d", (2, 2, 7, 7), {"kernel_size": 3, "stride": 2}, _average),
    _pooling(
        "avg-pool2d-padding",
        "AvgPool2d",
        (2, 2, 7, 7),
        {"kernel_size": 3, "stride": 2, "padding": 1},
        _average,
        {"POOL-PADDING-NOT-COUNTED": _padding_not_counted},
    ),
)
