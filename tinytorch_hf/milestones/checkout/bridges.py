"""What TinyTorch's milestones import for their data, where the student's own package or checkout has none of it.

As files in a checkout, which a script finds when it is run as it stands; or in one process, after `install`.
Nothing of the student's is changed in either way.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType

_DATA_MANAGER = '''"""The data manager of the milestones, put here by `tinytorch-hf milestones`."""

from pathlib import Path

from tinytorch_hf import milestones


class DatasetManager(milestones.DatasetManager):
    """The data of every milestone, kept in the folder `datasets` beside this file."""

    def __init__(self, data_dir=None, auto_confirm=False):
        super().__init__(Path(__file__).parent / "datasets" if data_dir is None else data_dir, auto_confirm)
'''
_DATASETS = '''"""The dataset that a milestone imports, put here by `tinytorch-hf milestones`."""

from tinytorch_hf.milestones import TinyDigits

__all__ = ["TinyDigits"]
'''


@dataclass(frozen=True)
class Bridge:
    """One module that milestones import.

    Attributes
    ----------
    modules
        The names under which they import it.
    attribute
        The class that they take from it; `tinytorch_hf.milestones` has it.
    path
        The file that answers to these names, in a checkout.
    text
        What is written there if nothing else answers.
    """

    modules: tuple[str, ...]
    attribute: str
    path: str
    text: str

    def file(self, checkout: Path) -> Path | None:
        """The file that answers in a checkout or belongs there; None if the folder it belongs into is not there."""
        file = checkout / self.path
        as_package = file.with_suffix("") / "__init__.py"
        if as_package.is_file():
            return as_package
        return file if file.parent.is_dir() else None


DATA_MANAGER = Bridge(
    ("data_manager", "milestones.data_manager"), "DatasetManager", "milestones/data_manager.py", _DATA_MANAGER
)
DATASETS = Bridge(("tinytorch.datasets",), "TinyDigits", "tinytorch/datasets.py", _DATASETS)
BRIDGES = (DATA_MANAGER, DATASETS)


class _StandIns(MetaPathFinder):
    """Finds the modules of the bridges; it stands last, so that it is asked for what nobody else has."""

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        for bridge in BRIDGES:
            if name in bridge.modules:
                return spec_from_loader(name, _StandIn(bridge.attribute), origin=__name__)
        return None


class _StandIn(Loader):
    """Fills a module with one class of this package."""

    def __init__(self, attribute: str) -> None:
        self.attribute = attribute

    def exec_module(self, module: ModuleType) -> None:
        setattr(module, self.attribute, getattr(importlib.import_module("tinytorch_hf.milestones"), self.attribute))


def install() -> None:
    """Make the milestones' imports of data work in this process, where nothing else answers to them.

    These are ``tinytorch.datasets.TinyDigits``, if a package tinytorch is there, and ``DatasetManager`` of
    ``data_manager`` and of ``milestones.data_manager``. Modules that exist, now or later, come first.
    """
    if not any(isinstance(finder, _StandIns) for finder in sys.meta_path):
        sys.meta_path.append(_StandIns())
