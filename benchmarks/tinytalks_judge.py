"""Judge TinyTalks: train a character-level GPT on its train split and count exactly answered questions.

Run from the checkout's root, with torch installed: ``python3 benchmarks/tinytalks_judge.py --write``

==============  ==================================================================================
model           2 layers, 64 wide, 4 heads, rotary positions, tied embeddings
sample          one pair, ``Q: ...`` newline ``A: ...`` newline; nothing is shared between pairs
loss            cross-entropy of every character; those of the question count half
optimizer       Muon for the blocks' matrices, AdamW for the rest; one cosine cycle
budget          2000 steps of 16 pairs: about one minute on two quiet cores
answer          greedy, up to the newline; it counts only if it is the whole answer
==============  ==================================================================================

Rotary positions are due to Su et al. (2021), https://arxiv.org/abs/2104.09864; Muon to K. Jordan (2024),
https://kellerjordan.github.io/posts/muon/
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from docs.tools.blocks import write_block  # noqa: E402
from tinytorch_hf.files import talks  # noqa: E402 -- the checkout this benchmark stands in comes first
from tinytorch_hf.files.talks import SPLITS, Pair  # noqa: E402
from tinytorch_hf.health.talks_rules import is_compositional  # noqa: E402

DATA = ROOT / "datasets/tinytalks"
WIDTH, LAYERS, HEADS = 64, 2, 4
MAX_CHARS = 256
ROTARY_BASE = 30.0  # small, so that near positions are told apart sharply
DROPOUT = 0.1
INIT_STD = 0.08
BATCH = 16
BATCHES_OF_LIKE_LENGTH = 10
WARMUP_STEPS = 100
MUON_LR, ADAM_LR, PLAIN_LR, WEIGHT_DECAY = 0.03, 0.004, 0.003, 0.1
QUESTION_WEIGHT = 0.5
MARKS = ("<!-- measured: judge -->", "<!-- /measured -->")

Tensor = Any


class Block(nn.Module):  # type: ignore[misc]
    """One transformer layer: causal attention with rotary positions, then a perceptron, both pre-norm."""

    def __init__(self) -> None:
        super().__init__()
        self.norm_1, self.norm_2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.query_key_value = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.perceptron = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        """(batch, length, WIDTH) to the same shape."""
        batch, length, _ = x.shape
        parts = self.query_key_value(self.norm_1(x)).chunk(3, dim=-1)
        query, key, value = (part.view(batch, length, HEADS, -1).transpose(1, 2) for part in parts)
        attended = F.scaled_dot_product_attention(
            rotate(query, cosine, sine), rotate(key, cosine, sine), value, is_causal=True
        )
        x = x + self.dropout(self.out(attended.transpose(1, 2).reshape(batch, length, WIDTH)))
        return x + self.dropout(self.perceptron(self.norm_2(x)))


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turn each pair of features by an angle that grows with the position."""
    half = x.shape[-1] // 2
    turned = torch.cat([-x[..., half:], x[..., :half]], dim=-1)
    return x * cosine[: x.shape[-2]] + turned * sine[: x.shape[-2]]


class GPT(nn.Module):  # type: ignore[misc]
    """The student: characters in, logits of the next character out."""

    def __init__(self, n_chars: int, is_plain: bool) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_chars, WIDTH)
        self.position = nn.Embedding(MAX_CHARS, WIDTH) if is_plain else None
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH)
        self.dropout = nn.Dropout(DROPOUT)
        half = WIDTH // HEADS // 2
        angles = torch.arange(MAX_CHARS)[:, None] * ROTARY_BASE ** (-torch.arange(half) / half)
        if is_plain:
            angles = torch.zeros_like(angles)
        self.register_buffer("cosine", torch.cat([angles.cos()] * 2, dim=-1))
        self.register_buffer("sine", torch.cat([angles.sin()] * 2, dim=-1))
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, 0.0, INIT_STD)

    def forward(self, tokens: Tensor) -> Tensor:
        """(batch, length) to (batch, length, n_chars)."""
        x = self.embedding(tokens)
        if self.position is not None:
            x = x + self.position(torch.arange(tokens.shape[1]))
        x = self.dropout(x)
        for block in self.blocks:
            x = block(x, self.cosine, self.sine)
        return self.norm(x) @ self.embedding.weight.T


