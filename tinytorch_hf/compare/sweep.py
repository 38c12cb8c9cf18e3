"""The same training beside PyTorch with several seeds, side by side in processes of their own.

A seed fixes initial weights and the order of samples; the data stay the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from tinytorch_hf import workers as parallel
from tinytorch_hf.compare import lockstep, paired
from tinytorch_hf.compare.lockstep import Comparison
from tinytorch_hf.compare.paired import Paired
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.target import Target
from tinytorch_hf.errors import InvalidArgumentError, StudentCodeError
from tinytorch_hf.judging.judges import chosen, getting_torch, judged_by


@dataclass(frozen=True)
class SeedRun:
    """What came of one seed.

    Attributes
    ----------
    seed
        Which one.
    comparison
        The training beside PyTorch; None where the student's code raised an error.
    error
        That error.
    """

    seed: int
    comparison: Comparison | None
    error: str = ""

    @property
    def accuracies(self) -> tuple[float, float] | None:
        """TinyTorch's and PyTorch's accuracy on the test split; None where it was not reached."""
        return None if self.comparison is None else self.comparison.accuracies

    @property
    def is_right(self) -> bool:
        """Whether both sides agree with this seed."""
        return self.comparison is not None and self.comparison.is_right


@dataclass(frozen=True)
class Sweep:
    """What came of several seeds.

    Attributes
    ----------
    settings
        Of the first seed; the others differ from them in the seed alone.
    seeds
        All that were asked for.
    runs
        What came of those that ended, by seed.
    paired
        The accuracies of both sides over the seeds; None where fewer than two have accuracies.
    """

    settings: Settings
    seeds: tuple[int, ...]
    runs: tuple[SeedRun, ...]
    paired: Paired | None

    @property
    def is_complete(self) -> bool:
        """Whether every seed ended; after Ctrl-C some may not have."""
        return len(self.runs) == len(self.seeds)

    @property
    def agree(self) -> bool:
        """Whether both sides agree with every seed that was asked for."""
        return self.is_complete and all(run.is_right for run in self.runs)

    @property
    def is_isolated(self) -> bool:
        """Whether no code of the user's ran in the processes that judge it."""
        return all(run.comparison is None or run.comparison.is_isolated for run in self.runs)


def seeds_from(first: int, n_seeds: int) -> tuple[int, ...]:
    """As many seeds, one after the other."""
    return tuple(range(first, first + n_seeds))


def runs(
    settings: Settings,
    seeds: Sequence[int],
    *,
    target: Target | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
) -> Iterator[SeedRun]:
    """Train with each seed, and give each result as soon as it is known; the order is not that of the seeds.

    Parameters
    ----------
    settings
        Dataset and training settings; the seed in them is not looked at.
    seeds
        At least two, each another one.
    target
        Which TinyTorch; by default the package tinytorch, or the reference if there is none. It has a process of its
        own for each seed.
    workers, executor
        As for `tinytorch_hf.workers.results`.

    Raises
    ------
    InvalidArgumentError
        There are too few seeds, or one is there twice; PyTorch's recorded answers, which are of one seed, were chosen
        as the judge; or as for `lockstep.run`.
    UnknownNameError, MissingExtraError, CorruptFileError
        As for `lockstep.run`.
    """
    if len(set(seeds)) < max(2, len(seeds)):
        raise InvalidArgumentError("Two seeds or more are compared, each another one. For one, leave out seeds.")
    if chosen() == "recorded":
        raise InvalidArgumentError(
            f"PyTorch's trainings were recorded with one seed, and {len(seeds)} are asked for. {getting_torch()} "
            "Or leave out the number of seeds, and compare with the record of seed 0."
        )
    pieces = [_Piece(dataclasses.replace(settings, seed=seed), target, chosen()) for seed in seeds]
    for _, run in parallel.results(_run, pieces, workers=workers, executor=executor):
        yield run


def swept(settings: Settings, seeds: Sequence[int], found: Iterable[SeedRun]) -> Sweep:
    """What `runs` has given, taken together: all of it, or what there is after an interruption."""
    ended = tuple(sorted(found, key=lambda run: seeds.index(run.seed)))
    settings = dataclasses.replace(settings, seed=seeds[0])
    return Sweep(settings, tuple(seeds), ended, _paired(ended))


def _paired(ended: Sequence[SeedRun]) -> Paired | None:
    found = [run.accuracies for run in ended if run.accuracies is not None]
    sizes = [run.comparison.n_test for run in ended if run.comparison is not None]
    if len(found) < 2:
        return None
    mine, theirs = ([round(sizes[0] * accuracy) for accuracy in side] for side in zip(*found, strict=True))
    return paired.compared(mine, theirs, sizes[0])


@dataclass(frozen=True)
class _Piece:
    settings: Settings
    target: Target | None
    judge: str


def _run(piece: _Piece) -> SeedRun:
    """Train with one seed; what was chosen in one process holds in no other."""
    with judged_by(piece.judge):
        try:
            return SeedRun(piece.settings.seed, lockstep.run(piece.settings, target=piece.target))
        except StudentCodeError as error:
            return SeedRun(piece.settings.seed, None, str(error))
