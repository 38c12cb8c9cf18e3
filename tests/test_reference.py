"""Specification of tinytorch_hf.reference: every operation against PyTorch, forward and backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tinytorch_hf import reference
from tinytorch_hf.reference import SGD, Adam, CrossEntropyLoss, DataLoader, Dataset, Linear, ReLU, Tensor, TensorDataset


def arrays(*shapes: tuple[int, ...], seed: int = 0) -> list[np.ndarray[Any, Any]]:
    """Random float32 arrays, away from 0 so that division and ReLU's corner are no issue."""
    rng = np.random.default_rng(seed)
    return [(rng.uniform(0.5, 2.0, shape) * rng.choice([-1, 1], shape)).astype(np.float32) for shape in shapes]


def agrees_with_torch(
    ours: Callable[..., Tensor], theirs: Callable[..., torch.Tensor], inputs: list[np.ndarray[Any, Any]]
) -> None:
    """Compare the value and the gradient by every input with PyTorch in float64, up to float32's rounding."""
    tensors = [Tensor(x, requires_grad=True) for x in inputs]
    judges = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in inputs]
    result, judge = ours(*tensors), theirs(*judges)
    assert result.shape == tuple(judge.shape)
    np.testing.assert_allclose(result.data, judge.detach().numpy(), rtol=1e-5, atol=1e-5)

    gradient = np.random.default_rng(1).standard_normal(result.shape).astype(np.float32)
    result.backward(gradient)
    judge.backward(torch.tensor(gradient, dtype=torch.float64))
    for tensor, expected in zip(tensors, judges, strict=True):
        assert tensor.grad is not None
        assert (tensor.grad.dtype, tensor.grad.shape) == (np.float32, tensor.shape)
        np.testing.assert_allclose(tensor.grad, expected.grad.numpy(), rtol=1e-4, atol=1e-4)


