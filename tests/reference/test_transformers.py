"""Specification of reference.transformers: a GPT that is torch's in every gradient, and that learns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from judging import agrees_with_torch, arrays, judge, same_gradient
from torch.nn import functional

from tinytorch_hf import reference
from tinytorch_hf.reference import (
    GPT,
    MLP,
    AdamW,
    CharTokenizer,
    CrossEntropyLoss,
    Tensor,
    TransformerBlock,
    create_causal_mask,
)


def torch_mlp(x: torch.Tensor, weights: Any) -> torch.Tensor:
    """The MLP of a block, from its parameters in the order of the reference."""
    w1, b1, w2, b2 = weights
    hidden = x @ w1 + b1
    return hidden * torch.sigmoid(1.702 * hidden) @ w2 + b2


def torch_block(x: torch.Tensor, weights: list[torch.Tensor], num_heads: int, causal: bool) -> torch.Tensor:
    """A pre-norm block written with torch's own parts, from the parameters in the order of the reference."""
    attention, (gamma1, beta1, gamma2, beta2), mlp = weights[:8], weights[8:12], weights[12:]
    batch, seq, features = x.shape
    normalized = functional.layer_norm(x, (features,), gamma1, beta1)
    q, k, v = (
        (normalized @ attention[i] + attention[i + 1]).reshape(batch, seq, num_heads, -1).transpose(1, 2)
        for i in (0, 2, 4)
    )
    attended = functional.scaled_dot_product_attention(q, k, v, is_causal=causal)
    x = x + attended.transpose(1, 2).reshape(x.shape) @ attention[6] + attention[7]
    return x + torch_mlp(functional.layer_norm(x, (features,), gamma2, beta2), mlp)


def randomized(parameters: list[Tensor]) -> list[torch.Tensor]:
    """Give every parameter random values, biases and scales too, and the judge the same."""
    for parameter, values in zip(parameters, arrays(*[p.shape for p in parameters], seed=3), strict=True):
        parameter.data = 0.3 * values
    return [judge(parameter.data) for parameter in parameters]


def test_a_causal_mask_allows_itself_and_what_precedes() -> None:
    """Ones on and below the diagonal, with an axis for the batch."""
    assert create_causal_mask(3).data.tolist() == [[[1, 0, 0], [1, 1, 0], [1, 1, 1]]]


def test_the_mlp_is_torchs() -> None:
    """Four times as wide inside unless told otherwise."""
    layer = MLP(3, 5)
    judges = randomized(layer.parameters())

    agrees_with_torch(layer, lambda x: torch_mlp(x, judges), arrays((2, 4, 3)))
    for parameter, other in zip(layer.parameters(), judges, strict=True):
        same_gradient(parameter, other.grad)
    assert MLP(3).linear1.weight.shape == (3, 12)


@pytest.mark.parametrize("causal", [False, True])
def test_a_block_is_torchs(causal: bool) -> None:
    """Normalization before each part, and both residual paths."""
    block = TransformerBlock(6, 2, mlp_ratio=2)
    judges = randomized(block.parameters())
    mask = create_causal_mask(5) if causal else None

    agrees_with_torch(lambda x: block(x, mask), lambda x: torch_block(x, judges, 2, causal), arrays((3, 5, 6)))
    for parameter, other in zip(block.parameters(), judges, strict=True):
        same_gradient(parameter, other.grad)


def test_a_gpt_is_torchs_in_loss_and_every_gradient() -> None:
    """Embeddings, two blocks behind a causal mask, the last normalization and the head."""
    vocab_size, features, seq = 7, 6, 5
    model = GPT(vocab_size, features, num_layers=2, num_heads=3, max_seq_len=8)
    judges = randomized(model.parameters())
    tokens, following = np.random.default_rng(0).integers(0, vocab_size, (2, 4, seq))

    loss = CrossEntropyLoss()(model(Tensor(tokens)).reshape(4 * seq, vocab_size), Tensor(following).reshape(4 * seq))
    loss.backward()

    x = functional.embedding(torch.tensor(tokens), judges[0]) + judges[1][:seq]
    x = torch_block(torch_block(x, judges[2:18], 3, True), judges[18:34], 3, True)
    logits = functional.layer_norm(x, (features,), judges[34], judges[35]) @ judges[36]
    expected = functional.cross_entropy(logits.flatten(0, 1), torch.tensor(following).flatten())
    expected.backward()

    assert float(loss.data) == pytest.approx(expected.item(), rel=1e-5)
    for parameter, other in zip(model.parameters(), judges, strict=True):
        same_gradient(parameter, other.grad)


def test_a_gpt_does_not_look_ahead() -> None:
    """Another last token changes the last logits alone, to the last bit."""
    model = GPT(7, 8, num_layers=2, num_heads=2, max_seq_len=6)
    tokens = np.array([[1, 2, 3, 4, 5, 6]])
    others = np.array([[1, 2, 3, 4, 5, 0]])

    logits, changed = model(Tensor(tokens)).data, model(Tensor(others)).data

    assert np.array_equal(logits[:, :-1], changed[:, :-1])
    assert not np.array_equal(logits[:, -1], changed[:, -1])


def test_a_gpt_has_the_conventions_of_tinytorch() -> None:
    """Names, shapes, and parameters from the embeddings to the head, each once."""
    model = GPT(7, 8, num_layers=2, num_heads=2, max_seq_len=6)

    assert model.token_embedding.weight.shape == (7, 8)
    assert model.position_embedding.weight.shape == (6, 8)
    assert (model.lm_head.weight.shape, model.lm_head.bias) == ((8, 7), None)
    assert len(model.blocks) == 2
    parameters = model.parameters()
    assert parameters[0] is model.token_embedding.weight and parameters[-1] is model.lm_head.weight
    assert len({id(parameter) for parameter in parameters}) == len(parameters) == 2 + 2 * 16 + 3
    assert all(parameter.requires_grad for parameter in parameters)


def test_a_gpt_says_what_it_takes() -> None:
    """Batches of tokens, not longer than its positions, of its vocabulary."""
    model = GPT(7, 8, num_layers=1, num_heads=2, max_seq_len=6)

    with pytest.raises(ValueError, match=r"\(batch, seq\), got \(3,\)"):
        model(Tensor([1, 2, 3]))
    with pytest.raises(ValueError, match=r"at most 6 .*, got 9"):
        model(Tensor(np.zeros((1, 9))))
    with pytest.raises(ValueError, match="from 0 to 6, got 7"):
        model(Tensor([[7]]))


def test_a_gpt_learns_a_sentence_by_heart() -> None:
    """The whole way a lesson goes: characters to ids, ids to a model, a model to characters."""
    text = "what is the sky? blue."
    tokenizer = CharTokenizer()
    tokenizer.build_vocab([text])
    ids = np.array([tokenizer.encode(text)])
    reference.seed(0)
    model = GPT(tokenizer.vocab_size, 16, num_layers=1, num_heads=2, max_seq_len=ids.shape[1])
    optimizer = AdamW(model.parameters(), lr=0.01)

    for _ in range(100):
        optimizer.zero_grad()
        logits = model(Tensor(ids[:, :-1]))
        loss = CrossEntropyLoss()(logits.reshape(-1, tokenizer.vocab_size), Tensor(ids[0, 1:]))
        loss.backward()
        optimizer.step()

    predicted = model(Tensor(ids[:, :-1])).data[0].argmax(axis=1)
    assert tokenizer.decode(predicted.tolist()) == text[1:]
