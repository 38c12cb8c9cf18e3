"""Put what its milestones need into a TinyTorch checkout."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tinytorch_hf import catalog
from tinytorch_hf.acquire import export, provision
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.errors import InvalidArgumentError, StorageError, TinyTorchHFError
from tinytorch_hf.files import folders, store
from tinytorch_hf.milestones.checkout.bridges import BRIDGES
from tinytorch_hf.milestones.checkout.needs import FULL
from tinytorch_hf.milestones.data import full_data, places


def recognise(root: str | Path) -> Path:
    """The root of a TinyTorch checkout, of any generation: it has a folder ``milestones`` or a package ``tinytorch``.

    Raises
    ------
    InvalidArgumentError
        It is none; if one is near, the message says where.
    """
    root = folders.expanded(root)
    what = "Give the root of a TinyTorch checkout: the folder that holds its `milestones` and `tinytorch`."
    lacks = "It has no folder `milestones` and no package `tinytorch` with a folder `core`."
    if not root.is_dir():
        raise InvalidArgumentError(f"{root} is not a folder. {what}")
    if _is_checkout(root):
        return root
    near = [folder for folder in (root / "tinytorch", root.resolve().parent) if _is_checkout(folder)]
    raise InvalidArgumentError(
        f"{root} is no TinyTorch checkout. " + (f"Did you mean {near[0]}?" if near else f"{lacks} {what}")
    )


def _is_checkout(folder: Path) -> bool:
    return (folder / "milestones").is_dir() or (folder / "tinytorch" / "core").is_dir()


def data_dir(root: Path) -> Path:
    """Folder in which a checkout's data manager keeps what is downloaded."""
    return root / "milestones" / "datasets"


@dataclass
class Prepared:
    """What `prepare` did: the files it wrote, and why a whole dataset could not be put there."""

    written: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def prepare(root: Path, *, download: bool = False, source: str | Path | None = None) -> Prepared:
    """Put into a checkout what its milestones need, as far as it is not there.

    The curated files come from this package. MNIST, CIFAR-10 and all of Tiny Shakespeare are copied from the cache if
    they are in it, or else downloaded or taken from ``source`` if that is asked for. Modules that milestones import
    their data from are written where there are none. What is the user's own stays.

    Parameters
    ----------
    root
        What `recognise` gave.
    download
        Get what is missing of these.
    source
        A file, or a folder with files, to take them from instead; it may have some of them.

    Raises
    ------
    StorageError
        A file could not be read or written.
    """
    done = Prepared()
    for name in catalog.shipped_names():
        done.written += [step.path for step in export.to_checkout(catalog.info(name), root) if step.will_write]
    for bridge in BRIDGES:
        file = bridge.file(root)
        if file and not file.exists():
            store.write(file, bridge.text.encode("utf-8"))
            done.written.append(file)
    if not data_dir(root).parent.is_dir():
        return done
    failures: dict[str, str] = {}
    for dataset in FULL:
        try:
            done.written += _put_full(dataset, root, download, source)
        except StorageError:
            raise
        except TinyTorchHFError as error:
            failures[dataset.name] = str(error)
    if source is not None and len(failures) < len(FULL):
        failures = {name: why for name, why in failures.items() if _is_begun(catalog.info(name))}
    # A path that does not exist is wrong for all.
    done.problems += dict.fromkeys(failures.values())
    return done


def _put_full(dataset: DatasetInfo, root: Path, download: bool, source: str | Path | None) -> list[Path]:
    if all(places.look(place).state.can_be_used for place in full_data.places(dataset, data_dir(root))):
        return []
    if download or source is not None:
        provision.provide(dataset, None, source)
    elif not all(store.is_good(folders.folder(dataset) / file.name, file) for file in dataset.files):
        return []
    return full_data.put(dataset, data_dir(root))


def _is_begun(dataset: DatasetInfo) -> bool:
    """Whether the cache has something of a dataset, so that its source did, too."""
    return any((folders.folder(dataset) / file.name).exists() for file in dataset.files)