@st.composite
def broadcastable_shapes(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Two shapes that broadcast: axes of length 1 and missing leading axes on either side."""
    full = draw(st.lists(st.integers(1, 4), max_size=3))

    def one() -> tuple[int, ...]:
        kept = [draw(st.sampled_from([length, 1])) for length in full]
        return tuple(kept[draw(st.integers(0, len(full))) :])

    return one(), one()


@given(shapes=broadcastable_shapes(), operator=st.sampled_from(["+", "-", "*", "/"]))
def test_arithmetic_broadcasts_in_both_directions(
    shapes: tuple[tuple[int, ...], tuple[int, ...]], operator: str
) -> None:
    """The gradient of a repeated value is the sum over its repetitions."""
    compute = eval(f"lambda a, b: a {operator} b")  # noqa: S307 -- one of the four above

    agrees_with_torch(compute, compute, arrays(*shapes))


@pytest.mark.parametrize(
    "compute",
    [
        lambda a: 2.0 + a,
        lambda a: a + 2,
        lambda a: 2.0 - a,
        lambda a: 3 * a,
        lambda a: 1.0 / a,
        lambda a: -a,
        lambda a: a * a,
        lambda a: a * a + a / (a - 5.0),
    ],
)
def test_numbers_mix_with_tensors_and_tensors_may_be_used_twice(compute: Callable[[Any], Any]) -> None:
    """A tensor that is used twice receives both gradients."""
    agrees_with_torch(compute, compute, arrays((2, 3)))


@pytest.mark.parametrize(
    ("a", "b"), [((2, 3), (3, 4)), ((5, 2, 3), (5, 3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4))]
)
def test_matmul_takes_matrices_and_stacks_of_them(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    """Leading axes broadcast, as in PyTorch."""
    agrees_with_torch(lambda x, y: x @ y, lambda x, y: x @ y, arrays(a, b))


def test_matmul_refuses_vectors() -> None:
    """Their gradients would need rules of their own; the message says what to do."""
    with pytest.raises(ValueError, match="reshape"):
        Tensor([1.0, 2.0]) @ Tensor([[1.0], [2.0]])


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_reductions(reduction: str, axis: Any, keepdims: bool) -> None:
    """Over one axis, several or all, with the axes kept or dropped."""

    def theirs(x: torch.Tensor) -> torch.Tensor:
        axes = tuple(range(x.ndim)) if axis is None else axis
        return getattr(x, reduction)(dim=axes, keepdim=keepdims)

    agrees_with_torch(lambda x: getattr(x, reduction)(axis=axis, keepdims=keepdims), theirs, arrays((2, 3, 4)))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda x: x.reshape(6, 4), lambda x: x.reshape(6, 4)),
        (lambda x: x.reshape((2, -1)), lambda x: x.reshape(2, -1)),
        (lambda x: x.transpose(), lambda x: x.transpose(-2, -1)),
        (lambda x: x.transpose(0, 2), lambda x: x.transpose(0, 2)),
        (lambda x: x[1], lambda x: x[1]),
        (lambda x: x[:, 1:, ::2], lambda x: x[:, 1:, ::2]),
        (lambda x: x[np.array([0, 1, 0])], lambda x: x[[0, 1, 0]]),
    ],
)
def test_shapes_and_indices(ours: Callable[[Any], Any], theirs: Callable[[Any], Any]) -> None:
    """Reshape, transpose and indexing, also when an index names a place twice."""
    agrees_with_torch(ours, theirs, arrays((2, 3, 4)))


def test_relu() -> None:
    """Also at exactly 0, where PyTorch's gradient is 0."""
    x = np.array([[-1.5, 0.0, 2.0], [0.5, -0.0, 3.0]], np.float32)

    agrees_with_torch(ReLU(), torch.relu, [x])
    assert ReLU().parameters() == []


@given(n=st.integers(1, 5), n_classes=st.integers(2, 6), scale=st.sampled_from([1.0, 50.0, 1000.0]))
def test_cross_entropy(n: int, n_classes: int, scale: float) -> None:
    """Mean over the batch, and stable where a naive exponential would overflow."""
    (logits,) = arrays((n, n_classes))
    labels = np.random.default_rng(n).integers(0, n_classes, n)

    agrees_with_torch(
        lambda x: CrossEntropyLoss()(x * scale, Tensor(labels)),
        lambda x: torch.nn.functional.cross_entropy(x * scale, torch.tensor(labels)),
        [logits / np.float32(scale) if scale > 100 else logits],
    )


@pytest.mark.parametrize("labels", [(4, 1), (3,), ()])
def test_cross_entropy_refuses_labels_of_another_shape(labels: tuple[int, ...]) -> None:
    """Labels of shape (batch, 1) broadcast to a wrong loss in some TinyTorches."""
    with pytest.raises(ValueError, match=r"labels \(batch,\)"):
        CrossEntropyLoss()(Tensor(np.zeros((4, 3))), Tensor(np.zeros(labels)))


def test_linear_is_torchs_with_the_weight_transposed() -> None:
    """Forward and the gradients of input, weight and bias."""
    x, weight, bias = arrays((5, 3), (3, 4), (4,))

    def ours(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        layer = Linear(3, 4)
        layer.weight, layer.bias = weight, bias
        return layer(x)

    agrees_with_torch(ours, lambda x, w, b: torch.nn.functional.linear(x, w.T, b), [x, weight, bias])


def test_linear_has_the_conventions_of_tinytorch() -> None:
    """Weight (in, out) of variance 1/in, bias zero or absent, parameters in a list."""
    layer = Linear(400, 300)

    assert layer.weight.shape == (400, 300)
    assert layer.weight.data.std() == pytest.approx(np.sqrt(1 / 400), rel=0.02)
    assert layer.bias is not None and not layer.bias.data.any()
    assert layer.parameters() == [layer.weight, layer.bias]
    assert Linear(2, 3, bias=False).parameters()[0].requires_grad
    assert len(Linear(2, 3, bias=False).parameters()) == 1


OPTIMIZERS = [
    (SGD, torch.optim.SGD, {"lr": 0.1}),
    (SGD, torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}),
    (SGD, torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}),
    (SGD, torch.optim.SGD, {"lr": 0.1, "weight_decay": 0.1}),
    (Adam, torch.optim.Adam, {"lr": 0.01}),
    (Adam, torch.optim.Adam, {"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-3, "weight_decay": 0.1}),
]


@pytest.mark.parametrize(("ours", "theirs", "arguments"), OPTIMIZERS)
def test_optimizers_take_torchs_steps(ours: Any, theirs: Any, arguments: dict[str, Any]) -> None:
    """Ten steps with the same gradients lead to the same parameters."""
    starts = arrays((3, 2), (2,))
    tensors = [Tensor(x) for x in starts]
    judges = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in starts]
    optimizer, judge = ours(tensors, **arguments), theirs(judges, **arguments)

    for step in range(10):
        gradients = arrays((3, 2), (2,), seed=step)
        for tensor, other, gradient in zip(tensors, judges, gradients, strict=True):
            tensor.grad = gradient
            other.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
        judge.step()

    for tensor, other in zip(tensors, judges, strict=True):
        assert tensor.data.dtype == np.float32
        np.testing.assert_allclose(tensor.data, other.detach().numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("optimizer_class", [SGD, Adam])
def test_an_optimizer_leaves_parameters_without_gradient_alone(optimizer_class: Any) -> None:
    """And `zero_grad` takes every gradient away."""
    used, unused = Tensor([1.0]), Tensor([1.0])
    optimizer = optimizer_class([used, unused], lr=0.1)
    (used * 2.0).backward()

    optimizer.step()

    assert used.data[0] != 1.0
    assert unused.data[0] == 1.0
    optimizer.zero_grad()
    assert used.grad is None


def test_tensors_copy_and_are_float32_whatever_comes_in() -> None:
    """Labels too, as in TinyTorch."""
    array = np.array([1, 2, 3])
    tensor = Tensor(array)
    array[0] = 9

    assert (tensor.dtype, tensor.shape, tensor.size, len(tensor)) == (np.float32, (3,), 3, 3)
    assert tensor.data.tolist() == [1, 2, 3]
    assert Tensor(tensor).data is not tensor.data
    assert tensor.numpy() is tensor.data
    assert "requires_grad=False" in repr(tensor)


def test_an_array_on_the_left_gives_a_tensor() -> None:
    """NumPy must not take the operator over."""
    tensor = Tensor([1.0, 2.0], requires_grad=True)

    result = np.array([3.0, 4.0]) * tensor

    assert isinstance(result, Tensor)
    assert result.data.tolist() == [3, 8]


def test_gradients_add_up_until_they_are_reset() -> None:
    """Two backward passes double the gradient, as in PyTorch."""
    tensor = Tensor([2.0], requires_grad=True)
    (tensor * 3.0).backward()
    (tensor * 3.0).backward()

    assert tensor.grad is not None and tensor.grad.tolist() == [6]
    tensor.zero_grad()
    assert tensor.grad is None


def test_a_result_of_constants_keeps_no_graph() -> None:
    """Predicting must not hold on to memory."""
    result = Tensor([1.0]) * Tensor([2.0])

    assert not result.requires_grad
    assert result._parents == ()


def test_backward_explains_its_conditions() -> None:
    """A tensor without gradient, or one of several values, is refused with a reason."""
    with pytest.raises(RuntimeError, match="requires_grad=True"):
        Tensor([1.0]).backward()
    with pytest.raises(RuntimeError, match=r"shape \(2,\)"):
        Tensor([1.0, 2.0], requires_grad=True).backward()


def test_a_graph_deeper_than_pythons_recursion_limit_works() -> None:
    """A student's loop over thousands of operations is no reason to crash."""
    start = Tensor([1.0], requires_grad=True)
    total = start
    for _ in range(5000):
        total = total + start

    total.backward()

    assert start.grad is not None and start.grad.tolist() == [5001]


def test_a_tensor_dataset_takes_tensors_apart_by_sample() -> None:
    """Samples are tuples of tensors; indices out of range end an iteration."""
    dataset = TensorDataset(Tensor([[1.0, 2.0], [3.0, 4.0]]), Tensor([0, 1]))

    assert [(x.data.tolist(), y.data.tolist()) for x, y in dataset] == [([1, 2], 0), ([3, 4], 1)]
    for index in (2, -1):
        with pytest.raises(IndexError, match=str(index)):
            dataset[index]
    with pytest.raises(ValueError, match="one length"):
        TensorDataset(Tensor([1.0]), Tensor([1.0, 2.0]))
    with pytest.raises(ValueError, match="at least one"):
        TensorDataset()


class Pairs(Dataset):
    """Seven samples, not a TensorDataset."""

    def __len__(self) -> int:
        return 7

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return Tensor([index, -index]), Tensor(index)


class Duck:
    """Seven samples of a class that derives from nothing."""

    __len__ = Pairs.__len__
    __getitem__ = Pairs.__getitem__


@pytest.mark.parametrize(
    "dataset", [Pairs(), Duck(), TensorDataset(Tensor([[i, -i] for i in range(7)]), Tensor(np.arange(7)))]
)
def test_a_data_loader_collects_batches_and_keeps_the_partial_one(dataset: Any) -> None:
    """Any dataset, also one that only looks like one; batches are tuples of tensors."""
    loader = DataLoader(dataset, batch_size=3)

    batches = list(loader)

    assert len(loader) == len(batches) == 3
    assert [images.shape for images, _ in batches] == [(3, 2), (3, 2), (1, 2)]
    assert np.concatenate([labels.data for _, labels in batches]).tolist() == list(range(7))


def test_shuffling_takes_every_sample_once_in_a_new_order_each_time(same_random_state: None) -> None:
    """And touches no random state of the caller."""
    loader = DataLoader(TensorDataset(Tensor(np.arange(100))), batch_size=32, shuffle=True)

    first, second = ([x for (batch,) in loader for x in batch.data.tolist()] for _ in range(2))

    assert sorted(first) == sorted(second) == list(range(100))
    assert first != second != list(range(100))


def test_a_batch_size_below_one_is_refused() -> None:
    """It would never end, or never begin."""
    with pytest.raises(ValueError, match="at least 1"):
        DataLoader(Pairs(), batch_size=0)


def test_building_layers_touches_no_random_state(same_random_state: None) -> None:
    """The reference draws from a generator of its own."""
    Linear(3, 4)


def test_everything_public_is_importable_from_the_package() -> None:
    """As in TinyTorch, names are taken from the top level."""
    assert all(hasattr(reference, name) for name in reference.__all__)
