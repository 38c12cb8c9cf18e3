"""Shakespeare for Hugging Face Datasets: the definition of its features.

One configuration, ``text``: all of char-rnn's Tiny Shakespeare as one sample. Releases of `datasets` before 4.0 can run
this file as a loading script; later ones load the Parquet files that were written with it.

Reads ``input.txt`` from the folder it is in. Source: A. Karpathy (2015), char-rnn: Tiny Shakespeare,
https://github.com/karpathy/char-rnn; the words are W. Shakespeare's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import datasets

FILES = {"full": "input.txt"}

CITATION = """\
@misc{karpathy2015tinyshakespeare,
  author = {Karpathy, Andrej},
  title = {char-rnn: Tiny Shakespeare},
  year = {2015},
  url = {https://github.com/karpathy/char-rnn},
  note = {The words are W. Shakespeare's. Public domain}
}
"""


def features(_config: str) -> Any:
    """The only column."""
    return datasets.Features({"text": datasets.Value("string")})


def examples(path: str, _split: str, _config: str) -> Iterator[dict[str, Any]]:
    """The only sample, as `features` describes it."""
    yield {"text": Path(path).read_bytes().decode("utf-8")}


class Shakespeare(datasets.GeneratorBasedBuilder):
    """All of char-rnn's Tiny Shakespeare: 40,000 lines of nine plays in one text, the last one cut off."""

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
