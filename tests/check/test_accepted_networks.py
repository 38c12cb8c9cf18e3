"""Specification of what `check` accepts in networks: other definitions in use, other names, other conventions."""

from __future__ import annotations

import numpy as np
import pytest
from battery import check_here, wrong
from conftest import Install
from generations import GENERATION_C, GENERATION_D

from tinytorch_hf.check.cases import CASES
from tinytorch_hf.judging.results import Outcome, Report

EMBEDDINGS, TRANSFORMERS, SPATIAL = "core/embeddings.py", "core/transformers.py", "core/spatial.py"
HEADER = "import numpy as np\nfrom tinytorch_hf.reference import *\nfrom tinytorch_hf.reference import Tensor\n"
GPT_CASES = ("gpt", "gpt-no-look-ahead")


def gpt(*, init: str = "", positions: str = "self.position_embedding(at)", logits: str = "self.lm_head(x)") -> str:
    """A GPT that differs in how it is built, in its positions, or in its last step."""
    return (
        f"{HEADER}from tinytorch_hf.reference import GPT as _GPT\n"
        "class GPT(_GPT):\n    def __init__(self, vocab, width, layers, heads, longest=1024):\n"
        "        super().__init__(vocab, width, layers, heads, longest)\n"
        f"        {init or 'pass'}\n"
        "    def forward(self, tokens):\n        n = tokens.shape[1]\n        at = Tensor(np.arange(n))\n"
        f"        x = self.token_embedding(tokens) + {positions}\n"
        "        for block in self.blocks:\n            x = block(x, create_causal_mask(n))\n"
        f"        x = self.ln_f(x)\n        return {logits}\n"
        "    def parameters(self):\n        found = [self.token_embedding.weight]\n"
        "        others = (getattr(self, name, None) for name in ('position_embedding', 'pos_emb', 'lm_head'))\n"
        "        for layer in (*self.blocks, self.ln_f, *others):\n"
        "            if hasattr(layer, 'parameters'):\n                found += layer.parameters()\n"
        "        return list({id(tensor): tensor for tensor in found}.values())\n"
    )


def checked(install: Install, file: str, text: str, *only: str) -> Report:
    """The battery on generation C with another file."""
    install({**GENERATION_C, file: text})
    return check_here(only=only)


@pytest.mark.parametrize(
    "text",
    [
        gpt(init="del self.lm_head", logits="x.matmul(self.token_embedding.weight.transpose())"),
        gpt(
            init="self.lm_head.weight = self.token_embedding.weight",
            logits="x.matmul(self.lm_head.weight.transpose())",
        ),
        gpt(init="self.lm_head = Linear(width, vocab); self.lm_head.bias.data += 1"),
        gpt(
            init="self.position_embedding = create_sinusoidal_embeddings(longest, width)",
            positions="self.position_embedding[:n]",
        ),
        gpt(
            init="self.table = create_sinusoidal_embeddings(longest, width); del self.position_embedding",
            positions="self.table[:n]",
        ),
        gpt(
            init="self.pos_emb = self.position_embedding; del self.position_embedding",
            positions="self.pos_emb(at)",
        ),
    ],
    ids=["tied, no head", "tied, one tensor", "a bias", "sinusoids, loaded", "sinusoids", "other name"],
)
def test_a_gpt_may_be_built_otherwise(text: str, install: Install) -> None:
    """With one matrix for embedding and head, a bias in the head, positions that are not learned, or other names."""
    report = checked(install, TRANSFORMERS, text, *GPT_CASES)

    assert {result.name: result.outcome for result in report.results} == dict.fromkeys(GPT_CASES, Outcome.AGREES), [
        result.detail for result in report.results
    ]


def test_the_newest_gpts_faults_are_found(install: Install) -> None:
    """Although it keeps its embeddings elsewhere: positions that it lists among its parameters have to learn."""
    cut = GENERATION_D[EMBEDDINGS].replace("self.pos_encoding(self.token_embedding(tokens))", "self.plus(tokens)")
    cut += (
        "    def plus(self, tokens):\n        x = self.token_embedding(tokens)\n"
        "        return x + self.pos_encoding.position_embeddings.data[: x.shape[1]]\n"
    )
    install({**GENERATION_D, EMBEDDINGS: cut})

    (found,) = check_here(only=["gpt"]).results

    assert (found.outcome, found.code) == (Outcome.DIFFERS, "POSITION-CUT")


