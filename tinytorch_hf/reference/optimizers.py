"""Optimizers: how gradients change parameters."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

import numpy as np

from tinytorch_hf.reference.autograd import Array
from tinytorch_hf.reference.tensor import Tensor


class Optimizer(ABC):
    """Base of optimizers: holds the parameters and makes sure that they receive gradients."""

    def __init__(self, params: Iterable[Tensor], lr: float) -> None:
        self.params = list(params)
        self.lr = lr
        for parameter in self.params:
            parameter.requires_grad = True

    def zero_grad(self) -> None:
        """Forget every parameter's gradient."""
        for parameter in self.params:
            parameter.grad = None

    def step(self) -> None:
        """Change every parameter that has a gradient."""
        for position, parameter in enumerate(self.params):
            if parameter.grad is not None:
                changed = parameter.data - self.change(position, parameter.data, parameter.grad)
                # Arithmetic on arrays without axes gives NumPy's scalars.
                parameter.data = np.asarray(changed, dtype=np.float32)

    @abstractmethod
    def change(self, position: int, value: Array, gradient: Array) -> Array:
        """What to subtract from the parameter at ``position``."""


class SGD(Optimizer):
    """Stochastic gradient descent with momentum and weight decay, by PyTorch's formulas.

    Parameters
    ----------
    params
        Tensors to train.
    lr
        Learning rate.
    momentum
        Share of the last step's velocity that is kept.
    weight_decay
        L2 penalty, added to the gradient before momentum.

    References
    ----------
    I. Sutskever, J. Martens, G. Dahl and G. Hinton (2013), On the importance of initialization and momentum
    in deep learning, ICML, in the form without dampening that torch.optim.SGD uses.
    """

    def __init__(
        self, params: Iterable[Tensor], lr: float = 0.01, momentum: float = 0.0, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, lr)
        self.momentum = momentum
        self.weight_decay = weight_decay
        self._velocity: dict[int, Array] = {}

    def change(self, position: int, value: Array, gradient: Array) -> Array:
        """Learning rate times velocity."""
        if self.weight_decay:
            gradient = gradient + np.float32(self.weight_decay) * value
        if self.momentum:
            before = self._velocity.get(position)
            # A copy at first, for the gradient is the user's, who may set it to zero in place.
            gradient = gradient.copy() if before is None else np.float32(self.momentum) * before + gradient
            self._velocity[position] = gradient
        change: Array = np.float32(self.lr) * gradient
        return change


class Adam(Optimizer):
    """Adaptive moment estimation, by PyTorch's formulas.

    Parameters
    ----------
    params
        Tensors to train.
    lr
        Learning rate.
    betas
        Decay of the running means of the gradient and of its square.
    eps
        Added to the root of the second moment after bias correction.
    weight_decay
        L2 penalty, added to the gradient; not the decoupled decay of AdamW.

    References
    ----------
    D. P. Kingma and J. Ba (2015), Adam: A Method for Stochastic Optimization, ICLR, algorithm 1.
    https://arxiv.org/abs/1412.6980
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr)
        self.betas = betas
        self.eps = eps
        self.weight_decay = weight_decay
        self._moments = [(np.zeros_like(p.data), np.zeros_like(p.data)) for p in self.params]
        # Counted for each parameter, as in PyTorch: one that gets its first gradient late starts its correction then.
        self._n_steps = [0] * len(self.params)

    def change(self, position: int, value: Array, gradient: Array) -> Array:
        """Learning rate times the corrected first moment over the root of the corrected second."""
        if self.weight_decay:
            gradient = gradient + np.float32(self.weight_decay) * value
        return self._adaptive_change(position, gradient)

    def _adaptive_change(self, position: int, gradient: Array) -> Array:
        self._n_steps[position] += 1
        n = self._n_steps[position]
        beta1, beta2 = self.betas
        first, second = self._moments[position]
        first = np.float32(beta1) * first + np.float32(1 - beta1) * gradient
        second = np.float32(beta2) * second + np.float32(1 - beta2) * gradient * gradient
        self._moments[position] = first, second
        step_size = np.float32(self.lr / (1 - beta1**n))
        correction = np.float32(math.sqrt(1 - beta2**n))
        root: Any = np.sqrt(second) / correction + np.float32(self.eps)
        change: Array = step_size * (first / root)
        return change


class AdamW(Adam):
    """Adam with decoupled weight decay: weights shrink by lr * weight_decay, whatever their gradients are.

    Parameters
    ----------
    params, lr, betas, eps
        As in `Adam`.
    weight_decay
        Share of a weight, per unit of learning rate, that each step takes away; it does not enter the moments.

    References
    ----------
    I. Loshchilov and F. Hutter (2019), Decoupled Weight Decay Regularization, ICLR, algorithm 2, with the decay
    times the learning rate, as torch.optim.AdamW has it. https://doi.org/10.48550/arXiv.1711.05101
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)

    def change(self, position: int, value: Array, gradient: Array) -> Array:
        """The decay, and Adam's change by the bare gradient."""
        decay = np.float32(self.lr * self.weight_decay) * value
        change: Array = decay + self._adaptive_change(position, gradient)
        return change
