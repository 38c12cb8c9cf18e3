"""Mistakes in layers."""

from __future__ import annotations

from tinytorch_hf.judging.mistakes.mistake import Mistake

MISTAKES = (
    Mistake(
        "BIAS-NOT-ADDED",
        "the bias is not added",
        "Return x @ weight + bias.",
    ),
    Mistake(
        "BIAS-NOT-IN-GRAPH",
        "the bias is added without being remembered for the backward pass",
        "Add the bias tensor itself, not its data.",
    ),
    Mistake(
        "BIAS-SUBTRACTED",
        "the bias is subtracted",
        "Return x @ weight + bias.",
    ),
    Mistake(
        "BIAS-NOT-LEFT-OUT",
        "with bias=False there is a bias all the same",
        "Keep None in bias, leave it out of forward and of parameters().",
    ),
    Mistake(
        "PARAMETERS-MISSING",
        "parameters() leaves out a tensor that the output depends on, so that it is never trained",
        "Return every weight and bias, also those of the layers inside.",
    ),
    Mistake(
        "PARAMETERS-TWICE",
        "parameters() lists a tensor twice, so that it is updated twice",
        "List each tensor once.",
    ),
    Mistake(
        "PARAMETERS-OTHER",
        "parameters() lists a tensor that the output does not depend on",
        "Return the tensors that forward uses, not copies of them.",
    ),
    Mistake(
        "PARAMETERS-STALE",
        "forward goes on with the values that parameters had at first: training changes them, and the output does not",
        "Read self.weight and self.bias again in each forward; keep no array of theirs.",
    ),
    Mistake(
        "WEIGHTS-EQUAL",
        "the weights start equal, so that all units of a layer stay equal in training",
        "Draw the weights at random.",
    ),
    Mistake(
        "INITIALISATION-SCALE",
        "the initial weights have another scale than TinyTorch's",
        "Linear draws from N(0, 1/in_features), Conv2d from N(0, 2/fan_in), Embedding uniformly up to "
        "sqrt(6/(vocab_size + embed_dim)), PositionalEncoding up to sqrt(2/embed_dim); biases start at zero.",
    ),
    Mistake(
        "PARAMETER-SHAPE",
        "a parameter has another shape than the course's",
        "Look at what the constructor computes from its arguments, and at the defaults of those that are not given.",
    ),
    Mistake(
        "DEFAULT-ARGUMENT",
        "a default argument is not TinyTorch's",
        "Write the default that the course's documentation states.",
    ),
    Mistake(
        "DROPOUT-EVALUATION-SCALES",
        "it scales although nothing is dropped",
        "In evaluation, return x as it is.",
    ),
    Mistake(
        "DROPOUT-EVALUATION-DROPS",
        "values are dropped in evaluation",
        "In evaluation, return x as it is.",
    ),
    Mistake(
        "DROPOUT-NOT-SCALED",
        "what is kept is not scaled by 1 / (1 - p)",
        "Multiply what is kept by 1 / (1 - p).",
    ),
    Mistake(
        "DROPOUT-P-IS-KEPT",
        "p is taken for the share that is kept; it is the share that is dropped",
        "Keep a value where a uniform random number is at least p.",
    ),
    Mistake(
        "DROPOUT-SAME-MASK",
        "every call drops the same values",
        "Draw a new mask in each call.",
    ),
    Mistake(
        "DROPOUT-GRADIENT",
        "the gradient is not scaled and dropped as the values are",
        "Multiply the gradient by the same mask and the same factor.",
    ),
    Mistake(
        "EMBEDDING-LAST-PLACE",
        "where an id occurs more than once, only the gradient of its last place counts",
        "Use np.add.at, which adds up; grad[ids] = g and grad[ids] += g do not.",
    ),
    Mistake(
        "POSITION-ONE-SAMPLE",
        "the gradient of a position is that of one sample, not the sum over the batch",
        "Sum the gradient of the positions over the batch.",
    ),
    Mistake(
        "POSITION-CUT",
        "the positions are added without being remembered for the backward pass, so that they are never trained",
        "Add a slice of the tensor itself, not a new Tensor of its data.",
    ),
)
