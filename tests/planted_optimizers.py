"""Optimizers as a student writes them, right, and the same with one thing wrong."""

from __future__ import annotations

from collections.abc import Mapping

from planted import Planted

# As in TinyTorch: one count of steps for all parameters.
OPTIMIZERS = """
import numpy as np
from tinytorch.core.tensor import Tensor

class Optimizer:
    def __init__(self, params):
        self.params = list(params)
        for p in self.params:
            p.requires_grad = True
        self.t = 0

    def zero_grad(self):
        for p in self.params:
            p.grad = None

class SGD(Optimizer):
    def __init__(self, params, lr=0.01, momentum=0.0, weight_decay=0.0):
        super().__init__(params)
        self.lr, self.momentum, self.weight_decay = lr, momentum, weight_decay
        self.velocities = [None for _ in self.params]

    def step(self):
        for i, p in enumerate(self.params):
            if p.grad is None:
                continue
            g = p.grad + self.weight_decay * p.data
            if self.momentum:
                v = self.velocities[i]
                v = np.array(g) if v is None else self.momentum * v + g
                self.velocities[i] = v
                g = v
            p.data = p.data - self.lr * g

class Adam(Optimizer):
    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params)
        self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
        self.m = [np.zeros_like(p.data) for p in self.params]
        self.v = [np.zeros_like(p.data) for p in self.params]

    def update(self, i, p, g):
        b1, b2 = self.betas
        self.m[i] = b1 * self.m[i] + (1 - b1) * g
        self.v[i] = b2 * self.v[i] + (1 - b2) * g * g
        m = self.m[i] / (1 - b1**self.t)
        v = self.v[i] / (1 - b2**self.t)
        p.data = p.data - self.lr * m / (np.sqrt(v) + self.eps)

    def step(self):
        self.t += 1
        for i, p in enumerate(self.params):
            if p.grad is None:
                continue
            self.update(i, p, p.grad + self.weight_decay * p.data)

class AdamW(Adam):
    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(params, lr, betas, eps, weight_decay)

    def step(self):
        self.t += 1
        for i, p in enumerate(self.params):
            if p.grad is None:
                continue
            p.data = p.data * (1 - self.lr * self.weight_decay)
            self.update(i, p, p.grad)
"""


def _optimizer(name: str, changes: Mapping[str, str], code: str, *finds: str) -> Planted:
    return Planted(name, "core/optimizers.py", OPTIMIZERS, changes, code, finds)


_SKIP = "            if p.grad is None:\n                continue\n"
_ADAM = "            self.update(i, p, p.grad + self.weight_decay * p.data)\n"
_ADAMW = "            p.data = p.data * (1 - self.lr * self.weight_decay)\n            self.update(i, p, p.grad)\n"
_SGD = "            p.data = p.data - self.lr * g\n"
_UPDATE = "        p.data = p.data - self.lr * m / (np.sqrt(v) + self.eps)\n"

