"""TinyTalks' arithmetic: each formula computed exactly, and each equation in an answer checked."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from fractions import Fraction

_OPERATIONS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: lambda left, right: left / right,
}
_NUMBER = r"\d+(?:\.\d+)?"
_SIDE = rf"-?{_NUMBER}(?: ?[-+x/] ?{_NUMBER})*"
_EQUATION = re.compile(rf"(?<![\w./])({_SIDE})((?: = {_SIDE})+)")
_UP_TO_TWENTY = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
)
_WORDS = dict(enumerate(_UP_TO_TWENTY.split()))


def value(formula: str) -> Fraction:
    """What a formula of numbers, ``+ - * /`` and brackets comes to, exactly.

    Raises
    ------
    ValueError
        It is no such formula, or divides by zero.
    """
    try:
        return _value(ast.parse(formula, mode="eval").body, formula)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(f"{formula!r} cannot be computed: {error}") from None


def _value(node: ast.expr, formula: str) -> Fraction:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        # As it is written: 0.1 is a tenth here.
        return Fraction(ast.get_source_segment(formula, node) or "")
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, formula)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        return _OPERATIONS[type(node.op)](_value(node.left, formula), _value(node.right, formula))
    raise ValueError(f"{formula!r} is not made of numbers, + - * / and brackets")


def states(answer: str, result: Fraction) -> bool:
    """Whether an answer says a result: in digits, as a fraction, or as a word up to twenty."""
    said = {Fraction(text) for text in re.findall(rf"(?<![\w.])-?{_NUMBER}(?:/[1-9]\d*)?(?![\w/])", _tight(answer))}
    word = _WORDS.get(int(result)) if result.denominator == 1 else None
    return result in said or (word is not None and bool(re.search(rf"\b{word}\b", answer.lower())))


def _tight(answer: str) -> str:
    """An answer in which a sign between two numbers is not a sign of the second."""
    return re.sub(r" ([-/]) (?=\d)", r" ; ", answer)


def equations(answer: str) -> Iterator[tuple[str, bool]]:
    """Each equation in an answer, such as ``5 x 12 = 60``, and whether all of its sides are equal."""
    for match in _EQUATION.finditer(answer):
        sides = [match[1], *match[2].split(" = ")[1:]]
        yield match[0], len({value(side.replace("x", "*")) for side in sides}) == 1


def canonical(formula: str) -> str:
    """A formula in which the operands of + and * stand in one order, so that a problem turned round is the same."""
    return _canonical(ast.parse(formula, mode="eval").body)


def _canonical(node: ast.expr) -> str:
    if not isinstance(node, ast.BinOp):
        return ast.unparse(node)
    sides = [_canonical(node.left), _canonical(node.right)]
    if isinstance(node.op, (ast.Add, ast.Mult)):
        sides.sort()
    return f"({sides[0]} {type(node.op).__name__} {sides[1]})"


def n_operations(formula: str) -> int:
    """How many times a formula adds, subtracts, multiplies or divides."""
    return sum(isinstance(node, ast.BinOp) for node in ast.walk(ast.parse(formula, mode="eval")))


def carries(formula: str) -> bool:
    """Whether a sum of whole numbers needs a carry, or a difference a borrow, in some place."""
    match = re.fullmatch(r"(\d+) ([-+]) (\d+)", formula)
    if not match or value(formula) < 0:
        return False
    left, sign, right = match.groups()
    length = max(len(left), len(right))
    places = zip(left.zfill(length), right.zfill(length), strict=True)
    # The first place of all that needs one has got none from a lower place yet.
    return any(int(a) + int(b) > 9 if sign == "+" else int(a) < int(b) for a, b in places)
