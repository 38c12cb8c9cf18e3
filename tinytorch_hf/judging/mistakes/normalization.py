"""Mistakes in normalization."""

from __future__ import annotations

from tinytorch_hf.judging.mistakes.mistake import Mistake

MISTAKES = (
    Mistake(
        "NORM-UNBIASED",
        "it divides by the unbiased variance, with n - 1",
        "Use np.var without ddof.",
    ),
    Mistake(
        "NORM-MEAN-CONSTANT",
        "the mean is taken for a constant in the gradient",
        "The mean depends on x; differentiate through it.",
    ),
    Mistake(
        "NORM-VARIANCE-CONSTANT",
        "the variance is taken for a constant in the gradient",
        "The variance depends on x; differentiate through it.",
    ),
    Mistake(
        "NORM-BOTH-CONSTANT",
        "mean and variance are taken for constants in the gradient",
        "Both depend on x; differentiate through them.",
    ),
    Mistake(
        "NORM-NO-EPS",
        "eps is left out",
        "Divide by sqrt(variance + eps).",
    ),
    Mistake(
        "NORM-EPS-OUTSIDE",
        "eps is added to the root instead of under it",
        "Divide by sqrt(variance + eps).",
    ),
    Mistake(
        "NORM-OVER-BATCH",
        "it normalizes over the batch instead of the features",
        "Use axis=-1.",
    ),
    Mistake(
        "NORM-OVER-ALL",
        "it normalizes over everything instead of the features",
        "Use axis=-1.",
    ),
    Mistake(
        "BATCH-NORM-BATCH-STATISTICS",
        "it uses the batch's statistics instead of the running ones",
        "In evaluation, use running_mean and running_var.",
    ),
    Mistake(
        "BATCH-NORM-RUNNING",
        "the running statistics are not updated as PyTorch updates them",
        "running = 0.9 * running + 0.1 * batch, in training only.",
    ),
)
