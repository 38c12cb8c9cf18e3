"""What a run found: everything that a set and the documents about it are written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tinytorch_hf.curation.choosing import Choice
from tinytorch_hf.curation.pool import Pool
from tinytorch_hf.curation.proof import Proof
from tinytorch_hf.curation.source import Kind
from tinytorch_hf.curation.summary import Summary
from tinytorch_hf.curation.wish import Wish


@dataclass(frozen=True)
class Findings:
    """What a run found.

    Attributes
    ----------
    source, kind
        As the user gave it, and what its samples are.
    shards
        SHA-256 of everything in each shard, by its name.
    columns
        What is needed beside the source's name to read it again: "image" or "text", "label", "revision".
    wish
        What was asked for.
    facts
        What the user says of the set, as for `tinytorch_hf.write_dataset`: name, license, source_url ...
    summary
        What there was.
    pool
        What was looked at.
    choice
        What was chosen of that.
    proof
        What the choice is worth; None where that was not asked.
    """

    source: str
    kind: Kind
    shards: Mapping[str, str]
    columns: Mapping[str, str]
    wish: Wish
    facts: Mapping[str, Any]
    summary: Summary
    pool: Pool
    choice: Choice
    proof: Proof | None
