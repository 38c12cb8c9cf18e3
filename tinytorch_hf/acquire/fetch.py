"""A dataset's archives from the places that have them, one after the other, and unpacked."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tinytorch_hf import shown
from tinytorch_hf.acquire import lock, places, unpack
from tinytorch_hf.acquire import plan as planning
from tinytorch_hf.acquire.plan import Step
from tinytorch_hf.acquire.reasons import Failure
from tinytorch_hf.acquire.sink import Patience
from tinytorch_hf.acquire.transfer import require_extra, transfer
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.errors import NetworkError
from tinytorch_hf.files import folders, store


def fetch(
    dataset: DatasetInfo, root: str | Path | None, steps: Sequence[Step], patience: Patience | None = None
) -> list[Path]:
    """Download what is missing of a dataset's archives and unpack what is missing of its files.

    Says on standard error what, how large, from where and into which folder before it begins.

    Parameters
    ----------
    dataset, root
        Whose files, and under which root they belong.
    steps
        What `plan` found.
    patience
        How long servers are waited for.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    NetworkError
        No place gave an archive; each is listed with its reason, and how to do it by hand.
    StorageError
        There is too little space, or a file cannot be read or written.
    CorruptFileError
        An archive holds something else than the catalog says.
    MissingExtraError
        The libraries of the extra ``download`` are not installed.
    """
    if not all(step.is_present for step in steps):
        require_extra()
    planning.check_space(steps)
    sys.stderr.write(shown.shown(planning.announcement(dataset, steps, root)) + "\n")
    written: list[Path] = []
    for step in steps:
        # To unpack needs no lock, and no extra: each file is renamed into place whole.
        with lock.only_one(step.path) if not step.is_present else contextlib.nullcontext():
            # Another process may have done it while this one waited.
            now = planning.step(step.archive, dataset, root)
            if now is not None:
                written += _carry_out(dataset, root, now, patience or Patience())
    return written


def _carry_out(dataset: DatasetInfo, root: str | Path | None, step: Step, patience: Patience) -> list[Path]:
    written = []
    if not step.is_present:
        _download(dataset, root, step, patience)
        written.append(step.path)
    folder = folders.folder(dataset, root)
    return [*written, *unpack.unpack(step.path, step.files, folder, member_folder=dataset.place)]


def _download(dataset: DatasetInfo, root: str | Path | None, step: Step, patience: Patience) -> None:
    tried = []
    for address in places.addresses(dataset.name, step.archive):
        reason = _from_place(address, step, patience)
        if reason is None:
            try:
                step.partial.replace(step.path)
            except OSError as error:
                raise store.not_written(step.path, error) from error
            return
        tried.append(f"  {shown.address(address)}: {reason}")
    raise NetworkError(_all_failed(dataset, root, step, tried))


def _from_place(address: str, step: Step, patience: Patience) -> str | None:
    """Get a whole, verified partial file from one place; the reason why not, or None.

    The same place is asked again while what went wrong may pass; the tries are counted anew whenever another
    hundredth of the file has come.
    """
    file, partial = step.archive.file, step.partial
    waits, most, was_wrong = list(patience.waits_s), planning.size_of(partial), False
    while True:
        try:
            n_before = transfer(address, partial, file.size_bytes, patience)
        except Failure as failure:
            n_bytes = planning.size_of(partial)
            if n_bytes >= most + file.size_bytes / 100:
                waits, most = list(patience.waits_s), n_bytes
            if not failure.may_pass or not waits:
                return failure.reason
            time.sleep(waits.pop(0))
            continue
        if store.is_good(partial, file):
            return None
        partial.unlink()
        if not n_before or was_wrong:
            return "what came is not the published file"
        # Its beginning came from elsewhere, and may be what is wrong.
        was_wrong, most = True, 0


def _all_failed(dataset: DatasetInfo, root: str | Path | None, step: Step, tried: Sequence[str]) -> str:
    there = "" if root is None else f" --root {root}"
    kept = planning.size_of(step.partial)
    goes_on = f"{kept} bytes that came are kept; running it again goes on from there.\n" if kept else ""
    return (
        f"{step.archive.file.name} of {dataset.title} could not be downloaded. These were tried:\n"
        + "\n".join(tried)
        + f"\n{goes_on}By hand: get the file with a browser, where there is a network, from {step.archive.urls[-1]}, "
        f"then run `tinytorch-hf download {dataset.name} --from FILE{there}`. FILE may also be a folder, such as a "
        "stick's, with several files. Behind a proxy, set HTTPS_PROXY first."
    )
