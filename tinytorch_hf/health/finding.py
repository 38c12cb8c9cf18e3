"""What the doctor found about one thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Outcome(Enum):
    """Whether something can be used."""

    OK = "ok"
    MISSING = "missing"
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: its name, whether it can be used, why not, and what else is known of it.

    ``remedy`` is a line to type.
    """

    subject: str
    outcome: Outcome
    detail: str = ""
    remedy: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "subject": self.subject,
            "outcome": self.outcome.value,
            "detail": self.detail,
            "remedy": self.remedy,
            **self.more,
        }