def test_parameters_that_are_not_found_make_a_case_untried_and_no_fault(install: Install) -> None:
    """What needs none of them is tried."""
    text = gpt(
        init="self.somewhere = [block.attention for block in self.blocks]; self.hidden = self.blocks; del self.blocks"
    ).replace("self.blocks:", "self.hidden:")

    report = checked(install, TRANSFORMERS, text.replace("*self.blocks", "*self.hidden"), *GPT_CASES)

    outcomes = [(result.outcome, result.detail) for result in report.results]
    assert outcomes[0][0] is Outcome.UNTRIED
    assert "GPT keeps blocks.0.attention.q_proj.weight" in outcomes[0][1]
    assert outcomes[1][0] is Outcome.AGREES


def test_a_layer_that_holds_nothing_is_not_implemented_yet(install: Install) -> None:
    """As in a scaffold whose bodies are empty."""
    text = "class MultiHeadAttention:\n    def __init__(self, width, heads):\n        pass\n"

    (result,) = checked(install, "core/attention.py", text, "multi-head-attention").results

    assert (result.outcome, result.detail) == (
        Outcome.MISSING,
        "not implemented yet: MultiHeadAttention.__init__ keeps nothing",
    )


@pytest.mark.parametrize("form", ["exact", "tanh"])
def test_each_form_of_gelu_is_right_inside_networks(form: str, install: Install) -> None:
    """In the MLP, in a block and in GPT."""
    report = checked(install, TRANSFORMERS, with_gelu(form, form), "mlp", "transformer-block", "gpt")

    assert wrong(report) == {}


@pytest.mark.parametrize(("forward", "backward"), [("tanh", "sigmoid"), ("exact", "tanh"), ("sigmoid", "exact")])
def test_a_gelu_of_two_forms_is_told_inside_networks(forward: str, backward: str, install: Install) -> None:
    """By the same code as of the activation itself."""
    report = checked(install, TRANSFORMERS, with_gelu(forward, backward), "mlp", "transformer-block", "gpt")

    code = f"GELU-{forward}-{backward}".upper()
    assert {result.name: result.code for result in report.results} == dict.fromkeys(
        ("mlp", "transformer-block", "gpt"), code
    )


def with_gelu(forward: str, backward: str) -> str:
    """Transformers whose GELU computes one form and differentiates another."""
    return (
        "import math\nimport numpy as np\nfrom tinytorch_hf.reference import Tensor\n"
        "from tinytorch_hf.reference import GPT, LayerNorm, MLP as _MLP, TransformerBlock, create_causal_mask\n"
        "erf = np.vectorize(math.erf)\n"
        "forms = {\n"
        "    'exact': lambda x: 0.5 * x * (1 + erf(x / 2**0.5)),\n"
        "    'tanh': lambda x: 0.5 * x * (1 + np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3))),\n"
        "    'sigmoid': lambda x: x / (1 + np.exp(-1.702 * x)),\n}\n"
        f"f, b = forms[{forward!r}], forms[{backward!r}]\n"
        "def gelu(t):\n    x = t.data.astype(float)\n    slope = (b(x + 1e-6) - b(x - 1e-6)) / 2e-6\n"
        "    return Tensor.from_operation(f(x), (t,), lambda g: (g * slope,))\n"
        "class MLP(_MLP):\n    def __init__(self, *sizes):\n"
        "        super().__init__(*sizes)\n        self.gelu = gelu\n"
        "class TransformerBlock(TransformerBlock):\n    def __init__(self, *sizes):\n"
        "        super().__init__(*sizes)\n        self.mlp.gelu = gelu\n"
        "class GPT(GPT):\n    def __init__(self, *sizes):\n        super().__init__(*sizes)\n"
        "        for block in self.blocks:\n            block.mlp.gelu = gelu\n"
    )


