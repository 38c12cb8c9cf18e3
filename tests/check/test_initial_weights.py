"""Specification of the cases of how layers start: TinyTorch's documented rules, and nobody else held to them."""

from __future__ import annotations

import pytest
from battery import check_here, wrong
from conftest import Install
from generations import GENERATION_C

from tinytorch_hf.student.mapping import FrameworkMap

HEADER = (
    "import numpy as np\nfrom tinytorch_hf.reference import Tensor, Linear as _Linear, Conv2d as _Conv2d\n"
    "from tinytorch_hf.reference import Embedding as _Embedding, PositionalEncoding as _Positions, MLP as _MLP\n"
    "from tinytorch_hf.reference import LayerNorm as _LayerNorm, BatchNorm2d as _BatchNorm\n"
    "from tinytorch_hf.reference import create_sinusoidal_embeddings as _table\n"
)


def _scaled(part: str, path: str, arguments: str, factor: str) -> str:
    return (
        f"class {part}(_{part}):\n    def __init__(self, {arguments}):\n"
        f"        super().__init__({arguments})\n"
        f"        self.{path}.data = self.{path}.data * np.float32({factor})\n"
    )


def _flagless(part: str, path: str, arguments: str) -> str:
    return (
        f"class {part}(_{part}):\n    def __init__(self, {arguments}, *more, **named):\n"
        f"        super().__init__({arguments}, *more, **named)\n        self.{path}.requires_grad = False\n"
    )


