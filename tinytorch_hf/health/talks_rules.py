"""The rules TinyTalks promises to keep; each is a function from pairs to sentences that say what breaks it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import combinations

from tinytorch_hf.files.talks import SPLITS, Pair, conversations, in_split, text_of, to_text
from tinytorch_hf.health import talks_problems, talks_variety

N_PER_LEVEL_AND_SPLIT = {
    1: (35, 8, 7),
    2: (70, 15, 15),
    3: (35, 7, 8),
    4: (70, 15, 15),
    5: (35, 8, 7),
}
NEAR_DUPLICATE_RATIO = 0.85
MAX_ALPHABET = 75
MAX_CONVERSATION_CHARS = 256
TOTAL_BYTES = (25_000, 45_000)
MAX_OF_A_TEMPLATE = 6

# How varied the language must be; each is a figure from `talks_variety`, and the least or the most that it may be.
LEAST = {
    "n_words": 600,
    "n_topics": 60,
    "n_carries": 8,
    "n_of_several": 8,
}
MOST = {"share_repeated": 0.20, "zlib_ratio": 3.3}
MOST_MEDIAN_NEAREST = 0.70

# A small program that knows what it is has none of these.
_NOT_THE_PERSONA = re.compile(
    r"\bI (am|was) (a |an )?(human|person|man|woman|boy|girl|alive|born|hungry|tired|sad|angry)\b"
    r"|\bI (eat|drink|sleep|feel|live|grew|hate)\b|\bmy (body|hands?|eyes|heart|mother|father|family|birthday)\b",
    re.IGNORECASE,
)
_PERSONA_NAME = re.compile(r"\b(?:My name is|I am) (?!I\b)([A-Z][a-z]+)")
_DEPENDS = re.compile(
    r"\b(this (week|month|year|summer|winter)|currently|nowadays|recently|lately|latest|newest|so far|president|"
    r"prime minister|my country|our city|here in|20[0-9]{2} AD)\b",
    re.IGNORECASE,
)
_OF_ONE_CULTURE = re.compile(
    r"\b(god|pray\w*|church|temple|mosque|christmas|easter|ramadan|diwali|thanksgiving|halloween|santa)\b",
    re.IGNORECASE,
)
_UNKIND = re.compile(
    r"\b(stupid|dumb|ugly|idiot|hate|kill|die|dead|gun|knife|poison|drunk|beer|wine|cigarette|shut up)\b",
    re.IGNORECASE,
)


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
        question = " ".join(talks_variety.words(pair.question))
        if question in seen:
            yield f"pairs {seen[question]} and {pair.id} ask the same: {pair.question}"
        seen.setdefault(question, pair.id)


@cache
def _sorted_numbers(text: str) -> list[int]:
    return sorted(numbers(text))


def similar(one: str, other: str) -> bool:
    """Whether two questions are near-duplicates: nearly the same letters and exactly the same numbers."""
    one, other = one.lower(), other.lower()
    return (
        _sorted_numbers(one) == _sorted_numbers(other)
        and talks_variety.at_most(one, other) >= NEAR_DUPLICATE_RATIO
        and talks_variety.ratio(one, other) >= NEAR_DUPLICATE_RATIO
    )


def near_duplicates(pairs: Sequence[Pair]) -> Iterator[str]:
    """No question has a near-duplicate in another split."""
    for one, other in combinations(pairs, 2):
        if one.split != other.split and similar(one.question, other.question):
            yield f"pairs {one.id} ({one.split}) and {other.id} ({other.split}) are alike: {other.question}"


def arithmetic(pairs: Sequence[Pair]) -> Iterator[str]:
    """Every answer states what code computes from the pair's formula, and every equation in an answer holds."""
    for pair in pairs:
        for equation, holds in talks_problems.equations(pair.answer):
            if not holds:
                yield f"pair {pair.id} says {equation}, which is wrong"
        if not pair.formula:
            if pair.level == 3:
                yield f"pair {pair.id} has no formula that code can compute: {pair.question}"
            continue
        try:
            result = talks_problems.value(pair.formula)
        except ValueError as error:
            yield f"pair {pair.id}: {error}"
            continue
        if not talks_problems.states(pair.answer, result):
            yield f"pair {pair.id} answers {pair.answer!r}, but {pair.formula} is {result}"


