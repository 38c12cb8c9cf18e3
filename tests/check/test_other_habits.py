"""Specification of how frameworks with habits of their own are spoken to: right as they are, they have no finding."""

from __future__ import annotations

import pytest
from battery import check_here, wrong
from conftest import Install
from generations import GENERATION_C

from tinytorch_hf.judging.results import Outcome, Report
from tinytorch_hf.student.mapping import FrameworkMap

MAPPED = FrameworkMap(names={"Tensor": "tinytorch.core.tensor.Tensor"})
REFERENCE = (
    "import numpy as np\nfrom tinytorch_hf import reference as right\nfrom tinytorch_hf.reference import Tensor\n"
)

# Module, what it adds to the reference, and the operations that have to agree.
HABITS = {
    "a bias and the norm's parameters have two axes": (
        {
            "core/layers.py": (
                "class Linear(right.Linear):\n"
                "    def __init__(self, n_in, n_out, bias=True):\n        super().__init__(n_in, n_out, bias)\n"
                "        if bias:\n            self.bias = Tensor(np.zeros((1, n_out)), requires_grad=True)\n"
                "ReLU = right.ReLU\n"
            ),
        },
        ("linear", "linear-one-row", "linear-on-sequences", "mlp-with-sgd"),
    ),
    "kernels are rows": (
        {
            "core/spatial.py": (
                "class Conv2d(right.Conv2d):\n"
                "    def __init__(self, *given, **named):\n        super().__init__(*given, **named)\n"
                "        full = self.weight\n        self.shape = full.shape\n"
                "        self.weight = Tensor(full.data.reshape(len(full), -1), requires_grad=True)\n"
                "    def forward(self, x):\n        rows = self.weight\n"
                "        self.weight = rows.reshape(*self.shape)\n"
                "        try:\n            return super().forward(x)\n"
                "        finally:\n            self.weight = rows\n"
            ),
        },
        ("conv2d", "conv2d-channels"),
    ),
    "ids are arrays of whole numbers, and labels tensors of them": (
        {
            "core/tensor.py": (
                "_init = Tensor.__init__\n"
                "def init(self, data, requires_grad=False, dtype=np.float32):\n"
                "    _init(self, data, requires_grad)\n    self.data = self.data.astype(dtype)\n"
                "Tensor.__init__ = init\n"
            ),
            "core/embeddings.py": (
                "class Embedding(right.Embedding):\n    def forward(self, ids):\n"
                "        assert ids.dtype.kind == 'i'\n        return super().forward(Tensor(ids))\n"
            ),
            "core/losses.py": (
                "class CrossEntropyLoss(right.CrossEntropyLoss):\n    def forward(self, x, y):\n"
                "        if y.dtype not in (np.int32, np.int64):\n            raise TypeError('int labels')\n"
                "        return super().forward(x, y)\n"
            ),
        },
        ("embedding", "embedding-one-id", "cross-entropy", "cross-entropy-in-a-sum", "cross-entropy-refusals"),
    ),
    "parameters have names, and arguments other names and defaults": (
        {
            "core/optimizers.py": (
                "class Adam(right.Adam):\n"
                "    def __init__(self, parameters, lr, beta1=0.8, beta2=0.9, epsilon=1, weight_decay=0.1, **more):\n"
                "        super().__init__(parameters.values(), lr, (beta1, beta2), epsilon, weight_decay)\n"
            ),
        },
        ("adam", "adam-betas", "adam-weight-decay", "adam-late-gradient", "adam-zero-grad"),
    ),
    "gradients have to be asked for when a tensor is made": (
        {
            "core/tensor.py": (
                "_set = Tensor.__setattr__\n_init = Tensor.__init__\n"
                "def init(self, data, requires_grad=False):\n    self.__dict__['is_new'] = True\n"
                "    _init(self, data, requires_grad)\n"
                "def put(self, name, value):\n"
                "    if name == 'requires_grad' and not self.__dict__.pop('is_new', False) and not self._parents:\n"
                "        return\n    object.__setattr__(self, name, value)\n"
                "_from = Tensor.from_operation.__func__\n"
                "def made(cls, data, parents, backward):\n"
                "    out = cls(data, any(p.requires_grad for p in parents))\n"
                "    out._parents = tuple(parents)\n    out._backward = backward\n    return out\n"
                "Tensor.__init__, Tensor.__setattr__ = init, put\n"
                "Tensor.from_operation = classmethod(made)\n"
            ),
        },
        ("gradient-mul", "gradient-chain", "relu"),
    ),
    "a gradient that is assigned is added": (
        {
            "core/tensor.py": (
                "def _get(self):\n    return self.__dict__.get('kept')\n"
                "def _set(self, g):\n    before = self.__dict__.get('kept')\n"
                "    self.__dict__['kept'] = g if g is None or before is None else before + g\n"
                "Tensor.grad = property(_get, _set)\n"
                "Tensor._keep = lambda self, g: setattr(self, 'grad', g)\n"
            ),
        },
        ("sgd", "sgd-momentum", "linear", "gradient-add"),
    ),
    "sums are taken over the last axis, and backward takes no gradient": (
        {
            "core/tensor.py": (
                "_sum, _back = Tensor.sum, Tensor.backward\n"
                "Tensor.sum = lambda self, axis=-1, keepdims=False: _sum(self, axis, keepdims)\n"
                "Tensor.backward = lambda self: _back(self)\n"
            ),
        },
        ("gradient-add", "gradient-matmul", "linear", "relu"),
    ),
    "softmax has an axis of its own by default, and Dropout is told by its mode": (
        {
            "core/activations.py": (
                "class Softmax:\n    def __init__(self, axis=1):\n        self.axis = axis\n"
                "    def forward(self, x):\n        return right.Softmax().forward(x, self.axis)\n"
                "    __call__ = forward\n"
            ),
            "core/layers.py": (
                "class Dropout:\n    training = True\n"
                "    def __init__(self, p):\n        self.inner = right.Dropout(p)\n"
                "    def eval(self):\n        self.training = False\n"
                "    def train(self):\n        self.training = True\n"
                "    def forward(self, x):\n        return self.inner.forward(x, training=self.training)\n"
                "    __call__ = forward\n"
            ),
        },
        ("softmax", "softmax-on-sequences", "softmax-first-axis", "dropout-training", "dropout-evaluation"),
    ),
    "a GPT's arguments come in another order": (
        {
            "core/transformers.py": (
                "class GPT(right.GPT):\n"
                "    def __init__(self, vocab_size, block_size, n_embd=64, n_head=4, n_layer=2):\n"
                "        super().__init__(vocab_size, n_embd, n_layer, n_head, block_size)\n"
            ),
        },
        ("gpt", "gpt-no-look-ahead"),
    ),
}


