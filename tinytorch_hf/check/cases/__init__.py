"""The tables of cases, a file or more for each module of the course."""

from __future__ import annotations

from tinytorch_hf.check.cases import (
    activations,
    attention,
    autograd,
    batch_norm,
    convolution,
    dataloader,
    embeddings,
    gpt,
    initial_weights,
    layer_norm,
    layers,
    loss_limits,
    losses,
    multi_head,
    optimizer_use,
    optimizers,
    pooling,
    state_gradients,
    state_graphs,
    state_training,
    tensor,
    tokenization,
    training,
    transformers,
)
from tinytorch_hf.judging.case import MODULES, Case

_TABLES = (
    tensor,
    activations,
    layers,
    state_training,
    losses,
    loss_limits,
    dataloader,
    autograd,
    state_gradients,
    state_graphs,
    optimizers,
    optimizer_use,
    training,
    convolution,
    pooling,
    batch_norm,
    tokenization,
    embeddings,
    attention,
    multi_head,
    layer_norm,
    transformers,
    gpt,
    initial_weights,
)

CASES: dict[str, Case] = {
    case.name: case
    for case in sorted((case for table in _TABLES for case in table.CASES), key=lambda case: MODULES.index(case.module))
}