class Judge:
    """A model with its alphabet: encodes pairs, measures losses, answers questions."""

    def __init__(self, pairs: Sequence[Pair], seed: int, is_plain: bool) -> None:
        torch.manual_seed(seed)
        self.chars = sorted({char for pair in pairs for char in prompt(pair) + pair.answer})
        self.index = {char: index for index, char in enumerate(self.chars)}
        self.model = GPT(len(self.chars), is_plain)
        self.is_plain = is_plain

    def encode(self, text: str) -> list[int]:
        """Positions of a text's characters in the alphabet."""
        return [self.index[char] for char in text]

    def batch(self, pairs: Sequence[Pair], question_weight: float) -> tuple[Tensor, Tensor]:
        """Padded tokens and the weight of each as a target."""
        rows = [self.encode(prompt(pair) + pair.answer + "\n") for pair in pairs]
        tokens = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
        weights = torch.zeros(tokens.shape)
        for i, (row, pair) in enumerate(zip(rows, pairs, strict=True)):
            n_prompt = len(prompt(pair))
            tokens[i, : len(row)] = torch.tensor(row)
            weights[i, :n_prompt] = question_weight
            weights[i, n_prompt : len(row)] = 1.0
        return tokens, weights[:, 1:]

    def loss(self, pairs: Sequence[Pair], question_weight: float = 0.0) -> Tensor:
        """Mean cross-entropy a character; with the default weight of the answers alone."""
        tokens, weights = self.batch(pairs, question_weight)
        logits = self.model(tokens[:, :-1])
        losses = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten(), reduction="none")
        return (losses.view(weights.shape) * weights).sum() / weights.sum()

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def measure(self, pairs: Sequence[Pair]) -> float:
        """Loss of the answers without dropout."""
        self.model.eval()
        value = float(self.loss(pairs))
        self.model.train()
        return value

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def answers(self, pairs: Sequence[Pair]) -> list[str]:
        """Greedy answers, up to the newline. Prompts of equal length are answered together."""
        self.model.eval()
        # Whoever talks on beyond the longest true answer and its newline is wrong already.
        patience = max(len(pair.answer) for pair in pairs) + 1
        by_length: dict[int, list[int]] = defaultdict(list)
        for i, pair in enumerate(pairs):
            by_length[len(prompt(pair))].append(i)
        found = [""] * len(pairs)
        for n_prompt, members in by_length.items():
            tokens = torch.tensor([self.encode(prompt(pairs[i])) for i in members])
            ended = torch.zeros(len(members), dtype=torch.bool)
            while tokens.shape[1] < n_prompt + patience and not bool(ended.all()):
                following = self.model(tokens)[:, -1].argmax(dim=-1)
                tokens = torch.cat([tokens, following[:, None]], dim=1)
                ended |= following == self.index["\n"]
            for i, row in zip(members, tokens.tolist(), strict=True):
                found[i] = "".join(self.chars[token] for token in row[n_prompt:]).split("\n")[0]
        self.model.train()
        return found


def prompt(pair: Pair) -> str:
    """What the model is given."""
    return f"Q: {pair.question}\nA: "


def batches(pairs: Sequence[Pair], rng: random.Random) -> Iterator[list[Pair]]:
    """Endless shuffled batches; pairs of like length come together, which saves padding."""
    while True:
        order = list(pairs)
        rng.shuffle(order)
        size = BATCH * BATCHES_OF_LIKE_LENGTH
        for start in range(0, len(order), size):
            window = sorted(order[start : start + size], key=lambda pair: len(talks.text_of(pair)))
            cut = [window[i : i + BATCH] for i in range(0, len(window), BATCH)]
            rng.shuffle(cut)
            yield from cut