FLAGLESS = {
    "linear-initial-weights": ("core/layers.py", _flagless("Linear", "bias", "in_features, out_features")),
    "conv2d-initial-weights": (
        "core/spatial.py",
        _flagless("Conv2d", "weight", "in_channels, out_channels, kernel_size"),
    ),
    "layer-norm-as-built": ("core/transformers.py", _flagless("LayerNorm", "gamma", "normalized_shape")),
}
FAULTS = {
    "conv2d-initial-weights": (
        "core/spatial.py",
        "class Conv2d(_Conv2d):\n"
        "    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, bias=True):\n"
        "        super().__init__(in_channels, out_channels, kernel_size, stride, padding, bias)\n"
        "        self.weight.data = self.weight.data / np.float32(np.sqrt(2))\n",
        "INITIALISATION-SCALE",
    ),
    "embedding-initial-weights": (
        "core/embeddings.py",
        _scaled("Embedding", "weight", "vocab_size, embed_dim", "0.01"),
        "INITIALISATION-SCALE",
    ),
    "positional-encoding-initial-weights": (
        "core/embeddings.py",
        "class PositionalEncoding(_Positions):\n    def __init__(self, max_seq_len, embed_dim):\n"
        "        super().__init__(max_seq_len, embed_dim)\n"
        "        self.position_embeddings.data = np.abs(self.position_embeddings.data)\n",
        "INITIALISATION-SCALE",
    ),
    "mlp-default-width": (
        "core/transformers.py",
        "class MLP(_MLP):\n    def __init__(self, embed_dim, hidden_dim=None):\n"
        "        super().__init__(embed_dim, hidden_dim or 2 * embed_dim)\n",
        "DEFAULT-ARGUMENT",
    ),
    "gpt-default-length": (
        "core/transformers.py",
        "from tinytorch_hf.reference import GPT as _GPT\nclass GPT(_GPT):\n"
        "    def __init__(self, vocab_size, embed_dim, num_layers, num_heads, max_seq_len=512):\n"
        "        super().__init__(vocab_size, embed_dim, num_layers, num_heads, max_seq_len)\n",
        "DEFAULT-ARGUMENT",
    ),
    "layer-norm-as-built": (
        "core/transformers.py",
        "class LayerNorm(_LayerNorm):\n    def __init__(self, normalized_shape, eps=1e-5):\n"
        "        super().__init__(normalized_shape, eps)\n        self.beta.data += 1\n",
        "",
    ),
    "batch-norm2d-as-built": (
        "core/spatial.py",
        "class BatchNorm2d(_BatchNorm):\n    def __init__(self, num_features, eps=1e-5, momentum=0.1):\n"
        "        super().__init__(num_features, eps, momentum)\n        self.eval()\n",
        "",
    ),
    "linear-initial-weights": (
        "core/layers.py",
        "class Linear(_Linear):\n    def parameters(self):\n        return super().parameters()[::-1]\n",
        "",
    ),
    "sinusoidal-embeddings": (
        "core/embeddings.py",
        "def create_sinusoidal_embeddings(max_seq_len, embed_dim):\n"
        "    return Tensor(np.flip(_table(max_seq_len, embed_dim).data, 1))\n",
        "",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_another_start_is_found(name: str, install: Install) -> None:
    """A scale, a width, a shift, a mode or an order that TinyTorch's documentation does not state."""
    file, text, code = FAULTS[name]
    install({**GENERATION_C, file: f"{GENERATION_C[file]}{HEADER}{text}"})

    found = wrong(check_here(only=[name]))

    assert set(found) == {name}
    assert found[name].code == code


FIXED_POSITIONS = (
    "class PositionalEncoding(_Positions):\n    def __init__(self, max_seq_len, embed_dim):\n"
    "        super().__init__(max_seq_len, embed_dim)\n"
    "        self.position_embeddings = _table(max_seq_len, embed_dim)\n"
    "    def parameters(self):\n        return []\n"
)
OTHER_CONVOLUTION = (
    "class Conv2d(_Conv2d):\n    def __init__(self, n_in, n_out, size, *more, **named):\n"
    "        super().__init__(n_in, n_out, size, *more, **named)\n        self.weight.data *= 2\n"
)
OTHER_MLP = (
    "class MLP(_MLP):\n    def __init__(self, width, hidden=None):\n        super().__init__(width, hidden or width)\n"
)


@pytest.mark.parametrize("name", FLAGLESS)
def test_parameters_of_one_layer_are_asked_alike(name: str, install: Install) -> None:
    """One that wants no gradient beside others that do was forgotten."""
    file, text = FLAGLESS[name]
    install({**GENERATION_C, file: f"{GENERATION_C[file]}{HEADER}{text}"})

    found = wrong(check_here(only=[name]))

    assert "all of its parameters want a gradient, or none does" in found[name].detail


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("core/spatial.py", OTHER_CONVOLUTION),
        ("core/embeddings.py", _scaled("Embedding", "weight", "n, width", "0.01")),
        ("core/embeddings.py", FIXED_POSITIONS),
        ("core/transformers.py", OTHER_MLP),
    ],
    ids=["convolution", "embedding", "fixed positions", "MLP"],
)
def test_another_interface_may_start_as_it_likes(file: str, text: str, install: Install) -> None:
    """Where arguments have other names, or positions are not parameters, TinyTorch's rules are not meant."""
    install({**GENERATION_C, file: f"{GENERATION_C[file]}{HEADER}{text}"})

    assert wrong(check_here(only=[name for name in FAULTS if name.endswith(("weights", "width"))])) == {}


def test_sinusoids_are_for_odd_widths_too(install: Install) -> None:
    """As TinyTorch's documentation says; in another framework it is worth a note where they are refused."""
    text = (
        "def create_sinusoidal_embeddings(max_seq_len, embed_dim):\n"
        "    if embed_dim % 2:\n        raise ValueError('an even width')\n"
        "    return _table(max_seq_len, embed_dim)\n"
    )
    install({**GENERATION_C, "core/embeddings.py": f"{GENERATION_C['core/embeddings.py']}{HEADER}{text}"})

    (found,) = check_here(only=["sinusoidal-embeddings"]).results
    (mapped,) = check_here(FrameworkMap(names={"MLP": "core.transformers.MLP"}), only=["sinusoidal-embeddings"]).results

    assert (found.outcome.value, found.detail) == ("crashes", "ValueError: an even width")
    assert (mapped.outcome.value, mapped.notes) == ("agrees", ("refuses an odd width (ValueError)",))
