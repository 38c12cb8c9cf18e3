"""Losses as a student writes them, right, and the same with one thing wrong."""

from __future__ import annotations

from collections.abc import Mapping

from planted import Planted

LOSSES = """
import numpy as np
from tinytorch.core.tensor import Tensor

class MSELoss:
    def forward(self, x, y):
        d = x.data - y.data
        n = d.size
        return Tensor.from_operation((d * d).mean(), (x,), lambda g: (g * 2 * d / n,))

class CrossEntropyLoss:
    def forward(self, x, y):
        rows, labels = np.arange(len(x.data)), y.data.astype(int)
        if y.data.ndim != 1:
            raise ValueError("labels have one axis")
        z = x.data - x.data.max(axis=1, keepdims=True)
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        one_hot = np.zeros_like(p)
        one_hot[rows, labels] = 1
        return Tensor.from_operation(-log_p[rows, labels].mean(), (x,), lambda g: (g * (p - one_hot) / len(rows),))

class BinaryCrossEntropyLoss:
    def forward(self, x, y):
        p = np.clip(x.data, 1e-7, 1 - 1e-7)
        t = y.data
        n = p.size
        loss = -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean()
        return Tensor.from_operation(loss, (x,), lambda g: (g * (p - t) / (p * (1 - p)) / n,))
"""


def _loss(name: str, changes: Mapping[str, str], code: str, *finds: str) -> Planted:
    return Planted(name, "core/losses.py", LOSSES, changes, code, finds)


PLANTED = (
    _loss("MSE ignores what arrives", {"(g * 2 * d / n,)": "(2 * d / n,)"}, "LOSS-IGNORES-UPSTREAM", "mse-in-a-sum"),
    _loss(
        "cross entropy ignores what arrives",
        {"(g * (p - one_hot)": "((p - one_hot)"},
        "LOSS-IGNORES-UPSTREAM",
        "cross-entropy-in-a-sum",
    ),
    _loss(
        "BCE ignores what arrives",
        {"(g * (p - t)": "((p - t)"},
        "LOSS-IGNORES-UPSTREAM",
        "binary-cross-entropy-in-a-sum",
    ),
    _loss(
        "MSE keeps its input in the object",
        {
            "        d = x.data - y.data\n": "        d = self.d = x.data - y.data\n",
            "g * 2 * d / n": "g * 2 * self.d / n",
        },
        "LAST-INPUT-KEPT",
        "mse-in-a-sum",
    ),
    _loss(
        "MSE divides by the batch",
        {"(d * d).mean()": "(d * d).sum() / len(d)", "/ n,": "/ len(d),"},
        "MSE-BATCH-ONLY",
        "mse",
        "mse-in-a-sum",
    ),
    _loss("MSE's gradient divides by the batch", {"/ n,": "/ len(d),"}, "MSE-GRADIENT-BATCH-ONLY", "mse"),
    _loss("MSE's gradient is not divided", {"g * 2 * d / n": "g * 2 * d"}, "MSE-GRADIENT-NOT-DIVIDED", "mse"),
    _loss(
        "MSE changes its predictions",
        {"d = x.data - y.data": "x.data -= y.data; d = x.data"},
        "DATA-CHANGED",
        "mse",
    ),
    _loss(
        "cross entropy applies softmax before",
        {
            "        z = x.data - x.data.max(axis=1, keepdims=True)\n": (
                "        from tinytorch_hf.reference import Softmax\n        x = Softmax()(x)\n"
                "        z = x.data - x.data.max(axis=1, keepdims=True)\n"
            )
        },
        "SOFTMAX-TWICE",
        "cross-entropy",
        "cross-entropy-one-sample",
        "cross-entropy-in-a-sum",
    ),
    _loss(
        "cross entropy subtracts no maximum",
        {"z = x.data - x.data.max(axis=1, keepdims=True)": "z = x.data"},
        "CE-OVERFLOW",
        "cross-entropy-large",
        "cross-entropy-extreme",
    ),
    _loss(
        "cross entropy takes the logarithm of softmax",
        {"log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))": "log_p = np.log(p)"},
        "CE-OVERFLOW",
        "cross-entropy-extreme",
        "cross-entropy-large",
    ),
    *(
        _loss(
            f"cross entropy takes log({form})",
            {"log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))": f"log_p = np.log({form})"},
            "CE-LOG-EPS",
            "cross-entropy-extreme",
            "cross-entropy-large",
        )
        for form in ("p + 1e-8", "p + 1e-12", "np.maximum(p, 1e-7)")
    ),
    *(
        _loss(
            f"cross entropy takes log({form}) of logits",
            {"log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))": f"log_p = np.log({form})"},
            "CE-EXPECTS-PROBABILITIES",
            "cross-entropy",
        )
        for form in ("x.data + 1e-8", "np.clip(x.data, 1e-7, 1 - 1e-7)")
    ),
    _loss("cross entropy's gradient is softmax", {"(p - one_hot)": "p"}, "CE-GRADIENT-SOFTMAX-ALONE", "cross-entropy"),
    _loss(
        "cross entropy's gradient is that of the first sample",
        {
            "        one_hot[rows, labels] = 1\n": (
                "        one_hot[rows, labels] = 1\n        first = (rows == 0)[:, None]\n"
            ),
            "(p - one_hot)": "first * (p - one_hot)",
        },
        "ONE-SAMPLE-GRADIENT",
        "cross-entropy",
    ),
    _loss(
        "BCE's gradient is that of the first sample for all",
        {"/ (p * (1 - p)) / n,)": "/ (p * (1 - p)) / n)[:1].repeat(len(p), 0),)", "(g * (p - t)": "((g * (p - t)"},
        "LOSS-FIRST-ROW",
        "binary-cross-entropy",
        "binary-cross-entropy-in-a-sum",
    ),
    _loss(
        "BCE divides by the batch",
        {
            "loss = -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean()": (
                "loss = -(t * np.log(p) + (1 - t) * np.log(1 - p)).sum() / len(p)"
            ),
            "/ (p * (1 - p)) / n": "/ (p * (1 - p)) / len(p)",
        },
        "BCE-BATCH-ONLY",
        "binary-cross-entropy",
    ),
    _loss(
        "BCE's gradient is not divided",
        {"/ (p * (1 - p)) / n": "/ (p * (1 - p))"},
        "BCE-GRADIENT-NOT-DIVIDED",
        "binary-cross-entropy",
    ),
    _loss(
        "BCE's gradient is of logits", {"/ (p * (1 - p)) / n": "/ n"}, "BCE-GRADIENT-OF-LOGITS", "binary-cross-entropy"
    ),
    _loss(
        "BCE clips nothing",
        {"np.clip(x.data, 1e-7, 1 - 1e-7)": "x.data"},
        "BCE-CERTAIN",
        "binary-cross-entropy-certain",
    ),
)
