"""Embeddings of characters of TinyTalks, and of their positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinytorch_hf.check.inputs import features, talks, weights
from tinytorch_hf.check.naming import by_name
from tinytorch_hf.check.operation import DrawInputs, layer
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.case import Case, Claim, Draw, Inputs, Results
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student, UnbuiltError


def _talks_inputs(draw: Draw) -> Inputs:
    ids, _, vocab_size = talks(draw, draw.size(3), draw.size(11))
    return {"x": ids, "weight": weights(draw, vocab_size, draw.size(7), fan_in=1)}


def _repeated_inputs(draw: Draw) -> Inputs:
    """Each id several times, the last one of the table among them, and one id that does not occur."""
    vocab_size = draw.size(5)
    known = np.delete(np.arange(vocab_size), 1)
    ids = draw.rng.permutation(np.resize(known, (draw.size(3) * draw.size(7)))).astype(np.int64)
    return {"x": ids.reshape(draw.size(3), -1), "weight": weights(draw, vocab_size, draw.size(2), fan_in=1)}


def _one_id_inputs(draw: Draw) -> Inputs:
    vocab_size = draw.size(5)
    return {"x": np.array([[vocab_size - 1]]), "weight": weights(draw, vocab_size, draw.size(7), fan_in=1)}


def _last_gradient_only(judge: Judge, v: Any) -> Any:
    """Each row receives the gradient of the last place at which its id stands."""
    flat = v["x"].reshape(-1)
    rows = [
        v["weight"][id_] if id_ not in flat[place + 1 :] else v["weight"][id_].detach()
        for place, id_ in enumerate(flat)
    ]
    return judge.torch.stack(rows).reshape(*v["x"].shape, -1)


def _embedding(name: str, inputs: DrawInputs, *, repeats: bool = True) -> Case:
    return layer(
        name,
        "embeddings",
        ("Tensor", "Embedding"),
        inputs,
        by_name(_new, ("weight",)),
        lambda judge, v: judge.F.embedding(v["x"], v["weight"]),
        parameters=("weight",),
        x_is_leaf=False,
        mistakes={"EMBEDDING-LAST-PLACE": _last_gradient_only} if repeats else None,
    )


def _new(student: Student, values: Inputs) -> Any:
    return student.part("Embedding")(*values["weight"].shape)


def _out_of_range(student: Student, values: Inputs) -> Results:
    """What happens with an id that has no row."""
    embedding = _new(student, values)
    return {
        "past the end": _taken(student, embedding, len(values["weight"])),
        "below 0": _taken(student, embedding, -1),
    }


def _taken(student: Student, embedding: Any, id_: int) -> str:
    """The error that an id raises, or nothing if it raises none."""
    try:
        embedding(student.tensor([[id_]]))
    except (UnbuiltError, NotImplementedError):
        raise
    except Exception as error:
        return type(error).__name__
    return ""


def _out_of_range_claims(inputs: Inputs, found: Results) -> Sequence[Claim]:
    n = len(inputs["weight"])
    accepts = "accepts what PyTorch refuses: the id"
    return [
        Claim(f"{accepts} {n} where there are {n}", found["past the end"] != "", is_note=True),
        Claim(f"{accepts} -1", found["below 0"] != "", is_note=True),
    ]


def _position_inputs(draw: Draw) -> Inputs:
    x = features(draw, draw.size(3), draw.size(5), draw.size(7))
    return {"x": x, "position_embeddings": weights(draw, draw.size(11), x.shape[-1], fan_in=1)}


def _of_first_sample(judge: Judge, v: Any) -> Any:
    batch, length, _ = v["x"].shape
    positions = v["position_embeddings"][:length]
    return v["x"] + judge.torch.stack([positions, *[positions.detach()] * (batch - 1)])


def sinusoids(length: int, width: int) -> Array:
    """(length, width) sines and cosines in turn, whose wavelengths grow from 2 pi to 10000 times that."""
    angles = np.arange(length)[:, None] / 10000.0 ** (np.arange(0, width, 2) / width)
    table = np.empty((length, width))
    table[:, 0::2] = np.sin(angles)
    table[:, 1::2] = np.cos(angles[:, : width // 2])
    return table


def _fixed_positions(_: Judge, v: Any) -> Any:
    """Vectors that are not parameters: nothing is learned, and nothing has to be."""
    return v["x"] + v["position_embeddings"][: v["x"].shape[1]].detach()


def _sinusoidal_positions(judge: Judge, v: Any) -> Any:
    _, length, width = v["x"].shape
    return v["x"] + judge.tensor(sinusoids(length, width))


# Lengths and widths of tables: an even width, and an odd one, whose last column is of sines.
_TABLES = {"of an even width": (11, 6), "of an odd width": (9, 5), "of one position": (1, 4)}


def _sinusoidal(student: Student, _: Inputs) -> Results:
    make = student.part("create_sinusoidal_embeddings")
    found: Results = {}
    for name, size in _TABLES.items():
        try:
            found[name] = np.array(student.array(make(*size)))
        except (ValueError, IndexError, AssertionError) as error:
            # Elsewhere than in TinyTorch it may be for even widths alone.
            if not student.is_mapped or size[1] % 2 == 0:
                raise
            found[name] = type(error).__name__
    return found


def _sinusoidal_claims(_: Inputs, found: Results) -> Sequence[Claim]:
    claims = []
    for name, (length, width) in _TABLES.items():
        table, right = found[name], sinusoids(length, width)
        if isinstance(table, str):
            claims.append(Claim(f"refuses an odd width ({table})", False, is_note=True))
            continue
        what = f"the table {name} has the shape ({length}, {width})"
        claims.append(Claim(what, table.shape == right.shape, "OTHER-SHAPE", seen=f"it is {table.shape}"))
        if table.shape == right.shape:
            for first, function in enumerate(("sin", "cos")):
                # float32 is off by less, for so few positions.
                is_right = np.allclose(table[:, first::2], right[:, first::2], atol=1e-4)
                columns = f"columns {first}, {first + 2} ... {name}"
                claims.append(Claim(f"{columns} are {function}(position / 10000^({_EXPONENT[first]}))", bool(is_right)))
    return claims


_EXPONENT = ("column / embed_dim", "(column - 1) / embed_dim")


CASES = (
    _embedding("embedding", _talks_inputs),
    _embedding("embedding-repeated-ids", _repeated_inputs),
    _embedding("embedding-one-id", _one_id_inputs, repeats=False),
    Case(
        "embedding-out-of-range",
        "embeddings",
        ("Tensor", "Embedding"),
        _one_id_inputs,
        _out_of_range,
        lambda *_: {},
        claims=_out_of_range_claims,
    ),
    layer(
        "positional-encoding",
        "embeddings",
        ("Tensor", "PositionalEncoding"),
        _position_inputs,
        by_name(
            lambda student, v: student.part("PositionalEncoding")(*v["position_embeddings"].shape),
            ("position_embeddings",),
        ),
        lambda _, v: v["x"] + v["position_embeddings"][: v["x"].shape[1]],
        parameters=("position_embeddings",),
        is_open=True,
        also_right=[_fixed_positions, _sinusoidal_positions],
        mistakes={"POSITION-ONE-SAMPLE": _of_first_sample, "POSITION-CUT": _fixed_positions},
    ),
    Case(
        "sinusoidal-embeddings",
        "embeddings",
        ("Tensor", "create_sinusoidal_embeddings"),
        lambda _: {},
        _sinusoidal,
        lambda *_: {},
        claims=_sinusoidal_claims,
    ),
)
