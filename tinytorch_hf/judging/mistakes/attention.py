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
        "it normalises after each sum instead of before attention and MLP",
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
    Mistake(
        "ATTENTION-SCALE-MULTIPLIED",
        "the scores are multiplied by the root of d instead of divided by it",
        "Divide by sqrt(d).",
    ),
    Mistake(
        "ATTENTION-WEIGHTS-CUT",
        "no gradient goes through the attention weights, so that queries and keys are never trained",
        "Compute scores and softmax with tensors, not with their data.",
    ),
    Mistake(
        "MASK-EXCHANGED",
        "the mask forbids where it is 1; 1 is where a position may attend",
        "Forbid where the mask is 0.",
    ),
    Mistake(
        "MASK-AFTER-SOFTMAX",
        "the mask is applied to the weights after the softmax, so that they no longer add up to 1",
        "Mask the scores before the softmax.",
    ),
    Mistake(
        "MASK-FIRST-SAMPLE",
        "the mask of the first sample is used for all samples",
        "Keep the mask's axis of the batch.",
    ),
    Mistake(
        "HEADS-NOT-TRANSPOSED-BACK",
        "heads are joined without transposing back: positions and heads are mixed up",
        "Exchange the axes of heads and length before the reshape to (batch, length, heads * size).",
    ),
    Mistake(
        "HEADS-NO-OUTPUT-PROJECTION",
        "the joined heads do not go through out_proj",
        "Return out_proj of the joined heads.",
    ),
    Mistake(
        "HEADS-ONE",
        "all features are one head, whatever num_heads is",
        "Split the features into num_heads heads of embed_dim // num_heads.",
    ),
    Mistake(
        "MLP-NO-ACTIVATION",
        "there is no activation between the two linear layers",
        "Use GELU between the two linear layers.",
    ),
    Mistake(
        "BLOCK-NO-RESIDUAL-MLP",
        "the input of the MLP is not added to what it gives",
        "x = x + mlp(ln2(x)).",
    ),
    Mistake(
        "BLOCK-NO-RESIDUAL-ATTENTION",
        "the input of the attention is not added to what it gives",
        "x = x + attention(ln1(x)).",
    ),
    Mistake(
        "BLOCK-RESIDUAL-NORMALIZED",
        "the normalised input, not the input, is added to attention and MLP",
        "x = x + attention(ln1(x)); x = x + mlp(ln2(x)).",
    ),
    Mistake(
        "BLOCK-ONE-NORM",
        "ln1 is used in both places, and ln2 not at all",
        "x = x + mlp(ln2(x)).",
    ),
    Mistake(
        "CAUSAL-MASK-ALL",
        "the causal mask lets every position attend to all",
        "Use np.tril.",
    ),
    Mistake(
        "CAUSAL-MASK-FORM",
        "the causal mask is of a form that the package's own attention does not take",
        "Make it of 1 where a position may attend, and 0 elsewhere, or let the attention take it as it is.",
    ),
    Mistake(
        "GPT-MASK-UNIFORM",
        "the scores drown in the mask, so that every position attends to all before it alike",
        "Give the blocks the mask that their attention takes: create_causal_mask, with 1 where a position may attend.",
    ),
    Mistake(
        "GPT-NO-POSITIONS",
        "the vectors of positions are not added",
        "x = token_embedding(tokens) + position_embedding(positions).",
    ),
    Mistake(
        "GPT-NO-LAST-NORM",
        "the last normalisation is left out",
        "logits = lm_head(ln_f(x)).",
    ),
    Mistake(
        "MASK-ONE-TOO-FAR",
        "the causal mask lets every position see the one that follows it, too",
        "np.tril without k keeps the diagonal and nothing above it.",
    ),
    Mistake(
        "ALWAYS-CAUSAL",
        "later positions are hidden from every position, also where no mask asks for it",
        "Hide later positions only if a mask demands it; where that is meant, nothing is wrong.",
    ),
    Mistake(
        "ALWAYS-CAUSAL-TANH",
        "later positions are hidden from every position, also where no mask asks for it (GELU is the form with tanh)",
        "Hide later positions only if a mask demands it; where that is meant, nothing is wrong.",
    ),
    Mistake(
        "ALWAYS-CAUSAL-EXACT",
        "later positions are hidden from every position, also where no mask asks for it (GELU is the exact form)",
        "Hide later positions only if a mask demands it; where that is meant, nothing is wrong.",
    ),
)
