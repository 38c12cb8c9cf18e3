"""A dataset of one or two small files for the specifications of downloads: real archives, real hashes."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.acquire import fetch, plan
from tinytorch_hf.acquire.sink import Patience
from tinytorch_hf.catalog import Archive, DataFile, DatasetInfo, Downloaded, SplitInfo
from tinytorch_hf.files import folders

# Long enough for a busy machine to answer on the loopback, short enough for tests.
PATIENCE = Patience(connect_s=2, read_s=0.5, slow_bytes_per_s=10_000, slow_s=0.4, waits_s=(0.01, 0.02))

# Does not compress, so that the archive is as long.
UNPACKED = np.random.default_rng(0).bytes(100_000)
PACKED = gzip.compress(UNPACKED, mtime=0)


def described(name: str, data: bytes) -> DataFile:
    """A file as the catalog states it."""
    return DataFile(name, len(data), hashlib.sha256(data).hexdigest())


@dataclass(frozen=True)
class Small:
    """The dataset, and the folder it is downloaded into."""

    dataset: DatasetInfo
    root: Path

    @property
    def archive(self) -> Path:
        """Where the archive belongs."""
        return self.root / "small" / "letters.gz"

    @property
    def unpacked(self) -> Path:
        """Where its file belongs."""
        return self.root / "small" / "letters"

    @property
    def partial(self) -> Path:
        """Where the archive grows."""
        (step,) = plan.plan(self.dataset, self.root)
        return step.partial

    def fetch(self, patience: Patience = PATIENCE) -> list[Path]:
        """Download what is missing."""
        return fetch.fetch(self.dataset, self.root, plan.plan(self.dataset, self.root), patience)

    def is_whole(self) -> bool:
        """Whether the archive and its file are there and good, and nothing else but the lock."""
        names = {path.name for path in self.archive.parent.iterdir()}
        return (
            # Whether the lock's empty file stays depends on the release of filelock.
            names - {".letters.gz.lock"} == {"letters", "letters.gz"}
            and self.archive.read_bytes() == PACKED
            and self.unpacked.read_bytes() == UNPACKED
        )

    def nothing_is_trusted(self) -> bool:
        """Whether neither the archive nor its file seems to be there."""
        return not self.archive.exists() and not self.unpacked.exists()


def small(root: Path, *addresses: str) -> Small:
    """The dataset as it is had from these addresses."""
    file = described("letters", UNPACKED)
    urls = tuple(f"{address}/letters.gz" for address in addresses)
    dataset = replace(
        catalog.MNIST,
        name="small",
        title="Small",
        splits=(SplitInfo("train", 1, (file,)),),
        provider=Downloaded((Archive(described("letters.gz", PACKED), "small", urls),), "small"),
    )
    assert folders.folder(dataset, root) == root / "small"
    return Small(dataset, root)
