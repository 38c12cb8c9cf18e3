"""Where layers start: how large their first weights are, and how wide they are by default.

The rules are TinyTorch's own, as its documentation states them, and packages with its interface are held to them;
others may start as they like.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinytorch_hf.check.inputs import feature_maps, features, sizes
from tinytorch_hf.check.naming import named
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.case import Case, Claim, Draw, Inputs, Results
from tinytorch_hf.student.calls import arguments_of
from tinytorch_hf.student.view import Student

_FLAGS = "which parameters want a gradient"


def _started(part: str, arguments: tuple[str, ...], shapes: Callable[..., Mapping[str, tuple[int, ...]]]) -> Any:
    """Runs a layer's construction: what the parameters that it learns are at first, by their path.

    There are none where its constructor takes other arguments than TinyTorch's: it may start as it likes.
    """

    def run(student: Student, values: Inputs) -> Results:
        student.require_own_tensors("how large initial weights are")
        make = student.part(part)
        given = [] if student.is_mapped else arguments_of(make)
        results: Results = {"arguments": given[: len(arguments)]}
        if tuple(results["arguments"]) != arguments:
            return results
        sizes = values["widths"]
        wanted = {path: shape for path, shape in shapes(*sizes).items() if path != "bias"}
        built = make(*sizes)
        listed = student.parameters(built) or []
        results[_FLAGS] = _flags(student, listed)
        learned = [id(tensor) for tensor in listed]
        layer = named(student, built, wanted)
        for path in wanted:
            held = student.held(layer, path)
            # Positions may be fixed vectors.
            if id(held) in learned:
                results[path] = np.array(student.array(held))
        if "bias" in shapes(*sizes):
            bias = getattr(layer, student.conventions.bias, None)
            results["bias"] = "none" if bias is None else np.array(student.array(bias))
            own = {id(student.held(layer, path)): path for path in wanted} | {id(bias): "bias"}
            results["order"] = [own.get(tensor, "another tensor") for tensor in learned]
        return results

    return run


def _flags(student: Student, parameters: list[Any]) -> list[bool]:
    """Which of a layer's parameters want a gradient, as it was built."""
    return [bool(student.wants_gradient(parameter)) for parameter in parameters]


def _flags_claim(results: Results) -> Claim:
    """Generations differ in who asks for gradients, the layer or the optimizer; but all of a layer are asked alike."""
    flags = results[_FLAGS]
    seen = f"{sum(flags)} of {len(flags)} do"
    return Claim("as it is built, all of its parameters want a gradient, or none does", len(set(flags)) < 2, seen=seen)


def _order_claim(order: list[str]) -> Claim:
    """That parameters come as the course's own tests take them; which ones there are is said by other cases."""
    holds = sorted(order) != ["bias", "weight"] or order == ["weight", "bias"]
    return Claim("parameters() gives the weight first, and then the bias", holds)


def _scale_claims(weight: Array, right: float, rule: str) -> list[Claim]:
    """That weights, of which there are thousands, have a standard deviation, and the mean 0."""
    ratio = float(weight.std()) / right
    # Of 20,000 values the ratio is within 0.03 of 1; the commonest other rules are a factor 1.41 away.
    holds = abs(ratio - 1) < 0.15 and abs(float(weight.mean())) < 0.1 * right
    what = f"weights start with the standard deviation {rule}, and not with {ratio:.2f} times that"
    return [Claim(what, holds, "INITIALISATION-SCALE")]


def _bias_claims(bias: Array | str) -> list[Claim]:
    """That there is a bias, and that it is 0 at first."""
    return [
        Claim("there is a bias by default", not isinstance(bias, str), "DEFAULT-ARGUMENT"),
        Claim("biases start at 0", isinstance(bias, str) or not bias.any(), "INITIALISATION-SCALE"),
    ]


def _case(
    name: str,
    module: str,
    part: str,
    arguments: tuple[str, ...],
    lengths: tuple[int, ...],
    shapes: Callable[..., Mapping[str, tuple[int, ...]]],
    right: Callable[..., float],
    rule: str,
    more: Callable[[Results], list[Claim]] = lambda _: [],
) -> Case:
    """A case of the first weights of a layer, whose ``right`` standard deviation follows from its sizes."""

    def claims(inputs: Inputs, results: Results) -> Sequence[Claim]:
        path, shape = next(iter(shapes(*inputs["widths"]).items()))
        if path not in results:
            return []
        found = [Claim(f"{path} has the shape {shape}", results[path].shape == shape, "PARAMETER-SHAPE")]
        found += _scale_claims(results[path], right(*inputs["widths"]), rule)
        found.append(_flags_claim(results))
        return [*found, *(_bias_claims(results["bias"]) if "bias" in results else []), *more(results)]

    return Case(
        name,
        module,
        ("Tensor", part),
        lambda draw: {"widths": list(sizes(draw, *lengths))},
        _started(part, arguments, shapes),
        lambda *_: {},
        claims=claims,
    )


def _mlp_shapes(width: int) -> dict[str, tuple[int, ...]]:
    return {"linear1.weight": (width, 4 * width), "linear2.weight": (4 * width, width)}