def repeated_problems(pairs: Sequence[Pair]) -> Iterator[str]:
    """No problem occurs in two splits, neither with its operands swapped nor once bare and once in words."""
    homes: dict[str, Pair] = {}
    for pair in pairs:
        if not pair.formula:
            continue
        first = homes.setdefault(talks_problems.canonical(pair.formula), pair)
        if first.split != pair.split:
            yield f"pairs {first.id} ({first.split}) and {pair.id} ({pair.split}) are the same problem: {pair.question}"


def sources(pairs: Sequence[Pair]) -> Iterator[str]:
    """Every fact of level 2 says where it can be looked up, or what computes it."""
    for pair in pairs:
        if pair.level == 2 and not pair.source and not pair.formula:
            yield f"pair {pair.id} has no source: {pair.question}"


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


def templates(pairs: Sequence[Pair]) -> Iterator[str]:
    """No form of question occurs too often."""
    counts = Counter(talks_variety.template(pair.question) for pair in pairs)
    for form, count in counts.items():
        if count > MAX_OF_A_TEMPLATE:
            yield f"{count} questions have the form {form!r}, at most {MAX_OF_A_TEMPLATE} may"


def variety(pairs: Sequence[Pair]) -> Iterator[str]:
    """Words, topics and problems are many, and few sequences of words repeat."""
    for name, least in LEAST.items():
        found = getattr(talks_variety, name)(pairs)
        if found < least:
            yield f"{name} is {found}, at least {least} are promised"
    for name, most in MOST.items():
        share = getattr(talks_variety, name)(pairs)
        if share > most:
            yield f"{name} is {share:.3f}, at most {most} is promised"
    if not talks_variety.is_median_at_most(pairs, MOST_MEDIAN_NEAREST):
        yield f"the median ratio of a question to its nearest other one is above {MOST_MEDIAN_NEAREST}"


def persona(pairs: Sequence[Pair]) -> Iterator[str]:
    """Answers are those of one robot, which knows that it is a program."""
    for pair in pairs:
        if _NOT_THE_PERSONA.search(pair.answer):
            yield f"pair {pair.id} does not speak as a program: {pair.answer}"
        for name in _PERSONA_NAME.findall(pair.answer):
            if name != "Pico":
                yield f"pair {pair.id} calls itself {name}: {pair.answer}"


def timeless(pairs: Sequence[Pair]) -> Iterator[str]:
    """Nothing depends on when or where it is read."""
    for pair in pairs:
        match = _DEPENDS.search(text_of(pair))
        if match:
            yield f"pair {pair.id} depends on when or where it is read: {match.group()}"


def for_everybody(pairs: Sequence[Pair]) -> Iterator[str]:
    """Nothing belongs to one faith or its feasts."""
    for pair in pairs:
        match = _OF_ONE_CULTURE.search(text_of(pair))
        if match:
            yield f"pair {pair.id} is bound to one culture: {match.group()}"


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
    """The alphabet is small, printable and ASCII, and train has all of it."""
    characters = {character for pair in pairs for character in f"Q: A: {pair.question}{pair.answer}"}
    if len(characters) > MAX_ALPHABET:
        yield f"the alphabet has {len(characters)} characters, at most {MAX_ALPHABET} are allowed"
    odd = sorted(c for c in characters if not (c.isascii() and c.isprintable()))
    if odd:
        yield f"the alphabet has characters outside printable ASCII: {odd}"
    known = {character for pair in in_split(pairs, "train") for character in f"Q: A: {pair.question}{pair.answer}"}
    if characters - known:
        yield f"train lacks characters of other splits: {sorted(characters - known)}"


def lengths(pairs: Sequence[Pair]) -> Iterator[str]:
    """A conversation is short enough for a small model to read it whole."""
    for turns in conversations(pairs):
        n_chars = len(to_text(turns))
        if n_chars > MAX_CONVERSATION_CHARS:
            yield f"the conversation of pair {turns[0].id} has {n_chars} characters, at most {MAX_CONVERSATION_CHARS}"


def total(pairs: Sequence[Pair]) -> Iterator[str]:
    """The text is large enough to learn from and small enough to read."""
    n_bytes = len(to_text(pairs))
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
    sources,
    dialogues,
    templates,
    variety,
    persona,
    timeless,
    for_everybody,
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
