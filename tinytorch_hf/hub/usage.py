"""The lines of Python that a card offers: for the library itself, NumPy, PyTorch and TinyTorch.

They need what is on the Hub, and nothing of the machine it was published from.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from tinytorch_hf.as_hf.layout import configurations
from tinytorch_hf.catalog import DatasetInfo, Folder


def blocks(dataset: DatasetInfo, repo_id: str) -> Iterator[str]:
    """Paragraphs of Markdown with lines to copy, for a dataset in one repository."""
    known = configurations(dataset)
    yield "With Hugging Face Datasets:"
    calls = []
    for configuration in known:
        config = "" if configuration is known[0] else configuration.name
        columns = ", ".join(column.name for column in configuration.columns)
        calls.append(f"data = {_call(repo_id, config)}  # {columns}")
    yield _code("from datasets import load_dataset", *calls)
    pixels = next((c.name for c in known if any(column.name == "pixels" for column in c.columns)), None)
    # The last one of texts is the text that a model reads.
    train = _call(repo_id, pixels or known[-1].name, dataset.splits[0].name)
    yield from _images(train) if pixels else _texts(train, "\\n" if dataset.kind == "plain text" else "")
    if not isinstance(dataset.provider, Folder):
        yield "With the package tinytorch-hf, every column as NumPy has it:"
        yield _code("from tinytorch_hf import load", f"splits = load({json.dumps(dataset.name)})")


def _images(train: str) -> Iterator[str]:
    as_numpy = f'train = {train}.with_format("numpy")[:]'
    yield "In NumPy:"
    yield _code(
        "from datasets import load_dataset",
        as_numpy,
        'images, labels = train["pixels"], train["label"]  # float32 in [0, 1], int64',
    )
    yield "In PyTorch:"
    yield _code(
        "from datasets import load_dataset\nfrom torch.utils.data import DataLoader",
        f'train = {train}.with_format("torch")',
        "for batch in DataLoader(train, batch_size=32, shuffle=True):",
        '    images, labels = batch["pixels"], batch["label"]',
    )
    yield "In TinyTorch, with the package that you have built:"
    yield _code(
        "from datasets import load_dataset\nfrom tinytorch.core.tensor import Tensor",
        as_numpy,
        'images, labels = Tensor(train["pixels"]), Tensor(train["label"])',
    )


def _texts(train: str, between: str) -> Iterator[str]:
    yield "In NumPy:"
    yield _code("from datasets import load_dataset", f'texts = {train}.with_format("numpy")[:]["text"]')
    yield "In PyTorch:"
    yield _code(
        "from datasets import load_dataset\nfrom torch.utils.data import DataLoader",
        f"for batch in DataLoader({train}, batch_size=32, shuffle=True):",
        '    texts = batch["text"]',
    )
    yield "In TinyTorch, with the package that you have built:"
    yield _code(
        "from datasets import load_dataset\nfrom tinytorch.core.tokenization import CharTokenizer",
        f'texts = list({train}["text"])',
        "tokenizer = CharTokenizer()",
        "tokenizer.build_vocab(texts)",
        f'ids = tokenizer.encode("{between}".join(texts))',
    )


def _call(repo_id: str, config: str, split: str = "") -> str:
    arguments = [json.dumps(repo_id), *([json.dumps(config)] if config else [])]
    return f"load_dataset({', '.join([*arguments, *([f'split={json.dumps(split)}'] if split else [])])})"


def _code(imports: str, *lines: str) -> str:
    return "\n".join(["```python", imports, "", *lines, "```"])
