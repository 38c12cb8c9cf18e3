"""What a student's package finds on Python's path: its own folder first, but no library through a file in there."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from tinytorch_hf.student import shadows
from tinytorch_hf.student.mapping import FrameworkMap

OURS = Path(__file__).parents[1]
"""The folder of this package."""


@dataclass(frozen=True)
class SearchPath:
    """Where a package and what it imports are looked for.

    Attributes
    ----------
    folders
        Of the package; they come first.
    rest
        Python's path without them. It has the folder that holds this package, whatever else is on it.
    own
        Names at the top level that are the package's own.
    hidden
        Libraries that files in the folders would hide, each with the file. They are to be imported before.
    """

    folders: tuple[Path, ...]
    rest: tuple[str, ...]
    own: frozenset[str]
    hidden: tuple[tuple[str, Path], ...]

    @property
    def entries(self) -> list[str]:
        """Everything, as it is when the package is imported."""
        return [*map(str, self.folders), *self.rest]

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of hidden libraries."""
        return tuple(shadows.note(library, path) for library, path in self.hidden)


def search_path(framework_map: FrameworkMap, folder: Path | None) -> SearchPath:
    """The path for a package in a folder; without one, for what is installed or lies in the current folder."""
    here = Path.cwd()
    folders = [folder] if folder else [Path(entry or here) for entry in sys.path if Path(entry or here) == here][:1]
    rest = [entry for entry in sys.path if entry and Path(entry) not in folders]
    # What judges has to be found, even if it is in one of these folders.
    if str(OURS.parent) not in rest:
        rest.append(str(OURS.parent))
    places = (framework_map.package, *framework_map.names.values(), *framework_map.functions.values())
    own = frozenset(place.partition(".")[0] for place in places)
    hidden = tuple(found for place in folders for found in shadows.hidden(place, own).items())
    return SearchPath(tuple(folders), tuple(rest), own, hidden)
