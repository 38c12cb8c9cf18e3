"""Judge TinyTalks: train the course's GPT on its train split, count exact answers, and watch the loss of val.

Run from the checkout's root: ``python3 benchmarks/tinytalks_judge.py --write``

==============  ==================================================================================
model           GPT of 2 blocks, 64 wide, 4 heads, with learned positions, as the course builds it
first           windows of 64 characters from anywhere in the text, as the milestone trains, of conversations
                in a new order every time
then            whole conversations, one a row, so that each answer stands where it will be asked
loss            cross-entropy of every character
optimizer       Adam at 0.003, which falls to a third in the first part and to nearly nothing in the other
answer          greedy, up to the line end; it counts only if it is the whole answer
==============  ==================================================================================

The framework is the package's own reference; ``--package DIR`` takes the package ``tinytorch`` of a checkout of the
course instead.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.tinytalks_report import by_level, report  # noqa: E402
from benchmarks.trigram import Trigram  # noqa: E402
from docs.tools.blocks import write_block  # noqa: E402
from tinytorch_hf.data.windows import encoded, tokenizer_of, windows  # noqa: E402
from tinytorch_hf.files import talks  # noqa: E402 -- the checkout this benchmark stands in comes first
from tinytorch_hf.files.talks import SPLITS, Pair  # noqa: E402
from tinytorch_hf.formats.arrays import Array  # noqa: E402

DATA = ROOT / "datasets/tinytalks"
SOURCE = DATA / "tinytalks_v2.jsonl"
WIDTH, BLOCKS, HEADS, LONGEST = 64, 2, 4, 256
LR, BETWEEN_LR, LAST_LR = 0.003, 0.001, 0.00006
WINDOW = 64
OF_LIKE_LENGTH = 128  # conversations that are sorted by length together, so that little is filled up
MARKS = ("<!-- measured: judge -->", "<!-- /measured -->")


@dataclass(frozen=True)
class Budget:
    """Steps of both parts of the training, how much each step reads, and how often the losses are measured."""

    window_steps: int = 500
    window_rows: int = 32
    conversation_steps: int = 1050
    conversation_characters: int = 1500
    every: int = 100

    @property
    def steps(self) -> int:
        """Steps of both parts."""
        return self.window_steps + self.conversation_steps


@dataclass(frozen=True)
class Framework:
    """What a training needs of one: its classes, and where they come from."""

    name: str
    Tensor: Any
    GPT: Any
    CrossEntropyLoss: Any
    Adam: Any


# Where generations of the course keep each class.
_MODULES = {
    "Tensor": ("core.tensor",),
    "GPT": ("core.transformers", "core.transformer", "models.transformer"),
    "CrossEntropyLoss": ("core.losses",),
    "Adam": ("core.optimizers",),
}


def framework(package: Path | None) -> Framework:
    """The reference, or the package ``tinytorch`` in a folder."""
    if package is None:
        names = {"Tensor": "tensor", "GPT": "transformers", "CrossEntropyLoss": "losses", "Adam": "optimizers"}
        found = {
            name: getattr(importlib.import_module(f"tinytorch_hf.reference.{m}"), name) for name, m in names.items()
        }
        return Framework("the reference", **found)
    sys.path.insert(0, str(package))
    return Framework("the course's own package", **{name: _found(name, places) for name, places in _MODULES.items()})


def _found(name: str, places: Sequence[str]) -> Any:
    for place in places:
        try:
            return getattr(importlib.import_module(f"tinytorch.{place}"), name)
        except (ImportError, AttributeError):
            continue
    raise SystemExit(f"There is no {name} in tinytorch.{', tinytorch.'.join(places)}.")


class Judge:
    """A GPT with its alphabet: is trained, measured and asked."""

    def __init__(self, built: Framework, pairs: Sequence[Pair], seed: int) -> None:
        self.built = built
        self.texts = {split: talks.to_text(talks.in_split(pairs, split)).decode("ascii") for split in SPLITS}
        self.characters = tokenizer_of([self.texts["train"]])
        self.ids = {split: encoded(text, self.characters) for split, text in self.texts.items()}
        self.line_end = int(encoded("\n", self.characters)[0])
        np.random.seed(seed)  # noqa: NPY002 -- one generation of the course draws its weights from here
        self.model = built.GPT(self.characters.vocab_size, WIDTH, BLOCKS, HEADS, LONGEST)
        self.loss, self.weights = built.CrossEntropyLoss(), self.model.parameters()
        for weight in self.weights:
            weight.requires_grad = True
        self.optimizer = built.Adam(self.weights, lr=LR)
        self.rng = np.random.default_rng(seed)

    @property
    def n_weights(self) -> int:
        """Numbers that are learned."""
        return sum(weight.data.size for weight in self.weights)

    def step(self, inputs: Array, targets: Array, lr: float) -> None:
        """One step of Adam on the cross-entropy of every character."""
        Tensor = self.built.Tensor
        self.optimizer.lr = lr
        logits = self.model.forward(Tensor(inputs))
        loss = self.loss.forward(logits.reshape(inputs.size, logits.shape[-1]), Tensor(targets.reshape(-1)))
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()

    def losses(self, inputs: Array, targets: Array) -> Array:
        """Cross-entropy of every character, of the shape of ``targets``."""
        found = []
        for start in range(0, len(inputs), 32):
            logits = np.float64(self.model.forward(self.built.Tensor(inputs[start : start + 32])).data)
            logits -= logits.max(axis=-1, keepdims=True)
            right = np.take_along_axis(logits, targets[start : start + 32, :, None], axis=-1)[..., 0]
            found.append(np.log(np.exp(logits).sum(axis=-1)) - right)
        return np.concatenate(found)

    def in_windows(self, split: str) -> float:
        """Mean loss of as many of a split's characters as val has, each after at least 48 of what precedes it."""
        n_new = WINDOW // 4
        losses = self.losses(*windows(self.ids[split][: len(self.ids["val"])], WINDOW, n_new))
        return float(np.concatenate([losses[0], losses[1:, -n_new:].ravel()]).mean())

    def rows(self, conversations: Sequence[Sequence[Pair]]) -> tuple[Array, Array, Array]:
        """Conversations as rows of ids filled up with line ends, their targets, and which of these are text."""
        texts = [encoded(talks.to_text(turns).decode("ascii"), self.characters) for turns in conversations]
        table = np.full((len(texts), max(map(len, texts))), self.line_end)
        is_text = np.zeros(table.shape, bool)
        for row, text in enumerate(texts):
            table[row, : len(text)], is_text[row, : len(text)] = text, True
        return table[:, :-1], table[:, 1:], is_text[:, 1:]

    def in_conversations(self, pairs: Sequence[Pair]) -> float:
        """Mean loss of the characters of whole conversations."""
        inputs, targets, is_text = self.rows(talks.conversations(pairs))
        return float(self.losses(inputs, targets)[is_text].mean())

    def exact(self, pairs: Sequence[Pair]) -> list[bool]:
        """Whether each answer is given exactly, after its question and the true turns before it.

        Greedy answers are right as a whole where at each of their characters, the line end included, the likeliest
        one after the true ones is the true one, so that one look suffices.
        """
        found = []
        for turns in talks.conversations(pairs):
            inputs, targets, _ = self.rows([turns])
            is_right = np.asarray(self.model.forward(self.built.Tensor(inputs)).data).argmax(axis=-1)[0] == targets[0]
            for n_before, turn in enumerate(turns):
                start = len(prompt(turns[:n_before], turn)) - 1
                found.append(bool(is_right[start : start + len(turn.answer) + 1].all()))
        return found

    def answer(self, pairs: Sequence[Pair], patience: int = 80) -> list[str]:
        """What is written after each question, and the true turns before it, up to a line end."""
        prompts = [
            encoded(prompt(turns[:n_before], turn), self.characters)
            for turns in talks.conversations(pairs)
            for n_before, turn in enumerate(turns)
        ]
        lengths = np.array([len(one) for one in prompts])
        table = np.full((len(prompts), LONGEST), self.line_end)
        for row, one in enumerate(prompts):
            table[row, : len(one)] = one
        ends = lengths.copy()
        is_open = np.ones(len(prompts), bool)
        for _ in range(patience):
            rows = np.flatnonzero(is_open & (ends < LONGEST))
            if not len(rows):
                break
            logits = np.asarray(self.model.forward(self.built.Tensor(table[rows, : ends[rows].max()])).data)
            table[rows, ends[rows]] = chosen = logits[np.arange(len(rows)), ends[rows] - 1].argmax(axis=-1)
            is_open[rows[chosen == self.line_end]] = False
            ends[rows] += chosen != self.line_end
        return [
            self.characters.decode(row[start:end].tolist())
            for row, start, end in zip(table, lengths, ends, strict=True)
        ]


