"""The loading scripts as modules, for the tests that hold them against what the facts give."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

from tinytorch_hf import catalog
from tinytorch_hf.files import folders

NAMES = tuple(name for name in catalog.names() if folders.loading_script(catalog.info(name)))
"""The datasets that have a script."""


def loading_script(name: str) -> ModuleType:
    """A dataset's loading script, imported once."""
    module_name = f"loading_script_of_{name}"
    if module_name not in sys.modules:
        path = folders.loading_script(catalog.info(name))
        assert path
        spec = importlib.util.spec_from_file_location(module_name, path)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        # Pickling the builder, as `datasets` does to fingerprint it, looks its module up by name.
        sys.modules[module_name] = module
        spec.loader.exec_module(module)
    return sys.modules[module_name]
