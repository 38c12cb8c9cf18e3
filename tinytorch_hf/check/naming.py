"""Parameters of a layer under TinyTorch's names, where a package keeps them under others.

The generations of TinyTorch differ here, and other frameworks do more: the newest GPT keeps its embeddings inside an
``embedding_layer``, others call them ``tok_emb`` and ``pos_emb``. What stands under no known name is found by its
shape, if that is unmistakable; what is not found at all is not a fault of the package.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.case import Inputs
from tinytorch_hf.student.view import Student, UnbuiltError, UntriedError

# For names of TinyTorch's, where else that may be; the first that is there counts.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "token_embedding": ("embedding_layer.token_embedding", "tok_emb", "token_emb", "tok_embedding", "wte"),
    "position_embedding.weight": (
        "embedding_layer.pos_encoding.position_embeddings",
        "embedding_layer.pos_encoding",
        "position_embedding.position_embeddings",
        "position_embedding",
        "pos_encoding.position_embeddings",
        "positional_encoding.position_embeddings",
        "pos_embedding.weight",
        "pos_embedding",
        "pos_emb.weight",
        "pos_emb",
        "wpe.weight",
        "wpe",
    ),
    "position_embeddings": ("embeddings", "pos_embedding", "pos_embeddings", "weight", "pe"),
    "blocks": ("layers", "transformer_blocks"),
    "attention": ("attn", "self_attention", "self_attn", "mha"),
    "q_proj": ("query", "W_q", "w_q", "wq", "q_linear", "query_proj"),
    "k_proj": ("key", "W_k", "w_k", "wk", "k_linear", "key_proj"),
    "v_proj": ("value", "W_v", "w_v", "wv", "v_linear", "value_proj"),
    "out_proj": ("o_proj", "W_o", "w_o", "wo", "out_linear", "output_proj", "proj"),
    "ln1": ("norm1", "ln_1", "layer_norm1"),
    "ln2": ("norm2", "ln_2", "layer_norm2"),
    "mlp": ("ffn", "feed_forward", "ff"),
    "linear1": ("fc1", "lin1", "c_fc", "layers.0"),
    "linear2": ("fc2", "lin2", "c_proj", "layers.2"),
    "ln_f": ("final_norm", "norm", "final_layer_norm", "layer_norm"),
    "lm_head": ("head", "output_proj", "fc_out"),
    "weight": ("weights", "W", "table"),
    "bias": ("b",),
    "gamma": ("weight", "scale"),
    "beta": ("bias", "shift"),
}
# A head without a matrix of its own uses that of the embedding, transposed.
_TIED = {"lm_head.weight": "token_embedding.weight"}
# Vectors that may be fixed instead of learned; then they are not parameters.
_MAY_BE_FIXED = ("position_embedding.weight", "position_embeddings")


def by_name(
    build: Callable[[Student, Inputs], Any], parameters: Sequence[str], zeroed: Sequence[str] = ()
) -> Callable[[Student, Inputs], Any]:
    """Build a layer so that its parameters stand under these paths, shaped as the inputs of the same names.

    Those at ``zeroed`` may be there or not: they are set to zero and hidden.
    """
    return lambda student, values: named(
        student, build(student, values), {path: values[path].shape for path in parameters}, zeroed
    )


def named(student: Student, layer: Any, shapes: Mapping[str, tuple[int, ...]], zeroed: Sequence[str] = ()) -> Any:
    """The layer itself if its parameters stand under TinyTorch's paths; else a view of it where they do.

    Raises
    ------
    UnbuiltError
        The layer holds nothing at all.
    UntriedError
        Parameters are not to be found.
    """
    places = {path: _place(student, layer, path) for path in shapes}
    found = {path: (getattr(*place) if place else None) for path, place in places.items()}
    listed = _listed(student, layer)
    for path in shapes:
        tensor, owner = found[path], found.get(_TIED.get(path, ""))
        if tensor is None:
            found[path] = _by_shape(student, path, shapes, found, listed)
            if found[path] is None and owner is not None:
                found[path] = _Transposed(student, owner)
        elif tensor is owner:
            found[path] = _Transposed(student, tensor)
    for path in _MAY_BE_FIXED:
        if path in shapes and _is_fixed(student, path, shapes, found, listed):
            found[path] = _Fixed(student, found[path], shapes[path])
    lacking = [path for path, tensor in found.items() if tensor is None]
    if lacking and not listed and not getattr(layer, "__dict__", True):
        raise UnbuiltError(f"not implemented yet: {type(layer).__name__}.__init__ keeps nothing")
    if lacking:
        raise UntriedError(f"{type(layer).__name__} keeps {', '.join(lacking[:3])} under another name")
    hidden = _zero(student, layer, zeroed)
    fixed = [tensor for tensor in found.values() if isinstance(tensor, _Fixed)]
    if not hidden and all(_at(layer, _renamed(student, path)) is tensor for path, tensor in found.items()):
        return layer
    attributes = _tree(student, found, places)
    if hidden or fixed:
        # Everything that the layer's output depends on, as far as it is looked at.
        shown = [tensor for tensor in listed if not any(tensor is other for other in hidden)]
        attributes[student.conventions.parameters] = lambda: [*shown, *fixed]
    return _View(layer, attributes)


def _zero(student: Student, layer: Any, paths: Sequence[str]) -> list[Any]:
    """Set to zero what is there of these parameters."""
    places = [place for place in (_place(student, layer, path) for path in paths) if place]
    tensors = [getattr(*place) for place in places]
    for tensor in tensors:
        setattr(tensor, student.conventions.data, np.zeros_like(student.array(tensor)))
    return tensors


def _place(student: Student, layer: Any, path: str) -> tuple[Any, str] | None:
    """Owner and attribute of a parameter, by TinyTorch's path or by one that is known to be used instead."""
    if student.own_names:
        *steps, name = path.split(".")
        for way in _ways(steps, layer):
            owner = _at(layer, way) if way else layer
            written = student.written(owner, name)
            if student.is_tensor(getattr(owner, written, None)):
                return owner, written
    for written in _ways(_renamed(student, path).split("."), layer):
        *steps, name = written.split(".")
        owner = _at(layer, ".".join(steps)) if steps else layer
        if student.is_tensor(getattr(owner, name, None)):
            return owner, name
    return None