def prompt(before: Sequence[Pair], pair: Pair) -> str:
    """What the model is given: the turns before, and the question."""
    return "".join(f"Q: {turn.question}\nA: {turn.answer}\n" for turn in before) + f"Q: {pair.question}\nA: "


def train(judge: Judge, pairs: Sequence[Pair], budget: Budget, say: Callable[[str], None]) -> list[dict[str, float]]:
    """Train on the train split and return the curves: the losses of train and val, every some steps."""
    of_train, of_val = talks.in_split(pairs, "train"), talks.in_split(pairs, "val")
    curves: list[dict[str, float]] = []
    batches: list[list[list[Pair]]] = []
    for step in range(budget.steps + 1):
        # Whole conversations take longer to measure.
        every = budget.every * (1 if step <= budget.window_steps else 2)
        if (step - budget.window_steps) % every == 0:
            measured = {
                "step": step,
                "train": judge.in_windows("train"),
                "val": judge.in_windows("val"),
                "train conversations": judge.in_conversations(of_train[: len(of_val)]),
                "val conversations": judge.in_conversations(of_val),
            }
            curves.append(measured)
            say(", ".join(f"{name} {figure:.3f}" for name, figure in measured.items()))
        if step == budget.steps:
            break
        if step < budget.window_steps:
            judge.step(*_windows(judge, of_train, budget.window_rows), _lr(step / budget.window_steps, BETWEEN_LR))
            continue
        batches = batches or _batches(judge, of_train, budget.conversation_characters)
        done = (step - budget.window_steps) / budget.conversation_steps
        judge.step(*judge.rows(batches.pop())[:2], _lr(done, LAST_LR))
    return curves