def _mlp_claims(inputs: Inputs, results: Results) -> Sequence[Claim]:
    right = _mlp_shapes(*inputs["widths"])
    found = {path: results[path].shape for path in right if path in results}
    is_right = found == right or not found
    what = "without hidden_dim an MLP has 4 * embed_dim hidden features"
    return [Claim(what, is_right, "DEFAULT-ARGUMENT", seen=f"{found.get('linear1.weight', ('',))[-1]} of them")]


_GPT = ["vocab_size", "embed_dim", "num_layers", "num_heads", "max_seq_len"]


def _default_length(student: Student, _: Inputs) -> Results:
    make = student.part("GPT")
    if student.is_mapped or arguments_of(make)[: len(_GPT)] != _GPT:
        return {"stated": "other arguments"}
    # One that is still to be written states a default, too.
    student.parameters(make(5, 4, 1, 2))
    default = inspect.signature(make).parameters["max_seq_len"].default
    return {"stated": "nothing" if default is inspect.Parameter.empty else repr(default)}


def _default_length_claims(_: Inputs, results: Results) -> Sequence[Claim]:
    stated = results["stated"]
    what = "without max_seq_len a GPT takes sequences of up to 1024"
    return [Claim(what, stated in ("1024", "other arguments"), "DEFAULT-ARGUMENT", seen=f"the default is {stated}")]


def _as_built(part: str, argument: str) -> tuple[Callable[[Student, Inputs], Results], Any]:
    """Runs a normalization just as it was built, and claims that nothing is scaled or shifted."""

    def run(student: Student, values: Inputs) -> Results:
        make = student.part(part)
        given = [] if student.is_mapped else arguments_of(make)
        if given[:1] != [argument]:
            return {"argument": given[:1]}
        axis = 1 if values["x"].ndim == 4 else -1
        built = make(values["x"].shape[axis])
        flags = _flags(student, student.parameters(built) or [])
        return {_FLAGS: flags, "output": np.array(student.array(built.forward(student.tensor(values["x"]))))}

    def claims(inputs: Inputs, results: Results) -> Sequence[Claim]:
        if "output" not in results:
            return []
        x = inputs["x"].astype(np.float64)
        axes = (0, 2, 3) if x.ndim == 4 else (-1,)
        right = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-5)
        found = results["output"]
        is_right = found.shape == right.shape and bool(np.allclose(found, right, atol=1e-2))
        what = "as it is built, it normalizes by the batch, and neither scales nor shifts: gamma is 1 and beta 0"
        what = what if x.ndim == 4 else what.replace("by the batch, and ", "and ")
        return [Claim(what, is_right), _flags_claim(results)]

    return run, claims


def _as_built_case(name: str, module: str, part: str, argument: str, shape: tuple[int, ...]) -> Case:
    run, claims = _as_built(part, argument)

    def inputs(draw: Draw) -> Inputs:
        lengths = sizes(draw, *shape)
        return {"x": feature_maps(draw, *lengths) if len(shape) == 4 else features(draw, *lengths)}

    return Case(name, module, ("Tensor", part), inputs, run, lambda *_: {}, claims=claims)


CASES = (
    _case(
        "linear-initial-weights",
        "layers",
        "Linear",
        ("in_features", "out_features"),
        (200, 100),
        lambda n_in, n_out: {"weight": (n_in, n_out), "bias": (n_out,)},
        lambda n_in, _: float(np.sqrt(1 / n_in)),
        "sqrt(1 / in_features)",
        lambda results: [_order_claim(results["order"])],
    ),
    _as_built_case("batch-norm2d-as-built", "spatial", "BatchNorm2d", "num_features", (4, 3, 5, 7)),
    _as_built_case("layer-norm-as-built", "transformers", "LayerNorm", "normalized_shape", (5, 7)),
    _case(
        "conv2d-initial-weights",
        "spatial",
        "Conv2d",
        ("in_channels", "out_channels", "kernel_size"),
        (20, 50, 5),
        lambda n_in, n_out, size: {"weight": (n_out, n_in, size, size), "bias": (n_out,)},
        lambda n_in, _, size: float(np.sqrt(2 / (n_in * size * size))),
        "sqrt(2 / (in_channels * kernel_size * kernel_size))",
    ),
    _case(
        "embedding-initial-weights",
        "embeddings",
        "Embedding",
        ("vocab_size", "embed_dim"),
        (150, 100),
        lambda n, width: {"weight": (n, width)},
        # Of numbers drawn uniformly from -limit to limit.
        lambda n, width: float(np.sqrt(6 / (n + width) / 3)),
        "of numbers drawn uniformly up to sqrt(6 / (vocab_size + embed_dim))",
    ),
    _case(
        "positional-encoding-initial-weights",
        "embeddings",
        "PositionalEncoding",
        ("max_seq_len", "embed_dim"),
        (200, 100),
        lambda n, width: {"position_embeddings": (n, width)},
        lambda _, width: float(np.sqrt(2 / width / 3)),
        "of numbers drawn uniformly up to sqrt(2 / embed_dim)",
    ),
    Case(
        "mlp-default-width",
        "transformers",
        ("Tensor", "MLP"),
        lambda draw: {"widths": [draw.size(7)]},
        _started("MLP", ("embed_dim", "hidden_dim"), _mlp_shapes),
        lambda *_: {},
        claims=_mlp_claims,
    ),
    Case(
        "gpt-default-length",
        "transformers",
        ("Tensor", "GPT"),
        lambda _: {},
        _default_length,
        lambda *_: {},
        claims=_default_length_claims,
    ),
)
