"""TinyTalks keeps every rule it promises, every rule can fail, and its files are what the recipe writes."""

from __future__ import annotations

import math
import re
import runpy
import types
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import tinytorch_hf
from tinytorch_hf import catalog
from tinytorch_hf.data import statistics
from tinytorch_hf.errors import CorruptFileError, MissingFileError, UnknownNameError
from tinytorch_hf.files import folders, store, talks
from tinytorch_hf.files.talks import Pair
from tinytorch_hf.health import talks_problems, talks_rules, talks_variety

FOLDER = folders.folder(catalog.TINYTALKS)
SOURCE = FOLDER / "tinytalks_v2.jsonl"


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
    known = next(pair.formula for pair in pairs if pair.split == "train" and re.fullmatch(r"\d+ \+ \d+", pair.formula))
    left, right = re.findall(r"\d+", known)
    return planted(pairs, first(pairs, level=3, split="test"), formula=f"{right} + {left}")


def near_duplicate(pairs: list[Pair]) -> list[Pair]:
    """A training question asked in val with one word changed."""
    known = pairs[first(pairs, level=2, split="train")].question
    return planted(pairs, first(pairs, level=2, split="val"), question=known.replace("the ", "this "))


def one_template(pairs: list[Pair]) -> list[Pair]:
    """Seven questions of one form."""
    things = ["clay", "glass", "honey", "ivory", "paper", "rope", "silk"]
    asked = [
        replace(pair, question=f"Where does {thing} come from?") for pair, thing in zip(pairs, things, strict=False)
    ]
    return [*asked, *pairs[len(asked) :]]


PLANTED: dict[str, Callable[[list[Pair]], list[Pair]]] = {
    "numbering": lambda p: planted(p, 10, id=9),
    "sizes": lambda p: planted(p, first(p, level=1, split="val"), split="train"),
    "duplicates": lambda p: planted(p, 1, question=p[0].question.upper().replace(".", "!")),
    "near_duplicates": near_duplicate,
    "arithmetic": lambda p: planted(p, first(p, formula="28 + 15"), answer="28 + 15 is 42."),
    "repeated_problems": problem_in_another_split,
    "sources": lambda p: planted(p, first(p, level=2), source=""),
    "dialogues": lambda p: planted(p, first(p, level=5, turn=2, split="train"), split="val"),
    "templates": one_template,
    "variety": lambda p: [replace(pair, question=f"Quiz time! {pair.question}") for pair in p[:40]],
    "persona": lambda p: planted(p, first(p, topic="identity"), answer="I am Nora, a friendly robot."),
    "timeless": lambda p: planted(p, 0, answer="It is warm this year."),
    "for_everybody": lambda p: planted(p, 0, answer="Happy Easter!"),
    "kind": lambda p: planted(p, 0, answer="You are stupid."),
    "punctuation": lambda p: planted(p, 0, question="Hello, I am Omar"),
    "alphabet": lambda p: planted(p, 0, answer="A \u00e9 is not ASCII."),
    "lengths": lambda p: planted(p, 0, answer="A" * 250 + "."),
    "total": lambda p: p[:200],
}


@pytest.mark.parametrize("rule", talks_rules.RULES, ids=lambda rule: rule.__name__)
def test_rule_can_fail(rule: talks_rules.Rule, pairs: list[Pair]) -> None:
    """Each rule finds the violation that is planted for it."""
    assert list(rule(PLANTED[rule.__name__](pairs)))


