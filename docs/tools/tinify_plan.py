"""What `tinify` keeps and moves of a thousand million rows, from the sizes that the code itself has."""

from __future__ import annotations

from tinytorch_hf.curation import making, mapping, reducing
from tinytorch_hf.curation.likely import MARGIN
from tinytorch_hf.curation.spill import HEAD, ROW
from tinytorch_hf.curation.wish import Wish

N_ROWS, N_CLASSES, SIDE = 10**9, 10, 28
"""The source of which the plan is."""

ROWS_A_PIECE = 20_000
WORKER_MEMORY = 4 * 10**9


def figures() -> dict[str, tuple[str, int]]:
    """What each thing is, and how many bytes or how many there are."""
    wish, content = Wish(size=SIDE, is_proven=False), 1 + SIDE**2
    candidates = N_CLASSES * wish.candidates
    parts = -(-N_ROWS * ROW.itemsize * reducing.COPIES // WORKER_MEMORY)
    kept = round(MARGIN * candidates)
    return {
        "Pieces of 20,000 rows": ("number", N_ROWS // ROWS_A_PIECE),
        "Facts of a row, on disk": ("bytes", ROW.itemsize),
        "Facts file of a piece": ("bytes", ROWS_A_PIECE * ROW.itemsize),
        "All facts, on the shared disk": ("bytes", N_ROWS * ROW.itemsize),
        "Pixels that a worker holds at once": ("bytes", mapping.N_ROWS * SIDE**2),
        "Likely candidates that are kept": ("number", kept),
        "Their content, on the shared disk": ("bytes", kept * (content + HEAD.size)),
        "Parts of the reduce, for workers of 4 GB": ("number", parts),
        "Candidates": ("number", candidates),
        "Summary that a part sends back": ("bytes", candidates * ROW.itemsize),
        "All summaries, through the scheduler": ("bytes", parts * candidates * ROW.itemsize),
        "Candidates in memory, in the one process that chooses": (
            "bytes",
            making.bytes_of_candidates(candidates, "images", SIDE),
        ),
        "Similarities of one class, in the greedy step": ("bytes", 4 * wish.candidates**2),
    }


def table(_scope: str) -> str:
    """The plan's figures as Markdown."""
    rows = [f"| {name} | {_written(unit, n)} |" for name, (unit, n) in figures().items()]
    return "\n".join([f"| Of {N_ROWS:,} images of {SIDE}x{SIDE} in {N_CLASSES} classes | |", "| --- | ---: |", *rows])


def _written(unit: str, n: int) -> str:
    if unit == "number":
        return f"{n:,}"
    for size, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if n >= size:
            return f"{n / size:.3g} {name}"
    return f"{n} bytes"
