"""Build TinyPy from the standard library of the Python that runs this, and say what was written.

Run from anywhere, with NumPy installed: ``python3 datasets/tinypy/create_tinypy.py`` fills the cache, where
`load_tinypy` looks; ``python3 datasets/tinypy/create_tinypy.py ROOT`` writes below that folder. The files go to
``tinypy/`` there, into a folder that is named after the release, such as ``cpython-3.11.7``; they depend on the
release alone, so the same release prints the same hashes everywhere, unless a distribution has changed its library.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
# The checkout this recipe stands in, so that it also runs where nothing is installed.
sys.path.append(str(HERE.parents[1]))

if TYPE_CHECKING:
    from tinytorch_hf.files.python_functions import Function


def describe(splits: Mapping[str, Sequence[Function]]) -> str:
    """A line for each split, and the families of modules that train has most from."""
    from tinytorch_hf.acquire import standard_library
    from tinytorch_hf.files import python_functions

    rows = [f"{'split':<5}  functions  characters  families  with a docstring"]
    for split, functions in splits.items():
        n_characters = sum(len(python_functions.text_of(function)) for function in functions)
        families = {standard_library.family(function.module) for function in functions}
        n_documented = sum(bool(function.docstring) for function in functions)
        rows.append(f"{split:<5}  {len(functions):>9}  {n_characters:>10}  {len(families):>8}  {n_documented:>16}")
    counts = Counter(standard_library.family(function.module) for function in splits["train"])
    largest = ", ".join(f"{name} {count}" for name, count in counts.most_common(5))
    return "\n".join([*rows, f"largest families in train: {largest}"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, write, read back, and say what was written."""
    import numpy as np

    from tinytorch_hf import catalog
    from tinytorch_hf.acquire import provision, standard_library
    from tinytorch_hf.data import loaders
    from tinytorch_hf.errors import TinyTorchHFError
    from tinytorch_hf.files import python_functions
    from tinytorch_hf.formats import json_lines

    dataset = catalog.TINYPY
    parser = argparse.ArgumentParser(description="Build TinyPy from the standard library of this Python.")
    parser.add_argument("root", nargs="?", help="folder to write tinypy/ into (default: the cache)")
    options = parser.parse_args(arguments)
    start = time.perf_counter()
    try:
        splits = standard_library.functions({split.name: split.n_samples for split in dataset.splits})
        contents = {f"{split}.jsonl": json_lines.encode(functions) for split, functions in splits.items()}
        written = provision.write_built(dataset, contents, options.root)
        for split, functions in splits.items():
            columns = loaders.load_split(dataset, split, options.root)
            if any(not np.array_equal(columns[k], v) for k, v in python_functions.columns(functions).items()):
                raise TinyTorchHFError(f"The {split} split that was read back is not what was written; run this again.")
    except TinyTorchHFError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{time.perf_counter() - start:.1f} seconds, {written[0].parent}")
    print(describe(splits))
    for path in written:
        data = path.read_bytes()
        print(f"{path.name:<11} {len(data):>7} bytes  sha256 {hashlib.sha256(data).hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
