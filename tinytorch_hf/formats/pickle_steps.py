"""What the opcodes of a pickle do, as far as dictionaries of arrays need them, within bounds."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinytorch_hf.errors import UnsafePickleError

_MAX_REMEMBERED = 2**20
# A dictionary of arrays has a dictionary, a state, and a shape in it.
MAX_DEPTH = 16
_MAX_VALUES = 2**20
# No value of a 64-bit array needs more.
_MAX_NUMBER_BYTES = 16
MAX_DIGITS = 40
# What can be a key: comparing it cannot take long.
_KEYS = (str, bytes, int, bool, float, type(None))


class RefusedError(ValueError):
    """A pickle asks for what no dictionary of arrays needs, or is damaged; says what was expected."""


@dataclass(frozen=True)
class Name:
    """Stands for a function or a class that a pickle names."""

    module: str
    name: str


@dataclass(frozen=True)
class Makers:
    """What a pickle may have made: functions by module and name, and how an object takes its state."""

    functions: Mapping[tuple[str, str], Callable[..., object] | None]
    set_state: Callable[[object, object], None]


def shown(value: object) -> str:
    """A value in a message, in few characters and little time: containers by their type alone."""
    if isinstance(value, (str, bytes)):
        return repr(value[:40])
    if type(value) in (int, bool, float, type(None)):
        return repr(value)
    if isinstance(value, Name):
        return f"{value.module}.{value.name}"
    return f"a {type(value).__name__}"


class Steps:
    """One reading: its place in the file, a stack for each open mark, and what is remembered under numbers.

    Each method that is named after an opcode does what the opcode says, or raises `RefusedError`.
    """

    def __init__(self, data: bytes, path: Path, makers: Makers) -> None:
        self._data, self._path, self._makers = data, path, makers
        self.position = self.start = 0
        # Where the frame ends that is being read, or the file.
        self.limit = len(data)
        self._stack: list[Any] = []
        self._below: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.opcode = "its start"

    def result(self) -> Any:
        """The one value that is left at the end."""
        value = self.pop()
        if self._stack or self._below:
            raise RefusedError("values or marks are left over, expected one value")
        if self.position != len(self._data):
            raise RefusedError(f"{len(self._data) - self.position} bytes follow, expected the end of the file")
        _check_nesting(value)
        return value

    # Bytes of the file

    def take(self, n_bytes: int) -> bytes:
        """The next bytes of the file."""
        start, end = self.position, self.position + n_bytes
        if end > self.limit:
            what = "its frame" if end <= len(self._data) else "the file"
            raise RefusedError(f"it announces {n_bytes} bytes, but {what} ends after {self.limit - start}")
        self.position = end
        return self._data[start:end]

    def number(self, n_bytes: int) -> int:
        """A whole number of so many bytes, least first."""
        return int.from_bytes(self.take(n_bytes), "little")

    def line(self, most: int) -> bytes:
        """The next line, at most so long, without its end."""
        end = self._data.find(b"\n", self.position, min(self.limit, self.position + most + 1))
        if end < 0:
            raise RefusedError(f"no line of at most {most} bytes follows")
        line = self._data[self.position : end]
        self.position = end + 1
        return line

    # The stack

    def pop(self) -> Any:
        """The last value."""
        if not self._stack:
            raise RefusedError("there is no value for it")
        return self._stack.pop()

    def _pop_mark(self) -> list[Any]:
        if not self._below:
            raise RefusedError("there is no mark for it")
        values, self._stack = self._stack, self._below.pop()
        return values

    def _last(self, kind: type[Any]) -> Any:
        if not self._stack or type(self._stack[-1]) is not kind:
            found = shown(self._stack[-1]) if self._stack else "nothing"
            raise RefusedError(f"it is applied to {found}, expected a {kind.__name__}")
        return self._stack[-1]

    # Opcodes, by what they do

    def protocol(self) -> None:
        """Which opcodes may come."""
        number = self.number(1)
        if number > 5 or self.start:
            raise RefusedError(f"protocol {number} is announced, expected one of 0 to 5, at the start alone")

    def frame(self) -> None:
        """What follows belongs together."""
        n_bytes = self.number(8)
        if self.limit != len(self._data):
            raise RefusedError("it begins before the last frame ends")
        if n_bytes > self.limit - self.position:
            left = self.limit - self.position
            raise RefusedError(f"it announces {n_bytes} bytes, but the file ends after {left}; it may be cut off")
        self.limit = self.position + n_bytes

    def mark(self) -> None:
        """Begin a stack above the last one."""
        if len(self._below) >= MAX_DEPTH:
            raise RefusedError(f"more than {MAX_DEPTH} marks are open")
        self._below.append(self._stack)
        self._stack = []

    def integer(self) -> None:
        """A whole number or truth value in digits."""
        line = self.line(MAX_DIGITS)
        self._stack.append({b"01": True, b"00": False}[line] if line in (b"01", b"00") else decimal(line))

    def long_integer(self) -> None:
        """A whole number in digits."""
        self._stack.append(decimal(self.line(MAX_DIGITS).removesuffix(b"L")))

    def signed(self, n_bytes: int) -> None:
        """A whole number in bytes."""
        if not 0 <= n_bytes <= _MAX_NUMBER_BYTES:
            raise RefusedError(f"a whole number of {n_bytes} bytes, expected at most {_MAX_NUMBER_BYTES}")
        self._stack.append(int.from_bytes(self.take(n_bytes), "little", signed=True))

    def float_text(self) -> None:
        """A number in digits."""
        self._stack.append(float(self.line(MAX_DIGITS)))

    def quoted(self) -> None:
        """Python 2's text in quotes."""
        line = self.line(len(self._data))
        if len(line) < 2 or line[:1] not in (b"'", b'"') or line[-1:] != line[:1]:
            raise RefusedError("its text is not in quotes")
        self._stack.append(codecs.escape_decode(line[1:-1])[0])

    def raw_text(self) -> None:
        """Text in a line."""
        self._stack.append(self.line(len(self._data)).decode("raw-unicode-escape"))

    def text(self, length_bytes: int) -> None:
        """Text in UTF-8 after its length."""
        self._stack.append(self.take(self.number(length_bytes)).decode("utf-8", "surrogatepass"))

    def sequence(self, length_bytes: int, kind: type[bytes | bytearray] = bytes) -> None:
        """Bytes after their length."""
        data = self.take(self.number(length_bytes))
        self._stack.append(data if kind is bytes else kind(data))

    def append(self) -> None:
        """Add a value to a list."""
        value = self.pop()
        self._last(list).append(value)

    def appends(self) -> None:
        """Add what is above the mark to a list."""
        values = self._pop_mark()
        self._last(list).extend(values)

    def make_tuple(self, length: int) -> None:
        """The last values as a tuple."""
        self._stack.append(tuple([self.pop() for _ in range(length)][::-1]))

    def set_item(self) -> None:
        """Put a key and a value into a dictionary."""
        value, key = self.pop(), self.pop()
        _put(self._last(dict), [key, value])

    def set_items(self) -> None:
        """Put what is above the mark into a dictionary."""
        values = self._pop_mark()
        _put(self._last(dict), values)

    def make_dict(self) -> None:
        """What is above the mark as a dictionary."""
        made: dict[Any, Any] = {}
        _put(made, self._pop_mark())
        self._stack.append(made)

    def put(self, number: int) -> None:
        """Remember the last value."""
        if number > _MAX_REMEMBERED:
            raise RefusedError(f"a value is remembered under the number {number}, expected at most {_MAX_REMEMBERED}")
        if not self._stack:
            raise RefusedError("there is no value to remember")
        self.memo[number] = self._stack[-1]

    def get(self, number: int) -> None:
        """A value that was remembered."""
        if number not in self.memo:
            raise RefusedError(f"nothing was remembered under the number {number}")
        self._stack.append(self.memo[number])

    def named(self, module: object, name: object) -> None:
        """A function or class that is admitted."""
        if type(module) is not str or type(name) is not str:
            raise RefusedError(f"{shown(module)} and {shown(name)} name nothing, expected two texts")
        if (module, name) not in self._makers.functions:
            raise UnsafePickleError(self._path, f"{module[:80]}.{name[:80]} (at byte {self.start})")
        self._stack.append(Name(module, name))

    def stack_named(self) -> None:
        """A function or class whose names are the last values."""
        name = self.pop()
        self.named(self.pop(), name)

    def make(self) -> None:
        """Call a function that is admitted."""
        arguments, function = self.pop(), self.pop()
        if type(function) is not Name or type(arguments) is not tuple:
            raise RefusedError(f"{shown(function)} of {shown(arguments)}, expected a function and a tuple")
        maker = self._makers.functions[function.module, function.name]
        if maker is None:
            raise RefusedError(f"{shown(function)} is called, which pickles of arrays only name")
        try:
            self._stack.append(maker(*arguments))
        except TypeError as error:
            raise RefusedError(f"{shown(function)} is called with other arguments than NumPy writes") from error

    def build(self) -> None:
        """Give an object its state."""
        state = self.pop()
        if not self._stack:
            raise RefusedError("there is no object for the state")
        self._makers.set_state(self._stack[-1], state)

    def outside(self, wanted: str) -> None:
        """Refuse what is not in the file."""
        raise UnsafePickleError(self._path, f"{wanted} (at byte {self.start})")

    def instance(self) -> None:
        """Refuse an object of an old class."""
        self.outside(f"{self.name_line()}.{self.name_line()}"[:160])

    def buffer(self) -> None:
        """Refuse arrays that are not in the file."""
        raise RefusedError("its arrays were written into buffers outside the file, expected them in it")

    def name_line(self) -> str:
        """A line that names a function, a class or a module."""
        return self.line(200).decode("utf-8")

    def marked(self, kind: type[list[Any] | tuple[Any, ...]]) -> None:
        """What is above the mark as a list or tuple."""
        # First this: the stack below the mark becomes the stack.
        made = kind(self._pop_mark())
        self._stack.append(made)

    def push(self, value: Any) -> None:
        """A value."""
        self._stack.append(value)


