"""How often tensors are used on the way to what is sent back: watched beside the functions that run.

One line of `backward()` may be right for a tensor that is used once and wrong for one that is used twice, and no branch
of it tells the two apart. Here they are told apart, whatever the package keeps of its graph: who gives a tensor first
has made it, out of the tensors among its arguments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from types import FrameType
from typing import Any

from tinytorch_hf.student.view import Student

TWICE, RESULT_TWICE = "a tensor that is used twice", "a result that is used twice"
_DEEPEST = 3


class Uses:
    """The tensors that were made while a package was watched, and out of which.

    Parameters
    ----------
    student
        The package.
    """

    def __init__(self, student: Student) -> None:
        self._student = student
        # The tensor itself is kept, so that no other gets its id.
        self._made: dict[int, tuple[Any, list[Any]]] = {}
        self._situations: set[str] = set()

    @property
    def situations(self) -> list[str]:
        """Which of the situations have occurred, sorted."""
        return sorted(self._situations)

    def enter(self, frame: FrameType) -> bool:
        """Look at a function that begins: whether it sends a gradient back from a tensor."""
        code = frame.f_code
        if code.co_name != self._student.conventions.backward or not code.co_argcount:
            return False
        last = frame.f_locals.get(code.co_varnames[0])
        if not self._student.is_tensor(last):
            return False
        self._count(last)
        return True

    def leave(self, frame: FrameType, value: Any) -> None:
        """Look at a function that ends: whether it has made a tensor."""
        if value is None or id(value) in self._made or not self._student.is_tensor(value):
            return
        code = frame.f_code
        n_arguments = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4)
        kept = frame.f_locals
        operands = [
            tensor
            for name in code.co_varnames[:n_arguments]
            for tensor in self._tensors(kept.get(name))
            if self._asks(tensor)
        ]
        if not any(tensor is value for tensor in operands):
            self._made[id(value)] = value, operands

    def _tensors(self, value: Any, depth: int = 0) -> Iterator[Any]:
        if isinstance(value, list | tuple):
            if depth < _DEEPEST:
                for entry in value:
                    yield from self._tensors(entry, depth + 1)
        elif self._student.is_tensor(value):
            yield value

    def _asks(self, tensor: Any) -> bool:
        return bool(getattr(tensor, self._student.conventions.requires_grad, True))

    def _count(self, last: Any) -> None:
        """Count the uses of everything that leads to a tensor."""
        uses: Counter[int] = Counter()
        seen, waiting = {id(last)}, [last]
        while waiting:
            _, operands = self._made.get(id(waiting.pop()), (None, []))
            for operand in operands:
                uses[id(operand)] += 1
                if id(operand) not in seen:
                    seen.add(id(operand))
                    waiting.append(operand)
        for one, count in uses.items():
            if count > 1:
                self._situations |= {TWICE, RESULT_TWICE} if one in self._made else {TWICE}
