"""Specification of the tensors of NumPy's judge: what is particular about PyTorch's is particular about them."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.judging.judges import judge

Compute = Callable[[Judge, Any], Any]


@pytest.fixture
def ours() -> Judge:
    """NumPy's judge."""
    return judge("float64", "recorded")


@pytest.fixture
def theirs() -> Judge:
    """PyTorch's."""
    pytest.importorskip("torch", reason="PyTorch is what NumPy's judge is held against")
    return judge("float64", "torch")


def told(judge: Judge, compute: Compute, values: Any) -> tuple[Any, ...]:
    """The type of a result, its values, and the gradient of what it was computed from."""
    x = judge.tensor(np.asarray(values, dtype=np.float32), gradient=True)
    output = compute(judge, x)
    weights = judge.tensor(np.linspace(1, 2, output.numel(), dtype=np.float32)).reshape(output.shape)
    if output.requires_grad:
        (output * weights).sum().backward()
    gradient = None if x.grad is None else judge.array(x.grad).tolist()
    return str(output.data.dtype).rpartition(".")[2], judge.array(output), gradient


# On x, whose last two values are the largest one.
X = [[0.0, -1.0, 2.0], [3.0, -0.5, 3.0]]
PARTICULAR: dict[str, Compute] = {
    "equal largest values share the gradient": lambda _, x: x.amax(dim=(0, 1)),
    "equal smallest values share the gradient": lambda _, x: (x * x).amin(dim=1, keepdim=True),
    "the first of equal pixels receives the gradient": lambda judge, x: judge.F.max_pool2d(x[None, None], (2, 3)),
    "relu has no slope at 0": lambda judge, x: judge.F.relu(x),
    "a magnitude has no slope at 0": lambda _, x: x.abs(),
    "what is cut has no slope": lambda _, x: x.clamp_min(-0.75),
    "what is detached has no gradient": lambda _, x: x * x.detach(),
    "nothing leads back": lambda _, x: x.detach() * 2,
    "an index twice receives twice": lambda _, x: x[[1, 1, 0]],
    "two lists of places": lambda _, x: x[[1, 1, 0], [2, 2, 1]],
    "a row beside a column": lambda _, x: x[:1] * x[:, :1],
    "a vector beside a matrix": lambda _, x: x[0] - x / 3,
    "repeated by hand": lambda _, x: x[:, None].expand(-1, 4, -1),
    "each value three times": lambda _, x: x.repeat_interleave(3, 0),
    "fractions of whole numbers": lambda judge, _: judge.tensor(np.array([1, 2])) / 4,
    "whole numbers and a fraction": lambda judge, _: judge.tensor(np.array([1, 2])) * 0.5,
    "whole numbers and tensors": lambda judge, x: judge.tensor(np.array([[1], [2]])) * x,
    "truths count": lambda _, x: (x > 0) * x + (x == 3) * 2.0,
    "a vector and a matrix": lambda _, x: x[0] @ x.T,
    "a matrix and a vector": lambda _, x: x @ x[1],
    "two vectors": lambda _, x: x[0] @ x[1],
    "one matrix for many": lambda _, x: x.reshape(2, 1, 3) @ x.T,
    "many matrices for one": lambda _, x: x @ x.reshape(2, 3, 1),
    "powers": lambda _, x: x**2 + x**3 + x**1 + x**0,
    "a sum of nothing but a number": lambda _, x: 2 - x.mean(axis=0) / 7 + 1 / (x.exp() + 1).sum(),
    "variances": lambda _, x: x.var((0, 1), unbiased=True) + x.var(1, unbiased=False),
    "a frame": lambda judge, x: judge.F.pad(x[None, None], (1, 2, 0, 1), value=-2.0),
    "turned and cut": lambda _, x: x.flip(0, 1).transpose(0, 1).triu(1) + x.T.tril(),
    "in a row": lambda judge, x: judge.torch.cat([x, x.narrow(1, 1, 2)], 1).flatten(0, 1),
    "a choice": lambda judge, x: judge.torch.where(x > 0, x, x * 2).masked_fill(x == 2, 9.0),
}


