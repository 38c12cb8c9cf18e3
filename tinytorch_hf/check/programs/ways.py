"""Ways of using a part beside the plain one, each with a name as forms have: "attention mask", "SGD momentum".

A package may have a part and not all of its options, so each is tried alone before programs make use of it.
"""

from __future__ import annotations

from collections.abc import Mapping

_STEPS = ("{0}-zero-gradients", "{0}-two-optimizers", "{0}-zero-grad", "{0}-keeps-gradients", "{0}-parameters-given")


def _steps(name: str, *more: str) -> tuple[str, ...]:
    return (name, f"{name}-defaults", *more, *(case.format(name) for case in _STEPS))


OPTIMIZERS: Mapping[str, tuple[str, ...]] = {
    "SGD": _steps("sgd"),
    "Adam": _steps("adam", "adam-betas", "adam-many-steps", "adam-small-gradients"),
    "AdamW": _steps("adamw", "adamw-default-decay"),
}
"""Optimizers, each with the battery's cases that are about it."""

OPTIONS: Mapping[str, tuple[str, ...]] = {
    "SGD momentum": ("sgd-momentum", "sgd-momentum-weight-decay"),
    "SGD weight_decay": ("sgd-weight-decay", "sgd-momentum-weight-decay"),
    "Adam eps": ("adam-betas",),
    "Adam weight_decay": ("adam-weight-decay",),
    "AdamW eps": (),
    "AdamW weight_decay": ("adamw-default-decay", "adamw"),
}
"""Arguments of optimizers, by the optimizer's name and the argument's."""

CALLS: Mapping[str, tuple[str, ...]] = {
    "attention mask": (
        *("attention-causal", "attention-mask-by-sample", "attention-no-look-ahead", "attention-all-masked"),
    ),
    "MultiHeadAttention mask": (
        *("multi-head-attention-causal", "multi-head-mask-by-sample", "multi-head-no-look-ahead"),
    ),
    "Dropout evaluation": ("dropout-evaluation",),
    "BatchNorm2d evaluation": ("batch-norm2d-evaluation", "batch-norm2d-running"),
}
"""Ways of calling, by the part's name and the way's."""

WAYS: Mapping[str, tuple[str, ...]] = {**OPTIMIZERS, **OPTIONS, **CALLS}
"""All of them."""
