"""The lines that a card offers: for Hugging Face's library itself, PyTorch, TinyTorch, NumPy and this package.

They need what is on the Hub, and nothing of the machine it was published from. What may not be on the Hub is first
built where it is used.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from tinytorch_hf.as_hf.layout import configurations
from tinytorch_hf.catalog import DatasetInfo, Folder


def blocks(dataset: DatasetInfo, repo_id: str) -> Iterator[str]:
    """Paragraphs of Markdown with lines to copy, for a dataset in one repository."""
    known = configurations(dataset)
    if dataset.not_to_publish:
        yield from _first_built(dataset)
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
        yield "With the package tinytorch-hf, the same content without the Hub:"
        yield _code(
            f"from tinytorch_hf import {dataset.title}, as_tinytorch, load_{dataset.name}",
            f"arrays = load_{dataset.name}()  # for NumPy",
            f"train = {dataset.title}({_first_split(dataset)})  # a Dataset of PyTorch",
            f"batches = as_tinytorch.dataloader({_first_batches(dataset)})  # of the TinyTorch that you have built",
        )


def _first_built(dataset: DatasetInfo) -> Iterator[str]:
    """How content that may not be passed on comes into the library's own cache on the reader's machine."""
    yield f"{dataset.not_to_publish} The same line loads it on your machine once it is built there:"
    lines = [
        'pip install "tinytorch-hf[hf,download]"',
        f"tinytorch-hf download {dataset.name}",
        f"tinytorch-hf hub cache {dataset.name}",
        "export HF_HUB_OFFLINE=1",
    ]
    yield "\n".join(["```sh", *lines, "```"])


def _first_split(dataset: DatasetInfo) -> str:
    names = [split.name for split in dataset.splits]
    if len(names) == 1:
        return ""
    return "train=True" if dataset.kind == "images" else f"split={json.dumps(names[0])}"


def _first_batches(dataset: DatasetInfo) -> str:
    first = f"{json.dumps(dataset.name)}, {json.dumps(dataset.splits[0].name)}"
    return first if dataset.kind == "images" else f"{first}, block_size=64"


def _images(train: str) -> Iterator[str]:
    as_numpy = f'train = {train}.with_format("numpy")[:]'
    yield "In PyTorch:"
    yield _code(
        "from datasets import load_dataset\nfrom torch.utils.data import DataLoader",
        f'train = {train}.with_format("torch")',
        "for batch in DataLoader(train, batch_size=32, shuffle=True):",
        '    images, labels = batch["pixels"], batch["label"]',
    )
    yield "In TinyTorch, with your own package:"
    yield _code(
        "from datasets import load_dataset\nfrom tinytorch.core.tensor import Tensor",
        as_numpy,
        'images, labels = Tensor(train["pixels"]), Tensor(train["label"])',
    )
    yield "In NumPy:"
    yield _code(
        "from datasets import load_dataset",
        as_numpy,
        'images, labels = train["pixels"], train["label"]  # float32 in [0, 1], int64',
    )


def _texts(train: str, between: str) -> Iterator[str]:
    yield "In PyTorch:"
    yield _code(
        "from datasets import load_dataset\nfrom torch.utils.data import DataLoader",
        f"for batch in DataLoader({train}, batch_size=32, shuffle=True):",
        '    texts = batch["text"]',
    )
    yield "In TinyTorch, with your own package:"
    yield _code(
        "from datasets import load_dataset\nfrom tinytorch.core.tokenization import CharTokenizer",
        f'texts = list({train}["text"])',
        "tokenizer = CharTokenizer()",
        "tokenizer.build_vocab(texts)",
        f'ids = tokenizer.encode("{between}".join(texts))',
    )
    yield "In NumPy:"
    yield _code("from datasets import load_dataset", f'texts = {train}.with_format("numpy")[:]["text"]')


def _call(repo_id: str, config: str, split: str = "") -> str:
    arguments = [json.dumps(repo_id), *([json.dumps(config)] if config else [])]
    return f"load_dataset({', '.join([*arguments, *([f'split={json.dumps(split)}'] if split else [])])})"


def _code(imports: str, *lines: str) -> str:
    return "\n".join(["```python", imports, "", *lines, "```"])
