"""Which mistakes are also how another one looks from above, and which are never."""

from __future__ import annotations

from tinytorch_hf.judging.results import Result

# Mistakes that are also how a fault in what a case is built on looks from above.
CONSEQUENCES = frozenset(
    {
        "ANOTHER-DEFINITION",
        "BACKWARD-RAISES",
        "BRANCH-LOST",
        "DIVISION-MISSING",
        "DIVISION-TWICE",
        "DTYPE",
        "GRADIENT-NOT-OF-FORWARD",
        "GRAPH-CUT-CNN",
        "GRAPH-CUT-FLATTEN",
        "HALF",
        "LOOKS-AHEAD",
        "NO-GRADIENT",
        "REFLECTED-DETACHED",
        "NOT-SUMMED-BROADCAST",
        "AXES-EXCHANGED",
        "AXIS-KEPT",
        "AXIS-LOST",
        "OTHER-SHAPE",
        "RESHAPED-NOT-TRANSPOSED",
        "RESIDUAL-NOT-ADDED",
        "SHOULD-BE-ZERO",
        "SIGN",
        "SOME-ZERO",
        "TRANSPOSED",
        "TWICE",
        "VALUES-MISPLACED",
        "ZERO-EVERYWHERE",
    }
)
# Mistakes that show in no other case, as nothing else is done in that way.
ALONE = frozenset({"OPTIMIZER-GENERATOR"})
# Mistakes about what all numbers are kept in, and those that look so where it has too few digits or no room.
OF_ALL_NUMBERS = frozenset({"FLOAT16"})
OF_FEW_DIGITS = frozenset(
    {
        "BCE-CERTAIN",
        "CE-OVERFLOW",
        "GELU-OVERFLOW",
        "MEMORY-ORDER",
        "NOT-FINITE",
        "SIGMOID-OVERFLOW",
        "SOFTMAX-OVERFLOW",
        "TANH-OVERFLOW",
    }
)
UNEXPLAINED = ("", "ANOTHER-DEFINITION", "GRADIENT-NOT-OF-FORWARD", "LOOKS-AHEAD")
_NOT_FINITE = "NOT-FINITE"
# One mistake, as the cases of two parts know it.
_ALIKE = (
    frozenset({"ATTENTION-SOFTMAX-QUERIES", "DEFAULT-ARGUMENT"}),
    frozenset({"DATA-CHANGED", "MEMORY-ORDER", "REUSE-KEEPS-STATE"}),
    frozenset({"GPT-NO-MASK", "MASK-IGNORED"}),
    frozenset({"INDEX-LAST-PLACE", "EMBEDDING-LAST-PLACE"}),
    frozenset({"INITIALISATION-SCALE", "WEIGHTS-EQUAL"}),
    frozenset({"LOADER-NOT-SHUFFLED", "LOADER-ORDER-REPEATS"}),
    frozenset({"LOSS-IGNORES-UPSTREAM", "SCALE-OF-UPSTREAM"}),
    frozenset({"PARAMETERS-MISSING", "PARAMETERS-OTHER", "PARAMETERS-STALE"}),
)


def is_another_mistake(result: Result, root: Result) -> bool:
    """Whether a case has a particular mistake, and not the root's under another name."""
    is_alike = any({result.code, root.code} <= codes for codes in _ALIKE)
    return not may_follow(result) and not root.code.startswith(_family(result)) and not is_alike


def may_follow(result: Result) -> bool:
    """Whether the cause of a case, if it has one, is also how a fault underneath looks."""
    return not result.code or result.code in CONSEQUENCES or _family(result) in CONSEQUENCES


def _family(result: Result) -> str:
    return "-".join(result.code.split("-")[:2])


def is_finite(result: Result) -> bool:
    """Whether what is wrong are numbers that are too."""
    return result.code != _NOT_FINITE
