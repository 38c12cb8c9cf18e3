"""Packages with one fault in convolution, pooling, normalization, embeddings, attention, transformers or tokenizer.

As in tests/mutants.py, each overrides one part of generation C; here each fault is named by its code as well, and only
the operations that must find it are run.
"""

from __future__ import annotations

from generations import GENERATION_C
from mutants import Mutant

_SPATIAL, _EMBEDDINGS, _ATTENTION = "core/spatial.py", "core/embeddings.py", "core/attention.py"
_TRANSFORMERS, _TOKENIZATION = "core/transformers.py", "core/tokenization.py"
_HEADER = """import numpy as np
from tinytorch_hf.reference import *
from tinytorch_hf.reference import Tensor
from tinytorch_hf.reference.windows import Windows, pair
"""
# Windows of which each pixel keeps the last gradient alone.
_OVERWRITING = """
class _Overwriting(Windows):
    def scatter(self, gradients, shape):
        n, channels, height, width = shape
        (top, left), (down, right), (kh, kw) = self.padding, self.stride, self.kernel
        padded = np.zeros((n, channels, height + 2 * top, width + 2 * left), np.float32)
        for a in range(gradients.shape[4]):
            for b in range(gradients.shape[5]):
                padded[:, :, a * down : a * down + kh, b * right : b * right + kw] = gradients[..., a, b]
        return padded[:, :, top : top + height, left : left + width]
"""


def _fault(code: str, file: str, part: str, text: str, *finds: str) -> Mutant:
    """Replace one part of a file; ``text`` defines it on top of the right one, which is called ``_Right``."""
    imports = f"from tinytorch_hf.reference import {part} as _Right\n"
    return Mutant(f"{part}: {code}", {file: f"{_HEADER}{GENERATION_C[file]}{imports}{text}"}, finds, (), code)


def _attention(code: str, body: str, *finds: str) -> Mutant:
    text = f"def scaled_dot_product_attention(Q, K, V, mask=None):\n    d = Q.shape[-1]\n{body}"
    return _fault(code, _ATTENTION, "scaled_dot_product_attention", text, *finds)


def _heads(code: str, body: str, *finds: str) -> Mutant:
    return _fault(code, _ATTENTION, "MultiHeadAttention", f"class MultiHeadAttention(_Right):\n{body}", *finds)


def _norm(code: str, formula: str) -> Mutant:
    text = (
        "class LayerNorm(_Right):\n    def forward(self, x):\n"
        "        mean = x.mean(axis=-1, keepdims=True)\n"
        "        variance = ((x - mean) * (x - mean)).mean(axis=-1, keepdims=True)\n"
        f"        return {formula}\n"
    )
    return _fault(code, _TRANSFORMERS, "LayerNorm", text, "layer-norm", "layer-norm-more-axes")


def _batch_norm(code: str, body: str, *finds: str) -> Mutant:
    return _fault(code, _SPATIAL, "BatchNorm2d", f"class BatchNorm2d(_Right):\n{body}", *finds)


def _block(code: str, body: str) -> Mutant:
    text = f"class TransformerBlock(_Right):\n    def forward(self, x, mask=None):\n{body}"
    return _fault(code, _TRANSFORMERS, "TransformerBlock", text, "transformer-block", "transformer-block-causal")


def _gpt(code: str, *, positions: str = "P", norm: str = "self.ln_f", mask: str = "create_causal_mask(n)") -> Mutant:
    finds = ("gpt",)
    text = (
        "class GPT(_Right):\n    def forward(self, tokens):\n        n = tokens.shape[1]\n"
        "        P = self.position_embedding(Tensor(np.arange(n)))\n"
        f"        x = self.token_embedding(tokens) + {positions}\n"
        f"        for block in self.blocks:\n            x = block(x, {mask})\n"
        f"        return self.lm_head({norm}(x))\n"
    )
    return _fault(code, _TRANSFORMERS, "GPT", text, *finds)


def _mask(code: str, text: str) -> Mutant:
    definition = f"def create_causal_mask(n):\n    return Tensor({text})\n"
    return _fault(code, _TRANSFORMERS, "create_causal_mask", definition, "causal-mask")


