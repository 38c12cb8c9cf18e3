"""What came of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.curation.findings import Findings
from tinytorch_hf.curation.proof import Proof

NOT_BETTER_THAN_CHANCE = 3


@dataclass(frozen=True)
class Made:
    """A set that was made.

    Attributes
    ----------
    folder
        Where it is.
    dataset
        Its facts; None where no content was packed.
    findings
        What there was, what was looked at, what was chosen, and what that is worth.
    """

    folder: Path
    dataset: DatasetInfo | None
    findings: Findings

    @property
    def proof(self) -> Proof | None:
        """What the choice is worth; None where that was not asked."""
        return self.findings.proof

    @property
    def status(self) -> int:
        """Exit status: 3 where the choice was not better than chance, else 0."""
        proof = self.proof
        return NOT_BETTER_THAN_CHANCE if proof is not None and not proof.is_better_than_chance else 0

    def as_dict(self) -> dict[str, Any]:
        """The result for a program."""
        found = self.findings
        summary, choice, pool = found.summary, found.choice, found.pool
        return {
            "folder": str(self.folder),
            "name": found.facts["name"],
            "is_packed": self.dataset is not None,
            "fingerprint": "" if self.dataset is None else self.dataset.fingerprint,
            "source": {"name": found.source, "kind": found.kind, "n_shards": len(found.shards)},
            "n_rows": dict(summary.n_rows),
            "n_different": dict(summary.n_unique),
            "n_contradictions": summary.n_contradictions,
            "n_candidates": len(pool),
            "n_look_alikes": len(choice.pairs),
            "n_suspected_labels": len(choice.suspects),
            "n_chosen": {"train": len(choice.train), "test": len(choice.test)},
            "quotas": {name: list(quotas) for name, quotas in choice.quotas.items()},
            "proof": None if self.proof is None else _proof(self.proof),
            "status": self.status,
        }


def _proof(proof: Proof) -> dict[str, Any]:
    return {
        "n_held_out": proof.n_held_out,
        "is_better_than_chance": proof.is_better_than_chance,
        "mean_deviations": proof.mean_deviations,
        "judges": {
            name: {
                "chosen": score.chosen,
                "random_mean": score.mean,
                "random_deviation": score.spread,
                "deviations": score.deviations,
            }
            for name, score in proof.scores.items()
        },
    }
