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
    Mistake(
        "CONV-INPUT-NO-GRADIENT",
        "the gradient with respect to the images does not reach them",
        "Remember the input as a parent of the result, and hand it its gradient.",
    ),
    Mistake(
        "CONV-GRADIENT-NOT-FLIPPED",
        "in the gradient with respect to the images, the kernel stands the wrong way round",
        "Send each output's gradient back through the kernel's pixels to the pixels that they were multiplied with.",
    ),
    Mistake(
        "PADDING-AT-THE-END",
        "all padding stands below and on the right",
        "Pad height and width on both sides, by padding each.",
    ),
    Mistake(
        "WINDOWS-OVERWRITE",
        "where windows overlap, the gradient of the last one overwrites those of the others",
        "Add with += what each window sends to a pixel.",
    ),
    Mistake(
        "WINDOWS-LAST-MISSING",
        "the windows in the last row and in the last column are left out",
        "There are (size + 2 * padding - kernel) // stride + 1 windows along an axis.",
    ),
    Mistake(
        "POOL-SUMS",
        "it adds the window up instead of averaging it",
        "Divide by the number of pixels of a window.",
    ),
    Mistake(
        "POOL-TAKES-MAXIMUM",
        "it takes the largest value of the window instead of the average",
        "Take the mean of each window.",
    ),
    Mistake(
        "POOL-GRADIENT-NOT-DIVIDED",
        "every pixel of an averaged window receives the whole gradient",
        "Divide the gradient by the number of pixels of a window.",
    ),
    Mistake(
        "POOL-TIES-ALL-WHOLE",
        "where several values of a window are the largest, each of them receives the whole gradient",
        "Send the gradient to one of them, such as the first, or share it among them.",
    ),
)
