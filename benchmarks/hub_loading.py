"""How long each road through Hugging Face's library takes: in memory, from a built folder, and back to arrays.

``python -m benchmarks.hub_loading`` (needs the extra hf)
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import datasets

from benchmarks.timing import Table, measure, run
from tinytorch_hf import as_hf, catalog
from tinytorch_hf.hub import parquet

BASELINE = "as_hf.load"


def roads(name: str, config: str, folder: Path) -> dict[str, Callable[[], Any]]:
    """Every way to one configuration, and the way back from it.

    Parameters
    ----------
    name, config
        A dataset and one of its configurations.
    folder
        Where the dataset was built; the library's cache is put below it.
    """
    loaded = as_hf.load(name, config)
    return {
        BASELINE: partial(as_hf.load, name, config),
        "as_hf.to_numpy": partial(as_hf.to_numpy, name, loaded),
        "load_dataset of a built folder, cached": partial(
            datasets.load_dataset, str(folder), config, cache_dir=str(folder / "cache")
        ),
    }


def tables() -> Iterator[Table]:
    """One table for each configuration."""
    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory() as out:
        for name in catalog.shipped_names():
            folder = parquet.build(name, out)
            for config in as_hf.config_names(name):
                title = f"{name} through Hugging Face, configuration {config}"
                yield measure(f"hub_{name}_{config}", title, roads(name, config, folder), BASELINE, 9)


if __name__ == "__main__":
    run(__doc__, tables)
