"""Mistakes in normalisation."""

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
        "NORM-EPS-SIGN",
        "eps is subtracted instead of added",
        "Divide by sqrt(variance + eps).",
    ),
    Mistake(
        "NORM-OVER-BATCH",
        "it normalises over the batch instead of the features",
        "Use axis=-1.",
    ),
    Mistake(
        "NORM-OVER-ALL",
        "it normalises over everything instead of the features",
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
    Mistake(
        "NORM-NO-ROOT",
        "it divides by the variance instead of its root",
        "Divide by sqrt(variance + eps).",
    ),
    Mistake(
        "NORM-NO-SHIFT",
        "the shift, beta, is not added",
        "Return gamma * normalized + beta.",
    ),
    Mistake(
        "NORM-NO-SCALE",
        "the scale, gamma, is not multiplied with",
        "Return gamma * normalized + beta.",
    ),
    Mistake(
        "BATCH-NORM-BY-SAMPLE",
        "it normalises every sample by itself instead of the batch",
        "Take mean and variance over the axes (0, 2, 3).",
    ),
    Mistake(
        "BATCH-NORM-BY-PIXEL",
        "it normalises every pixel by itself instead of the whole channel",
        "Take mean and variance over the axes (0, 2, 3).",
    ),
    Mistake(
        "BATCH-NORM-NEVER-UPDATED",
        "the running statistics stay as they were at first",
        "In training, running = 0.9 * running + 0.1 * batch.",
    ),
    Mistake(
        "BATCH-NORM-LAST-BATCH",
        "the running statistics are those of the last batch alone",
        "In training, running = 0.9 * running + 0.1 * batch.",
    ),
    Mistake(
        "BATCH-NORM-UPDATED-IN-EVALUATION",
        "the running statistics change in evaluation",
        "Update them in training only.",
    ),
)
