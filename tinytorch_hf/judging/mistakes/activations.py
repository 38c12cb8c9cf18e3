"""Mistakes in activation functions."""

from __future__ import annotations

from tinytorch_hf.judging.mistakes.mistake import Mistake

MISTAKES = (
    Mistake(
        "RELU-GRADIENT-NEGATIVE",
        "the gradient also passes where x is negative",
        "Multiply the gradient by (x > 0).",
    ),
    Mistake(
        "RELU-NOT-CUT",
        "negative values are not cut off",
        "Return np.maximum(0, x).",
    ),
    Mistake(
        "RELU-ABSOLUTE",
        "it computes the absolute value",
        "Return np.maximum(0, x).",
    ),
    Mistake(
        "SIGMOID-GRADIENT-S",
        "the gradient is s instead of s (1 - s)",
        "With s = sigmoid(x), the slope is s * (1 - s).",
    ),
    Mistake(
        "SIGMOID-GRADIENT-ONE-MINUS-S",
        "the gradient is 1 - s instead of s (1 - s)",
        "With s = sigmoid(x), the slope is s * (1 - s).",
    ),
    Mistake(
        "SLOPE-ONE",
        "the gradient is passed on unchanged, as if the slope was 1",
        "Multiply what arrives by the slope of the function.",
    ),
    Mistake(
        "TANH-GRADIENT-NO-SQUARE",
        "the gradient is 1 - t instead of 1 - t^2",
        "With t = tanh(x), the slope is 1 - t * t.",
    ),
    Mistake(
        "TANH-OVERFLOW",
        "tanh is computed from exponentials that overflow for large x",
        "Use np.tanh.",
    ),
    Mistake(
        "SIGMOID-OVERFLOW",
        "the sigmoid is computed from an exponential that overflows for x far from 0",
        "Use exp(-|x|), which never overflows, on both sides of 0.",
    ),
    Mistake(
        "GELU-SIGMOID-EXACT",
        "forward is GELU's sigmoid form and backward its exact form",
        "Differentiate the form that forward computes.",
    ),
    Mistake(
        "GELU-SIGMOID-TANH",
        "forward is GELU's sigmoid form and backward its tanh form",
        "Differentiate the form that forward computes.",
    ),
    Mistake(
        "GELU-EXACT-SIGMOID",
        "forward is GELU's exact form and backward its sigmoid form",
        "Differentiate the form that forward computes.",
    ),
    Mistake(
        "GELU-EXACT-TANH",
        "forward is GELU's exact form and backward its tanh form",
        "Differentiate the form that forward computes.",
    ),
    Mistake(
        "GELU-TANH-SIGMOID",
        "forward is GELU's tanh form and backward its sigmoid form",
        "Differentiate the form that forward computes.",
    ),
    Mistake(
        "GELU-TANH-EXACT",
        "forward is GELU's tanh form and backward its exact form",
        "Differentiate the form that forward computes.",
    ),
    Mistake(
        "GELU-PRODUCT-RULE",
        "its gradient lacks the second half of the product rule",
        "The slope of x * s(x) is s(x) + x * s'(x).",
    ),
    Mistake(
        "GELU-NO-FACTOR",
        "the factor 1.702 is left out",
        "The sigmoid form is x * sigmoid(1.702 * x).",
    ),
    Mistake(
        "SOFTMAX-FIRST-AXIS",
        "it is taken over the first axis instead of the last",
        "Sum the exponentials over axis=-1 with keepdims=True.",
    ),
    Mistake(
        "SOFTMAX-ALL",
        "it is taken over all values together",
        "Sum the exponentials over axis=dim with keepdims=True.",
    ),
    Mistake(
        "SOFTMAX-SIGMOID-GRADIENT",
        "the gradient is that of a sigmoid, s (1 - s): the share of the other values is missing",
        "The gradient with respect to x is s * (g - (g * s).sum(dim, keepdims=True)).",
    ),
    Mistake(
        "SOFTMAX-IGNORES-DIM",
        "it ignores dim and works over the last axis",
        "Use dim as the axis of the maximum and of the sum.",
    ),
    Mistake(
        "SOFTMAX-OVERFLOW",
        "an exponential overflows for large x",
        "Subtract the maximum over dim before exp.",
    ),
    Mistake(
        "SOFTMAX-TWICE",
        "softmax is applied twice",
        "CrossEntropyLoss takes logits; leave out the Softmax before it, or inside it.",
    ),
    Mistake(
        "GELU-OVERFLOW",
        "GELU is computed from numbers that overflow for large x",
        "Use np.tanh, or a sigmoid of exp(-|x|), and multiply by x last.",
    ),
)