PLANTED = (
    _optimizer(
        "SGD changes nothing", {_SGD: "            p.data - self.lr * g\n"}, "STEP-NOTHING", "sgd", "sgd-momentum"
    ),
    _optimizer("SGD ignores the rate", {"p.data - self.lr * g": "p.data - g"}, "LR-IGNORED", "sgd"),
    _optimizer("SGD climbs", {"p.data - self.lr * g": "p.data + self.lr * g"}, "STEP-UPHILL", "sgd"),
    _optimizer("SGD updates the first alone", {_SGD: f"{_SGD}            break\n"}, "OPTIMIZER-FIRST-ONLY", "sgd"),
    _optimizer(
        "SGD updates behind the loop", {_SGD: "        p.data = p.data - self.lr * g\n"}, "OPTIMIZER-FIRST-ONLY", "sgd"
    ),
    _optimizer(
        "SGD's decay grows",
        {"g = p.grad + self.weight_decay": "g = p.grad - self.weight_decay"},
        "DECAY-SIGN",
        "sgd-weight-decay",
    ),
    _optimizer(
        "SGD decays past the velocity",
        {
            "            g = p.grad + self.weight_decay * p.data\n": "            g = p.grad\n",
            _SGD: "            p.data = p.data - self.lr * (g + self.weight_decay * p.data)\n",
        },
        "DECAY-PAST-VELOCITY",
        "sgd-momentum-weight-decay",
    ),
    _optimizer(
        "SGD's velocity is damped",
        {
            "self.momentum * v + g": "self.momentum * v + (1 - self.momentum) * g",
            "np.array(g) if": "(1 - self.momentum) * g if",
        },
        "MOMENTUM-DAMPED",
        "sgd-momentum",
    ),
    _optimizer(
        "SGD's first velocity is the gradient",
        {"g = p.grad + self.weight_decay * p.data": "g = p.grad", "np.array(g) if v": "g if v"},
        "OPTIMIZER-KEEPS-THE-GRADIENT",
        "sgd-own-memory",
    ),
    _optimizer(
        "SGD has one velocity",
        {"self.velocities[i]": "self.velocities[0]"},
        "MOMENTUM-SHARED",
        "sgd-two-optimizers",
    ),
    _optimizer(
        "SGD keeps velocities in the class",
        {
            "class SGD(Optimizer):\n": "class SGD(Optimizer):\n    velocities = {}\n",
            "        self.velocities = [None for _ in self.params]\n": "",
            "v = self.velocities[i]": "v = self.velocities.get((i, p.data.shape))",
            "self.velocities[i] = v": "self.velocities[i, p.data.shape] = v",
        },
        "OPTIMIZER-STATE-SHARED",
        "sgd-two-optimizers",
        "sgd-own-memory",
    ),
    _optimizer(
        "SGD stops at a parameter without a gradient",
        {_SKIP: "            if p.grad is None:\n                break\n"},
        "OPTIMIZER-STOPS-AT-NONE",
        "sgd-frozen",
        "sgd-late-gradient",
    ),
    _optimizer(
        "SGD decays what is frozen",
        {_SKIP: "", "g = p.grad +": "g = (0 if p.grad is None else p.grad) +"},
        "OPTIMIZER-FROZEN",
        "sgd-frozen",
        "sgd-late-gradient",
    ),
    _optimizer(
        "SGD adds the decay to the gradient in place",
        {
            "            g = p.grad + self.weight_decay * p.data\n": (
                "            p.grad += np.float32(self.weight_decay) * p.data\n            g = p.grad\n"
            )
        },
        "OPTIMIZER-CHANGES-GRADIENT",
        "sgd-keeps-gradients",
    ),
    _optimizer(
        "SGD loses parameters of a generator",
        {
            "        self.params = list(params)\n        for p in self.params:\n": ("        for p in params:\n"),
            "        self.t = 0\n": "        self.params = list(params)\n        self.t = 0\n",
        },
        "OPTIMIZER-GENERATOR",
        "sgd-parameters-given",
        "adam-parameters-given",
    ),
    _optimizer(
        "zero_grad forgets the first alone",
        {"            p.grad = None\n": "            p.grad = None\n            break\n"},
        "OPTIMIZER-ZERO-GRAD",
        "sgd-zero-grad",
        "adam-zero-grad",
    ),
    _optimizer(
        "SGD's default rate is another", {"params, lr=0.01": "params, lr=0.1"}, "DEFAULT-ARGUMENT", "sgd-defaults"
    ),
    _optimizer(
        "Adam counts every update",
        {
            "        self.t += 1\n": "",
            _ADAM: f"            self.t += 1\n{_ADAM}",
            _ADAMW: f"            self.t += 1\n{_ADAMW}",
        },
        "ADAM-STEP-PER-PARAMETER",
        "adam",
    ),
    _optimizer(
        "Adam stores the corrected moments",
        {
            "m = self.m[i] / (1 - b1**self.t)": "m = self.m[i] = self.m[i] / (1 - b1**self.t)",
            "v = self.v[i] / (1 - b2**self.t)": "v = self.v[i] = self.v[i] / (1 - b2**self.t)",
        },
        "ADAM-MOMENTS-STORED-CORRECTED",
        "adam",
    ),
    _optimizer(
        "Adam has one pair of moments",
        {"self.m[i]": "self.m[0]", "self.v[i]": "self.v[0]"},
        "ADAM-MOMENTS-SHARED",
        "adam-two-optimizers",
    ),
    _optimizer(
        "Adam keeps its moments in the class",
        {
            "class Adam(Optimizer):\n": "class Adam(Optimizer):\n    m, v = {}, {}\n",
            "        self.m = [np.zeros_like(p.data) for p in self.params]\n": "",
            "        self.v = [np.zeros_like(p.data) for p in self.params]\n": "",
            "b1 * self.m[i]": "b1 * self.m.get((i, p.data.shape), 0)",
            "b2 * self.v[i]": "b2 * self.v.get((i, p.data.shape), 0)",
            "self.m[i]": "self.m[i, p.data.shape]",
            "self.v[i]": "self.v[i, p.data.shape]",
        },
        "OPTIMIZER-STATE-SHARED",
        "adam-two-optimizers",
    ),
    _optimizer("Adam takes no square", {"(1 - b2) * g * g": "(1 - b2) * g"}, "ADAM-NO-SQUARE", "adam"),
    _optimizer("Adam has no eps", {" + self.eps)": ")"}, "ADAM-NO-EPS", "adam-zero-gradients"),
    _optimizer("Adam takes no root", {"np.sqrt(v)": "v"}, "ADAM-NO-ROOT", "adam"),
    _optimizer("Adam exchanges the betas", {"b1, b2 = self": "b2, b1 = self"}, "ADAM-BETAS-EXCHANGED", "adam"),
    _optimizer(
        "Adam has betas of its own",
        {"b1, b2 = self.betas": "b1, b2 = 0.9, 0.999", "+ self.eps)": "+ 1e-8)"},
        "ADAM-ARGUMENTS-IGNORED",
        "adam-betas",
    ),
    _optimizer(
        "Adam corrects the first moment alone",
        {"v = self.v[i] / (1 - b2**self.t)": "v = self.v[i]"},
        "ADAM-BIAS-CORRECTION-SECOND",
        "adamw",
    ),
    _optimizer(
        "Adam counts from 0",
        {"        self.t = 0\n": "        self.t = 1\n"},
        "ADAM-STEP-LATE",
        "adamw",
    ),
    _optimizer("Adam climbs", {"p.data - self.lr * m": "p.data + self.lr * m"}, "STEP-UPHILL", "adam"),
    _optimizer("Adam ignores the rate", {"p.data - self.lr * m": "p.data - m"}, "LR-IGNORED", "adam"),
    _optimizer(
        "Adam stops at a parameter without a gradient",
        {_SKIP: "            if p.grad is None:\n                return\n"},
        "OPTIMIZER-STOPS-AT-NONE",
        "adam-frozen",
        "adamw-late-gradient",
    ),
    _optimizer(
        "AdamW decays after the update",
        {_ADAMW: "".join(f"{line}\n" for line in reversed(_ADAMW.splitlines()))},
        "DECAY-AFTER-STEP",
        "adamw",
    ),
    _optimizer(
        "AdamW's decay lacks the rate",
        {"1 - self.lr * self.weight_decay": "1 - self.weight_decay"},
        "DECAY-NOT-TIMES-LR",
        "adamw",
    ),
    _optimizer(
        "AdamW decays after the update, without the rate",
        {
            _ADAMW: "".join(f"{line}\n" for line in reversed(_ADAMW.splitlines())).replace("self.lr * ", ""),
        },
        "DECAY-AFTER-NOT-TIMES-LR",
        "adamw",
    ),
    _optimizer(
        "AdamW decays by a default of 0",
        {"eps=1e-8, weight_decay=0.01": "eps=1e-8, weight_decay=0.0"},
        "DECAY-IGNORED",
        "adamw-default-decay",
        "adamw-defaults",
    ),
)
