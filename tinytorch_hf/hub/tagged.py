"""What is published stays as it is: the Parquet files of a version are those that its tag holds.

Other releases of the libraries write other bytes of the same numbers. Croissant names the files by the tag and by their
hashes, so that both must be of the same bytes.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tinytorch_hf import as_hf
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.hub import card, croissant, parquet
from tinytorch_hf.hub.contents import tag_of, take_snapshot
from tinytorch_hf.hub.remote import Remote

_DATA = "data/"


def keep(dataset: DatasetInfo, built: Path, remote: Remote, files_at: str) -> None:
    """Put the Parquet files of the version's tag in place of those that were built, with what is said of them.

    Nothing is changed where there is no such tag, where it has the same bytes, or where it has not the same numbers.

    Parameters
    ----------
    dataset
        Facts of the dataset.
    built
        The folder that `tinytorch_hf.hub.parquet.build` has written.
    remote
        The repository.
    files_at
        As for `tinytorch_hf.hub.parquet.build`.
    """
    tag = tag_of(dataset.version)
    state = remote.state(tag)
    if state is None or tag not in state.tags:
        return
    ours = {path: file for path, file in take_snapshot(built).files.items() if path.startswith(_DATA)}
    theirs = {path: file for path, file in state.files[tag].items() if path.startswith(_DATA)}
    if theirs.keys() != ours.keys() or all(file.holds(ours[path]) for path, file in theirs.items()):
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch) / dataset.name
        remote.download(state.tags[tag], folder)
        if not _has_the_numbers(dataset, folder):
            return
        for path in ours:
            shutil.copyfile(folder / path, built / path)
    text = croissant.text(dataset, built, remote.repo_id, files_at)
    (built / croissant.FILE_NAME).write_text(text, encoding="utf-8", newline="\n")
    readme = built / "README.md"
    text = card.with_sizes_of(readme.read_text(encoding="utf-8"), built)
    readme.write_text(text, encoding="utf-8", newline="\n")


def _has_the_numbers(dataset: DatasetInfo, folder: Path) -> bool:
    try:
        both = [parquet.fingerprints(dataset, folder, config) for config in as_hf.config_names(dataset)]
    except Exception:
        return False
    return all(found == expected for found, expected in both)