@pytest.mark.parametrize(
    ("rule", "plant"),
    [
        (talks_rules.arithmetic, lambda p: planted(p, first(p, topic="speed"), answer="120 / 2 = 61, not 60.")),
        (talks_rules.arithmetic, lambda p: planted(p, first(p, level=3), formula="")),
        (talks_rules.arithmetic, lambda p: planted(p, first(p, level=3), formula="7 plus 6")),
        (talks_rules.arithmetic, lambda p: planted(p, first(p, level=3), formula="7 / 0")),
        (talks_rules.alphabet, lambda p: planted(p, first(p, split="test"), answer="A # is new.")),
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
    """All of level 3, and the word problems of others, have a formula; fourteen bare ones carry or borrow."""
    computed = Counter(pair.level for pair in pairs if pair.formula)

    assert computed[3] == 50
    assert computed[4] >= 20
    assert talks_variety.n_carries(pairs) == 14


@pytest.mark.parametrize(
    ("formula", "result"),
    [("7 + 6", "13"), ("3 - 8", "-5"), ("2 + 3 * 4", "14"), ("(2 + 3) * 4", "20"), ("0.1 + 0.2", "3/10"), ("-3", "-3")],
)
def test_formulas_are_computed_exactly(formula: str, result: str) -> None:
    """Brackets and products come first, and decimal numbers are what they look like."""
    assert talks_problems.value(formula) == Fraction(result)


@pytest.mark.parametrize("formula", ["", "1 +", "1 / 0", "2 ** 3", "abs(1)", "x", "True + 1", "'1'", "1 if 1 else 2"])
def test_what_is_no_formula_is_refused(formula: str) -> None:
    """Nothing but numbers, four operations and brackets is computed."""
    with pytest.raises(ValueError, match=r"cannot be computed|is not made of"):
        talks_problems.value(formula)


@pytest.mark.parametrize(
    ("answer", "result", "is_stated"),
    [
        ("28 + 15 = 43.", "43", True),
        ("28 + 15 = 430.", "43", False),
        ("So 2.5 hours.", "5/2", True),
        ("3 - 8 = -5.", "-5", True),
        ("13 - 5 = 8.", "-5", False),
        ("Yes, by 1/12: 9/12 is more.", "1/12", True),
        ("Five trees.", "5", True),
        ("Fivefold.", "5", False),
    ],
)
def test_an_answer_states_a_result_or_not(answer: str, result: str, is_stated: bool) -> None:
    """In digits, as a fraction or as a word, and not as a part of another number."""
    assert talks_problems.states(answer, Fraction(result)) is is_stated


def test_every_side_of_an_equation_counts() -> None:
    """Whether it stands in a sentence, has two signs or several sides."""
    said = "First 3 x 4 = 12, then 2 + 12 = 15, and 1/2 + 1/4 = 3/4. 5 - 1 - 1 = 3 = 2 + 1"

    assert list(talks_problems.equations(said)) == [
        ("3 x 4 = 12", True),
        ("2 + 12 = 15", False),
        ("1/2 + 1/4 = 3/4", True),
        ("5 - 1 - 1 = 3 = 2 + 1", True),
    ]


@pytest.mark.parametrize(
    ("formula", "does"),
    [("7 + 6", True), ("12 + 5", False), ("42 - 17", True), ("48 - 17", False), ("95 + 12", True), ("6 * 7", False)],
)
def test_carries_and_borrows_are_seen(formula: str, does: bool) -> None:
    """In any place, of one sum or difference."""
    assert talks_problems.carries(formula) is does


def test_a_problem_turned_round_is_the_same() -> None:
    """Sums and products may be turned, differences may not."""
    assert talks_problems.canonical("2 + 3 * 4") == talks_problems.canonical("4 * 3 + 2")
    assert talks_problems.canonical("3 - 8") != talks_problems.canonical("8 - 3")


def test_a_phrase_before_a_question_is_no_variety(pairs: list[Pair]) -> None:
    """Repeated words are counted wherever they stand; questions of one form are, whatever their numbers and nouns."""
    some = [replace(pair, question=f"Quiz time! Tell me: {pair.question}") for pair in pairs[:100]]

    assert talks_variety.share_repeated(pairs) < 0.01 < talks_variety.share_repeated(some)
    assert talks_variety.zlib_ratio(some) > talks_variety.zlib_ratio(pairs[:100])
    assert talks_variety.template("What is 7 + 6?") == talks_variety.template("What is 95 + 12?")
    assert talks_variety.template("Where is Oslo?") == talks_variety.template("Where is Lake Baikal?")


def test_the_quick_median_agrees_with_the_slow_one(pairs: list[Pair]) -> None:
    """On either side of the limit."""
    some = pairs[:30]
    median = talks_variety.median_nearest(some)

    assert talks_variety.is_median_at_most(some, median)
    assert not talks_variety.is_median_at_most(some, median - 0.001)


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


@pytest.mark.longer
def test_datasheet_variety_is_computed(pairs: list[Pair]) -> None:
    """The datasheet's table of variety is what the recipe computes."""
    recipe = runpy.run_path(str(FOLDER / "create_tinytalks.py"))
    text = (FOLDER / "DATASHEET.md").read_text(encoding="utf-8")
    assert f"{recipe['VARIETY'][0]}\n{recipe['variety'](pairs)}\n{recipe['VARIETY'][1]}" in text


def test_texts_hold_the_pairs_of_the_source(pairs: list[Pair]) -> None:
    """Each split's text holds the questions and answers of that split, in order."""
    for split in talks.SPLITS:
        path = FOLDER / "splits" / f"{split}.txt"
        expected = [talks.Turn(pair.question, pair.answer, pair.turn) for pair in talks.in_split(pairs, split)]
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
    assert list(val.columns) == ["id", "level", "topic", "dialogue", "turn", "question", "answer", "formula", "source"]
    assert val["id"].dtype == np.int64
    assert val["answer"].dtype.kind == "U"
    assert val["answer"].tolist() == [pair.answer for pair in talks.in_split(pairs, "val")]


def test_root(tmp_path: Path) -> None:
    """With a root the files are looked for there, and damage is found."""
    with pytest.raises(MissingFileError, match=r"tinytalks_v2\.jsonl"):
        tinytorch_hf.load_tinytalks(root=tmp_path)
    store.materialise(catalog.TINYTALKS, tmp_path)
    assert tinytorch_hf.load_tinytalks(root=tmp_path) == tinytorch_hf.load_tinytalks()
    source = tmp_path / "tinytalks" / SOURCE.name
    source.write_bytes(source.read_bytes().replace(b"robot", b"human", 1))
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
    judge = runpy.run_path(str(FOLDER.parents[1] / "benchmarks" / "tinytalks_judge.py"))
    some = [pair for split in talks.SPLITS for pair in talks.in_split(pairs, split)[:4]]
    budget = judge["Budget"](window_steps=1, window_rows=4, conversation_steps=2, conversation_characters=200, every=1)
    result = judge["judge_once"](judge["framework"](None), some, budget, seed=0)

    assert [result["exact"][split]["all"][1] for split in talks.SPLITS] == [4, 4, 4]
    assert result["curves"][-1]["train conversations"] < result["curves"][0]["train conversations"]
    path = tmp_path / "DATASHEET.md"
    before, after = judge["MARKS"]
    path.write_text(f"kept {before} old {after} kept", encoding="utf-8")
    judge["write_block"](path, judge["MARKS"], judge["report"]([result], (2.0, 1.9)))
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"kept {before}\n{result['n_weights']} weights") and text.endswith(f"{after} kept")
    assert " old " not in text


def test_the_judge_counts_what_greedy_answers_give(pairs: list[Pair]) -> None:
    """One look at the true answers says the same as writing them character by character, later turns included."""
    judge = runpy.run_path(str(FOLDER.parents[1] / "benchmarks" / "tinytalks_judge.py"))
    some = [replace(pair, answer="e" * n, split=split) for split in talks.SPLITS for n, pair in enumerate(pairs[-6:])]
    asked = judge["Judge"](judge["framework"](None), some, seed=0)
    row = asked.characters.encode("e")[0]
    # A model that always says e, and after three of them ends the line.
    asked.model.forward = lambda tokens: _three_times(row, asked.line_end, np.asarray(tokens.data))

    train = talks.in_split(some, "train")
    assert asked.exact(train) == [
        answer == pair.answer for pair, answer in zip(train, asked.answer(train), strict=True)
    ]
    assert asked.exact(train).count(True) == 1


def _three_times(letter: int, line_end: int, tokens: np.ndarray) -> object:
    """Logits of a model that writes a letter three times at most in a row, then a line end."""
    logits = np.zeros((*tokens.shape, max(letter, line_end) + 1))
    for at in np.ndindex(tokens.shape):
        last = tokens[at[0], max(0, at[1] - 2) : at[1] + 1]
        place = (*at, line_end if len(last) == 3 and (last == letter).all() else letter)
        logits[place] = 1
    return types.SimpleNamespace(data=logits)


def test_a_trigram_knows_what_it_has_read() -> None:
    """It expects what it read, has a share for what it never read, and its chances sum to one."""
    trigram = runpy.run_path(str(FOLDER.parents[1] / "benchmarks" / "trigram.py"))["Trigram"]("abcabcabcabc")

    for read, unread in zip(trigram.losses("abcabc"), trigram.losses("cbacba"), strict=True):
        assert read < 0.5 < unread
    assert sum(math.exp(-trigram.losses(f"ab{one}")[1]) for one in "abc") == pytest.approx(1)


def test_the_datasheet_reads_its_losses_rightly() -> None:
    """The GPT gets nineteen of twenty training answers, is better than a trigram once, and in the end worse."""
    text = (FOLDER / "DATASHEET.md").read_text(encoding="utf-8").partition("<!-- measured: judge -->")[2]
    right, of = map(int, re.search(r"\| train \|.*?(\d+)/(\d+) \|\n", text).groups())  # type: ignore[union-attr]
    said = re.search(r"of train has ([\d.]+), .*?the best of the GPT is ([\d.]+), .*?the last ([\d.]+)\. Train", text)
    trigram, best, last = map(float, said.groups())  # type: ignore[union-attr]

    assert of == 245 and right >= 0.95 * of
    assert best < trigram < last
