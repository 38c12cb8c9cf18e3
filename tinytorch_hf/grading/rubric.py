"""The rubric: what is worth how many points, what has to be right, what a submission may use, which seeds it meets.

`tinytorch_hf.grading.rubric_file` reads one from a file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from tinytorch_hf.check import run
from tinytorch_hf.check.programs import trial
from tinytorch_hf.judging.case import MODULES
from tinytorch_hf.student.limits import Limits

POINTS_OF_A_MODULE = 10.0
"""What each module of the course is worth where there is no rubric."""


@dataclass(frozen=True)
class Item:
    """One line of the rubric.

    Attributes
    ----------
    name
        An operation or a module, as `check --only` takes them; "programs" for the generated ones.
    points
        The most that there is for it. A module's are shared equally by its operations, apart from those that have an
        item of their own.
    hidden
        Whether students see how it went only once grades are published.
    """

    name: str
    points: float
    hidden: bool = False


@dataclass(frozen=True)
class Seeds:
    """The seeds that fix a submission's inputs.

    Attributes
    ----------
    shown
        Students may know them.
    hidden
        Students may not. Where they are to be drawn at random, none.
    to_draw
        How many are to be drawn at random where ``hidden`` has none.
    """

    shown: tuple[int, ...] = (0,)
    hidden: tuple[int, ...] = ()
    to_draw: int = 2


@dataclass(frozen=True)
class Share:
    """What one operation is worth.

    Attributes
    ----------
    operation, module
        As `check` names them.
    points
        The most that there is for it.
    is_hidden, is_required
        As its item, and the rubric, say.
    """

    operation: str
    module: str
    points: float
    is_hidden: bool = False
    is_required: bool = False


def _of_the_course() -> tuple[Item, ...]:
    return tuple(Item(module, POINTS_OF_A_MODULE) for module in MODULES)


@dataclass(frozen=True)
class Rubric:
    """How submissions are marked; without arguments, every module of the course is worth the same.

    Attributes
    ----------
    title
        What reports are headed with.
    items
        What there are points for.
    required
        Operations or modules without all of which there are no points at all; each is among the items.
    allowed_imports
        Libraries that a submission may import though they do the work, such as "torch".
    credit_consequences
        Whether an operation that is wrong only because of another one costs nothing.
    limits
        What a submission may use.
    seeds
        Which seeds it meets.
    """

    title: str = "TinyTorch"
    items: tuple[Item, ...] = field(default_factory=_of_the_course)
    required: tuple[str, ...] = ()
    allowed_imports: tuple[str, ...] = ()
    credit_consequences: bool = True
    limits: Limits = field(default_factory=Limits)
    seeds: Seeds = field(default_factory=Seeds)

    def shares(self) -> tuple[Share, ...]:
        """What each operation is worth, in the course's order; a module is shared by those without an item."""
        modules = dict(_operations())
        # An operation that is called as its module is has no item but the module's, as for `check --only`.
        own = {item.name: item for item in self.items if item.name not in modules.values()}
        shares: dict[str, tuple[float, Item]] = {name: (item.points, item) for name, item in own.items()}
        for item in self.items:
            sharing = [] if item.name in own else members(item.name) - own.keys()
            shares.update((name, (item.points / len(sharing), item)) for name in sharing)
        required = set().union(*map(members, self.required))
        return tuple(
            Share(name, module, shares[name][0], shares[name][1].hidden, name in required)
            for name, module in modules.items()
            if name in shares
        )

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations that there are points for, in the course's order."""
        return tuple(share.operation for share in self.shares())

    @property
    def out_of(self) -> float:
        """The most points that there are."""
        return sum(item.points for item in self.items)

    @property
    def digest(self) -> str:
        """SHA-256 over everything that decides what a submission gets; the title does not."""
        decisive = {name: value for name, value in asdict(self).items() if name != "title"}
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def members(name: str) -> set[str]:
    """The operations of a module, or the one operation that it is; none for what is neither."""
    return {operation for operation, module in _operations().items() if name in (operation, module)}


def known_names() -> list[str]:
    """What an item may be called: modules first, then operations."""
    return [*MODULES, trial.MODULE, *_operations()]


def _operations() -> Mapping[str, str]:
    """Every operation with its module, in the course's order."""
    battery = {case.name: case.module for case in run.select(())}
    return battery | dict.fromkeys(trial.names(), trial.MODULE)
