"""Loss functions."""

from __future__ import annotations

import numpy as np

from tinytorch_hf.reference.tensor import Array, Tensor


class CrossEntropyLoss:
    """Mean negative log likelihood of the true class under softmax of the logits.

    References
    ----------
    C. M. Bishop (2006), Pattern Recognition and Machine Learning, equation 4.108.
    """

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Compute the loss of a batch.

        Parameters
        ----------
        logits
            (batch, classes).
        labels
            (batch,) class numbers, whole though stored as float32.

        Returns
        -------
        Tensor
            One value, without axes.

        Raises
        ------
        ValueError
            The shapes do not belong together. Labels of shape (batch, 1) would broadcast to a wrong loss.
        """
        if logits.data.ndim != 2 or labels.shape != logits.shape[:1]:
            raise ValueError(
                f"CrossEntropyLoss takes logits (batch, classes) and labels (batch,), "
                f"got {logits.shape} and {labels.shape}."
            )
        rows = np.arange(len(logits))
        classes = labels.data.astype(np.int64)
        shifted = logits.data - logits.data.max(axis=1, keepdims=True)
        exponentials = np.exp(shifted)
        sums = exponentials.sum(axis=1, keepdims=True)
        loss = (np.log(sums[:, 0]) - shifted[rows, classes]).mean()

        def backward(g: Array) -> tuple[Array]:
            gradient = exponentials / sums
            gradient[rows, classes] -= 1.0
            return (gradient * (g / np.float32(len(rows))),)

        return Tensor.from_operation(loss, (logits,), backward)

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Run `forward`."""
        return self.forward(logits, labels)

    def parameters(self) -> list[Tensor]:
        """No parameters."""
        return []
