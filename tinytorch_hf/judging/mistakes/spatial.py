"""Mistakes in convolution and pooling."""

from __future__ import annotations

from tinytorch_hf.judging.mistakes.mistake import Mistake

MISTAKES = (
    Mistake(
        "CONV-KERNEL-NO-GRADIENT",
        "the gradient with respect to the kernel does not reach it",
        "Remember the weight as a parent of the result, and hand it its gradient.",
    ),
    Mistake(
        "CONV-FLIPPED",
        "the kernel is flipped: PyTorch and TinyTorch compute a cross-correlation",
        "Do not flip the kernel.",
    ),
    Mistake(
        "CONV-KERNEL-TRANSPOSED",
        "height and width of the kernel are exchanged",
        "The kernel's axes are (out, in, height, width).",
    ),
    Mistake(
        "PADDING-IGNORED",
        "padding is ignored",
        "Pad height and width on both sides before the windows are taken.",
    ),
    Mistake(
        "STRIDE-IGNORED",
        "stride is ignored",
        "Move the window by stride.",
    ),
    Mistake(
        "POOL-ALL-RECEIVE",
        "every pixel of a window receives the gradient, not only the largest",
        "Send the gradient to the place of the maximum.",
    ),
    Mistake(
        "POOL-AVERAGES",
        "it averages",
        "Take the maximum of each window.",
    ),
    Mistake(
        "POOL-GRADIENT-DIVIDED",
        "the gradient is divided by the size of the window",
        "Send the whole gradient to the place of the maximum.",
    ),
    Mistake(
        "POOL-PADDED-WITH-ZEROS",
        "padding is zeros, which win over negative values; it should be minus infinity",
        "Pad with -np.inf.",
    ),
    Mistake(
        "POOL-PADDING-NOT-COUNTED",
        "the sum is divided by the pixels inside the image; padding counts, too",
        "Divide by kernel_size ** 2.",
    ),
)
