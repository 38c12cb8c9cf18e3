"""The rules TinyTalks promises to keep; each is a function from pairs to sentences that say what breaks it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import cache
from itertools import combinations

from tinytorch_hf.files.talks import SPLITS, Pair, in_split, text_of
from tinytorch_hf.health.talks_problems import ARITHMETIC_TOPICS, WORD_PROBLEM_TOPICS, problem, solve

N_PER_LEVEL_AND_SPLIT = {
    1: (35, 8, 7),
    2: (70, 15, 15),
    3: (35, 7, 8),
    4: (70, 15, 15),
    5: (35, 8, 7),
}
NEAR_DUPLICATE_RATIO = 0.85
MAX_ALPHABET = 70
MAX_PAIR_CHARS = {1: 128, 2: 128, 3: 128, 4: 256, 5: 256}
TOTAL_BYTES = (25_000, 45_000)

# Topics whose held-out questions are paraphrases of training questions or plain facts. The held-out
# questions of every other topic combine words that training shows in other combinations.
SINGLE_TOPICS = frozenset({"identity", "facts", "causes", "small numbers"})

# A friendly robot that knows it is a program has none of these.
_NOT_THE_PERSONA = re.compile(
    r"\bI (am|was) (a |an )?(human|person|man|woman|boy|girl|alive|born|hungry|tired|sad|angry)\b"
    r"|\bI (eat|drink|sleep|feel|live|grew|hate)\b|\bmy (body|hands?|eyes|heart|mother|father|family|birthday)\b",
    re.IGNORECASE,
)
_PERSONA_NAME = re.compile(r"\b(?:My name is|I am) (?!a\b|an\b|made\b|here\b|not\b|always\b)([A-Z][a-z]+)")
_DEPENDS = re.compile(
    r"\b(today|tomorrow|yesterday|tonight|this (week|month|year)|currently|nowadays|recently|president|"
    r"spring|summer|autumn|winter|monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|"
    r"april|june|july|august|september|october|november|december|my country|our city|here in|dollars?|euros?)\b",
    re.IGNORECASE,
)
_UNKIND = re.compile(
    r"\b(stupid|dumb|ugly|idiot|hate|kill|die|dead|gun|knife|poison|drunk|beer|wine|cigarette|shut up|blood)\b",
    re.IGNORECASE,
)


def words(text: str) -> list[str]:
    """Lower-case words of a text; a number counts digit by digit, as a character model reads it."""
    return re.findall(r"[a-z]+|\d", text.lower())


def numbers(text: str) -> list[int]:
    """Numbers of a text in their order."""
    return [int(number) for number in re.findall(r"\d+", text)]


def numbering(pairs: Sequence[Pair]) -> Iterator[str]:
    """Ids count from 1 without a gap."""
    for position, pair in enumerate(pairs, start=1):
        if pair.id != position:
            yield f"pair {position} of the file has the id {pair.id}"


def sizes(pairs: Sequence[Pair]) -> Iterator[str]:
    """Every level has its number of pairs in every split."""
    found = Counter((pair.level, pair.split) for pair in pairs)
    expected = {(level, s): n for level, ns in N_PER_LEVEL_AND_SPLIT.items() for s, n in zip(SPLITS, ns, strict=True)}
    for key in sorted({*found, *expected}):
        if found[key] != expected.get(key, 0):
            yield f"level {key[0]} has {found[key]} pairs in {key[1]}, expected {expected.get(key, 0)}"


def duplicates(pairs: Sequence[Pair]) -> Iterator[str]:
    """No question occurs twice, and so no pair does."""
    seen: dict[str, int] = {}
    for pair in pairs:
        question = " ".join(words(pair.question))
        if question in seen:
            yield f"pairs {seen[question]} and {pair.id} ask the same: {pair.question}"
        seen.setdefault(question, pair.id)


@cache
def _bag(text: str) -> frozenset[tuple[str, int]]:
    """The letters of a text, each with 1, 2 ... for its first, second ... occurrence."""
    counts: Counter[str] = Counter()
    bag = set()
    for letter in text:
        counts[letter] += 1
        bag.add((letter, counts[letter]))
    return frozenset(bag)


@cache
def _sorted_numbers(text: str) -> list[int]:
    return sorted(numbers(text))


def similar(one: str, other: str) -> bool:
    """Whether two questions are near-duplicates: nearly the same letters and exactly the same numbers."""
    one, other = one.lower(), other.lower()
    if _sorted_numbers(one) != _sorted_numbers(other):
        return False
    # What the ratio cannot exceed, found much faster: were all letters that both have in the same order.
    n = len(one) + len(other)
    if n and (
        2 * min(len(one), len(other)) / n < NEAR_DUPLICATE_RATIO
        or 2 * len(_bag(one) & _bag(other)) / n < NEAR_DUPLICATE_RATIO
    ):
        return False
    # The ratio depends on the order of its arguments; the larger of the two counts.
    return any(
        SequenceMatcher(None, first, second, autojunk=False).ratio() >= NEAR_DUPLICATE_RATIO
        for first, second in ((one, other), (other, one))
    )


def near_duplicates(pairs: Sequence[Pair]) -> Iterator[str]:
    """No question has a near-duplicate in another split."""
    for one, other in combinations(pairs, 2):
        if one.split != other.split and similar(one.question, other.question):
            yield f"pairs {one.id} ({one.split}) and {other.id} ({other.split}) are alike: {other.question}"


def arithmetic(pairs: Sequence[Pair]) -> Iterator[str]:
    """Every answer to an arithmetic or word problem is what code computes from the question."""
    for pair in pairs:
        found = problem(pair.question)
        if found is None:
            if pair.level == 3 or pair.topic in ARITHMETIC_TOPICS | WORD_PROBLEM_TOPICS:
                yield f"pair {pair.id} is no problem that code can solve: {pair.question}"
            continue
        operation, left, right = found
        try:
            result = solve(operation, left, right)
        except ValueError as error:
            yield f"pair {pair.id}: {error}"
            continue
        calculation = f"{left} {operation} {right} = {result}"
        if not re.match(rf"{re.escape(calculation)}\b", pair.answer) or len(numbers(pair.answer)) != 3:
            yield f"pair {pair.id} answers {pair.answer!r}, but the result is {result}"


def repeated_problems(pairs: Sequence[Pair]) -> Iterator[str]:
    """No problem occurs in two splits, neither with its operands swapped nor once bare and once in words."""
    homes: dict[tuple[str, int, int], Pair] = {}
    for pair in pairs:
        found = problem(pair.question)
        if found is None:
            continue
        operation, *operands = found
        first = homes.setdefault((operation, min(operands), max(operands)), pair)
        if first.split != pair.split:
            yield f"pairs {first.id} ({first.split}) and {pair.id} ({pair.split}) are the same problem: {pair.question}"


def dialogues(pairs: Sequence[Pair]) -> Iterator[str]:
    """Dialogues are level 5, lie whole and in order, and never cross splits."""
    turns = defaultdict(list)
    for pair in pairs:
        if (pair.dialogue > 0) != (pair.level == 5) or (pair.turn > 0) != (pair.dialogue > 0):
            yield f"pair {pair.id} of level {pair.level} has dialogue {pair.dialogue}, turn {pair.turn}"
        if pair.dialogue > 0:
            turns[pair.dialogue].append(pair)
    for dialogue, members in turns.items():
        if len({pair.split for pair in members}) > 1:
            yield f"dialogue {dialogue} lies in more than one split"
        if [pair.turn for pair in members] != list(range(1, len(members) + 1)):
            yield f"dialogue {dialogue} has the turns {[pair.turn for pair in members]}, not 1, 2, ..."
        if members[-1].id - members[0].id != len(members) - 1:
            yield f"dialogue {dialogue} is interrupted by other pairs"
        if len(members) < 2:
            yield f"dialogue {dialogue} has a single turn"


def answerable(pairs: Sequence[Pair]) -> Iterator[str]:
    """Every word of a held-out answer occurs in a training answer."""
    known = {word for pair in in_split(pairs, "train") for word in words(pair.answer)}
    for pair in pairs:
        unknown = sorted({*words(pair.answer)} - known)
        if pair.split != "train" and unknown:
            yield f"pair {pair.id} ({pair.split}) answers with words unseen in training: {', '.join(unknown)}"


def is_compositional(pair: Pair) -> bool:
    """Whether a held-out pair of this topic is meant to be answered by combining what training shows."""
    return pair.topic not in SINGLE_TOPICS


def compositional(pairs: Sequence[Pair]) -> Iterator[str]:
    """Held-out compositional questions use training's words and are most of the held-out questions."""
    known = {word for pair in in_split(pairs, "train") for word in words(pair.question)}
    held_out = [pair for pair in pairs if pair.split != "train"]
    combined = [pair for pair in held_out if is_compositional(pair)]
    for pair in combined:
        unknown = sorted({*words(pair.question)} - known)
        if unknown:
            yield f"pair {pair.id} ({pair.split}) asks with words unseen in training: {', '.join(unknown)}"
    if 2 * len(combined) < len(held_out):
        yield f"only {len(combined)} of {len(held_out)} held-out pairs are compositional"


