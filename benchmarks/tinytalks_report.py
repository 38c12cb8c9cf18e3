"""What the judge of TinyTalks measured, as Markdown for the datasheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinytorch_hf.files.talks import SPLITS, Pair

N_SHOWN = 6


def by_level(pairs: Sequence[Pair], right: Sequence[bool]) -> dict[str, tuple[int, int]]:
    """Right answers and questions, by level and together."""
    found = {}
    for level in (*range(1, 6), None):
        rows = [is_right for pair, is_right in zip(pairs, right, strict=True) if level in (None, pair.level)]
        found["all" if level is None else f"L{level}"] = (sum(rows), len(rows))
    return found


def report(results: Sequence[dict[str, Any]], trigrams: tuple[float, float]) -> str:
    """Markdown for the datasheet: the first seed in full, then every seed in a line."""
    first = results[0]
    budget, curves, exact = first["budget"], first["curves"], first["exact"]
    best = min(curves, key=lambda point: point["val"])
    lines = [
        f"{first['n_weights']} weights, {budget['window_steps']} steps of {budget['window_rows']} windows, then "
        f"{budget['conversation_steps']} steps of conversations with {budget['conversation_characters']} characters, "
        f"with {first['framework']}, seed {first['seed']}: {first['cpu_seconds']:.0f} processor seconds, measuring "
        "included (two minutes on two cores have 240).",
        "",
        "Whole answers given exactly, of questions asked:",
        "",
        "| split | " + " | ".join(exact["train"]) + " |",
        "|---" * (len(exact["train"]) + 1) + "|",
        *(
            f"| {split} | " + " | ".join("{}/{}".format(*row) for row in rows.values()) + " |"
            for split, rows in exact.items()
        ),
        "",
        f"Loss, nats a character. On val a character trigram of train has {trigrams[0]:.3f}, with its orders mixed as "
        f"suits val best, and {trigrams[1]:.3f} as Witten and Bell mix them; the best of the GPT is {best['val']:.3f}, "
        f"after {best['step']:.0f} steps, and the last {curves[-1]['val']:.3f}. Train is measured on as much as val "
        "has:",
        "",
        "| step | train, windows | val, windows | train, conversations | val, conversations |",
        "|---|---|---|---|---|",
    ]
    for point in curves:
        figures = [point[name] for name in ("train", "val", "train conversations", "val conversations")]
        lines.append(f"| {point['step']:.0f} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |")
    lines += ["", "Every model that was trained:", "", "| framework | seed | train | held-out | best val | last val |"]
    lines.append("|---|---|---|---|---|---|")
    for result in results:
        held = [sum(result["exact"][split]["all"][k] for split in SPLITS[1:]) for k in (0, 1)]
        vals = [point["val"] for point in result["curves"]]
        n, of = result["exact"]["train"]["all"]
        lines.append(
            f"| {result['framework']} | {result['seed']} | {n}/{of} ({100 * n / of:.1f} %) | {held[0]}/{held[1]} | "
            f"{min(vals):.3f} | {vals[-1]:.3f} |"
        )
    lines += [
        "",
        f"What it says to the questions of val: {first['recited']} of {len(first['said'])} times an answer of train, "
        "word for word. Some of them:",
        "",
        "| question | what it says |",
        "|---|---|",
        *(
            f"| {question} | {answer} |"
            for question, answer in first["said"][:: max(1, len(first["said"]) // N_SHOWN)][:N_SHOWN]
        ),
    ]
    return "\n".join(lines)
