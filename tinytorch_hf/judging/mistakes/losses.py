"""Mistakes in loss functions."""

from __future__ import annotations

from tinytorch_hf.judging.mistakes.mistake import Mistake

MISTAKES = (
    Mistake(
        "LOSS-SUM",
        "it is a sum where it should be a mean",
        "Divide by the number of values that are summed.",
    ),
    Mistake(
        "MSE-BATCH-ONLY",
        "it is divided by the batch size alone, not by the number of values",
        "Take the mean over all values.",
    ),
    Mistake(
        "MSE-FACTOR-TWO",
        "its gradient lacks the factor 2",
        "The gradient is 2 * (prediction - target) / number of values.",
    ),
    Mistake(
        "MSE-GRADIENT-NOT-DIVIDED",
        "its gradient is not divided by the number of values",
        "The gradient is 2 * (prediction - target) / number of values.",
    ),
    Mistake(
        "CE-GRADIENT-NOT-DIVIDED",
        "its gradient is not divided by the batch size",
        "The gradient is (softmax - one_hot) / batch size.",
    ),
    Mistake(
        "CE-GRADIENT-SOFTMAX-ALONE",
        "its gradient lacks the true class: it is softmax alone",
        "Subtract 1 at the true class before dividing by the batch size.",
    ),
    Mistake(
        "CE-EXPECTS-PROBABILITIES",
        "it expects probabilities instead of logits",
        "Apply log_softmax to the logits inside the loss.",
    ),
    Mistake(
        "CE-SOFTMAX-OVER-BATCH",
        "softmax is taken over the batch instead of the classes",
        "Use axis=1, the classes.",
    ),
    Mistake(
        "CE-COLUMN-LABELS",
        "labels of shape (batch, 1) broadcast: every sample is compared with every label",
        "Flatten the labels, or refuse labels of two axes.",
    ),
    Mistake(
        "CE-OVERFLOW",
        "the loss overflows for large logits",
        "Compute log_softmax with the maximum subtracted, not the logarithm of softmax.",
    ),
    Mistake(
        "CE-LOG-EPS",
        "a small number keeps the logarithm finite, as in log(p + eps), and makes improbable classes too cheap",
        "Compute log_softmax, which needs no eps.",
    ),
    Mistake(
        "LOSS-IGNORES-UPSTREAM",
        "the loss ignores the gradient that arrives: a scaled loss gives unscaled gradients",
        "Multiply the gradient of the loss by the gradient that backward is given.",
    ),
    Mistake(
        "BCE-LOGITS",
        "it takes logits instead of probabilities",
        "BinaryCrossEntropyLoss takes probabilities; leave out the sigmoid inside it.",
    ),
    Mistake(
        "BCE-NO-ZEROS",
        "the term of the targets 0 is missing",
        "Add (1 - target) * log(1 - p).",
    ),
    Mistake(
        "BCE-CERTAIN",
        "the loss or its gradient is not finite where a probability is exactly 0 or 1",
        "Clip probabilities to [1e-7, 1 - 1e-7] before the logarithm.",
    ),
    Mistake(
        "MSE-GRADIENT-BATCH-ONLY",
        "its gradient is divided by the batch size alone, not by the number of values",
        "The gradient is 2 * (prediction - target) / number of values.",
    ),
    Mistake(
        "BCE-BATCH-ONLY",
        "it is divided by the batch size alone, not by the number of values",
        "Take the mean over all values.",
    ),
    Mistake(
        "BCE-GRADIENT-NOT-DIVIDED",
        "its gradient is not divided by the number of values",
        "The gradient is (p - target) / (p * (1 - p)) / number of values.",
    ),
    Mistake(
        "BCE-GRADIENT-OF-LOGITS",
        "its gradient is p - target, which is that of the logits, not of the probabilities",
        "Divide by p * (1 - p).",
    ),
    Mistake(
        "LOSS-FIRST-ROW",
        "every sample receives the gradient of the first one",
        "Return a tuple with a gradient for each input; a bare array is taken apart row by row.",
    ),
)
