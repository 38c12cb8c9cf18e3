"""How benchmarks report what `tinytorch_hf.timing` measures."""

from __future__ import annotations

from collections.abc import Mapping


def report(title: str, seconds: Mapping[str, float], baseline: str) -> str:
    """A table of the alternatives: milliseconds, and how many times the baseline's."""
    lines = [title]
    for name, value in seconds.items():
        lines.append(f"  {name:<52} {1e3 * value:>9.3f} ms  {value / seconds[baseline]:>8.2f} x")
    return "\n".join(lines)
