"""A small interpreter of pickles: those opcodes that dictionaries of arrays need, within bounds, and no others.

Python's own unpickler has opcodes for any object, and is guarded by replacing what it calls. Here nothing is there that
would have to be guarded: a value is plain, or made by one of the few functions that the caller hands over.

References
----------
The opcodes: CPython, ``Lib/pickletools.py``.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from tinytorch_hf.errors import REPAIR_ADVICE, CorruptFileError, UnsafePickleError, printable
from tinytorch_hf.formats.pickle_steps import MAX_DIGITS, Makers, RefusedError, Steps, decimal

# A batch of CIFAR-10 takes 40,000.
_MAX_STEPS = 2**20


def run(data: bytes, path: Path, makers: Makers) -> Any:
    """What a pickle of protocol 0 to 5 holds: plain values, and what ``makers`` make.

    Texts that Python 2 wrote are bytes. No container holds more than `MAX_DEPTH` others in each other.

    Raises
    ------
    UnsafePickleError
        It names a function or class that is not among ``makers``.
    CorruptFileError
        It is damaged, or needs what no dictionary of arrays needs: the message says where, and what was expected.
    """
    steps = Steps(data, path, makers)
    try:
        return _run(steps, data)
    except UnsafePickleError:
        raise
    except (ValueError, OverflowError) as error:
        # Python's own are the file's doing, too: a text that is none, or a number that nothing can hold.
        problem = str(error) or type(error).__name__
        raise CorruptFileError(
            f"{path} is not a readable pickle of NumPy arrays: at byte {steps.start}, {steps.opcode}, "
            f"{printable(problem)}. {REPAIR_ADVICE}"
        ) from error


def _run(steps: Steps, data: bytes) -> Any:
    n_bytes = len(data)
    for _ in range(_MAX_STEPS):
        steps.start = steps.position
        if steps.position == steps.limit:
            steps.limit = n_bytes
            if steps.position == n_bytes:
                steps.opcode = "where an opcode was expected"
                raise RefusedError("the file ends without STOP; it may be cut off")
        code = data[steps.position]
        steps.position += 1
        step = _OPCODES.get(code)
        if step is None:
            _refuse_opcode(steps, code)
        steps.opcode, function = step
        if function is None:
            return steps.result()
        function(steps)
    raise RefusedError(f"it goes on after {_MAX_STEPS} opcodes, expected STOP before")


def _refuse_opcode(steps: Steps, code: int) -> NoReturn:
    # Only here: the names of all opcodes come from a large module.
    import pickletools

    known = [opcode.name for opcode in pickletools.opcodes if opcode.code == chr(code)]
    steps.opcode = known[0] if known else f"{bytes([code])!r}"
    raise RefusedError("it is no opcode that a dictionary of arrays needs" if known else "it is no opcode")


_Step = Callable[[Steps], None]

# What follows an opcode is read by its function. STOP has none.
_OPCODES: dict[int, tuple[str, _Step | None]] = {
    ord(code): (name, function)
    for code, name, function in (
        ("\x80", "PROTO", Steps.protocol),
        ("\x95", "FRAME", Steps.frame),
        (".", "STOP", None),
        ("(", "MARK", Steps.mark),
        ("N", "NONE", lambda steps: steps.push(None)),
        ("\x88", "NEWTRUE", lambda steps: steps.push(True)),
        ("\x89", "NEWFALSE", lambda steps: steps.push(False)),
        ("I", "INT", Steps.integer),
        ("L", "LONG", Steps.long_integer),
        ("J", "BININT", lambda steps: steps.signed(4)),
        ("K", "BININT1", lambda steps: steps.push(steps.number(1))),
        ("M", "BININT2", lambda steps: steps.push(steps.number(2))),
        ("\x8a", "LONG1", lambda steps: steps.signed(steps.number(1))),
        ("\x8b", "LONG4", lambda steps: steps.signed(steps.number(4))),
        ("F", "FLOAT", Steps.float_text),
        ("G", "BINFLOAT", lambda steps: steps.push(struct.unpack(">d", steps.take(8))[0])),
        ("S", "STRING", Steps.quoted),
        ("T", "BINSTRING", lambda steps: steps.sequence(4)),
        ("U", "SHORT_BINSTRING", lambda steps: steps.sequence(1)),
        ("B", "BINBYTES", lambda steps: steps.sequence(4)),
        ("C", "SHORT_BINBYTES", lambda steps: steps.sequence(1)),
        ("\x8e", "BINBYTES8", lambda steps: steps.sequence(8)),
        ("\x96", "BYTEARRAY8", lambda steps: steps.sequence(8, bytearray)),
        ("V", "UNICODE", Steps.raw_text),
        ("X", "BINUNICODE", lambda steps: steps.text(4)),
        ("\x8c", "SHORT_BINUNICODE", lambda steps: steps.text(1)),
        ("\x8d", "BINUNICODE8", lambda steps: steps.text(8)),
        ("]", "EMPTY_LIST", lambda steps: steps.push([])),
        ("l", "LIST", lambda steps: steps.marked(list)),
        ("a", "APPEND", Steps.append),
        ("e", "APPENDS", Steps.appends),
        (")", "EMPTY_TUPLE", lambda steps: steps.push(())),
        ("t", "TUPLE", lambda steps: steps.marked(tuple)),
        ("\x85", "TUPLE1", lambda steps: steps.make_tuple(1)),
        ("\x86", "TUPLE2", lambda steps: steps.make_tuple(2)),
        ("\x87", "TUPLE3", lambda steps: steps.make_tuple(3)),
        ("}", "EMPTY_DICT", lambda steps: steps.push({})),
        ("d", "DICT", Steps.make_dict),
        ("s", "SETITEM", Steps.set_item),
        ("u", "SETITEMS", Steps.set_items),
        ("p", "PUT", lambda steps: steps.put(decimal(steps.line(MAX_DIGITS)))),
        ("q", "BINPUT", lambda steps: steps.put(steps.number(1))),
        ("r", "LONG_BINPUT", lambda steps: steps.put(steps.number(4))),
        ("\x94", "MEMOIZE", lambda steps: steps.put(len(steps.memo))),
        ("g", "GET", lambda steps: steps.get(decimal(steps.line(MAX_DIGITS)))),
        ("h", "BINGET", lambda steps: steps.get(steps.number(1))),
        ("j", "LONG_BINGET", lambda steps: steps.get(steps.number(4))),
        ("c", "GLOBAL", lambda steps: steps.named(steps.name_line(), steps.name_line())),
        ("\x93", "STACK_GLOBAL", Steps.stack_named),
        ("R", "REDUCE", Steps.make),
        ("b", "BUILD", Steps.build),
        ("i", "INST", Steps.instance),
        ("P", "PERSID", lambda steps: steps.outside("an object stored outside the file")),
        ("Q", "BINPERSID", lambda steps: steps.outside("an object stored outside the file")),
        ("\x82", "EXT1", lambda steps: steps.outside("an object of Python's registry of extensions")),
        ("\x83", "EXT2", lambda steps: steps.outside("an object of Python's registry of extensions")),
        ("\x84", "EXT4", lambda steps: steps.outside("an object of Python's registry of extensions")),
        ("\x97", "NEXT_BUFFER", Steps.buffer),
        ("\x98", "READONLY_BUFFER", Steps.buffer),
    )
}