def decimal(line: bytes) -> int:
    """A whole number in digits."""
    if not line.removeprefix(b"-").isdigit():
        raise RefusedError(f"{line!r} is no whole number")
    return int(line)


def _put(target: dict[Any, Any], values: list[Any]) -> None:
    """Put keys and values, which alternate, into a dictionary."""
    if len(values) % 2:
        raise RefusedError("a key has no value")
    for key, value in zip(values[::2], values[1::2], strict=True):
        if type(key) not in _KEYS:
            raise RefusedError(f"a key is {shown(key)}, expected a text")
        if key in target:
            raise RefusedError(f"the key {shown(key)} is there twice")
        target[key] = value


def _check_nesting(value: object) -> None:
    """Refuse containers that hold themselves, or each other too deeply or so often that looking takes long."""
    open_values, n_values = [(value, 0)], 0
    while open_values:
        one, depth = open_values.pop()
        inside = list(one.values()) if type(one) is dict else one if type(one) in (list, tuple) else ()
        n_values += len(inside)  # type: ignore[arg-type]
        if depth >= MAX_DEPTH or n_values > _MAX_VALUES:
            raise RefusedError("lists, tuples or dictionaries are nested too deeply or too often, expected arrays")
        open_values += [(item, depth + 1) for item in inside if type(item) in (dict, list, tuple)]  # type: ignore[attr-defined]