def installed(install: Install, changes: dict[str, str]) -> None:
    """Generation C with other modules."""
    install({**GENERATION_C, **{name: REFERENCE + text for name, text in changes.items()}})


def outcomes(report: Report) -> dict[str, tuple[Outcome, str]]:
    """How each case ended, and why."""
    return {result.name: (result.outcome, result.detail) for result in report.results}


@pytest.mark.parametrize("habit", HABITS)
def test_a_mapped_framework_of_other_habits_agrees(habit: str, install: Install, fresh_reference: None) -> None:
    """What it wants is found by trying, not told by the map."""
    changes, only = HABITS[habit]
    installed(install, changes)

    assert outcomes(check_here(MAPPED, only=only)) == dict.fromkeys(only, (Outcome.AGREES, ""))


def test_a_fault_is_found_in_a_parameter_of_another_shape(install: Install, fresh_reference: None) -> None:
    """A bias (1, n) whose gradient is twice what it should be."""
    text, _ = HABITS["a bias and the norm's parameters have two axes"]
    twice = "\n_forward = Linear.forward\n" + (
        "def forward(self, x):\n    y = _forward(self, x)\n    return y + self.bias - Tensor(self.bias.data)\n"
        "Linear.forward = forward\n"
    )
    installed(install, {"core/layers.py": text["core/layers.py"] + twice})

    (result,) = check_here(MAPPED, only=["linear"]).results

    assert result.outcome is Outcome.DIFFERS
    assert [difference.what for difference in result.differences] == ["gradient of bias"]


