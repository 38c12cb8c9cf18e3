"""TinyTalks for Hugging Face Datasets: the definition of its features.

Configurations: ``pair`` has question and answer with all that is known of them, ``text`` the text that a language
model is trained on, one pair a sample: a blank line ends a conversation, so that one after the other they are the text
of the split, in which each turn of a dialogue stands after the turns before it. Releases of `datasets` before 4.0 can
run this file as a loading script; later ones load the Parquet files that were written with it.

Reads ``tinytalks_v2.jsonl`` from the repository's root.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import datasets

FILES = dict.fromkeys(["train", "val", "test"], "tinytalks_v2.jsonl")

CITATION = """\
@misc{tinytalks2026,
  author = {{The tinytorch\\_hf founders}},
  title = {TinyTalks: 350 question-answer pairs for a first GPT},
  year = {2026},
  note = {Version 2.0.0, CC BY 4.0}
}
"""

# A level's stored value is its position here, so level 1 is stored as 0.
LEVELS = ["1 greetings and identity", "2 facts", "3 mathematics", "4 reasoning", "5 dialogues"]


def features(config: str) -> Any:
    """Columns of one configuration, as `datasets.Features`."""
    level = datasets.ClassLabel(names=LEVELS)
    if config == "text":
        return datasets.Features({"text": datasets.Value("string"), "level": level})
    return datasets.Features(
        {
            "question": datasets.Value("string"),
            "answer": datasets.Value("string"),
            "level": level,
            "id": datasets.Value("int64"),
            "topic": datasets.Value("string"),
            "dialogue": datasets.Value("int64"),
            "turn": datasets.Value("int64"),
            "formula": datasets.Value("string"),
            "source": datasets.Value("string"),
        }
    )


def examples(path: str, split: str, config: str) -> Iterator[dict[str, Any]]:
    """Samples of one split in order, as `features` describes them; the file holds every split."""
    columns = list(features(config))
    pairs = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
    pairs = [pair for pair in pairs if pair["split"] == split]
    for position, pair in enumerate(pairs, start=1):
        pair["level"] -= 1
        # A later turn of the same dialogue follows without a blank line.
        end = "\n" if any(following["turn"] > 1 for following in pairs[position : position + 1]) else "\n\n"
        pair["text"] = f"Q: {pair['question']}\nA: {pair['answer']}{end}"
        yield {column: pair[column] for column in columns}


class TinyTalks(datasets.GeneratorBasedBuilder):
    """350 questions and answers in everyday English, five levels from greetings to dialogues, for a first GPT."""

    VERSION = datasets.Version("2.0.0")
    BUILDER_CONFIGS: ClassVar[list[Any]] = [
        datasets.BuilderConfig("pair", version=VERSION, description="question, answer and all their other columns"),
        datasets.BuilderConfig("text", version=VERSION, description="the text of one pair, and its level"),
    ]
    DEFAULT_CONFIG_NAME = "pair"

    def _info(self) -> Any:
        return datasets.DatasetInfo(
            description=self.__class__.__doc__,
            features=features(self.config.name),
            homepage="https://creativecommons.org/licenses/by/4.0/",
            license="CC-BY-4.0",
            citation=CITATION,
        )

    def _split_generators(self, dl_manager: Any) -> list[Any]:
        paths = dl_manager.download(FILES)
        return [datasets.SplitGenerator(split, {"path": path, "split": split}) for split, path in paths.items()]

    def _generate_examples(self, path: str, split: str) -> Iterator[tuple[int, dict[str, Any]]]:
        yield from enumerate(examples(path, split, self.config.name))
