"""TinyTalks keeps every rule it promises, every rule can fail, and its files are what the recipe writes."""

from __future__ import annotations

import itertools
import re
import runpy
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tinytorch_hf
from tinytorch_hf import catalog
from tinytorch_hf.data import statistics
from tinytorch_hf.errors import CorruptFileError, MissingFileError, UnknownNameError
from tinytorch_hf.files import folders, store, talks
from tinytorch_hf.files.talks import Pair
from tinytorch_hf.health import talks_problems, talks_rules

FOLDER = folders.folder(catalog.TINYTALKS)
SOURCE = FOLDER / "tinytalks_v1.jsonl"


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    """The published pairs."""
    return talks.parse_jsonl(SOURCE.read_bytes(), SOURCE)


@pytest.mark.parametrize("rule", talks_rules.RULES, ids=lambda rule: rule.__name__)
def test_rule_is_kept(rule: talks_rules.Rule, pairs: list[Pair]) -> None:
    """The published pairs break no rule."""
    assert list(rule(pairs)) == []


def first(pairs: list[Pair], **wanted: object) -> int:
    """Position of the first pair with these values."""
    return next(i for i, p in enumerate(pairs) if all(getattr(p, name) == value for name, value in wanted.items()))


def planted(pairs: list[Pair], position: int, **fields: object) -> list[Pair]:
    """The pairs with one of them changed."""
    return [*pairs[:position], replace(pairs[position], **fields), *pairs[position + 1 :]]  # type: ignore[arg-type]


def problem_in_another_split(pairs: list[Pair]) -> list[Pair]:
    """A training sum, operands swapped, asked in test."""
    known = pairs[first(pairs, topic="tens and ones", split="train")].question
    ones, tens = re.findall(r"\d+", known)
    return planted(pairs, first(pairs, level=3, split="test"), question=f"What is {tens} + {ones}?")


def problem_in_words_elsewhere(pairs: list[Pair]) -> list[Pair]:
    """A training sum asked in words in test."""
    tens, ones = re.findall(r"\d+", pairs[first(pairs, topic="tens and ones", split="train")].question)
    question = f"Omar finds more coins. How many are there now: {tens} + {ones}?"
    return planted(pairs, first(pairs, topic="getting more", split="test"), question=question)


def near_duplicate(pairs: list[Pair]) -> list[Pair]:
    """A training question asked in val with one word changed."""
    known = pairs[first(pairs, topic="facts", split="train")].question
    return planted(pairs, first(pairs, topic="facts", split="val"), question=known.replace("a ", "one "))


PLANTED = {
    "numbering": lambda p: planted(p, 10, id=9),
    "sizes": lambda p: planted(p, first(p, level=1, split="val"), split="train"),
    "duplicates": lambda p: planted(p, 1, question=p[0].question.upper().replace(".", "!")),
    "near_duplicates": near_duplicate,
    "arithmetic": lambda p: planted(p, first(p, level=3), answer="20 + 3 = 24."),
    "repeated_problems": problem_in_another_split,
    "dialogues": lambda p: planted(p, first(p, level=5, turn=2, split="train"), split="val"),
    "answerable": lambda p: planted(p, first(p, level=4, split="test"), answer="A zebra."),
    "compositional": lambda p: planted(p, first(p, topic="kinds", split="test"), question="What is a zebra?"),
    "persona": lambda p: planted(p, first(p, topic="identity"), answer="I am Nora, a friendly robot."),
    "contradictions": lambda p: planted(p, first(p, topic="kinds"), answer="A hawk is a mammal."),
    "timeless": lambda p: planted(p, 0, answer="It is warm today."),
    "kind": lambda p: planted(p, 0, answer="You are stupid."),
    "punctuation": lambda p: planted(p, 0, question="Hello, I am Omar"),
    "alphabet": lambda p: planted(p, 0, answer="A \u00e9 is not ASCII."),
    "lengths": lambda p: planted(p, 0, answer="A" * 120 + "."),
    "total": lambda p: p[:300],
}


@pytest.mark.parametrize("rule", talks_rules.RULES, ids=lambda rule: rule.__name__)
def test_rule_can_fail(rule: talks_rules.Rule, pairs: list[Pair]) -> None:
    """Each rule finds the violation that is planted for it."""
    assert list(rule(PLANTED[rule.__name__](pairs)))


