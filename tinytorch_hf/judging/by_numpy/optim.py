"""What is called by ``judge.torch.optim``: the optimizers of the cases, by PyTorch's rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.by_numpy.tensor import Tensor


class Optimizer:
    """Steps over parameters.

    Parameters
    ----------
    parameters
        What is changed; a parameter without a gradient is skipped.
    lr
        The learning rate.
    weight_decay
        How strongly values are drawn to 0.

    Attributes
    ----------
    state
        What is kept between steps, for each parameter.
    """

    def __init__(self, parameters: Iterable[Tensor], lr: float, weight_decay: float) -> None:
        self._parameters = list(parameters)
        self._lr = lr
        self._weight_decay = weight_decay
        self.state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self._parameters:
            parameter.grad = None

    def step(self) -> None:
        """Give each parameter with a gradient a new array of values; the old one is left as it is."""
        for parameter in self._parameters:
            if parameter.grad is not None:
                values, gradient = parameter.data, parameter.grad.data
                parameter.data = self._changed(self.state[parameter], values, gradient).astype(values.dtype, copy=False)

    def _changed(self, state: dict[str, Any], values: Array, gradient: Array) -> Array:
        raise NotImplementedError

    def _decayed(self, values: Array, gradient: Array) -> Array:
        """The gradient with weight decay added to it."""
        return gradient + self._weight_decay * values if self._weight_decay else gradient


class SGD(Optimizer):
    """Gradient descent, with a velocity if there is momentum."""

    def __init__(
        self, parameters: Iterable[Tensor], lr: float = 1e-3, momentum: float = 0.0, weight_decay: float = 0.0
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        self._momentum = momentum

    def _changed(self, state: dict[str, Any], values: Array, gradient: Array) -> Array:
        gradient = self._decayed(values, gradient)
        if self._momentum:
            before = state.get("momentum_buffer")
            gradient = gradient if before is None else self._momentum * before.data + gradient
            state["momentum_buffer"] = Tensor(gradient)
        return values - self._lr * gradient


class Adam(Optimizer):
    """Steps by two moments of the gradient, corrected for their start at 0; the decay is part of the gradient."""

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        self._betas = betas
        self._eps = eps

    def _changed(self, state: dict[str, Any], values: Array, gradient: Array) -> Array:
        return self._stepped(state, values, self._decayed(values, gradient))

    def _stepped(self, state: dict[str, Any], values: Array, gradient: Array) -> Array:
        beta1, beta2 = self._betas
        first = state.get("exp_avg", 0.0)
        first = state["exp_avg"] = first + (1 - beta1) * (gradient - first)
        second = state["exp_avg_sq"] = beta2 * state.get("exp_avg_sq", 0.0) + (1 - beta2) * (gradient * gradient)
        n = state["step"] = state.get("step", 0) + 1
        divisor = np.sqrt(second) / float(np.sqrt(1 - beta2**n)) + self._eps
        changed: Array = values - self._lr / (1 - beta1**n) * (first / divisor)
        return changed


class AdamW(Adam):
    """Adam, but values shrink by the decay before the step."""

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(parameters, lr, betas, eps, weight_decay)

    def _changed(self, state: dict[str, Any], values: Array, gradient: Array) -> Array:
        return self._stepped(state, (1 - self._lr * self._weight_decay) * values, gradient)
