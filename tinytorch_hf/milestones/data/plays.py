"""Shakespeare's plays as TinyTorch's milestones read them: one text, from where they look for it.

What stands there comes first, also if it is another text that the student has put there; it is said to be that.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tinytorch_hf import catalog
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.data import text_loaders
from tinytorch_hf.milestones.data import full_data, places
from tinytorch_hf.milestones.data.places import Place, State
from tinytorch_hf.milestones.data.saying import say
from tinytorch_hf.shown import shown

# Where the first generation of TinyTorch kept the whole, under its data folder.
_OF_FIRST_GENERATION = Path("shakespeare", "tiny-shakespeare.txt")


def own_whole(data_dir: Path) -> str | None:
    """The whole in the milestones' data folder; None if nothing that can be read is there."""
    whole = catalog.SHAKESPEARE
    older = [Place(whole, file, data_dir / _OF_FIRST_GENERATION) for file in whole.files]
    return _first([*full_data.places(whole, data_dir), *older])


def sample(data_dir: Path, note: str = "") -> str:
    """The sample of the checkout whose data folder this is, or if it has none that can be read, the scenes that ship.

    ``note`` is said with it.
    """
    names = [form.file.name for form in catalog.TINYSHAKESPEARE.forms if not form.split]
    found = _first(places.curated(catalog.TINYSHAKESPEARE, data_dir.parent.parent, names), note)
    if found is not None:
        return found
    return told(catalog.TINYSHAKESPEARE, "".join(f"{scene}\n" for scene in text_loaders.load_tinyshakespeare()), note)


def told(dataset: DatasetInfo, text: str, note: str = "") -> str:
    """The text, after a line that says which it is, as TinyTorch's manager does."""
    say(shown(f"{dataset.title}: {len(text)} characters. {note}".rstrip()))
    return text


def _first(candidates: Iterable[Place], note: str = "") -> str | None:
    """The text of the first file that can be read."""
    for place in candidates:
        seen = places.look(place)
        if seen.state.can_be_used:
            own = f"{place.path} is a text of your own. " if seen.state is State.OTHER else ""
            return told(place.dataset, place.path.read_bytes().decode("utf-8"), own + note)
    return None