def best_optimizers(model: GPT) -> list[Any]:
    """Muon for the matrices inside the blocks, AdamW for embedding and vectors."""
    matrices = [weight for weight in model.blocks.parameters() if weight.dim() == 2]
    vectors = [weight for weight in model.parameters() if weight.dim() < 2]
    groups = [
        {"params": [model.embedding.weight], "weight_decay": WEIGHT_DECAY},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return [
        torch.optim.Muon(matrices, lr=MUON_LR, momentum=0.95, weight_decay=WEIGHT_DECAY),
        torch.optim.AdamW(groups, lr=ADAM_LR, betas=(0.9, 0.95)),
    ]


def plain_optimizers(model: GPT) -> list[Any]:
    """AdamW for everything."""
    return [torch.optim.AdamW(model.parameters(), lr=PLAIN_LR, betas=(0.9, 0.95), weight_decay=WEIGHT_DECAY)]


def train(judge: Judge, groups: dict[str, list[Pair]], steps: int, seed: int, every: int) -> list[dict[str, float]]:
    """Train on ``groups["train"]`` and return the curves: the loss of every group, each ``every`` steps."""
    model = judge.model
    optimizers = plain_optimizers(model) if judge.is_plain else best_optimizers(model)
    peaks = [[group["lr"] for group in optimizer.param_groups] for optimizer in optimizers]
    curves = [{"step": 0.0, **{name: judge.measure(pairs) for name, pairs in groups.items()}}]
    stream = batches(groups["train"], random.Random(seed))  # noqa: S311 -- an order, not a secret
    for step in range(1, steps + 1):
        share = min(1.0, step / WARMUP_STEPS) * (0.05 + 0.95 * (0.5 + 0.5 * math.cos(math.pi * step / steps)))
        for optimizer, lrs in zip(optimizers, peaks, strict=True):
            for group, lr in zip(optimizer.param_groups, lrs, strict=True):
                group["lr"] = lr * share
            optimizer.zero_grad()
        judge.loss(next(stream), QUESTION_WEIGHT).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
        if step % every == 0 or step == steps:
            curves.append({"step": float(step), **{name: judge.measure(pairs) for name, pairs in groups.items()}})
    return curves


def score(pairs: Sequence[Pair], answers: Sequence[str]) -> dict[str, dict[str, list[int]]]:
    """Exact answers and questions, for each split: by level, together, and of the compositional ones."""
    table: dict[str, dict[str, list[int]]] = {}
    for pair, answer in zip(pairs, answers, strict=True):
        rows = table.setdefault(pair.split, {})
        keys = [f"L{pair.level}", "all", "compositional" if is_compositional(pair) else "single"]
        for key in keys:
            row = rows.setdefault(key, [0, 0])
            row[0] += answer == pair.answer
            row[1] += 1
    return table


def judge_once(pairs: Sequence[Pair], steps: int, seed: int, is_plain: bool = False) -> dict[str, Any]:
    """Train and examine one model; a plain one has learned positions and AdamW, as a first GPT of one's own."""
    judge = Judge(pairs, seed, is_plain)
    groups = {name: talks.in_split(pairs, name) for name in SPLITS[:2]}
    groups["val compositional"] = [pair for pair in groups["val"] if is_compositional(pair)]
    groups["val single"] = [pair for pair in groups["val"] if not is_compositional(pair)]
    start, start_cpu = time.perf_counter(), time.process_time()
    curves = train(judge, groups, steps, seed, every=100)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - start_cpu
    answers = judge.answers(pairs)
    return {
        "seed": seed,
        "steps": steps,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu_seconds, 1),
        "n_weights": sum(weight.numel() for weight in judge.model.parameters()),
        "torch": str(torch.__version__),
        "exact": score(pairs, answers),
        "curves": [{name: round(value, 4) for name, value in point.items()} for point in curves],
        "wrong": [
            {
                "id": pair.id,
                "split": pair.split,
                "question": pair.question,
                "answer": pair.answer,
                "said": answer,
            }
            for pair, answer in zip(pairs, answers, strict=True)
            if answer != pair.answer
        ],
    }


