"""The map of a package that has none and is no TinyTorch: asked of its own process, checked here, put into words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tinytorch_hf.errors import InvalidArgumentError, UnknownNameError
from tinytorch_hf.files import store
from tinytorch_hf.formats.strict_json import JsonError, parse_json
from tinytorch_hf.student.answers import Ask
from tinytorch_hf.student.mapping import FrameworkMap, as_json, brief, parse_map
from tinytorch_hf.student.synonyms import PARTS

KEEP = "`--write-map FILE` keeps this map, to be read and changed; `--map FILE` takes it from there"
HOW_TO = "docs/how_to/mapping.md of tinytorch-hf says how a map is written, and --map FILE takes it"
_STYLES = {
    "tensors": "",
    "scalars": (
        "a scalar framework: each node of its graph is one number; it is tried on arrays of such nodes, element by "
        "element, and what it has no arrays for cannot be tried"
    ),
    "layers": (
        "a layer-wise framework without automatic differentiation: its layers pass gradients back themselves; what "
        "is about tensors cannot be tried"
    ),
}
_MOST_SHOWN = 6


@dataclass(frozen=True)
class Found:
    """What came of looking for a map.

    Attributes
    ----------
    framework_map
        The map that is to be used.
    notes
        What is to be said of it; nothing where the package is a TinyTorch.
    failed
        Why there is none, where one was looked for and not found.
    """

    framework_map: FrameworkMap
    notes: tuple[str, ...] = ()
    failed: str = ""

    @property
    def is_inferred(self) -> bool:
        """Whether a map was found that says more than which package is meant."""
        return bool(self.notes) and not self.failed


def found(ask: Ask, framework_map: FrameworkMap) -> Found:
    """Look for the map of a package, unless there is one, or it is a TinyTorch.

    Parameters
    ----------
    ask
        Asks the process of the package.
    framework_map
        The map that is there.
    """
    if not framework_map.is_bare:
        return Found(framework_map)
    opened = ask(ask="open")
    if opened.kind != "opened" or opened.found:
        return Found(framework_map)
    answer = ask(ask="infer")
    text = answer.results.get("map")
    if answer.kind != "results" or not isinstance(text, str):
        reason = f"looking for its parts ended with: {answer.message}" if answer.kind != "results" else ""
        return Found(framework_map, failed=f"{looked_for()} {HOW_TO}. {reason}".strip())
    try:
        inferred = parse_map(parse_json(text), "the map that was inferred")
    except (JsonError, InvalidArgumentError, UnknownNameError) as error:
        return Found(framework_map, failed=f"What it calls its parts is no map: {error}")
    if inferred.package != framework_map.package or inferred.is_bare:
        return Found(framework_map)
    return Found(inferred, tuple(described(inferred)))


def looked_for() -> str:
    """What is looked for in a package without a map."""
    tensors = ", ".join(PARTS["Tensor"][:4])
    return (
        f"Nothing in it computes as tensors do: there is no class called {tensors} or the like, or that has __mul__ "
        "and backward, of which an object keeps its numbers in an attribute; and there is no layer with forward and "
        "backward."
    )


def described(framework_map: FrameworkMap) -> list[str]:
    """A map in a few sentences: which parts, which conventions, what was not found."""
    package = f"{framework_map.package}."
    places = {
        **{part: _short(part, place, package) for part, place in framework_map.names.items()},
        **{part: f"{place.removeprefix(package)}(x)" for part, place in framework_map.functions.items()},
        **{part: f"x.{method}()" for part, method in framework_map.methods.items()},
    }
    lines = [_STYLES[framework_map.style]] if framework_map.style != "tensors" else []
    parts = ", ".join(f"{part} = {place}" if place else part for part, place in places.items())
    lines.append(f"no map was given; these parts were found by their names: {parts}")
    conventions = _conventions(framework_map)
    if conventions:
        lines.append(f"conventions that were found by trying: {', '.join(conventions)}")
    for reason in dict.fromkeys(framework_map.untried.values()):
        concerned = [part for part, why in framework_map.untried.items() if why == reason]
        lines.append(f"not tried: {', '.join(concerned)}, because {reason}")
    lacking = [part for part in PARTS if part not in places and part not in framework_map.untried]
    if lacking:
        more = f" and {len(lacking) - _MOST_SHOWN} more" if len(lacking) > _MOST_SHOWN else ""
        lines.append(f"not found: {', '.join(lacking[:_MOST_SHOWN])}{more}")
    return [*lines, KEEP]


def write(framework_map: FrameworkMap, path: Path, replace: bool = False) -> None:
    """Keep a map as a file; the file is there as a whole or not at all.

    Raises
    ------
    InvalidArgumentError
        There is a file of this name already, and it is not to be replaced.
    StorageError
        The file cannot be written.
    """
    refuse_present(path, replace)
    store.write(path, (json.dumps(brief(framework_map), indent=2) + "\n").encode())


def refuse_present(path: Path, replace: bool = False) -> None:
    """Raise InvalidArgumentError if there is something of this name that is not to be replaced."""
    if path.is_dir() or (path.exists() and not replace):
        raise InvalidArgumentError(f"There is {path} already. Give another name, or --force to replace a file.")


def _short(part: str, place: str, package: str) -> str:
    """Where a part is, unless its name says it."""
    return "" if place.rpartition(".")[2] == part else place.removeprefix(package)


def _conventions(framework_map: FrameworkMap) -> list[str]:
    usual = as_json(FrameworkMap())["conventions"]
    own: Mapping[str, str] = as_json(framework_map)["conventions"]
    found = [
        f"Linear's weight is laid out as ({value})" if name == "linear_weight" else f"{name} is called {value}"
        for name, value in own.items()
        if value != usual[name]
    ]
    for part, names in framework_map.parameters.items():
        found += [f"{part}.{theirs} as {ours}" for ours, theirs in names.items()]
    return found
