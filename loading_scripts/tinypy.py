"""TinyPy for Hugging Face Datasets: the definition of its features.

Configurations: ``function`` has the parts of a function and what is known of it, ``text`` the text that a language
model is trained on, one function a sample. Releases of `datasets` before 4.0 can run this file as a loading script;
later ones load the Parquet files that were written with it.

Reads ``train.jsonl``, ``val.jsonl`` and ``test.jsonl``, which ``tinytorch-hf download tinypy`` takes from the standard
library of your Python, from the folder it is in. Source: Python Software Foundation, The Python Standard Library,
https://docs.python.org/3/library/
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import datasets

FILES = {split: f"{split}.jsonl" for split in ("train", "val", "test")}

CITATION = """\
@manual{pythonlibrary,
  author = {{Python Software Foundation}},
  title = {The Python Standard Library},
  url = {https://docs.python.org/3/library/},
  note = {Source of TinyPy}
}
"""


def features(config: str) -> Any:
    """Columns of one configuration, as `datasets.Features`."""
    text = datasets.Value("string")
    if config == "text":
        return datasets.Features({"text": text})
    return datasets.Features(
        {
            "signature": text,
            "docstring": text,
            "body": text,
            "n_lines": datasets.Value("int64"),
            "module": text,
            "name": text,
        }
    )


def examples(path: str, _split: str, config: str) -> Iterator[dict[str, Any]]:
    """Samples of one file in order, as `features` describes them; a file holds one split."""
    columns = list(features(config))
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        function = json.loads(line)
        function["text"] = source(function) + "\n\n"
        yield {column: function[column] for column in columns}


def source(function: dict[str, Any]) -> str:
    """The whole function: signature, docstring where there is one, body."""
    parts = [function["signature"], literal(function["docstring"]), function["body"]]
    return "\n".join(part for part in parts if part)


def literal(docstring: str) -> str:
    """A docstring as it stands in the function, indented by four spaces; empty for none."""
    if not docstring:
        return ""
    text = docstring.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    if "\n" in text:
        text += "\n"
    elif text.endswith('"'):
        text = text[:-1] + '\\"'
    return textwrap.indent(f'"""{text}', "    ") + ('    """' if text.endswith("\n") else '"""')


class TinyPy(datasets.GeneratorBasedBuilder):
    """5000 real Python functions of 3 to 25 lines, taken from the standard library of your own Python."""

    VERSION = datasets.Version("1.0.0")
    BUILDER_CONFIGS: ClassVar[list[Any]] = [
        datasets.BuilderConfig("function", version=VERSION, description="the parts of a function, and its place"),
        datasets.BuilderConfig("text", version=VERSION, description="the text of one function"),
    ]
    DEFAULT_CONFIG_NAME = "function"

    def _info(self) -> Any:
        return datasets.DatasetInfo(
            description=self.__class__.__doc__,
            features=features(self.config.name),
            homepage="https://docs.python.org/3/library/",
            license="PSF-2.0",
            citation=CITATION,
        )

    def _split_generators(self, dl_manager: Any) -> list[Any]:
        paths = dl_manager.download(FILES)
        return [datasets.SplitGenerator(split, {"path": path, "split": split}) for split, path in paths.items()]

    def _generate_examples(self, path: str, split: str) -> Iterator[tuple[int, dict[str, Any]]]:
        yield from enumerate(examples(path, split, self.config.name))