def persona(pairs: Sequence[Pair]) -> Iterator[str]:
    """Answers are those of one robot, which knows that it is a program."""
    for pair in pairs:
        if _NOT_THE_PERSONA.search(pair.answer):
            yield f"pair {pair.id} does not speak as a program: {pair.answer}"
        for name in _PERSONA_NAME.findall(pair.answer):
            if name != "Pico":
                yield f"pair {pair.id} calls itself {name}: {pair.answer}"


def contradictions(pairs: Sequence[Pair]) -> Iterator[str]:
    """A thing has one color, one kind, one feature and one use, and sinks or floats, whoever asks."""
    said: dict[tuple[str, str], Pair] = {}
    for pair in pairs:
        if pair.topic not in ("colors", "kinds", "features", "tools", "jobs", "floating"):
            continue
        thing = re.match(r"(?:An? \w+|Fresh \w+|\w+)(?= )", pair.answer)
        if thing is None or not re.search(rf"\b{thing.group().lower()}\b", pair.question.lower()):
            yield f"pair {pair.id} does not answer about what was asked: {pair.question} {pair.answer}"
            continue
        first = said.setdefault((pair.topic, thing.group()), pair)
        if first.answer != pair.answer:
            yield f"pairs {first.id} and {pair.id} contradict each other: {first.answer} {pair.answer}"