@pytest.mark.parametrize(
    ("rule", "plant"),
    [
        (talks_rules.repeated_problems, problem_in_words_elsewhere),
        (talks_rules.arithmetic, lambda p: planted(p, first(p, topic="speed"), answer="4 x 10 = 400 km.")),
        (talks_rules.arithmetic, lambda p: planted(p, first(p, topic="change"), question="How much is it?")),
        (talks_rules.arithmetic, lambda p: planted(p, first(p, level=3), question="What is 3 - 20?")),
        (talks_rules.dialogues, lambda p: planted(p, first(p, level=5, turn=2), turn=3)),
        (talks_rules.dialogues, lambda p: planted(p, first(p, level=1), dialogue=1, turn=1)),
        (talks_rules.dialogues, lambda p: [*p[-1:], *p[:-1]]),
        (talks_rules.persona, lambda p: planted(p, 0, answer="I am a person.")),
        (talks_rules.punctuation, lambda p: planted(p, 0, question="hello, I am Omar.")),
        (talks_rules.sizes, lambda p: planted(p, 0, level=6)),
        (talks_rules.duplicates, lambda p: [*p, p[0]]),
    ],
)
def test_rule_can_fail_in_other_ways(rule: talks_rules.Rule, plant: object, pairs: list[Pair]) -> None:
    """Rules of several parts find a violation of each part."""
    assert list(rule(plant(pairs)))  # type: ignore[operator]


def test_every_problem_is_recomputed(pairs: list[Pair]) -> None:
    """Arithmetic and word problems are all understood by the code that computes their answers."""
    solved = Counter(pair.level for pair in pairs if talks_problems.problem(pair.question))
    assert solved == {3: 50, 4: sum(pair.topic in talks_problems.WORD_PROBLEM_TOPICS for pair in pairs)}


@pytest.mark.parametrize(
    ("operation", "left", "right", "result"),
    [("+", 40, 5, 45), ("-", 45, 5, 40), ("x", 7, 10, 70), ("/", 70, 10, 7)],
)
def test_solve(operation: str, left: int, right: int, result: int) -> None:
    """Problems are solved as school does."""
    assert talks_problems.solve(operation, left, right) == result


@pytest.mark.parametrize(("operation", "left", "right"), [("/", 7, 2), ("/", 7, 0), ("-", 2, 7)])
def test_solve_refuses_what_has_no_whole_result(operation: str, left: int, right: int) -> None:
    """A division that leaves a rest and a result below zero are refused."""
    with pytest.raises(ValueError):
        talks_problems.solve(operation, left, right)


def test_near_duplicates_depend_on_numbers() -> None:
    """Questions that differ in a number are different questions."""
    assert talks_rules.similar("How many legs has a newt?", "How many legs has a toad?")
    assert not talks_rules.similar("What is 20 + 3?", "What is 20 + 4?")


def test_source_is_canonical(pairs: list[Pair]) -> None:
    """Reading and writing the source gives the same bytes."""
    assert talks.to_jsonl(pairs) == SOURCE.read_bytes()


def test_recipe_rebuilds_the_files() -> None:
    """The recipe builds every published file byte for byte from the source."""
    built = runpy.run_path(str(FOLDER / "create_tinytalks.py"))["build"](SOURCE.read_bytes())
    assert set(built) == {file.name for file in catalog.TINYTALKS.files}
    assert all((FOLDER / name).read_bytes() == data for name, data in built.items())


def test_datasheet_counts_are_computed(pairs: list[Pair]) -> None:
    """The datasheet's table of counts is what the recipe computes."""
    recipe = runpy.run_path(str(FOLDER / "create_tinytalks.py"))
    text = (FOLDER / "DATASHEET.md").read_text(encoding="utf-8")
    assert f"{recipe['COUNTS'][0]}\n{recipe['counts'](pairs)}\n{recipe['COUNTS'][1]}" in text


def test_texts_hold_the_pairs_of_the_source(pairs: list[Pair]) -> None:
    """Each split's text holds the questions and answers of that split, in order."""
    for split in talks.SPLITS:
        path = FOLDER / "splits" / f"{split}.txt"
        expected = [(pair.question, pair.answer) for pair in talks.in_split(pairs, split)]
        assert talks.parse_text(path.read_bytes(), path) == expected


def test_licence_is_stated_alike() -> None:
    """Catalog, licence, readme and datasheet name the same licence and the same address."""
    texts = [(FOLDER / name).read_text(encoding="utf-8") for name in ("LICENSE", "README.md", "DATASHEET.md")]
    for text in [*texts, catalog.TINYTALKS.license_note]:
        assert "CC BY 4.0" in text
        assert "https://creativecommons.org/licenses/by/4.0/" in text


def test_all_pairs_are_loaded() -> None:
    """Without arguments all pairs come, the training pairs among them."""
    everything, train = tinytorch_hf.load_tinytalks(), tinytorch_hf.load_tinytalks(split="train")
    assert (len(everything), len(train)) == (350, 245)
    assert set(train) < set(everything)
    assert all(type(question) is str and type(answer) is str for question, answer in everything)