def _ways(steps: Sequence[str], owner: Any) -> list[str]:
    """Every path that leads from an owner to something, with names of TinyTorch's or others."""
    if not steps:
        return [""]
    ways = []
    for length in (1, 2):
        head, rest = ".".join(steps[:length]), steps[length:]
        if len(steps) >= length:
            for alias in (head, *ALIASES.get(head, ())):
                reached = _at(owner, alias)
                if reached is not None:
                    ways += [f"{alias}.{way}".removesuffix(".") for way in _ways(rest, reached)]
    return ways


def _at(owner: Any, path: str) -> Any:
    """What stands at a path, or None."""
    for step in path.split("."):
        try:
            owner = owner[int(step)] if step.isdigit() else getattr(owner, step)
        except (AttributeError, IndexError, KeyError, TypeError):
            return None
    return owner


def _renamed(student: Student, path: str) -> str:
    """A path with the parameter's own name as the mapping file has it."""
    *steps, name = path.split(".")
    return ".".join((*steps, getattr(student.conventions, name, name)))


def _listed(student: Student, layer: Any) -> list[Any]:
    """What ``parameters()`` gives, where it gives tensors."""
    try:
        given = getattr(layer, student.conventions.parameters)()
        return [tensor for tensor in given if student.is_tensor(tensor)]
    except (AttributeError, TypeError):
        return []


