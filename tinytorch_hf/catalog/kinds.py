"""The kinds of datasets: what can be done with one follows from its kind, never from its name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["images", "pairs", "source text", "plain text"]


@dataclass(frozen=True)
class KindFacts:
    """What the datasets of one kind have in common.

    ``required`` are the columns that each of them has, with their dtypes; "" leaves the dtype to the dataset.
    ``decoders`` are those that read such columns.
    ``texts`` are those that are read as text. ``counted`` is the column by whose values samples are counted; "" is
    the first whose values have names.
    """

    required: tuple[tuple[str, str], ...]
    decoders: tuple[str, ...]
    texts: tuple[str, ...] = ()
    counted: str = ""


KINDS: dict[Kind, KindFacts] = {
    "images": KindFacts(
        (("images", ""), ("labels", "int64")), ("npz", "pickle", "idx", "cifar_batches"), counted="labels"
    ),
    "pairs": KindFacts(
        (("question", "str"), ("answer", "str")),
        ("json_lines", "question_answer_lines", "question_answer_text"),
        ("question", "answer"),
    ),
    "source text": KindFacts(
        (("signature", "str"), ("docstring", "str"), ("body", "str"), ("n_lines", "int64")),
        ("json_lines", "function_lines"),
        ("signature", "docstring", "body"),
        counted="n_lines",
    ),
    "plain text": KindFacts((("text", "str"),), ("json_lines", "text"), ("text",)),
}
"""The facts of each kind.

==============  ==========================================================================================
images          ``images`` (height, width) or (3, height, width), uint8 or float32 in [0, 1], and ``labels``
pairs           ``question`` and ``answer``
source text     a function's ``signature``, ``docstring``, ``body`` and ``n_lines``
plain text      ``text``
==============  ==========================================================================================
"""

DECODERS = {
    "pickle": "a pickled dict of arrays, one for each column",
    "npz": "NumPy's archive of arrays, one for each column",
    "idx": "a file for each column, in the order of the columns, as MNIST has them",
    "cifar_batches": "CIFAR-10's batches, one after the other",
    "json_lines": "one JSON object per line, with a value for each column",
    "text": "a whole file is one text",
    "question_answer_lines": "one JSON object per line, with the fields of `tinytorch_hf.files.talks.Pair`",
    "question_answer_text": "lines `Q: ...` and `A: ...`, as the milestones have them",
    "function_lines": "one JSON object per line, with the fields of `tinytorch_hf.files.python_functions.Function`",
}
"""What a dataset's files hold, by the name of their decoder; `tinytorch_hf.files.decode` has the decoders."""


def kind_of(columns: Iterable[str]) -> Kind:
    """The kind of dataset that has these columns, told by their names; ValueError if there is none."""
    names = set(columns)
    for kind, facts in KINDS.items():
        if names.issuperset(name for name, _dtype in facts.required):
            return kind
    raise ValueError(f"no kind of dataset has the columns {', '.join(sorted(names))}")