@pytest.mark.parametrize("compute", PARTICULAR.values(), ids=PARTICULAR)
def test_what_is_particular_is_as_in_pytorch(compute: Compute, ours: Judge, theirs: Judge) -> None:
    """Type, shape, values and gradient."""
    (kind, values, gradient), (right_kind, right, right_gradient) = (told(by, compute, X) for by in (ours, theirs))

    assert (kind, values.shape) == (right_kind, right.shape)
    np.testing.assert_allclose(values, right, rtol=1e-14, atol=1e-15)
    assert (gradient is None) == (right_gradient is None)
    if gradient is not None:
        np.testing.assert_allclose(gradient, right_gradient, rtol=1e-13, atol=1e-14)


def test_gradients_add_up_until_they_are_forgotten(ours: Judge) -> None:
    """Over calls of backward; a gradient that is asked for by itself is left nowhere."""
    x, other = (ours.tensor(np.ones(3, np.float32), gradient=True) for _ in range(2))

    for _ in range(2):
        (x * 3).sum().backward()
    asked = ours.torch.autograd.grad((x * 5).sum(), [x, other], allow_unused=True)

    assert (x.grad.data.tolist(), other.grad) == ([6.0] * 3, None)
    assert (asked[0].data.tolist(), asked[1]) == ([5.0] * 3, None)


def test_a_graph_may_be_deep_and_branch(ours: Judge) -> None:
    """24 diamonds in a row have 17 million paths, and a chain of 20,000 is longer than Python's stack."""
    x = ours.tensor(np.ones(2, np.float32), gradient=True)
    y = x * 1.0
    for _ in range(24):
        y = y + y
    for _ in range(20_000):
        y = y + 1.0
    y.sum().backward()

    assert x.grad.data.tolist() == [2.0**24] * 2


def test_a_graph_is_freed_with_its_end(ours: Judge) -> None:
    """Without waiting for the garbage collector: nothing refers to itself."""
    x = ours.tensor(np.ones(100_000, np.float32), gradient=True)
    tracemalloc.start()
    for _ in range(10):
        ours.F.relu((x * x).exp() @ x).backward()
        x.grad = None
    left, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert left < 100_000


REFUSED: dict[str, tuple[Compute, type[Exception], str]] = {
    "backward of several values": (lambda _, x: (x * 2).backward(), RuntimeError, "single value"),
    "backward of what leads nowhere": (lambda _, x: x.detach().sum().backward(), RuntimeError, "no gradient leads"),
    "a gradient of another shape": (lambda _, x: (x * 2).backward(x[0]), RuntimeError, "shape"),
    "an input that is not used": (
        lambda judge, x: judge.torch.autograd.grad(x.sum(), x.detach()),
        RuntimeError,
        "does not lead",
    ),
    "writing into what has a gradient": (lambda _, x: x.__setitem__(0, 1.0), RuntimeError, "not written to"),
    "the truth of several values": (lambda _, x: bool(x > 0), RuntimeError, "is true"),
    "values of what has a gradient": (lambda _, x: x.numpy(), RuntimeError, "detach"),
    "labels of another shape": (lambda judge, x: judge.F.cross_entropy(x, x.long()), ValueError, "labels"),
    "an array in place of a tensor": (lambda _, x: x + np.ones(3), TypeError, "operand"),
    "windows larger than images": (lambda judge, x: judge.F.max_pool2d(x[None, None], 5), ValueError, "windows"),
    "running statistics": (
        lambda judge, x: judge.F.batch_norm(x, x[0], None, x[0], x[0], training=True),
        NotImplementedError,
        "running",
    ),
}


@pytest.mark.parametrize(("compute", "error", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_said(compute: Compute, error: type[Exception], message: str, ours: Judge) -> None:
    """With what was wrong about it."""
    with pytest.raises(error, match=message):
        compute(ours, ours.tensor(np.asarray(X, np.float32), gradient=True))
