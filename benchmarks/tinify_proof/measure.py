"""One choice against chance: the pipeline of `tinify` from a source to the proof, without the folder that it writes."""

from __future__ import annotations

import shutil
import tempfile
from hashlib import sha256
from pathlib import Path

from benchmarks.tinify_proof.record import Outcome
from tinytorch_hf.curation.choosing import chosen
from tinytorch_hf.curation.mapping import Reading
from tinytorch_hf.curation.planning import N_HELD_OUT
from tinytorch_hf.curation.pool import Pool
from tinytorch_hf.curation.proof import divided, proof
from tinytorch_hf.curation.reducing import Engine, pool_of_candidates, summary_of
from tinytorch_hf.curation.sources.opening import open_source, size_of
from tinytorch_hf.curation.spill import Spill
from tinytorch_hf.curation.wish import Wish


def candidates(source: str, wish: Wish, root: Path | None, engine: Engine) -> tuple[Pool, Pool]:
    """What is chosen from, and what is held out."""
    opened = open_source(source, root=root).source
    reading = Reading(opened, size_of(opened) if opened.kind == "images" else 0)
    with tempfile.TemporaryDirectory() as folder:
        summary = summary_of(reading, Spill(Path(folder)), engine, wish.candidates + N_HELD_OUT, wish.seed)
    return divided(pool_of_candidates(reading, summary, engine, wish.seed), wish.candidates, N_HELD_OUT)


def measured(name: str, source: str, wish: Wish, root: Path | None, engine: Engine, kept: Path) -> Outcome:
    """What the choice from a source is worth.

    Parameters
    ----------
    name
        What the page calls the source.
    source, root
        As for `tinytorch_hf.tinify`.
    wish
        What is asked for.
    engine
        Where it runs.
    kept
        A folder in which accuracies are kept until all are known.
    """
    pool, held_out = candidates(source, wish, root, engine)
    choice = chosen(pool, wish.parameters)
    # Accuracies after another choice say nothing of this one.
    chosen_of = sha256(pool.digest[choice.train].tobytes() + pool.digest.tobytes() + held_out.digest.tobytes())
    kept = kept / chosen_of.hexdigest()[:16]
    kept.mkdir(parents=True, exist_ok=True)

    def say(done: int, total: int) -> None:
        print(f"{name}, {wish.n_train} a class, seed {wish.seed}: {done} of {total} subsets", flush=True)

    found = proof(pool, choice, held_out, engine, wish.seed, say, kept)
    shutil.rmtree(kept)
    return Outcome(name, wish.n_train, wish.seed, len(pool), found.n_held_out, dict(found.scores))
