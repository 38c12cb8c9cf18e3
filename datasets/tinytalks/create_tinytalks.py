"""Rebuild TinyTalks' text files from its source, `tinytalks_v1.jsonl`, and check every rule of the set.

Run from anywhere, with NumPy installed: ``python3 datasets/tinytalks/create_tinytalks.py``

Nothing is written unless the pairs keep every rule and all files have the sizes and SHA-256 that the catalog
states. Who makes a new version gives its source a name of its own, here in ``SOURCE``, and runs it with
``--new-version``: files are then written after the rules alone have been checked, the datasheet's table of counts is
renewed, and the hashes for the catalog are printed.
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

SOURCE = HERE / "tinytalks_v1.jsonl"
COUNTS = ("<!-- measured: counts -->", "<!-- /measured -->")


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
    n_words = len({word for pair in pairs for word in f"{pair.question} {pair.answer}".lower().split()})
    longest = max(len(talks.text_of(pair)) for pair in pairs)
    rows += [
        "",
        f"{len(pairs)} pairs, {len(text)} bytes, {len(set(text)) - 1} printable characters and the line end, "
        f"{n_words} distinct words with their punctuation; the longest pair has {longest} characters.",
    ]
    return "\n".join(rows)


def main(arguments: Sequence[str]) -> int:
    """Build, check rules and catalog, write, and say what was written."""
    from docs.tools.blocks import write_block
    from tinytorch_hf import catalog
    from tinytorch_hf.files import store, talks
    from tinytorch_hf.health import talks_rules

    is_new = list(arguments) == ["--new-version"]
    if arguments and not is_new:
        print("usage: create_tinytalks.py [--new-version]", file=sys.stderr)
        return 2
    source = SOURCE.read_bytes()
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
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
