"""Specification of reference.autograd: gradients through graphs of any shape."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from judging import agrees_with_torch, arrays

from tinytorch_hf.reference import Tensor

OPERATIONS = ("add", "subtract", "multiply", "divide", "matmul", "mean")


def _compute(operation: str, a: Any, b: Any) -> Any:
    """One operation on (3, 3) matrices, whose result is one again and stays of moderate size."""
    if operation == "add":
        return (a + b) * 0.5
    if operation == "subtract":
        return (a - b) * 0.5
    if operation == "multiply":
        return a * b * 0.3
    if operation == "divide":
        return a / (b * b + 1.0)
    if operation == "matmul":
        return (a @ b) * 0.2
    return a - (b.mean(0) if isinstance(b, Tensor) else b.mean(dim=0))


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 100), st.integers(0, 100)), min_size=1, max_size=12
    )
)
def test_any_graph_of_operations_has_torchs_gradients(steps: list[tuple[str, int, int]]) -> None:
    """Each step takes any two earlier results, so nodes are reused, skipped and combined with themselves."""

    def compute(a: Any, b: Any) -> Any:
        made = [a, b, a + b]
        for operation, first, second in steps:
            made.append(_compute(operation, made[first % len(made)], made[second % len(made)]))
        # The first two and the last: both inputs have a gradient, whatever the steps did.
        return made[-1] + made[0] * made[1]

    agrees_with_torch(compute, compute, arrays((3, 3), (3, 3)))


def test_a_gradient_waits_for_every_use_of_its_tensor() -> None:
    """Where a long and a short path meet, walking in order of creation or depth first gives a wrong gradient."""

    def compute(x: Any) -> Any:
        near = x * 2.0
        far = near * near
        return near * far + far

    agrees_with_torch(compute, compute, arrays((2, 2)))


def test_gradients_add_up_until_they_are_reset() -> None:
    """Two backward passes double the gradient, as in PyTorch."""
    tensor = Tensor([2.0], requires_grad=True)
    (tensor * 3.0).backward()
    (tensor * 3.0).backward()

    assert tensor.grad is not None and tensor.grad.tolist() == [6]
    tensor.zero_grad()
    assert tensor.grad is None


def test_gradients_of_parameters_are_their_own_memory() -> None:
    """Clipping one in place leaves the other alone."""
    a, b = Tensor([1.0], requires_grad=True), Tensor([2.0], requires_grad=True)
    (a + b).backward()
    assert a.grad is not None and b.grad is not None

    a.grad *= 10

    assert (a.grad.tolist(), b.grad.tolist()) == ([10], [1])


def test_results_on_the_way_have_gradients_too() -> None:
    """A student may look at each; torch needs retain_grad() for that."""
    x = Tensor([3.0], requires_grad=True)
    square = x * x

    (square * 2.0).backward()

    assert square.grad is not None and square.grad.tolist() == [2]


def test_numbers_without_axes_have_gradients_that_are_arrays() -> None:
    """NumPy makes scalars of them, whose dtype depends on its release."""
    x = Tensor(2.0, requires_grad=True)
    for _ in range(2):
        (x.exp() * x.sqrt() / x.log() + x**2.5 - 1.0).backward()
        assert isinstance(x.grad, np.ndarray)
        assert (x.grad.dtype, x.grad.shape) == (np.float32, ())


def test_a_result_of_constants_keeps_no_graph() -> None:
    """Predicting must not hold on to memory."""
    result = Tensor([1.0]) * Tensor([2.0])

    assert not result.requires_grad
    assert result._parents == ()


def test_a_constant_receives_no_gradient() -> None:
    """Only what was asked for is computed."""
    x, constant = Tensor([[2.0]], requires_grad=True), Tensor([[3.0]])

    (x * constant - constant / x + constant @ x).backward()

    assert x.grad is not None and x.grad.item() == pytest.approx(3 + 3 / 4 + 3)
    assert constant.grad is None


def test_an_operation_that_gives_no_gradient_stops_the_walk_there() -> None:
    """Whatever else leads to the tensor still counts."""
    x = Tensor([2.0], requires_grad=True)
    blind = Tensor.from_operation(x.data, (x,), lambda g: (None,))

    (blind * 5.0).backward()
    assert x.grad is None

    (blind * x).backward()
    assert x.grad is not None and x.grad.tolist() == [2]


def test_backward_explains_its_conditions() -> None:
    """A tensor without gradient, or one of several values, is refused with a reason."""
    with pytest.raises(RuntimeError, match="requires_grad=True"):
        Tensor([1.0]).backward()
    with pytest.raises(RuntimeError, match=r"shape \(2,\)"):
        Tensor([1.0, 2.0], requires_grad=True).backward()
    with pytest.raises(RuntimeError, match=r"shape \(2,\) got a gradient of shape \(3,\)"):
        Tensor([1.0, 2.0], requires_grad=True).backward(np.ones(3))


def test_a_graph_deeper_than_pythons_recursion_limit_works() -> None:
    """A student's loop over thousands of operations is not a reason to crash."""
    start = Tensor([1.0], requires_grad=True)
    total = start
    for _ in range(5000):
        total = total + start

    total.backward()

    assert start.grad is not None and start.grad.tolist() == [5001]


def test_a_graph_whose_paths_are_many_takes_linear_time() -> None:
    """Doubling sixty times makes 2^60 paths; each tensor is still visited once."""
    start = Tensor([1.0], requires_grad=True)
    total = start
    for _ in range(60):
        total = (total + total) * 0.5

    total.backward()

    assert start.grad is not None and start.grad.tolist() == [1]
    assert torch.tensor(start.grad).dtype == torch.float32


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries keep memory by other rules")
def test_the_memory_of_one_step_serves_the_next() -> None:
    """Once a GPT has been trained for some steps, a step takes hardly any new page of the system's memory."""
    script = """
import resource
import numpy as np
from tinytorch_hf.reference import GPT, Adam, CrossEntropyLoss, Tensor

model, tokens = GPT(69, 32, 2, 4, 32), np.arange(1024).reshape(32, 32) % 69
optimizer = Adam(model.parameters())
for step in range(6):
    if step == 3:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    CrossEntropyLoss()(model(tokens).reshape(1024, 69), Tensor(tokens.reshape(1024))).backward()
    optimizer.step()
    optimizer.zero_grad()
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 3)
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**environment, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    # The graph and its gradients are several thousand pages.
    assert float(done.stdout) < 500
