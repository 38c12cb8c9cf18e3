"""The other side of `imports`: a fresh process that imports what may be broken, and says how that went.

Nothing that may be broken is imported before the first answer. Each answer is one line of JSON.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import os
import sys
from collections.abc import Callable
from typing import Any

Answer = dict[str, Any]


def main() -> None:
    """Do the tasks that the first argument names, one after the other; each may take the second's seconds."""
    import faulthandler

    limit_s = float(sys.argv[2])
    # What a library prints while it is imported goes elsewhere.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        faulthandler.enable()
        for task, *arguments in json.loads(sys.argv[1]):
            # This also ends an import that hangs in C code.
            faulthandler.dump_traceback_later(limit_s, exit=True)
            print(json.dumps(do(task, *arguments)), file=answers, flush=True)
        faulthandler.cancel_dump_traceback_later()
        answers.flush()
        # Libraries that are broken may also break the end of the process.
        os._exit(0)


def do(task: str, *arguments: str) -> Answer:
    """Do one task."""
    return _TASKS[task](*arguments)


def _library(module: str, attribute: str) -> Answer:
    """``from module import attribute``."""
    name = module.partition(".")[0]
    try:
        getattr(importlib.import_module(module), attribute)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        # A broken library may raise anything, even SystemExit.
        absent = isinstance(error, ModuleNotFoundError) and error.name == name
        return {"outcome": "missing" if absent else "broken", "detail": reason(error), "location": location_of(name)}
    package = sys.modules[name]
    return {
        "outcome": "ok",
        "detail": str(getattr(package, "__version__", "")),
        "location": getattr(package, "__file__", None) or "",
        "folders": list(getattr(package, "__path__", [])),
    }


def location_of(name: str) -> str:
    """File from which a package would be imported, without importing it."""
    sys.modules.pop(name, None)
    with contextlib.suppress(Exception):
        spec = importlib.util.find_spec(name)
        return (spec and spec.origin) or ""
    return ""


def reason(error: BaseException) -> str:
    """What an exception says, in one line; the cause at its root says more than what was made of it."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0].strip()}" if lines else type(error).__name__


def _student(name: str) -> Answer:
    """Which parts of the course the student's package has, and in which of the layouts."""
    from tinytorch_hf.student import frameworks

    try:
        package = frameworks.import_package(name)
    except ModuleNotFoundError as error:
        if frameworks.is_absent(error, name):
            return {"outcome": "missing", "detail": f"no package {name} is installed", "location": ""}
        return {"outcome": "broken", "detail": reason(error), "location": location_of(name)}
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return {"outcome": "broken", "detail": reason(error), "location": location_of(name)}
    with contextlib.suppress(Exception):
        frameworks.import_autograd(package)
    built: list[str] = []
    unbuilt: list[str] = []
    failing: dict[str, str] = {}
    for part in frameworks.HOMES:
        try:
            (unbuilt if frameworks.import_part(package, part) is None else built).append(part)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            failing[part] = reason(error)
    # The generations of TinyTorch differ by where these are.
    movable = dict.fromkeys(home for homes in frameworks.HOMES.values() if len(homes) > 1 for home in homes)
    return {
        "outcome": "broken" if failing else "ok",
        "detail": str(getattr(package, "__version__", None) or ""),
        "location": frameworks.package_location(package),
        "layout": [home for home in movable if f"{name}.{home}" in sys.modules],
        "built": built,
        "unbuilt": unbuilt,
        "failing": failing,
    }


_TASKS: dict[str, Callable[..., Answer]] = {"library": _library, "student": _student}