def timeless(pairs: Sequence[Pair]) -> Iterator[str]:
    """Nothing depends on a place, a season or a date."""
    for pair in pairs:
        match = _DEPENDS.search(text_of(pair))
        if match:
            yield f"pair {pair.id} depends on when or where it is read: {match.group()}"


def kind(pairs: Sequence[Pair]) -> Iterator[str]:
    """Nothing is unsafe or unkind."""
    for pair in pairs:
        match = _UNKIND.search(text_of(pair))
        if match:
            yield f"pair {pair.id} is not fit for a classroom: {match.group()}"


def punctuation(pairs: Sequence[Pair]) -> Iterator[str]:
    """Questions and answers begin with a capital or a digit and end in punctuation."""
    for pair in pairs:
        for text in (pair.question, pair.answer):
            if not re.fullmatch(r"[A-Z0-9].*[.?!]", text) or "  " in text:
                yield f"pair {pair.id} is not a well-formed sentence: {text!r}"


def alphabet(pairs: Sequence[Pair]) -> Iterator[str]:
    """The alphabet is small, printable and ASCII."""
    characters = {character for pair in pairs for character in f"Q: A: {pair.question}{pair.answer}"}
    if len(characters) > MAX_ALPHABET:
        yield f"the alphabet has {len(characters)} characters, at most {MAX_ALPHABET} are allowed"
    odd = sorted(c for c in characters if not (c.isascii() and c.isprintable()))
    if odd:
        yield f"the alphabet has characters outside printable ASCII: {odd}"


def lengths(pairs: Sequence[Pair]) -> Iterator[str]:
    """A pair fits into the context of the model that its level is meant for."""
    for pair in pairs:
        n_chars, allowed = len(text_of(pair)), MAX_PAIR_CHARS.get(pair.level, 0)
        if n_chars > allowed:
            yield f"pair {pair.id} of level {pair.level} has {n_chars} characters, at most {allowed} are allowed"


def total(pairs: Sequence[Pair]) -> Iterator[str]:
    """The text is large enough to learn from and small enough to read."""
    n_bytes = sum(len(text_of(pair)) for pair in pairs)
    if not TOTAL_BYTES[0] <= n_bytes <= TOTAL_BYTES[1]:
        yield f"the text has {n_bytes} bytes, expected {TOTAL_BYTES[0]} to {TOTAL_BYTES[1]}"


Rule = Callable[[Sequence[Pair]], Iterator[str]]
RULES: tuple[Rule, ...] = (
    numbering,
    sizes,
    duplicates,
    near_duplicates,
    arithmetic,
    repeated_problems,
    dialogues,
    answerable,
    compositional,
    persona,
    contradictions,
    timeless,
    kind,
    punctuation,
    alphabet,
    lengths,
    total,
)


def violations(pairs: Sequence[Pair]) -> dict[str, list[str]]:
    """Check every rule.

    Returns
    -------
    dict
        For each rule's name the sentences that say what breaks it; all empty when the pairs are sound.
    """
    return {rule.__name__: list(rule(pairs)) for rule in RULES}