def share_of_held_out(result: dict[str, Any], key: str) -> tuple[int, int]:
    """Exact answers and questions of val and test together."""
    rows = [result["exact"][split][key] for split in SPLITS[1:]]
    return sum(row[0] for row in rows), sum(row[1] for row in rows)


def report(results: Sequence[dict[str, Any]], plain: dict[str, Any]) -> str:
    """Markdown for the datasheet: the first seed in full, the others and the plain model in a line each."""
    first = results[0]
    keys = [*(f"L{level}" for level in range(1, 6)), "all", "compositional", "single"]
    lines = [
        f"{first['n_weights']} weights, {first['steps']} steps of {BATCH} pairs, torch {first['torch']}, seed "
        f"{first['seed']}: {first['cpu_seconds']} processor seconds (a minute on two cores has 120), "
        f"{first['seconds']} s on the clock of a shared machine.",
        "",
        "Whole answers given exactly, of questions asked:",
        "",
        "| split | " + " | ".join(keys) + " |",
        "|---" * (len(keys) + 1) + "|",
    ]
    for split in SPLITS:
        cells = ["{}/{}".format(*first["exact"][split].get(key, (0, 0))) for key in keys]
        lines.append(f"| {split} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "Every seed that was run, and a plain model of the same size (learned positions, AdamW):",
        "",
        "| seed | train | held-out | held-out compositional |",
        "|---|---|---|---|",
    ]
    for label, result in [*((str(result["seed"]), result) for result in results), ("plain, 0", plain)]:
        train_row, held, combined = (
            result["exact"]["train"]["all"],
            share_of_held_out(result, "all"),
            share_of_held_out(result, "compositional"),
        )
        cells = [f"{n}/{of} ({100 * n / of:.0f} %)" for n, of in (train_row, held, combined)]
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    names = [name for name in first["curves"][0] if name != "step"]
    lines += ["", "Loss of the answers, nats a character:", "", "| step | " + " | ".join(names) + " |"]
    lines.append("|---" * (len(names) + 1) + "|")
    shown = [point for point in first["curves"] if point["step"] in (0, 100, 200, 400, 800, 1200, 1600, 2000)]
    for point in shown:
        lines.append(f"| {point['step']:.0f} | " + " | ".join(f"{point[name]:.3f}" for name in names) + " |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge, print, and on request write the datasheet's block and the curves."""
    parser = argparse.ArgumentParser(
        description="Train the judge on TinyTalks and count exact answers.",
        epilog="example: python3 benchmarks/tinytalks_judge.py --seeds 0 1 2 --write",
    )
    parser.add_argument("--steps", type=int, default=2000, help="training steps of 16 pairs (default 2000)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="one model a seed (default 0)")
    parser.add_argument("--threads", type=int, default=2, help="threads torch may use (default 2)")
    parser.add_argument("--json", type=Path, help="also write results and curves to this file")
    parser.add_argument("--wrong", action="store_true", help="print every wrong answer of the first seed")
    parser.add_argument("--write", action="store_true", help="put the figures into DATASHEET.md")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    source = DATA / "tinytalks_v1.jsonl"
    pairs = talks.parse_jsonl(source.read_bytes(), source)
    results = [judge_once(pairs, options.steps, seed) for seed in options.seeds]
    text = report(results, judge_once(pairs, options.steps, 0, is_plain=True))
    print(text)
    if options.wrong:
        for wrong in results[0]["wrong"]:
            print("{split} {id}: {question} | {answer} | said: {said}".format(**wrong))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8", newline="\n")
    if options.write:
        write_block(DATA / "DATASHEET.md", MARKS, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
