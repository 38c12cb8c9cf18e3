"""TinyShakespeare for Hugging Face Datasets: the definition of its features.

One configuration, ``text``: the text of a scene with all that is known of it. Releases of `datasets` before 4.0 can
run this file as a loading script; later ones load the Parquet files that were written with it.

Reads ``train.jsonl``, ``val.jsonl`` and ``test.jsonl`` from the repository's root. Source: A. Karpathy (2015),
char-rnn: Tiny Shakespeare, https://github.com/karpathy/char-rnn; the words are W. Shakespeare's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import datasets

FILES = {"train": "train.jsonl", "val": "val.jsonl", "test": "test.jsonl"}

CITATION = """\
@misc{karpathy2015tinyshakespeare,
  author = {Karpathy, Andrej},
  title = {char-rnn: Tiny Shakespeare},
  year = {2015},
  url = {https://github.com/karpathy/char-rnn},
  note = {The words are W. Shakespeare's. Public domain}
}

@misc{tinyshakespeare2026,
  author = {{The tinytorch\\_hf founders}},
  title = {TinyShakespeare: whole scenes of eight plays, split by scene},
  year = {2026},
  note = {Version 1.0.0, cut from Tiny Shakespeare. Public domain}
}
"""

GENRES = ["comedy", "history", "tragedy"]


def features(_config: str) -> Any:
    """Columns of the configuration, as `datasets.Features`."""
    return datasets.Features(
        {
            "text": datasets.Value("string"),
            "genre": datasets.ClassLabel(names=GENRES),
            "play": datasets.Value("string"),
            "act": datasets.Value("int64"),
            "scene": datasets.Value("int64"),
            "first_line": datasets.Value("int64"),
            "last_line": datasets.Value("int64"),
        }
    )


def examples(path: str, _split: str, config: str) -> Iterator[dict[str, Any]]:
    """Samples of one split in order, as `features` describes them."""
    columns = list(features(config))
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        scene = json.loads(line)
        yield {column: scene[column] for column in columns}


class TinyShakespeare(datasets.GeneratorBasedBuilder):
    """27 whole scenes from eight plays of Shakespeare, 100 kB of comedy, history and tragedy, for a small GPT."""

    VERSION = datasets.Version("1.0.0")
    BUILDER_CONFIGS: ClassVar[list[Any]] = [
        datasets.BuilderConfig("text", version=VERSION, description="a text and all its other columns"),
    ]
    DEFAULT_CONFIG_NAME = "text"

    def _info(self) -> Any:
        return datasets.DatasetInfo(
            description=self.__class__.__doc__,
            features=features(self.config.name),
            homepage="https://github.com/karpathy/char-rnn",
            license="CC-PDM-1.0",
            citation=CITATION,
        )

    def _split_generators(self, dl_manager: Any) -> list[Any]:
        paths = dl_manager.download(FILES)
        return [datasets.SplitGenerator(split, {"path": path, "split": split}) for split, path in paths.items()]

    def _generate_examples(self, path: str, split: str) -> Iterator[tuple[int, dict[str, Any]]]:
        yield from enumerate(examples(path, split, self.config.name))