def _tokenizer(code: str, body: str, *finds: str) -> Mutant:
    return _fault(code, _TOKENIZATION, "CharTokenizer", f"class CharTokenizer(_Right):\n{body}", *finds)


def _conv(code: str, text: str, *finds: str) -> Mutant:
    return _fault(code, _SPATIAL, "Conv2d", text, *finds)


def _pool(code: str, part: str, text: str, *finds: str) -> Mutant:
    return _fault(code, _SPATIAL, part, text, *finds)


_INIT = "    def __init__(self, n_in, n_out, size, stride=1, padding=0, bias=True):\n"
_SOFTMAX = "Softmax()(Q.matmul(K.transpose()) * (1 / np.sqrt(d)) + hidden)"
_HIDDEN = "    hidden = 0 if mask is None else (1 - mask.data) * np.float32(-1e9)\n"

_IMAGES = (
    _conv(
        "CONV-GRADIENT-NOT-FLIPPED",
        "class Conv2d(_Right):\n    def _convolve(self, x, weight):\n"
        "        y = super()._convolve(x, weight)\n        other = super()._convolve(x, weight[:, :, ::-1, ::-1])\n"
        "        return Tensor.from_operation(\n"
        "            y.data, (x, weight), lambda g: (other._backward(g)[0], y._backward(g)[1])\n        )\n",
        "conv2d",
        "conv2d-padding",
        "conv2d-rectangular",
    ),
    _conv(
        "WINDOWS-OVERWRITE",
        f"{_OVERWRITING}class Conv2d(_Right):\n    def __init__(self, *arguments, **named):\n"
        "        super().__init__(*arguments, **named)\n        w = self._windows\n"
        "        self._windows = _Overwriting(w.kernel, w.stride, w.padding)\n",
        "conv2d",
        "conv2d-stride",
        "conv2d-rectangular",
    ),
    _conv(
        "PADDING-AT-THE-END",
        f"class Conv2d(_Right):\n{_INIT}"
        "        super().__init__(n_in, n_out, size, stride, 0, bias)\n        self.p = padding\n"
        "    def forward(self, x):\n        h, w = x.shape[2:]\n"
        "        padded = np.pad(x.data, ((0, 0), (0, 0), (0, 2 * self.p), (0, 2 * self.p)))\n"
        "        return super().forward(Tensor.from_operation(padded, (x,), lambda g: (g[:, :, :h, :w],)))\n",
        "conv2d-padding",
        "conv2d-channels",
    ),
    _conv(
        "WINDOWS-LAST-MISSING",
        "class Conv2d(_Right):\n    def forward(self, x):\n        return super().forward(x)[:, :, :-1, :-1]\n",
        "conv2d",
        "conv2d-stride",
    ),
    _conv(
        "CONV-INPUT-NO-GRADIENT",
        "class Conv2d(_Right):\n    def forward(self, x):\n        return super().forward(Tensor(x.data))\n",
        "conv2d-1x1",
        "conv2d",
    ),
    _pool(
        "WINDOWS-OVERWRITE",
        "AvgPool2d",
        f"{_OVERWRITING}class AvgPool2d(_Right):\n    def __init__(self, *arguments, **named):\n"
        "        super().__init__(*arguments, **named)\n        w = self._windows\n"
        "        self._windows = _Overwriting(w.kernel, w.stride, w.padding)\n",
        "avg-pool2d-overlapping",
    ),
    _pool(
        "WINDOWS-OVERWRITE",
        "MaxPool2d",
        "class MaxPool2d(_Right):\n    def forward(self, x):\n        y = super().forward(x)\n"
        "        (kh, kw), (down, right) = self._windows.kernel, self._windows.stride\n"
        "        top, left = self._windows.padding\n"
        "        padded = np.pad(x.data, ((0, 0), (0, 0), (top, top), (left, left)), constant_values=-np.inf)\n"
        "        def backward(g):\n            full = np.zeros_like(padded)\n"
        "            for n, c, a, b in np.ndindex(g.shape):\n"
        "                window = padded[n, c, a * down : a * down + kh, b * right : b * right + kw]\n"
        "                i, j = np.unravel_index(window.argmax(), window.shape)\n"
        "                full[n, c, a * down + i, b * right + j] = g[n, c, a, b]\n"
        "            return (full[:, :, top : top + x.shape[2], left : left + x.shape[3]],)\n"
        "        return Tensor.from_operation(y.data, (x,), backward)\n",
        "max-pool2d-overlapping",
    ),
    _pool(
        "POOL-TIES-ALL-WHOLE",
        "MaxPool2d",
        "class MaxPool2d(_Right):\n    def forward(self, x):\n        y = super().forward(x)\n"
        "        windows = self._windows.view(x.data, fill=-np.inf)\n"
        "        chosen = windows == y.data[:, :, None, None]\n"
        "        back = lambda g: (self._windows.scatter(g[:, :, None, None] * chosen, x.shape),)\n"
        "        return Tensor.from_operation(y.data, (x,), back)\n",
        "max-pool2d-equal-values",
    ),
    _pool(
        "POOL-SUMS",
        "AvgPool2d",
        "class AvgPool2d(_Right):\n    def forward(self, x):\n"
        "        return super().forward(x) * float(np.prod(self._windows.kernel))\n",
        "avg-pool2d",
        "avg-pool2d-rectangular",
    ),
    _pool(
        "POOL-GRADIENT-NOT-DIVIDED",
        "AvgPool2d",
        "class AvgPool2d(_Right):\n    def forward(self, x):\n        y = super().forward(x)\n"
        "        times = float(np.prod(self._windows.kernel))\n"
        "        return Tensor.from_operation(y.data, (y,), lambda g: (g * times,))\n",
        "avg-pool2d",
    ),
    _pool("POOL-TAKES-MAXIMUM", "AvgPool2d", "class AvgPool2d(MaxPool2d):\n    pass\n", "avg-pool2d"),
    _batch_norm(
        "BATCH-NORM-NEVER-UPDATED",
        "    _remember = lambda self, x: None\n",
        "batch-norm2d-running",
        "batch-norm2d-evaluation",
    ),
    _batch_norm(
        "BATCH-NORM-RUNNING",
        "    def __init__(self, n):\n        super().__init__(n, momentum=0.9)\n",
        "batch-norm2d-running",
        "batch-norm2d-evaluation",
    ),
    _batch_norm(
        "BATCH-NORM-LAST-BATCH",
        "    def __init__(self, n):\n        super().__init__(n, momentum=1.0)\n",
        "batch-norm2d-running",
    ),
    _batch_norm(
        "BATCH-NORM-UPDATED-IN-EVALUATION",
        "    def forward(self, x):\n        if not self.training:\n            self._remember(x.data)\n"
        "        return super().forward(x)\n",
        "batch-norm2d-running",
        "batch-norm2d-evaluation",
    ),
    _batch_norm(
        "BATCH-NORM-BY-SAMPLE",
        "    def forward(self, x):\n"
        "        from tinytorch_hf.reference.normalization import normalize\n"
        "        if not self.training:\n            return super().forward(x)\n"
        "        self._remember(x.data)\n        y = normalize(x, (2, 3), self.eps)\n"
        "        return y * self.gamma.reshape(-1, 1, 1) + self.beta.reshape(-1, 1, 1)\n",
        "batch-norm2d-training",
    ),
)

