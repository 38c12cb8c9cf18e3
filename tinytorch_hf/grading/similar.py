"""Code that is equal to the reference's or to another submission's, names apart: told to the instructor, not scored.

The work grows as the number of functions does: a function that many submissions have is not compared pair by pair.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tinytorch_hf.grading.code_prints import CodePrint, code_prints

FEWEST = 3
"""How many functions have to be equal; fewer are equal by chance."""

_LEAST_SHARE = 0.2
# A function that more submissions have is said to be widespread, and not whose else it is, one by one.
_MOST_PAIRED = 10
_MOST_NAMED = 3


def remarks_on(prints: Mapping[str, Sequence[CodePrint]]) -> dict[str, tuple[str, ...]]:
    """For each submission what is to be said of where its code comes from; nothing for most.

    Functions that more than half of a class have were handed out, or are written so by everyone.

    Parameters
    ----------
    prints
        Of each submission, by its name.
    """
    reference = _of_the_reference()
    holders: dict[str, list[str]] = defaultdict(list)
    for name, found in prints.items():
        for one in {one.hash for one in found} - reference:
            holders[one].append(name)
    handed_out = {one for one, names in holders.items() if len(names) > max(_MOST_NAMED, len(prints) / 2)}
    return {
        name: tuple(_said_of(name, found, reference, handed_out, holders, prints))
        for name, found in prints.items()
        if found
    }


def _said_of(
    name: str,
    found: Sequence[CodePrint],
    reference: frozenset[str],
    handed_out: set[str],
    holders: Mapping[str, Sequence[str]],
    prints: Mapping[str, Sequence[CodePrint]],
) -> Iterator[str]:
    from_reference = [one for one in found if one.hash in reference]
    if _is_much(from_reference, found):
        yield _sentence(from_reference, found, "of tinytorch_hf.reference")
    own = list({one.hash: one for one in found if one.hash not in reference and one.hash not in handed_out}.values())
    widespread = [one for one in own if len(holders[one.hash]) > _MOST_PAIRED]
    if _is_much(widespread, found):
        yield _sentence(widespread, found, f"of more than {_MOST_PAIRED - 1} others")
    shared: dict[str, list[CodePrint]] = defaultdict(list)
    for one in own:
        if len(holders[one.hash]) <= _MOST_PAIRED:
            for other in holders[one.hash]:
                shared[other].append(one)
    for other, common in sorted(shared.items(), key=lambda entry: (-len(entry[1]), entry[0])):
        if other != name and _is_much(common, min(found, prints[other], key=len)):
            yield _sentence(common, found, f"of the submission {other}")


def _is_much(common: Sequence[CodePrint], of: Sequence[CodePrint]) -> bool:
    functions = sum(not one.is_module for one in common)
    share = _LEAST_SHARE * sum(not one.is_module for one in of)
    return any(one.is_module for one in common) or functions >= max(FEWEST, share)


def _sentence(common: Sequence[CodePrint], found: Sequence[CodePrint], whose: str) -> str:
    counted = []
    for what, is_module in (("modules", True), ("longer functions", False)):
        total = sum(one.is_module is is_module for one in found)
        count = sum(one.is_module is is_module for one in common)
        counted += [f"{count} of its {total} {what}"] if count else []
    # A module stands for what is in it.
    named = sorted({one.place.partition(":")[0] for one in common if one.is_module})
    named += sorted(one.place for one in common if not one.is_module and one.place.partition(":")[0] not in named)
    more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    return (
        f"{' and '.join(counted)} are those {whose}, but for names and comments: {', '.join(named[:_MOST_NAMED])}{more}"
    )


@functools.cache
def _of_the_reference() -> frozenset[str]:
    import tinytorch_hf.reference

    return frozenset(one.hash for one in code_prints(Path(tinytorch_hf.reference.__file__).parent))
