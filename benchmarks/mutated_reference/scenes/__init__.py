"""What is computed beside generated programs to tell packages apart: construction, use and training of every part.

It uses the package ``tinytorch`` that can be imported in this process: the reference, or a changed copy of it.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator

from benchmarks.mutated_reference.scenes import functions, parts, tensors, trainings
from benchmarks.mutated_reference.scenes.values import Values, held

SCENES = {**parts.SCENES, **functions.SCENES, **tensors.SCENES, **trainings.SCENES}
"""Everything that is computed, by name; each takes the package."""


def played() -> Iterator[tuple[str, Values]]:
    """Every scene by name, with what came of it; an error is what came of it, too."""
    package, data = importlib.import_module("tinytorch"), importlib.import_module("tinytorch.data")
    # As it is when it is imported: nothing has been seeded yet.
    yield "the first weights of a process", held(package.Linear(3, 2))
    for name, scene in SCENES.items():
        package.seed(3)
        data._random.seed(5)
        try:
            found = scene(package)
        except Exception as error:  # a changed package may raise anything
            found = [type(error).__name__]
        yield name, found
