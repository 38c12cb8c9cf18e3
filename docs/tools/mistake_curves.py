"""What each mistake does to a training: measured, with the snippet of its page in a package that is right but for it.

``python -m docs.tools.mistake_curves`` trains with each snippet that is new or has changed, and keeps what came of it
beside the pages. It needs PyTorch, and minutes.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

from tinytorch_hf import compare_training, reference
from tinytorch_hf.errors import TinyTorchHFError
from tinytorch_hf.files import store
from tinytorch_hf.judging.mistakes.explaining import CURVES, Explanation, explanations

_SOURCE = Path(reference.__file__).parent
# What stands at the head of a file in which a snippet stands, beside what it has by itself.
_HEADS = {
    "core/dataloader.py": "from tinytorch.core.data import DataLoader, TensorDataset\n",
    "core/tokenization.py": "from tinytorch_hf.data.tokenizer import CharTokenizer\n",
    "core/spatial.py": "from tinytorch.core.normalization import BatchNorm2d\n",
    "core/transformers.py": "from tinytorch.core.normalization import LayerNorm\n",
}
_COMMON = "import numpy as np\nfrom tinytorch.core import autograd\n"
_GPT: dict[str, Any] = {"dataset": "tinytalks", "model": "gpt", "epochs": 1}
_CNN: dict[str, Any] = {"dataset": "tinydigits", "model": "cnn", "epochs": 3}
_MLP: dict[str, Any] = {"dataset": "tinydigits", "model": "mlp", "epochs": 5}
# What a page's file or command has in it, where another model than the first one has the part.
_MODELS = (
    (("attention.py", "embeddings.py", "transformers.py", "tinytalks", "gelu", "embedding"), _GPT),
    (("spatial.py", "cnn", "flatten"), _CNN),
)
_OPTIMIZERS = {"ADAMW": "adamw", "ADAM": "adam", "MOMENTUM": "momentum", "DECAY": "decay"}


def training(page: Explanation) -> dict[str, Any]:
    """What is trained to see what a mistake does: a model that has the part in which it is."""
    where = f"{page.file} {page.command}"
    settings = dict(next((model for words, model in _MODELS if any(word in where for word in words)), _MLP))
    if page.file == "core/optimizers.py":
        settings["optimizer"] = next((name for key, name in _OPTIMIZERS.items() if key in page.mistake.code), "sgd")
    return settings


def package(page: Explanation) -> dict[str, str]:
    """A copy of the reference as a package tinytorch, with the wrong snippet at the end of its file."""
    texts = {f"core/{path.name}": path.read_text(encoding="utf-8") for path in _SOURCE.glob("*.py")}
    files = {name: text.replace("tinytorch_hf.reference", "tinytorch.core") for name, text in texts.items()}
    files |= {"core/__init__.py": "", "__init__.py": ""}
    for name in ("core/dataloader.py", "core/tokenization.py"):
        files[name] = _HEADS[name]
    tensor = "" if page.file == "core/tensor.py" else "from tinytorch.core.tensor import Tensor\n"
    files[page.file] += f"\n{_COMMON}{tensor}{_HEADS.get(page.file, '')}{page.wrong}"
    return files


def measured(page: Explanation) -> dict[str, Any]:
    """The losses and accuracies of each epoch, on both sides; or the error in which the training ended."""
    settings = training(page)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in package(page).items():
            path = Path(folder) / "tinytorch" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        try:
            result = compare_training(package=Path(folder) / "tinytorch", limit_s=120, **settings)
        except TinyTorchHFError as error:
            return {"training": settings, "error": type(error).__name__}
    return {
        "training": settings,
        "losses": [_rounded(epoch.loss_tinytorch) for epoch in result.epochs],
        "right": [_rounded(epoch.loss_pytorch) for epoch in result.epochs],
        "accuracy": _rounded(result.epochs[-1].accuracy_tinytorch) if result.epochs else None,
        "accuracy_right": _rounded(result.epochs[-1].accuracy_pytorch) if result.epochs else None,
    }


def _rounded(value: float) -> float | None:
    """Four digits; None for what JSON has no word for."""
    return round(value, 4) if math.isfinite(value) else None


def digest(page: Explanation) -> str:
    """Changes with the snippet and the training, so that it is known what has to be measured anew."""
    return hashlib.sha256(f"{training(page)}\n{page.file}\n{page.wrong}".encode()).hexdigest()[:12]


def main() -> None:
    """Measure what is new, and keep all."""
    known = json.loads(CURVES.read_text(encoding="utf-8")) if CURVES.exists() else {}
    pages = explanations()
    found: dict[str, Any] = {}
    for code, page in pages.items():
        old = known.get(code, {})
        found[code] = old if old.get("snippet") == digest(page) else {"snippet": digest(page), **measured(page)}
        if found[code] is not old:
            sys.stdout.write(f"{code} {found[code].get('losses') or found[code].get('error')}\n")
            _write({**known, **found})
    _write(found)


def _write(found: dict[str, Any]) -> None:
    lines = ",\n".join(f" {json.dumps(code)}: {json.dumps(one)}" for code, one in found.items())
    store.write(CURVES, f"{{\n{lines}\n}}\n".encode())


if __name__ == "__main__":
    main()
