"""Mistakes in attention and transformers."""

from __future__ import annotations

from tinytorch_hf.judging.mistakes.mistake import Mistake

MISTAKES = (
    Mistake(
        "ATTENTION-SCALE-D",
        "the scores are divided by d instead of its root",
        "Divide by sqrt(d).",
    ),
    Mistake(
        "ATTENTION-NO-SCALE",
        "the scores are not divided by the root of d",
        "Divide by sqrt(d).",
    ),
    Mistake(
        "ATTENTION-SCALE-EMBED-DIM",
        "the scores are divided by the root of embed_dim instead of that of a head's size",
        "Divide by sqrt(embed_dim // num_heads).",
    ),
    Mistake(
        "ATTENTION-SOFTMAX-QUERIES",
        "softmax is taken over the queries instead of the keys",
        "Use the last axis of the scores.",
    ),
    Mistake(
        "MASK-IGNORED",
        "the mask has no effect: every position sees the future",
        "Set the scores to a large negative number where the mask forbids.",
    ),
    Mistake(
        "MASK-REVERSED",
        "the mask is taken the wrong way round: 1 is where a position may attend",
        "Forbid where the mask is 0.",
    ),
    Mistake(
        "MASK-MULTIPLIES",
        "the mask multiplies the scores; 0 still counts as a score",
        "Add a large negative number where the mask is 0.",
    ),
    Mistake(
        "MASK-UNIFORM-ALLOWED",
        "the mask flattens the weights to uniform ones over what may be attended to",
        "Keep the scores, and replace only the forbidden ones.",
    ),
    Mistake(
        "MASK-UNIFORM-ALL",
        "the mask flattens the weights to uniform ones over everything",
        "Keep the scores, and replace only the forbidden ones.",
    ),
    Mistake(
        "HEADS-NOT-TRANSPOSED",
        "heads are split without transposing: positions and heads are mixed up",
        "reshape to (batch, length, heads, size), then exchange the axes of length and heads.",
    ),
    Mistake(
        "HEADS-INTERLEAVED",
        "a head takes every second feature instead of neighbouring ones",
        "reshape to (batch, length, heads, size), not (batch, length, size, heads).",
    ),
    Mistake(
        "CAUSAL-MASK-TRANSPOSED",
        "the causal mask is the wrong way round: 1 is where a position may attend",
        "Use np.tril.",
    ),
    Mistake(
        "CAUSAL-MASK-EXCHANGED",
        "1 and 0 are exchanged in the causal mask",
        "1 is where a position may attend.",
    ),
    Mistake(
        "CAUSAL-MASK-NO-SELF",
        "a position may not attend to itself",
        "np.tril keeps the diagonal; leave k at 0.",
    ),
    Mistake(
        "LOOKS-AHEAD",
        "a position sees later ones",
        "Use the causal mask in every attention.",
    ),
    Mistake(
        "MLP-RELU",
        "it has ReLU where GELU belongs",
        "Use GELU between the two linear layers.",
    ),
    Mistake(
        "BLOCK-POST-NORM",
        "it normalizes after each sum instead of before attention and MLP",
        "x = x + attention(ln1(x)); x = x + mlp(ln2(x)).",
    ),
    Mistake(
        "BLOCK-NO-RESIDUAL",
        "the input is not added to what attention and MLP give",
        "x = x + attention(ln1(x)); x = x + mlp(ln2(x)).",
    ),
    Mistake(
        "GPT-NO-MASK",
        "no causal mask is used: every position sees the future",
        "Make a causal mask in forward and give it to every block.",
    ),
)
