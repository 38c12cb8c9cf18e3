"""The name of a mistake: where `compare` has found which operation is wrong, `check` runs it and gives it its name.

So one mistake has one code and one sentence in both commands. What `check` has no name for, because it shows only on
the numbers of a training, is named by `compare`'s own tables, which have the same codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinytorch_hf.check.cases import CASES
from tinytorch_hf.check.run import ask_for
from tinytorch_hf.compare.package import Package
from tinytorch_hf.compare.settings import OPTIMIZERS
from tinytorch_hf.judging.case import Case
from tinytorch_hf.judging.cause import Cause
from tinytorch_hf.judging.results import WRONG, Result

OPERATIONS: dict[str, tuple[str, ...]] = {
    "Linear": ("linear",),
    "LinearWithoutBias": ("linear-without-bias",),
    "ReLU": ("relu",),
    "Sigmoid": ("sigmoid",),
    "GELU": ("gelu",),
    "Conv2d": ("conv2d",),
    "MaxPool2d": ("max-pool2d", "max-pool2d-odd"),
    "Flatten": ("gradient-flatten", "gradient-reshape"),
    "Positions to rows": ("gradient-reshape",),
    "Embeddings": ("embedding", "embedding-repeated-ids"),
    "LayerNorm": ("layer-norm", "layer-norm-small-variance"),
    "CausalAttention": ("multi-head-attention-causal", "multi-head-attention"),
    "Residual": ("gradient-used-twice", "gradient-square"),
    "CrossEntropyLoss": ("cross-entropy",),
    "BinaryCrossEntropyLoss": ("binary-cross-entropy",),
    "sgd": ("sgd",),
    "momentum": ("sgd-momentum",),
    "decay": ("sgd-momentum-weight-decay", "sgd-weight-decay"),
    "adam": ("adam", "adam-small-gradients"),
    "adamw": ("adamw",),
    "DataLoader": ("tensor-dataset", "loader-in-order", "loader-second-pass"),
}
"""By what `compare` may find wrong - a kind of layer, a loss, the name of an optimizer - the operations of `check`."""

# What layers and losses are made of, but neither optimizers, which compute with arrays, nor loaders.
_WITHOUT_ROOTS = (*OPTIMIZERS, "DataLoader")
# Codes that say that something is wrong, but not what.
_UNEXPLAINED = ("ANOTHER-DEFINITION", "GRADIENT-NOT-OF-FORWARD")


@dataclass(frozen=True)
class Named:
    """A mistake by its code in the catalogue, its sentence and its hint; all empty where none can be told."""

    code: str = ""
    sentence: str = ""
    hint: str = ""


def of_cause(cause: Cause | None) -> Named:
    """A cause as it is reported."""
    return Named(cause.code, cause.sentence, cause.hint) if cause else Named()


class Diagnosis:
    """Runs operations of `check` on the package that is compared.

    Parameters
    ----------
    package
        What is compared.
    """

    def __init__(self, package: Package) -> None:
        self._package = package

    def name(self, wrong: str, stage: str, own: Cause | None = None) -> Named:
        """What makes an operation wrong.

        First counts a mistake that is particular to the operation, unless it follows from what is wrong below it, in
        tensors or autograd; then what is wrong there; then what the numbers look like, to `check` and to `compare`.

        Parameters
        ----------
        wrong
            A key of `OPERATIONS`, or nothing where every operation is right by itself.
        stage
            In which it is wrong: "forward", "loss", "gradient", "update"; or nothing.
        own
            What `compare` has to say itself.
        """
        names = OPERATIONS.get(wrong, ())
        operations = [CASES[name] for name in names]
        results = self._wrong(operations)
        module = "autograd" if stage == "gradient" else "tensor"
        # Below an operation of autograd there is nothing, and no fault there looks like a particular one in an output.
        told = [one for one in results if _is_particular(one) and module in ("tensor", one.module)]
        if told:
            return _of(told[0])
        if (results or not wrong) and wrong not in _WITHOUT_ROOTS:
            results = self._wrong([*(case for case in CASES.values() if case.module == module), *operations])
            # An operation that is wrong has its own cause, or that of what it follows from: there may be other faults.
            results = _concerned(results, names) or results
        named = [result for result in results if result.code]
        named.sort(key=lambda result: _rank(result, names))
        # Where every operation is right by itself, that a whole graph has a wrong gradient says no more than `compare`.
        is_known = bool(named) and not (own and not wrong and named[0].code in _UNEXPLAINED)
        return _of(named[0]) if is_known else of_cause(own)

    def _wrong(self, cases: Sequence[Case]) -> list[Result]:
        """The results of those that differ or crash."""
        if not cases:
            return []
        report = ask_for(self._package.ask, self._package.target.framework_map, cases)
        return [result for result in report.results if result.outcome in WRONG]


def _concerned(results: Sequence[Result], operations: Sequence[str]) -> list[Result]:
    """Of wrong cases the operations among them, and what these follow from or go wrong together with."""
    own = [result for result in results if result.name in operations]
    names = {name for result in own for name in (result.name, *result.follows, *result.together)}
    return [result for result in results if result.name in names]


def _rank(result: Result, operations: Sequence[str]) -> tuple[bool, bool, bool]:
    """What counts first sorts first; of equals, what stands below the operations comes before them."""
    is_own = result.name in operations and _is_particular(result)
    return result.code in _UNEXPLAINED, bool(result.follows), not is_own


def _is_particular(result: Result) -> bool:
    """Whether a result is explained by a mistake that its operation alone can have."""
    return result.code in CASES[result.name].mistakes


def _of(result: Result) -> Named:
    return Named(result.code, result.cause, result.hint)
