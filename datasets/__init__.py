"""The folder of curated files, which gives the name `datasets` back to Hugging Face when it is installed.

Milestones run from the repository's root and say ``from datasets.tinydigits import load_tinydigits``, while
``from datasets import load_dataset`` means Hugging Face's library, which owns the name. From the root this
folder is found first. It then looks for the library elsewhere on the path, lets it take its place and adds
itself to the places where the library's submodules are looked for, so that both imports work in one process.
Without the library the folder serves alone.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from typing import Any

_failure: Exception | None = None


def _find_library() -> ModuleSpec | None:
    for entry in sys.path:
        spec = PathFinder.find_spec("datasets", [entry])
        # A file that only the library has: other checkouts on the path have a folder of this name as well.
        if spec and spec.origin and Path(spec.origin).with_name("arrow_dataset.py").is_file():
            return spec
    return None


def _hand_over(spec: ModuleSpec) -> None:
    global _failure  # noqa: PLW0603 -- the explanation that __getattr__ gives belongs to this module
    assert spec.loader is not None  # noqa: S101 -- a spec with an origin has a loader
    library = module_from_spec(spec)
    this_module = sys.modules[__name__]
    sys.modules[__name__] = library
    try:
        spec.loader.exec_module(library)
    except Exception as error:
        # A broken installation of the library must not keep a student from files that need NumPy alone.
        for name in [name for name in sys.modules if name.startswith(f"{__name__}.")]:
            del sys.modules[name]
        sys.modules[__name__] = this_module
        _failure = error
    else:
        library.__path__.append(str(Path(__file__).parent))


def __getattr__(name: str) -> Any:
    if name.startswith("__") or (Path(__file__).parent / name).is_dir():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    kind, reason = (
        (ImportError, f"it does not import here ({_failure})")
        if _failure
        else (ModuleNotFoundError, "it is not installed")
    )
    raise kind(
        f"`datasets.{name}` belongs to Hugging Face's library, which the folder {Path(__file__).parent} stands in for "
        f"because {reason}. Install it with: pip install datasets",
        name=__name__,
    ) from _failure


_library = _find_library()
if _library is not None:
    _hand_over(_library)