UNTRIED = {
    "an option that the optimizer swallows": (
        "core/optimizers.py",
        "class SGD:\n    def __init__(self, params, lr, **more):\n        self.params, self.lr = list(params), lr\n"
        "    def step(self):\n        for p in self.params:\n            p.data = p.data - self.lr * p.grad\n",
        "sgd-momentum",
        "SGD takes no argument that is called momentum",
    ),
    "a parameter that fits in no layout": (
        "core/layers.py",
        "class Linear(right.Linear):\n    def __init__(self, a, b, bias=True):\n        super().__init__(b, a, bias)\n",
        "linear",
        "weight has the shape (11, 64) where TinyTorch's has (64, 11); is it transposed?",
    ),
    "labels in no form that is tried": (
        "core/losses.py",
        "class CrossEntropyLoss:\n    def forward(self, x, y):\n        raise TypeError('one-hot, please')\n",
        "cross-entropy",
        "CrossEntropyLoss takes whole numbers in another form than those that were tried: TypeError: one-hot, please",
    ),
    "single numbers": (
        "core/tensor.py",
        "class Tensor:\n    def __init__(self, data):\n        self.data, self.grad = data, 0\n"
        "    def __add__(self, other):\n        return Tensor(self.data + other.data)\n"
        "    __sub__ = __mul__ = __truediv__ = __add__\n",
        "tensor-arithmetic",
        "its tensors hold single numbers: they have no shape, and no operation on arrays",
    ),
}


@pytest.mark.parametrize("what", UNTRIED)
def test_what_does_not_fit_a_mapped_framework_could_not_be_tried(
    what: str, install: Install, fresh_reference: None
) -> None:
    """It may be right as it is; neither a crash nor a difference is proven."""
    module, text, case, reason = UNTRIED[what]
    installed(install, {module: text})

    assert outcomes(check_here(MAPPED, only=[case])) == {case: (Outcome.UNTRIED, reason)}


def test_of_a_tinytorch_its_documentation_is_asked_for(install: Install, fresh_reference: None) -> None:
    """A bias with two axes, or a loss that does not take labels in tensors, is wrong there."""
    changes = {**HABITS["a bias and the norm's parameters have two axes"][0]}
    changes["core/losses.py"] = HABITS["ids are arrays of whole numbers, and labels tensors of them"][0][
        "core/losses.py"
    ]
    installed(install, changes)

    assert set(wrong(check_here(only=["linear", "cross-entropy"]))) == {"linear", "cross-entropy"}


def test_another_meaning_of_transpose_is_a_note(install: Install, fresh_reference: None) -> None:
    """Of the first two axes, where none are named: that is a mapped framework's own choice, and no fault."""
    body = "_transpose = Tensor.transpose\nTensor.transpose = lambda s, *axes: _transpose(s, *(axes or (0, 1)))\n"
    installed(install, {"core/tensor.py": body})

    (result,) = check_here(MAPPED, only=["tensor-transpose"]).results

    assert result.outcome is Outcome.AGREES
    assert result.notes[0].startswith("a.transpose() takes other axes than TinyTorch's")


def test_a_transposition_as_in_numpy_is_not_tried(install: Install, fresh_reference: None) -> None:
    """It reverses all axes, and refuses two of three: nothing is left that has to be as in TinyTorch."""
    installed(install, {"core/tensor.py": "Tensor.transpose = lambda s, *axes: Tensor(s.data.transpose(*axes))\n"})

    (result,) = check_here(MAPPED, only=["tensor-transpose"]).results

    assert result.outcome is Outcome.UNTRIED


def test_a_framework_that_always_hides_the_future_is_named_as_that(install: Install, fresh_reference: None) -> None:
    """Its attention is another definition."""
    text = (
        "class MultiHeadAttention(right.MultiHeadAttention):\n    def forward(self, x, mask=None):\n"
        "        return super().forward(x, right.create_causal_mask(x.shape[1]))\n    __call__ = forward\n"
    )
    installed(install, {"core/attention.py": text})

    report = check_here(MAPPED, only=["multi-head-attention", "multi-head-attention-causal"])

    codes = {result.name: result.code for result in report.results}
    assert codes == {"multi-head-attention": "ALWAYS-CAUSAL", "multi-head-attention-causal": ""}


def test_a_tensor_that_never_had_no_gradient_is_not_frozen(install: Install, fresh_reference: None) -> None:
    """A gradient of zeros is one: PyTorch decays with it, too."""
    zeros = "_plain = Tensor.__init__\n" + (
        "def zeros(self, data, requires_grad=False):\n    _plain(self, data, requires_grad)\n"
        "    self.grad = np.zeros_like(self.data)\nTensor.__init__ = zeros\n"
    )
    installed(install, {"core/tensor.py": zeros})

    found = outcomes(check_here(MAPPED, only=["sgd", "sgd-frozen", "sgd-late-gradient"]))

    assert {name: outcome for name, (outcome, _) in found.items()} == {
        "sgd": Outcome.AGREES,
        "sgd-frozen": Outcome.UNTRIED,
        "sgd-late-gradient": Outcome.UNTRIED,
    }