def _is_fixed(
    student: Student,
    path: str,
    shapes: Mapping[str, tuple[int, ...]],
    found: Mapping[str, Any],
    listed: Sequence[Any],
) -> bool:
    """Whether these vectors are not parameters: they are not among those listed, under no name."""
    tensor = found[path]
    if tensor is not None:
        asks = getattr(tensor, student.conventions.requires_grad, False)
        return not asks and not any(tensor is other for other in listed)
    if not listed:
        return len(shapes) == 1
    size = math.prod(shapes[path])
    return all(student.array(other).size != size for other in _free(found, listed))


def _free(found: Mapping[str, Any], listed: Sequence[Any]) -> list[Any]:
    """Parameters that stand at no path."""
    return [tensor for tensor in listed if not any(tensor is other for other in found.values())]


def _by_shape(
    student: Student,
    path: str,
    shapes: Mapping[str, tuple[int, ...]],
    found: Mapping[str, Any],
    listed: Sequence[Any],
) -> Any:
    """The one parameter of this shape that stands at no path, if no other path lacks one of this shape."""
    rivals = [other for other in shapes if found[other] is None and shapes[other] == shapes[path]]
    alike = [tensor for tensor in _free(found, listed) if student.array(tensor).shape == shapes[path]]
    return alike[0] if len(alike) == len(rivals) == 1 else None


def _tree(student: Student, found: Mapping[str, Any], places: Mapping[str, tuple[Any, str] | None]) -> dict[str, Any]:
    """Attributes of a layer that has its parameters under TinyTorch's paths."""
    tree: dict[str, Any] = {}
    for path, tensor in found.items():
        *steps, name = _renamed(student, path).split(".")
        place = places[path]
        value = tensor
        if steps and place and place[1] == name and getattr(*place) is tensor:
            # The owner itself: its class may tell how the parameter is laid out.
            *steps, name = steps
            value = place[0]
        branch = tree
        for step in steps:
            branch = branch.setdefault(step, {})
        branch[name] = value
    return {name: _grown(branch) for name, branch in tree.items()}


def _grown(branch: Any) -> Any:
    if not isinstance(branch, dict):
        return branch
    grown = {name: _grown(inner) for name, inner in branch.items()}
    return [grown[str(number)] for number in range(len(grown))] if "0" in grown else _View(None, grown)


class _View:
    """A layer with other attributes; everything else is the layer's own."""

    def __init__(self, layer: Any, attributes: Mapping[str, Any]) -> None:
        self._layer = layer
        self.__dict__.update(attributes)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._layer(*arguments, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)


class _Fixed:
    """Vectors that are not parameters: they receive no gradient, which is as good as zeros.

    Where there are none to be set, as they are computed, those that are given are kept and change nothing.
    """

    def __init__(self, student: Student, tensor: Any, shape: tuple[int, ...]) -> None:
        kept = {student.conventions.data: np.zeros(shape, np.float32)} if tensor is None else {}
        object.__setattr__(self, "_given", (student.conventions, tensor, shape, kept))

    def __getattr__(self, name: str) -> Any:
        conventions, tensor, shape, kept = self._given
        if name == conventions.grad:
            return np.zeros(shape, np.float32)
        return kept[name] if name in kept else getattr(tensor, name)

    def __setattr__(self, name: str, value: Any) -> None:
        conventions, tensor, _, kept = self._given
        if name == conventions.data:
            if tensor is None:
                kept[name] = value
            else:
                setattr(tensor, name, value)


class _Transposed:
    """A tensor of two axes, the other way round."""

    def __init__(self, student: Student, tensor: Any) -> None:
        object.__setattr__(self, "_given", (student, tensor))

    def __getattr__(self, name: str) -> Any:
        student, tensor = self._given
        value = getattr(tensor, name)
        if name in (student.conventions.data, student.conventions.grad) and value is not None:
            flipped: Array = student.array(value).T
            return flipped
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        student, tensor = self._given
        # A gradient that is put back is put back in the tensor itself.
        if name != student.conventions.grad:
            setattr(tensor, name, value.T.copy() if name == student.conventions.data else value)
