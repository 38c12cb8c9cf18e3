"""Cut TinyShakespeare from the whole of it, byte for byte as everywhere, and check the result.

Run from anywhere: ``python3 datasets/tinyshakespeare/create_tinyshakespeare.py --whole FILE``, with the whole,
``input.txt``. Without ``--whole`` it is the one in the cache, where ``tinytorch-hf download shakespeare`` puts it.

``scenes.csv`` says of every scene in the whole on which lines it stands, and which of them are in the excerpt: their
split, and their place in it. The whole has no headings of plays, acts and scenes; the lines were found once, by
looking for the lines of each scene of an edition that has them. Nothing is written unless all files have the sizes
and SHA-256 that the catalog states. ``--describe`` says what the scenes hold instead.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

# The checkout this recipe stands in, so that it also runs where nothing is installed.
sys.path.append(str(Path(__file__).resolve().parents[2]))

from tinytorch_hf import catalog
from tinytorch_hf.data.texts import texts_of
from tinytorch_hf.errors import TinyTorchHFError
from tinytorch_hf.files import store
from tinytorch_hf.files.opening import read_file
from tinytorch_hf.files.splits import Split
from tinytorch_hf.formats import json_lines

Row = dict[str, str]

HERE = Path(__file__).resolve().parent
SAMPLE = "tinyshakespeare_sample.txt"


def read_scenes() -> list[Row]:
    """Every scene of the whole, in its order: play, genre, act, scene, first and last line, split and position."""
    with (HERE / "scenes.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def cut(whole: bytes, scenes: Sequence[Row]) -> dict[str, Split]:
    """The excerpt's splits, with the columns that the catalog states; the text of a scene is its lines as they are."""
    dataset = catalog.TINYSHAKESPEARE
    lines = whole.decode("ascii").splitlines(keepends=True)
    genres = dataset.column("genre").names
    splits = {}
    for split in dataset.splits:
        rows = sorted((row for row in scenes if row["split"] == split.name), key=lambda row: int(row["position"]))
        values: dict[str, Sequence[object]] = {
            "text": ["".join(lines[int(row["first_line"]) - 1 : int(row["last_line"])]) for row in rows],
            "play": [row["play"] for row in rows],
            "genre": [genres.index(row["genre"]) for row in rows],
            **{name: [int(row[name]) for row in rows] for name in ("act", "scene", "first_line", "last_line")},
        }
        dtypes = {column.name: np.str_ if column.dtype == "str" else np.int64 for column in dataset.columns}
        splits[split.name] = Split(split.name, {name: np.array(values[name], dtypes[name]) for name in dtypes})
    return splits


def contents(splits: Mapping[str, Split]) -> dict[str, bytes]:
    """What each file holds, by its name: JSON lines of each split, and the same as text, a blank line after a scene."""
    texts = {name: "".join(texts_of("plain text", split)).encode("ascii") for name, split in splits.items()}
    return {
        **{f"{name}.jsonl": json_lines.write_columns(split.columns) for name, split in splits.items()},
        SAMPLE: b"".join(texts.values()),
        **{f"splits/{name}.txt": text for name, text in texts.items()},
    }


def described(splits: Mapping[str, Split], whole: str) -> str:
    """Lines on balance, characters and lost words, for the datasheet."""
    genres = catalog.TINYSHAKESPEARE.column("genre").names
    found = []
    for name, split in splits.items():
        lengths = np.bincount(split["genre"], [len(text) for text in split["text"].tolist()])
        sizes = ", ".join(f"{length:.0f} of {genre}" for length, genre in zip(lengths, genres, strict=True))
        found.append(f"{name}: {len(split)} scenes, characters {sizes}")
    text = "".join(part for split in splits.values() for part in texts_of("plain text", split))
    for what, seen in (("excerpt", text), ("whole", whole)):
        found.append(
            f"{what}: {len(seen)} characters, {len(set(seen))} different; "
            f"{len(speakers(seen))} speeches, {len(speakers(seen, are_silent=True))} of them without words"
        )
    found.append(f"in the whole and not in the excerpt: {' '.join(sorted(set(whole) - set(text)))}")
    return "\n".join(found)


def speakers(text: str, *, are_silent: bool = False) -> list[str]:
    """Who speaks in each speech; with ``are_silent`` of those alone whose words were lost with a stage direction."""
    return re.findall(r"(?:\A|(?<=\n\n))([A-Z].*):\n" + r"(?=\n)" * are_silent, text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Cut, check against the catalog, write, and say what was written."""
    parser = argparse.ArgumentParser(description="Cut TinyShakespeare from the whole and check it.")
    parser.add_argument("--whole", type=Path, help="the whole, input.txt (default: the one in the cache)")
    parser.add_argument("--describe", action="store_true", help="say what the scenes hold, and write nothing")
    options = parser.parse_args(arguments)
    (file,) = catalog.SHAKESPEARE.files
    try:
        if options.whole is None:
            whole = store.read(catalog.SHAKESPEARE, file)
        else:
            whole = read_file(options.whole, 2 * file.size_bytes)
            store.check(whole, file, options.whole, "Get the whole, input.txt, as README.md says.")
        try:
            splits = cut(whole, read_scenes())
        except (csv.Error, IndexError, KeyError, ValueError) as error:
            print(f"{HERE / 'scenes.csv'} is damaged ({error}). Get it again, with `git checkout`.", file=sys.stderr)
            return 1
        if options.describe:
            print(described(splits, whole.decode("ascii")))
            return 0
        made = contents(splits)
        for one in catalog.TINYSHAKESPEARE.files:
            store.check(made[one.name], one, HERE / one.name)
        for name, data in made.items():
            store.write(HERE / name, data)
    except TinyTorchHFError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename} cannot be read: {error.strerror or error}.", file=sys.stderr)
        return 1
    for one in catalog.TINYSHAKESPEARE.files:
        print(f"{one.name:<26} {one.size_bytes:>6} bytes  sha256 {one.sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