BATCH_NORMS = {
    "the variance that enters is biased": (
        "    def _remember(self, x):\n"
        "        self.running_mean = 0.9 * self.running_mean + 0.1 * x.mean(axis=(0, 2, 3))\n"
        "        self.running_var = 0.9 * self.running_var + 0.1 * x.var(axis=(0, 2, 3))\n"
    ),
    "the first batch is taken as it is": (
        "    def _remember(self, x):\n        share = 0.1 if hasattr(self, 'seen') else 1.0\n        self.seen = True\n"
        "        self.running_mean = (1 - share) * self.running_mean + share * x.mean(axis=(0, 2, 3))\n"
        "        self.running_var = (1 - share) * self.running_var + share * x.var(axis=(0, 2, 3))\n"
    ),
    "training is an argument": (
        "    train = eval = property()\n"
        "    def forward(self, x, training=True):\n        self.__dict__['training'] = training\n"
        "        return super().forward(x)\n"
        "    __call__ = forward\n"
    ),
    "training is an attribute": "    train = eval = property()\n",
    "weight and bias": (
        "    def __init__(self, n):\n        super().__init__(n)\n"
        "        self.weight, self.bias = self.gamma, self.beta\n        del self.gamma, self.beta\n"
        "    def forward(self, x):\n        self.gamma, self.beta = self.weight, self.bias\n"
        "        try:\n            return super().forward(x)\n        finally:\n            del self.gamma, self.beta\n"
        "    def parameters(self):\n        return [self.weight, self.bias]\n"
    ),
}


@pytest.mark.parametrize("body", BATCH_NORMS.values(), ids=BATCH_NORMS.keys())
def test_a_batch_norm_may_be_written_otherwise(body: str, install: Install) -> None:
    """In its running variance and its beginning, in how training is told from evaluation, and in its names."""
    text = f"{GENERATION_C[SPATIAL]}from tinytorch_hf.reference import BatchNorm2d as _Right\n"
    cases = ("batch-norm2d-training", "batch-norm2d-one-image", "batch-norm2d-evaluation", "batch-norm2d-running")

    report = checked(install, SPATIAL, f"{text}class BatchNorm2d(_Right):\n{body}", *cases)

    assert [(result.name, result.detail) for result in report.results] == [(name, "") for name in cases]


def test_square_kernels_are_enough(install: Install) -> None:
    """What takes no others is not tried with them."""
    text = (
        f"{GENERATION_C[SPATIAL]}import tinytorch_hf.reference as _r\n"
        "class Conv2d(_r.Conv2d):\n    def __init__(self, n_in, n_out, size, *more, **named):\n"
        "        super().__init__(n_in, n_out, size * 1 + 0, *more, **named)\n"
        "class MaxPool2d(_r.MaxPool2d):\n    def __init__(self, kernel_size, stride=None, padding=0):\n"
        "        super().__init__(int(kernel_size), stride, padding)\n"
    )

    report = checked(install, SPATIAL, text, "conv2d", "conv2d-rectangular", "max-pool2d", "max-pool2d-rectangular")

    assert [result.outcome for result in report.results] == [
        *(Outcome.AGREES, Outcome.UNTRIED),
        *(Outcome.AGREES, Outcome.UNTRIED),
    ]


def test_an_id_that_pytorch_refuses_is_worth_a_note(install: Install) -> None:
    """NumPy takes -1 for the last row."""
    text = (
        f"{GENERATION_C[EMBEDDINGS]}import numpy as np\n"
        "class Embedding(Embedding):\n    def forward(self, ids):\n"
        "        return self.weight[np.asarray(ids.data).astype(int)]\n"
    )

    (result,) = checked(install, EMBEDDINGS, text, "embedding-out-of-range").results

    assert (result.outcome, result.notes) == (Outcome.AGREES, ("accepts what PyTorch refuses: the id -1",))


def test_positions_may_be_fixed(install: Install) -> None:
    """Sines and cosines that are not parameters are another definition, and nothing has to learn."""
    text = (
        f"{GENERATION_C[EMBEDDINGS]}from tinytorch_hf.reference import create_sinusoidal_embeddings\n"
        "class PositionalEncoding:\n    def __init__(self, longest, width):\n"
        "        self.table = create_sinusoidal_embeddings(longest, width).data\n"
        "    def __call__(self, x):\n        return x + self.table[: x.shape[1]]\n"
        "    forward = __call__\n    def parameters(self):\n        return []\n"
    )

    (result,) = checked(install, EMBEDDINGS, text, "positional-encoding").results

    assert (result.outcome, result.detail) == (Outcome.AGREES, "")


def test_sizes_of_a_layer_are_no_two_the_same() -> None:
    """So that no axis is taken for another, and no factor for a length: batch, length, heads, size of a head."""
    for is_second in (False, True):
        values = CASES["transformer-block"].draw(0, is_second)
        batch, length, width = values["x"].shape
        lengths = {batch, length, values["heads"], width // values["heads"], width, 4 * width, batch * length}
        roots = {float(np.sqrt(width)), float(np.sqrt(width // values["heads"]))}
        assert len(lengths) == 7
        assert not roots & {float(length) for length in lengths}