def test_levels_and_splits_select() -> None:
    """A split and a list of levels give that part."""
    assert len(tinytorch_hf.load_tinytalks(split="train", levels=[1, 2])) == 105
    assert len(tinytorch_hf.load_tinytalks(levels=range(3, 6))) == 200
    assert tinytorch_hf.load_tinytalks(levels=[]) == []


@pytest.mark.parametrize("arguments", [{"split": "dev"}, {"levels": [0]}, {"levels": [1, 6]}, {"levels": ["1"]}])
def test_unknown_parts_are_refused(arguments: dict[str, object]) -> None:
    """A split or level that does not exist raises UnknownNameError with what exists."""
    with pytest.raises(UnknownNameError, match="Known: "):
        tinytorch_hf.load_tinytalks(**arguments)  # type: ignore[arg-type]


def test_columns(pairs: list[Pair]) -> None:
    """`load` gives every field but the split as a column: numbers int64, texts str."""
    val = tinytorch_hf.load("tinytalks")["val"]
    assert list(val.columns) == ["id", "level", "topic", "dialogue", "turn", "question", "answer"]
    assert val["id"].dtype == np.int64
    assert val["answer"].dtype.kind == "U"
    assert val["answer"].tolist() == [pair.answer for pair in talks.in_split(pairs, "val")]


def test_root(tmp_path: Path) -> None:
    """With a root the files are looked for there, and damage is found."""
    with pytest.raises(MissingFileError, match=r"tinytalks_v1\.jsonl"):
        tinytorch_hf.load_tinytalks(root=tmp_path)
    store.materialise(catalog.TINYTALKS, tmp_path)
    assert tinytorch_hf.load_tinytalks(root=tmp_path) == tinytorch_hf.load_tinytalks()
    source = tmp_path / "tinytalks" / SOURCE.name
    source.write_bytes(source.read_bytes().replace(b"robot", b"human"))
    with pytest.raises(CorruptFileError, match="does not hold the published data"):
        tinytorch_hf.load_tinytalks(root=tmp_path)


def test_fingerprint() -> None:
    """The content is the one the catalog states."""
    assert tinytorch_hf.fingerprint("tinytalks") == catalog.TINYTALKS.fingerprint


def test_statistics() -> None:
    """Texts are measured by level, length and alphabet."""
    measured = statistics.statistics(tinytorch_hf.load("tinytalks"))["train"]
    assert measured["per_level"] == {1: 35, 2: 70, 3: 35, 4: 70, 5: 35}
    assert measured["longest_answer"] == max(len(answer) for _, answer in tinytorch_hf.load_tinytalks("train"))
    assert measured["alphabet_size"] <= talks_rules.MAX_ALPHABET


def test_judge_reports_into_the_datasheet(tmp_path: Path, pairs: list[Pair]) -> None:
    """The judge trains, scores every pair, and writes between its marks and nowhere else."""
    pytest.importorskip("torch")
    judge = runpy.run_path(str(FOLDER.parents[1] / "benchmarks" / "tinytalks_judge.py"))
    some = [pair for split in talks.SPLITS for pair in talks.in_split(pairs, split)[:4]]
    some.append(next(pair for pair in talks.in_split(pairs, "val") if not talks_rules.is_compositional(pair)))
    result, plain = (judge["judge_once"](some, steps=1, seed=0, is_plain=is_plain) for is_plain in (False, True))
    for judged in (result, plain):
        assert sum(row[1] for split in judged["exact"].values() for key, row in split.items() if key == "all") == 13
        assert judged["curves"][-1]["train"] < judged["curves"][0]["train"]
    path = tmp_path / "DATASHEET.md"
    before, after = judge["MARKS"]
    path.write_text(f"kept {before} old {after} kept", encoding="utf-8")
    judge["write_block"](path, judge["MARKS"], judge["report"]([result], plain))
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"kept {before}\n{result['n_weights']} weights") and text.endswith(f"{after} kept")
    assert " old " not in text


def test_the_datasheet_reads_its_losses_rightly() -> None:
    """Compositional questions are learned to the end, the others not, and none of these is answered."""
    text = (FOLDER / "DATASHEET.md").read_text(encoding="utf-8").partition("<!-- measured: judge -->")[2]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    header = rows.index(["step", "train", "val", "val compositional", "val single"])
    steps = [
        [float(cell) for cell in row] for row in itertools.takewhile(lambda row: row[0].isdigit(), rows[header + 2 :])
    ]
    (_, train, _, combined, single), before = steps[-1], steps[:-1]

    assert combined < min(row[3] for row in before)
    assert single > min(row[4] for row in before) and single > 5 * combined > train
    assert [row[-1] for row in rows if row[0] in ("val", "test")] == ["0/4", "0/2"]
