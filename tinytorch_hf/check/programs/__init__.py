"""Generated programs: small random graphs over what a student has built, judged, shrunk and printed.

The battery lists operations; faults hide between them. So programs are drawn that use several operations together:
also tables of embeddings that are used twice or are the head as well, attention of a tensor to itself, layers in
training and in evaluation by turns, and steps of optimizers between passes back. Dropout is left out in training: what
it gives is drawn by the package, and what holds of it all the same has a case of the battery.

- `program` is what a program is: plain data, a list of statements, which travels as JSON;
- `forms`, with `layers` and `masking`, has what a statement may do, written once for both sides; `ways` names other
  than the plain ways of using a part, such as a mask, evaluation, or an optimizer's momentum;
- `generate`, with `builder`, `steps`, `sequences` and `training`, draws programs from a seed, and again what is not a
  ground for a verdict, as `sound` says;
- `interpret` runs one in the student's process, `running` and `judged` on the judge's side;
- `available` finds out by `probes` which forms a package has, and which definition of them;
- `relations` are what has to hold without a judge;
- `shrink` makes a failing program short, and `printed` writes it as lines for the student, by what the student's
  process has `told` of its parts;
- `trial` does all of it for `tinytorch_hf.check.run`.
"""

from __future__ import annotations

from tinytorch_hf._lazy import directory_of

__dir__ = directory_of(__name__)
