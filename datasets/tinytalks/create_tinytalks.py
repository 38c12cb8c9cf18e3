"""Rebuild TinyTalks' text files from its source, `tinytalks_v2.jsonl`, and check every rule of the set.

Run from anywhere, with NumPy installed: ``python3 datasets/tinytalks/create_tinytalks.py``

Nothing is written unless the pairs keep every rule and all files have the sizes and SHA-256 that the catalog
states. Who makes a new version gives its source a name of its own, here in ``SOURCE``, and runs it with
``--new-version``: files are then written after the rules alone have been checked, the datasheet's table of counts is
renewed with the one of its variety, and the hashes for the catalog are printed.
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
# The checkout this recipe stands in, so that it also runs where nothing is installed.
sys.path.append(str(HERE.parents[1]))

if TYPE_CHECKING:
    from tinytorch_hf.files.talks import Pair

SOURCE = HERE / "tinytalks_v2.jsonl"
_MOST_BYTES = 2**24
COUNTS = ("<!-- measured: counts -->", "<!-- /measured -->")
VARIETY = ("<!-- measured: variety -->", "<!-- /measured -->")

# Version 1.0.0 by the same functions of `tinytorch_hf.health.talks_variety`, from its tinytalks_v1.jsonl of 63,596
# bytes, SHA-256 eab5c6b7...57648b. It had no formulas: those of its questions "What is 20 + 3?" were taken.
OF_1_0_0 = {
    "n_words": 376,
    "n_topics": 5,
    "n_carries": 0,
    "largest_template": 26,
    "share_repeated": 0.4878,
    "zlib_ratio": 4.820,
    "median_nearest": 0.838,
}


def build(source: bytes) -> dict[str, bytes]:
    """Content of each file of the dataset, by file name."""
    from tinytorch_hf.files import talks

    pairs = talks.parse_jsonl(source, SOURCE)
    texts = {f"splits/{split}.txt": talks.to_text(talks.in_split(pairs, split)) for split in talks.SPLITS}
    return {**texts, SOURCE.name: talks.to_jsonl(pairs), f"{SOURCE.stem}.txt": talks.to_text(pairs)}


def counts(pairs: Sequence[Pair]) -> str:
    """Markdown table of how many pairs each topic has in each split."""
    from tinytorch_hf.files import talks

    found = Counter((pair.level, pair.topic, pair.split) for pair in pairs)
    topics = list(dict.fromkeys((pair.level, pair.topic) for pair in pairs))
    rows = ["| level | topic | train | val | test |", "|---|---|---|---|---|"]
    for level, topic in topics:
        numbers = " | ".join(str(found[level, topic, split]) for split in talks.SPLITS)
        rows.append(f"| {level} | {topic} | {numbers} |")
    text = talks.to_text(pairs)
    together = talks.conversations(pairs)
    longest = max(len(talks.to_text(turns)) for turns in together)
    n_formulas, n_sources = (sum(bool(getattr(pair, name)) for pair in pairs) for name in ("formula", "source"))
    rows += [
        "",
        f"{len(pairs)} pairs in {len(together)} conversations, {len(text)} bytes, {len(set(text)) - 1} printable "
        f"characters and the line end; the longest conversation has {longest} characters. {n_formulas} pairs have a "
        f"formula, {n_sources} a source.",
    ]
    return "\n".join(rows)


def variety(pairs: Sequence[Pair]) -> str:
    """Markdown table of how varied the pairs are, beside version 1.0.0 and what the rules promise."""
    from tinytorch_hf.health import talks_rules as rules
    from tinytorch_hf.health import talks_variety as figures

    largest = max(Counter(figures.template(pair.question) for pair in pairs).values())
    lines = (
        ("n_words", "different words", figures.n_words(pairs), f"at least {rules.LEAST['n_words']}"),
        ("n_topics", "topics of level 2", figures.n_topics(pairs), f"at least {rules.LEAST['n_topics']}"),
        (
            "n_carries",
            "bare sums with carry or borrow",
            figures.n_carries(pairs),
            f"at least {rules.LEAST['n_carries']}",
        ),
        (
            "n_of_several",
            "problems of several operations",
            figures.n_of_several(pairs),
            f"at least {rules.LEAST['n_of_several']}",
        ),
        ("largest_template", "questions of the commonest form", largest, f"at most {rules.MAX_OF_A_TEMPLATE}"),
        (
            "share_repeated",
            "share of four-word sequences that occur at least three times",
            figures.share_repeated(pairs),
            f"at most {rules.MOST['share_repeated']:.2f}",
        ),
        (
            "zlib_ratio",
            "times that zlib shortens the text",
            figures.zlib_ratio(pairs),
            f"at most {rules.MOST['zlib_ratio']}",
        ),
        (
            "median_nearest",
            "median similarity of a question to its nearest other",
            figures.median_nearest(pairs),
            f"at most {rules.MOST_MEDIAN_NEAREST:.2f}",
        ),
    )
    rows = ["| what | 2.0.0 | 1.0.0 | promised |", "|---|---|---|---|"]
    for name, what, found, promise in lines:
        rows.append(f"| {what} | {_shown(found)} | {_shown(OF_1_0_0.get(name))} | {promise} |")
    return "\n".join(rows)


def _shown(figure: float | None) -> str:
    return "" if figure is None else f"{figure:.3f}" if isinstance(figure, float) else str(figure)


def main(arguments: Sequence[str]) -> int:
    """Build, check rules and catalog, write, and say what was written."""
    from tinytorch_hf.errors import TinyTorchHFError

    is_new = list(arguments) == ["--new-version"]
    if arguments and not is_new:
        print("usage: create_tinytalks.py [--new-version]", file=sys.stderr)
        return 2
    try:
        return _made(is_new)
    except TinyTorchHFError as error:
        print(error, file=sys.stderr)
        return 1


def _made(is_new: bool) -> int:
    from docs.tools.blocks import write_block
    from tinytorch_hf import catalog
    from tinytorch_hf.files import store, talks
    from tinytorch_hf.health import talks_rules

    source = store.present_at(SOURCE, _MOST_BYTES)
    if source is None:
        print(f"{SOURCE} is not there. Get it again, with `git checkout` in a clone.", file=sys.stderr)
        return 1
    pairs = talks.parse_jsonl(source, SOURCE)
    broken = [f"{rule}: {what}" for rule, whats in talks_rules.violations(pairs).items() for what in whats]
    if broken:
        print("\n".join(broken), file=sys.stderr)
        return 1
    contents = build(source)
    if not is_new:
        for file in catalog.info("tinytalks").files:
            store.check(contents[file.name], file, HERE / file.name)
    for name, data in contents.items():
        store.write(HERE / name, data)
        print(f"{name:<18} {len(data):>6} bytes  sha256 {hashlib.sha256(data).hexdigest()}")
    if is_new:
        write_block(HERE / "DATASHEET.md", COUNTS, counts(pairs))
        write_block(HERE / "DATASHEET.md", VARIETY, variety(pairs))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
