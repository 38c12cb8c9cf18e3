"""Loss functions: how wrong predictions are, as one number, the mean over what is predicted."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from tinytorch_hf.reference.autograd import Array
from tinytorch_hf.reference.checks import check_same_shape, whole_numbers
from tinytorch_hf.reference.tensor import Tensor

# Probabilities stay this far from 0 and 1, where the logarithm is infinite; float32 still tells 1 - 1e-7 from 1.
SMALLEST_PROBABILITY = 1e-7


class Loss(ABC):
    """Base of losses: calling one runs its `forward`."""

    @abstractmethod
    def forward(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """Compute the loss of a batch: one value, without axes."""

    def __call__(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """Run `forward`."""
        return self.forward(predictions, targets)

    def parameters(self) -> list[Tensor]:
        """No parameters."""
        return []


class MSELoss(Loss):
    """Mean of the squared differences.

    References
    ----------
    C. M. Bishop (2006), Pattern Recognition and Machine Learning, equation 3.12, here as a mean.
    """

    def forward(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """Compute the loss of predictions and targets of one shape; ValueError if they have not."""
        check_same_shape("MSELoss", predictions, targets)
        difference = predictions - targets
        return (difference * difference).mean()


class BinaryCrossEntropyLoss(Loss):
    """Mean negative log likelihood of targets 0 or 1 under predicted probabilities of 1.

    References
    ----------
    C. M. Bishop (2006), Pattern Recognition and Machine Learning, equation 4.90.
    """

    def forward(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """Compute the loss of probabilities and targets of one shape; ValueError if they have not.

        Probabilities are kept 1e-7 away from 0 and 1; those beyond receive the gradient of there, so that a sure
        and wrong prediction can still be learned from.
        """
        check_same_shape("BinaryCrossEntropyLoss", predictions, targets)
        clipped = np.clip(predictions.data, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
        p = Tensor.from_operation(clipped, (predictions,), lambda g: (g,))
        return -(targets * p.log() + (1 - targets) * (1 - p).log()).mean()


class CrossEntropyLoss(Loss):
    """Mean negative log likelihood of the true class under softmax of the logits.

    References
    ----------
    C. M. Bishop (2006), Pattern Recognition and Machine Learning, equation 4.108.
    """

    def forward(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """Compute the loss of a batch.

        Parameters
        ----------
        predictions
            Logits (batch, classes). Those of a GPT, (batch, seq, vocab), are reshaped to (batch * seq, vocab).
        targets
            (batch,) class numbers, whole though stored as float32.

        Returns
        -------
        Tensor
            One value, without axes.

        Raises
        ------
        ValueError
            The shapes do not belong together, or a label is not a class. Labels of shape (batch, 1) would broadcast to
            a wrong loss.
        """
        logits, labels = predictions, targets
        if logits.data.ndim != 2 or labels.shape != logits.shape[:1]:
            raise ValueError(
                f"CrossEntropyLoss takes logits (batch, classes) and labels (batch,), "
                f"got {logits.shape} and {labels.shape}.{_sequence_hint(logits)}"
            )
        rows = np.arange(len(logits))
        classes = whole_numbers("CrossEntropyLoss", labels, logits.shape[1])
        shifted = logits.data - logits.data.max(axis=1, keepdims=True)
        exponentials = np.exp(shifted)
        sums = exponentials.sum(axis=1, keepdims=True)
        loss = (np.log(sums[:, 0]) - shifted[rows, classes]).mean()

        def backward(g: Array) -> tuple[Array]:
            gradient = exponentials / sums
            gradient[rows, classes] -= 1.0
            return (gradient * (g / np.float32(len(rows))),)

        return Tensor.from_operation(loss, (logits,), backward)


def _sequence_hint(logits: Tensor) -> str:
    if logits.data.ndim != 3:
        return ""
    batch, seq, vocab = logits.shape
    return f" For sequences: logits.reshape({batch * seq}, {vocab}) and labels.reshape({batch * seq})."