def _lr(done: float, last: float) -> float:
    """The learning rate after a share of a part of the training, at whose end it is ``last``."""
    return LR + (last - LR) * done


def _windows(judge: Judge, pairs: Sequence[Pair], n_rows: int) -> tuple[Array, Array]:
    """Windows from anywhere in the text of all conversations, which stand in a new order, and their targets."""
    conversations = talks.conversations(pairs)
    order = judge.rng.permutation(len(conversations))
    text = talks.to_text([turn for i in order for turn in conversations[i]]).decode("ascii")
    ids = encoded(text, judge.characters)
    starts = judge.rng.integers(len(ids) - WINDOW, size=n_rows)
    rows = ids[starts[:, None] + np.arange(WINDOW + 1)]
    return rows[:, :-1], rows[:, 1:]


def _batches(judge: Judge, pairs: Sequence[Pair], n_characters: int) -> list[list[list[Pair]]]:
    """Every conversation once, in batches of like length that have about as many characters each, filled up."""
    conversations = talks.conversations(pairs)
    order = [conversations[i] for i in judge.rng.permutation(len(conversations))]
    batches: list[list[list[Pair]]] = []
    for start in range(0, len(order), OF_LIKE_LENGTH):
        batches.append([])
        for turns in sorted(order[start : start + OF_LIKE_LENGTH], key=lambda turns: len(talks.to_text(turns))):
            if (len(batches[-1]) + 1) * len(talks.to_text(turns)) > n_characters and batches[-1]:
                batches.append([])
            batches[-1].append(turns)
    return [batches[i] for i in judge.rng.permutation(len(batches))]


def judge_once(
    built: Framework, pairs: Sequence[Pair], budget: Budget, seed: int, say: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Train one model, examine it on every pair, and listen to what it answers to held-out questions."""
    judge = Judge(built, pairs, seed)
    start, start_cpu = time.perf_counter(), time.process_time()
    curves = train(judge, pairs, budget, say)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - start_cpu
    is_exact = {split: judge.exact(talks.in_split(pairs, split)) for split in SPLITS}
    of_val = talks.in_split(pairs, "val")
    said = judge.answer(of_val)
    known = {pair.answer for pair in talks.in_split(pairs, "train")}
    return {
        "framework": built.name,
        "seed": seed,
        "budget": asdict(budget),
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "n_weights": judge.n_weights,
        "curves": curves,
        "exact": {split: by_level(talks.in_split(pairs, split), right) for split, right in is_exact.items()},
        "said": [(pair.question, answer) for pair, answer in zip(of_val, said, strict=True)],
        "recited": sum(answer in known for answer in said),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge, print, and on request write the datasheet's block."""
    parser = argparse.ArgumentParser(
        description="Train the course's GPT on TinyTalks and count exact answers.",
        epilog="example: python3 benchmarks/tinytalks_judge.py --seeds 0 1 --write",
    )
    budget = Budget()
    parser.add_argument(
        "--windows", type=int, default=budget.window_steps, help=f"steps (default {budget.window_steps})"
    )
    parser.add_argument(
        "--conversations",
        type=int,
        default=budget.conversation_steps,
        help=f"steps (default {budget.conversation_steps})",
    )
    parser.add_argument("--seeds", type=int, nargs="*", default=[0], help="one model a seed (default 0)")
    parser.add_argument(
        "--package", type=Path, help="folder with the course's package tinytorch, instead of the reference"
    )
    parser.add_argument("--json", type=Path, help="also write the results to this file")
    parser.add_argument("--also", type=Path, nargs="+", default=[], help="files of other results, for the report")
    parser.add_argument("--write", action="store_true", help="put the figures into DATASHEET.md")
    options = parser.parse_args(arguments)
    pairs = talks.parse_jsonl(SOURCE.read_bytes(), SOURCE)
    budget = replace(budget, window_steps=options.windows, conversation_steps=options.conversations)
    built = framework(options.package)
    results = [
        judge_once(built, pairs, budget, seed, lambda line: print(line, file=sys.stderr, flush=True))
        for seed in options.seeds
    ]
    if options.json:
        options.json.write_text(json.dumps(results) + "\n", encoding="utf-8", newline="\n")
    for file in options.also:
        results += json.loads(file.read_text(encoding="utf-8"))
    texts = [talks.to_text(talks.in_split(pairs, split)).decode("ascii") for split in SPLITS[:2]]
    text = report(results, Trigram(texts[0]).losses(texts[1]))
    print(text)
    if options.write:
        write_block(DATA / "DATASHEET.md", MARKS, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
