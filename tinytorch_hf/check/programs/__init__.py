"""Generated programs: small random graphs over what a student has built, judged, shrunk and printed.

The battery lists operations; faults hide between them. So programs are drawn that use several operations together:

- `program` is what a program is: plain data, a list of statements, which travels as JSON;
- `forms`, with `layers`, has what a statement may do, written once for both sides;
- `generate`, with `builder`, draws programs from a seed, and again what PyTorch's answer would not be sure of;
- `interpret` runs one in the student's process, `judged` on the judge's side;
- `available` finds out which forms a package has, and which definition of them;
- `relations` are what has to hold without a judge;
- `shrink` makes a failing program short, and `printed` writes it as lines for the student;
- `trial` does all of it for `tinytorch_hf.check.run`.
"""

from __future__ import annotations

from tinytorch_hf._lazy import directory_of

__dir__ = directory_of(__name__)