_SEQUENCES = (
    _fault(
        "POSITION-CUT",
        _EMBEDDINGS,
        "PositionalEncoding",
        "class PositionalEncoding(_Right):\n    def forward(self, x):\n"
        "        return x + Tensor(self.position_embeddings.data[: x.shape[1]])\n",
        "positional-encoding",
    ),
    _attention(
        "MASK-EXCHANGED",
        "    hidden = 0 if mask is None else mask.data * np.float32(-1e9)\n"
        f"    weights = {_SOFTMAX}\n    return weights.matmul(V), weights\n",
        "attention-causal",
    ),
    _attention(
        "MASK-AFTER-SOFTMAX",
        f"    hidden = 0\n    weights = {_SOFTMAX}\n"
        "    weights = weights if mask is None else weights * mask\n    return weights.matmul(V), weights\n",
        "attention-causal",
        "attention-mask-by-sample",
    ),
    # Scores are rounded away beside such numbers, but the gradient goes on through them.
    _attention(
        "MASK-UNIFORM-ALLOWED",
        "    hidden = 0 if mask is None else (2 * mask.data - 1) * np.float32(1e9)\n"
        f"    weights = {_SOFTMAX}\n    return weights.matmul(V), weights\n",
        "attention-causal",
        "attention-weights",
        "attention-mask-by-sample",
    ),
    _attention(
        "MASK-UNIFORM-ALL",
        "    hidden = 0 if mask is None else np.float32(-1e9)\n"
        f"    weights = {_SOFTMAX}\n    return weights.matmul(V), weights\n",
        "attention-causal",
        "attention-weights",
        "attention-mask-by-sample",
    ),
    _attention(
        "MASK-FIRST-SAMPLE",
        "    return _Right(Q, K, V, None if mask is None else Tensor(mask.data[:1]))\n",
        "attention-mask-by-sample",
    ),
    _attention(
        "MASK-ONE-TOO-FAR",
        "    if mask is not None:\n        mask = Tensor(np.maximum(mask.data, np.tri(Q.shape[1], k=1)))\n"
        "    return _Right(Q, K, V, mask)\n",
        "attention-causal",
        "attention-no-look-ahead",
    ),
    _attention(
        "ATTENTION-SCALE-MULTIPLIED",
        "    return _Right(Q * float(d), K, V, mask)\n",
        "attention",
        "attention-causal",
        "attention-weights",
    ),
    _attention(
        "ATTENTION-WEIGHTS-CUT",
        f"{_HIDDEN}    weights = Tensor({_SOFTMAX}.data)\n    return weights.matmul(V), weights\n",
        "attention",
        "attention-causal",
    ),
    _attention(
        "ATTENTION-SOFTMAX-QUERIES",
        f"{_HIDDEN}    weights = {_SOFTMAX.replace('hidden)', 'hidden, dim=-2)')}\n"
        "    return weights.matmul(V), weights\n",
        "attention",
        "attention-weights",
    ),
    _heads(
        "HEADS-NOT-TRANSPOSED-BACK",
        "    def forward(self, x, mask=None):\n        n, seq, _ = x.shape\n"
        "        mask = mask if mask is None else mask.reshape(mask.shape[0], 1, seq, seq)\n"
        "        q, k, v = (self._split_heads(p(x)) for p in (self.q_proj, self.k_proj, self.v_proj))\n"
        "        y, _ = scaled_dot_product_attention(q, k, v, mask)\n"
        "        return self.out_proj(y.reshape(n, seq, self.embed_dim))\n",
        "multi-head-attention",
        "multi-head-attention-causal",
        "multi-head-mask-by-sample",
    ),
    _heads(
        "HEADS-INTERLEAVED",
        "    def _split_heads(self, x):\n        n, seq, _ = x.shape\n"
        "        return x.reshape(n, seq, self.head_dim, self.num_heads).transpose(2, 3).transpose(1, 2)\n",
        "multi-head-attention",
    ),
    _heads(
        "HEADS-NO-OUTPUT-PROJECTION",
        "    def forward(self, x, mask=None):\n        kept, self.out_proj = self.out_proj, lambda y: y\n"
        "        try:\n            return super().forward(x, mask)\n"
        "        finally:\n            self.out_proj = kept\n",
        "multi-head-attention",
        "multi-head-attention-causal",
    ),
    _heads(
        "HEADS-ONE",
        "    def __init__(self, width, heads):\n        super().__init__(width, 1)\n",
        "multi-head-attention",
        "multi-head-attention-causal",
    ),
    _heads(
        "MASK-EXCHANGED",
        "    def forward(self, x, mask=None):\n"
        "        return super().forward(x, mask if mask is None else Tensor(1 - mask.data))\n",
        "multi-head-attention-causal",
        "multi-head-mask-by-sample",
    ),
    # The right attention adds (1 - mask) * -1e9: scores drown in 1e9, or in -1e9.
    *(
        _fault(
            code,
            file,
            part,
            f"class {part}(_Right):\n    def forward(self, x, mask=None):\n"
            f"        return super().forward(x, mask if mask is None else Tensor({times} * mask.data))\n",
            *finds,
        )
        for code, times in (("MASK-UNIFORM-ALLOWED", 2), ("MASK-UNIFORM-ALL", 0))
        for file, part, finds in (
            (_ATTENTION, "MultiHeadAttention", ("multi-head-attention-causal", "multi-head-mask-by-sample")),
            (_TRANSFORMERS, "TransformerBlock", ("transformer-block-causal",)),
        )
    ),
    _norm("NORM-NO-EPS", "(x - mean) / variance.sqrt() * self.gamma + self.beta"),
    _norm("NORM-NO-ROOT", "(x - mean) / (variance + self.eps) * self.gamma + self.beta"),
    _norm("NORM-NO-SHIFT", "(x - mean) / (variance + self.eps).sqrt() * self.gamma"),
    _norm("NORM-NO-SCALE", "(x - mean) / (variance + self.eps).sqrt() + self.beta"),
    _norm("NORM-BOTH-CONSTANT", "(x - mean.data) / np.sqrt(variance.data + self.eps) * self.gamma + self.beta"),
    _fault(
        "MLP-NO-ACTIVATION",
        _TRANSFORMERS,
        "MLP",
        "class MLP(_Right):\n    def forward(self, x):\n        return self.linear2(self.linear1(x))\n",
        "mlp",
    ),
    _block(
        "BLOCK-NO-RESIDUAL-MLP",
        "        x = x + self.attention(self.ln1(x), mask)\n        return self.mlp(self.ln2(x))\n",
    ),
    _block(
        "BLOCK-NO-RESIDUAL-ATTENTION",
        "        x = self.attention(self.ln1(x), mask)\n        return x + self.mlp(self.ln2(x))\n",
    ),
    _block(
        "BLOCK-RESIDUAL-NORMALIZED",
        "        x = self.ln1(x)\n        x = self.ln2(x + self.attention(x, mask))\n        return x + self.mlp(x)\n",
    ),
    _block(
        "BLOCK-ONE-NORM",
        "        x = x + self.attention(self.ln1(x), mask)\n        return x + self.mlp(self.ln1(x))\n",
    ),
    _gpt("GPT-NO-POSITIONS", positions="0"),
    _gpt("POSITION-CUT", positions="P.data"),
    _gpt("GPT-NO-LAST-NORM", norm=""),
    _gpt("GPT-MASK-UNIFORM", mask="Tensor(np.triu(np.full((1, n, n), -np.inf), 1))"),
    _mask("CAUSAL-MASK-EXCHANGED", "1 - np.tri(n)[None]"),
    _mask("CAUSAL-MASK-NO-SELF", "np.tri(n, k=-1)[None]"),
    _mask("CAUSAL-MASK-ALL", "np.ones((1, n, n))"),
    _mask("MASK-ONE-TOO-FAR", "np.tri(n, k=1)[None]"),
    _mask("CAUSAL-MASK-FORM", "np.triu(np.full((1, n, n), -np.inf), 1)"),
    _tokenizer(
        "TOKENIZER-LENGTH",
        "    def encode(self, text):\n        return super().encode(text.strip() + ' ')\n",
        "char-tokenizer-round-trip",
    ),
    _tokenizer(
        "TOKENIZER-KNOWN-UNKNOWN",
        "    def encode(self, text):\n        return [i - 1 for i in super().encode(text)]\n"
        "    def decode(self, ids):\n        return super().decode([i + 1 for i in ids])\n",
        "char-tokenizer-round-trip",
    ),
    _tokenizer(
        "TOKENIZER-SHARED-ID",
        "    def encode(self, text):\n        return super().encode(text.lower().replace(' ', 'e'))\n",
        "char-tokenizer-round-trip",
    ),
    _tokenizer(
        "TOKENIZER-ROUND-TRIP",
        "    def decode(self, ids):\n        return super().decode(ids).capitalize()\n",
        "char-tokenizer-round-trip",
    ),
    _tokenizer(
        "TOKENIZER-SIZE",
        "    vocab_size = property(lambda self: len(self.vocab) - 1)\n",
        "char-tokenizer-vocabulary",
    ),
    _tokenizer(
        "TOKENIZER-UNKNOWN",
        "    def encode(self, text):\n        return super().encode(text) if text.isascii() else [1]\n",
        "char-tokenizer-unknown",
    ),
)

NETWORK_MUTANTS = (*_IMAGES, *_SEQUENCES)
