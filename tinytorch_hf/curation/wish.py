"""What is asked for: how many samples of each class, of which form, and what counts as a look-alike."""

from __future__ import annotations

from dataclasses import dataclass

from tinytorch_hf.curation.canonical import check_size
from tinytorch_hf.curation.choosing import Parameters
from tinytorch_hf.curation.near import usual
from tinytorch_hf.errors import InvalidArgumentError, whole_number

_CANDIDATES = 12
_LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class Wish:
    """What is asked for.

    Attributes
    ----------
    n_train, n_test
        Samples of each class.
    size
        Rows and columns of images; texts have none.
    min_cosine
        From which cosine on two samples are look-alikes; None for what is usual for samples of their kind.
    seed
        Of the lots.
    n_candidates
        How many of each class are looked at; 0 for twelve times what is chosen.
    is_proven
        Whether it is measured what the choice is worth.

    Raises
    ------
    InvalidArgumentError
        A number is out of range.
    """

    n_train: int = 100
    n_test: int = 20
    size: int = 32
    min_cosine: float | None = None
    seed: int = 0
    n_candidates: int = 0
    is_proven: bool = True

    def __post_init__(self) -> None:
        whole_number("The number of samples of each class", self.n_train)
        whole_number("The number of samples of each class in test", self.n_test, 0)
        check_size(whole_number("The size of images", self.size))
        if not whole_number("The seed", self.seed, 0) <= _LARGEST_SEED:
            raise InvalidArgumentError(f"The seed {self.seed} is above {_LARGEST_SEED}.")
        if self.min_cosine is not None and not 0 < self.min_cosine <= 1:
            raise InvalidArgumentError(
                f"Look-alikes have a cosine of centred values from 0 to 1, not {self.min_cosine}; usual is {usual()}."
            )
        if whole_number("The number of candidates of each class", self.n_candidates, 0):
            self._check_candidates()

    def _check_candidates(self) -> None:
        wanted = self.n_train + self.n_test
        if self.n_candidates < wanted:
            raise InvalidArgumentError(
                f"{self.n_candidates} candidates of each class are less than the {wanted} samples that are asked for. "
                f"Look at more of them: usual is {_CANDIDATES * wanted}."
            )

    @property
    def candidates(self) -> int:
        """How many of each class are looked at."""
        return self.n_candidates or _CANDIDATES * (self.n_train + self.n_test)

    @property
    def parameters(self) -> Parameters:
        """What the choice hangs on beside the source."""
        return Parameters(self.n_train, self.n_test, self.min_cosine, self.seed)
