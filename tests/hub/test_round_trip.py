"""Specification of the whole road: publish, serve, `load_dataset`, each in a process of its own, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import datasets
import pytest
from conftest import Run
from serving import serving
from writable_hub import TOKEN, WritableHub

from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.mirror import server
from tinytorch_hf.mirror.repositories import built, by_id

# One of images and one of texts; `numbers` in mirror_client.py loads every dataset.
DATASETS = ("tinydigits", "tinytalks")
ON_DEMAND = ("tinycifar", "mnist")
HAS_SCRIPTS = int(datasets.__version__.split(".")[0]) < 4

LOAD = """
import sys
from datasets import load_dataset
from tinytorch_hf import as_hf
from tinytorch_hf.data import content_hash
name = sys.argv[1]
found, expected = content_hash.fingerprints(name, as_hf.to_numpy(name, load_dataset(f"tinytorch/{name}")))
assert found == expected, (found, expected)
if sys.argv[2] == "script":
    scripted = load_dataset(f"tinytorch/{name}", revision="script", trust_remote_code=True)
    assert content_hash.fingerprints(name, as_hf.to_numpy(name, scripted))[0] == expected
print("the same numbers")
"""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[tuple[WritableHub, str]]:
    """An empty Hub that can be written to, and its address."""
    (tmp_path / "blobs").mkdir()
    hub = WritableHub(tmp_path / "blobs")
    with serving(hub.server()) as address:
        yield hub, address


def test_what_may_not_be_published_loads_from_a_mirror(
    shelf: dict[str, DatasetInfo], run_with_libraries: Run, tmp_path: Path
) -> None:
    """By the same call, from the machine on which it was built."""
    served = by_id([built(shelf[name], tmp_path / "built") for name in ON_DEMAND])
    program = (
        "import sys\nfrom datasets import load_dataset\n"
        "for name in sys.argv[1:]: print(load_dataset(name)['train'].num_rows)"
    )
    with serving(server.server(served)) as address:
        loaded = run_with_libraries("-c", program, *served, HF_ENDPOINT=address, HF_HUB_OFFLINE="0")

    expected = [repository.dataset.splits[0].n_samples for repository in served.values() if repository.dataset]
    assert [int(line) for line in loaded.stdout.splitlines()[-len(ON_DEMAND) :]] == expected, loaded.stderr


@pytest.mark.parametrize("name", DATASETS)
def test_what_was_published_loads_with_the_literal_call(
    name: str, hub: tuple[WritableHub, str], run_with_libraries: Run
) -> None:
    """With the curated numbers, by script too where the release runs scripts; the token is never shown on the way."""
    repo_id = f"tinytorch/{name}"
    talkative = {"HF_DEBUG": "1", "HF_HUB_VERBOSITY": "debug", "HF_HUB_OFFLINE": "0"}
    arguments = ("-m", "tinytorch_hf", "hub", "publish", name, "--repo-id", repo_id, "--yes", "--confirmed", "--script")

    published = run_with_libraries(*arguments, HF_ENDPOINT=hub[1], HF_TOKEN=TOKEN, **talkative)
    assert published.returncode == 0, published.stderr
    assert "every file has its SHA-256" in published.stdout
    assert len(published.stderr) > 1000 and TOKEN not in published.stdout + published.stderr
    assert set(hub[0].repositories[repo_id].branches) == {"main", "script"}

    what = "script" if HAS_SCRIPTS else "parquet"
    loaded = run_with_libraries("-c", LOAD, name, what, HF_ENDPOINT=hub[1], HF_HUB_OFFLINE="0")
    assert loaded.stdout.endswith("the same numbers\n"), loaded.stderr
