"""Mistakes in automatic differentiation, and what any wrong value may look like."""

from __future__ import annotations

from tinytorch_hf.judging.mistakes.mistake import Mistake

MISTAKES = (
    Mistake(
        "NO-GRADIENT",
        "no gradient arrives: the result does not remember what it was made from, or its backward passes nothing on",
        "Build the result from the operation with its inputs as parents, and let backward give each its gradient.",
    ),
    Mistake(
        "BACKWARD-RAISES",
        "backward() raises an error",
        "Start at the line that the error names: it is in the backward of an operation, or in what that calls.",
    ),
    Mistake(
        "GRAPH-CUT-FLATTEN",
        "flattening cuts the graph: what comes before it receives no gradient",
        "Use the tensor's own reshape, not Tensor(x.data.reshape(...)).",
    ),
    Mistake(
        "GRAPH-CUT-CNN",
        "something between convolution and linear layer cuts the graph: look at MaxPool2d and at the flattening",
        "Every step must return a tensor that remembers its input; Tensor(x.data...) forgets it.",
    ),
    Mistake(
        "BRANCH-LOST",
        "where a tensor is used twice, one of the two gradients is lost instead of added",
        "Add what arrives to what has arrived already; do not assign it.",
    ),
    Mistake(
        "BRANCH-LOST-SUM",
        "where a tensor is used twice, one of the two gradients is lost instead of added: that of the sum",
        "Add what arrives to what has arrived already; do not assign it.",
    ),
    Mistake(
        "BRANCH-LOST-PRODUCT",
        "where a tensor is used twice, one of the two gradients is lost instead of added: that of the product",
        "Add what arrives to what has arrived already; do not assign it.",
    ),
    Mistake(
        "RESIDUAL-NOT-ADDED",
        "x is used twice, by the layers and by the sum, and its two gradients are not added",
        "Add what arrives to what has arrived already; do not assign it.",
    ),
    Mistake(
        "BACKWARD-OVERWRITES",
        "a second backward overwrites the gradient of the first instead of adding to it",
        "Write grad = grad + new where a gradient is there already.",
    ),
    Mistake(
        "BACKWARD-REPEATS",
        "what an earlier backward left inside the graph is sent back again",
        "Keep the gradients of intermediate results apart from those that add up over calls.",
    ),
    Mistake(
        "BACKWARD-ORDER",
        "backward visits an operation before all gradients that reach it have been added",
        "Visit the graph in reverse topological order: a tensor's backward runs once, after that of all its users.",
    ),
    Mistake(
        "BACKWARD-NO-VISITED-SET",
        "backward follows every path through the graph: its time doubles with each tensor that is used twice",
        "Collect the tensors once in topological order, with a set of those already visited.",
    ),
    Mistake(
        "GRADIENT-SHARED",
        "two tensors share the memory of one gradient: what changes one in place changes the other",
        "Copy a gradient before it is kept, for example grad = new.copy().",
    ),
    Mistake(
        "GRADIENT-IN-PLACE",
        "a gradient is changed in place while somebody else still uses it",
        "Compute grad = grad + new, which makes a new array, instead of grad += new.",
    ),
    Mistake(
        "BACKWARD-CHANGES-SEED",
        "backward changes the gradient that it is given",
        "Copy the gradient before you change it.",
    ),
    Mistake(
        "DATA-CHANGED",
        "the operation changes the values of its input",
        "Compute into a new array; do not write with out= or [...] = into x.data.",
    ),
    Mistake(
        "DATA-CHANGED-BY-BACKWARD",
        "the backward pass changes the values of a tensor",
        "Backward leaves gradients and changes no data.",
    ),
    Mistake(
        "ZERO-GRAD",
        "zero_grad does not reset the gradient",
        "Set grad to None, or to zeros of the same shape.",
    ),
    Mistake(
        "ZERO-GRAD-IN-PLACE",
        "zero_grad writes zeros into an array that something else uses, too",
        "Set grad to None, or to a new array of zeros.",
    ),
    Mistake(
        "NOT-ASKED-GRADIENT",
        "a tensor with requires_grad=False receives a gradient",
        "Pass gradients on only to parents with requires_grad.",
    ),
    Mistake(
        "NOT-SUMMED-BROADCAST",
        "the gradient is not summed over the axes along which the tensor was broadcast",
        "Sum the gradient over every axis that was added or had length 1, and give it the tensor's own shape.",
    ),
    Mistake(
        "BROADCAST-FIRST-ROW",
        "the gradient of a tensor that was broadcast is that of the first row alone",
        "Sum the gradient over the axes that were added or had length 1; do not take the first row of it.",
    ),
    Mistake(
        "SIGN",
        "the sign is wrong",
        "Look for a minus that is missing or one too many, in the operation that is named.",
    ),
    Mistake(
        "TWICE",
        "it is added up twice",
        "Look for a contribution that is added twice, such as by grad += in both forward and backward.",
    ),
    Mistake(
        "HALF",
        "it is half of what it should be",
        "Where both operands are one tensor, both gradients must be added; or a factor of the rule is missing.",
    ),
    Mistake(
        "DIVISION-MISSING",
        "a division by a number of values is left out",
        "A mean divides by the number of values it is taken over; so does its gradient.",
    ),
    Mistake(
        "DIVISION-TWICE",
        "there is one division by a number of values too many",
        "Divide once, in the mean or in its gradient, not in both.",
    ),
    Mistake(
        "ZERO-EVERYWHERE",
        "it is zero everywhere",
        "Look for a gradient that is reset, or multiplied by zero, before it is kept.",
    ),
    Mistake(
        "SOME-ZERO",
        "some values are zero that should not be",
        "Look for places that are never written to, such as a loop that ends too early.",
    ),
    Mistake(
        "SHOULD-BE-ZERO",
        "some values are not zero that should be",
        "Look for places that should not be written to, or should be cut off.",
    ),
    Mistake(
        "TRANSPOSED",
        "it is transposed",
        "Exchange the last two axes once more, or swap the two factors of the matrix product.",
    ),
    Mistake(
        "RESHAPED-NOT-TRANSPOSED",
        "the right values stand in the wrong places: is it reshaped where it should be transposed?",
        "reshape keeps the order in memory; transpose exchanges axes.",
    ),
    Mistake(
        "OTHER-SHAPE",
        "the values and their order are right, but they come in another shape",
        "Compute the shape of the result from that of the input, axis by axis; nothing has to change places.",
    ),
    Mistake(
        "AXES-EXCHANGED",
        "the values are right, but the axes stand in another order",
        "Look at which axes are exchanged, by default, too: transpose() exchanges the last two in TinyTorch.",
    ),
    Mistake(
        "TRANSPOSE-DEFAULT-REVERSES",
        "without arguments it reverses the order of all axes, as NumPy's does",
        "Without arguments the last two axes are exchanged, whatever their number: swapaxes(-2, -1).",
    ),
    Mistake(
        "TRANSPOSE-DEFAULT-FIRST",
        "without arguments it exchanges the first two axes",
        "Without arguments the last two axes are exchanged, whatever their number: swapaxes(-2, -1).",
    ),
    Mistake(
        "AXIS-KEPT",
        "the values are right, but an axis of length 1 is kept that PyTorch drops",
        "An axis that is summed over goes, unless keepdims=True is given: look at the default of keepdims.",
    ),
    Mistake(
        "AXIS-LOST",
        "the values are right, but an axis of length 1 is dropped that PyTorch keeps",
        "Keep an axis of length 1 where keepdims=True is given, or where nothing is summed over it; do not squeeze.",
    ),
    Mistake(
        "AS-EPS",
        "the values are off by about as much as eps is",
        "Compare eps with the course's formula: its value, its sign, and whether it stands under the root.",
    ),
    Mistake(
        "NOT-FINITE",
        "a number overflows, or 0 is divided by 0",
        "Subtract the maximum before exp, keep log and division away from 0.",
    ),
    Mistake(
        "SCALE-OF-UPSTREAM",
        "the gradient that arrives is ignored: backward starts from 1 again",
        "Multiply by the gradient that backward is given.",
    ),
    Mistake(
        "ONE-SAMPLE-GRADIENT",
        "the gradient is that of one sample, not the sum over the batch",
        "Sum over all samples, for example with x.T @ g over the whole batch.",
    ),
    Mistake(
        "LAST-INPUT-KEPT",
        "a layer that is used twice computes its first gradient with the input of the second call",
        "Keep the input in the closure of the operation, not in an attribute of the layer.",
    ),
    Mistake(
        "REUSE-KEEPS-STATE",
        "a second call with the same input gives another result",
        "Compute from the arguments alone; keep nothing of the call before.",
    ),
    Mistake(
        "CALL-NOT-FORWARD",
        "calling the object gives another result than its forward",
        "Let __call__ return self.forward(...).",
    ),
    Mistake(
        "RESHAPE-MINUS-ONE",
        "a length of -1 in reshape is computed from one of the other lengths, not from all of them",
        "Divide the number of values by the product of all the other lengths.",
    ),
    Mistake(
        "REFLECTED-DETACHED",
        "a number on the left of the operator gives a result without a graph",
        "Let the reflected operator, such as __radd__, go through the ordinary one.",
    ),
    Mistake(
        "DTYPE",
        "the result is not of float32",
        "Convert it with astype(np.float32).",
    ),
    Mistake(
        "FLOAT16",
        "numbers are kept in float16, which has about three digits and ends at 65504",
        "Convert with astype(np.float32), or dtype=np.float32, wherever arrays become tensors.",
    ),
    Mistake(
        "VALUES-MISPLACED",
        "the right values stand in the wrong places",
        "Look at the index, the axis or the order by which they are written.",
    ),
    Mistake(
        "ANOTHER-DEFINITION",
        "it computes another function; its gradient fits it",
        "Compare forward, term by term, with the course's formula; change a backward written by hand along with it.",
    ),
    Mistake(
        "GRADIENT-NOT-OF-FORWARD",
        "backward is not the gradient of what forward computes",
        "Differentiate the line of forward that computes the result, and compare that with backward, term by term.",
    ),
    Mistake(
        "MEMORY-ORDER",
        "the result depends on how the values lie in memory: for a transposed or sliced array it is another",
        "Compute with shape, axes and indices; flags, strides, ravel(order='K') and out= see the memory.",
    ),
    Mistake(
        "BATCH-OF-ONE",
        "a batch of one sample gives another result than the same sample among others",
        "Keep the batch axis whatever its length; do not squeeze it away.",
    ),
    Mistake(
        "TENSORS-KEPT",
        "every training step leaves tensors behind that are never freed",
        "Keep no list of all tensors or operations, and let go of the graph after backward.",
    ),
    Mistake(
        "INDEX-LAST-PLACE",
        "where an index names a place more than once, only the last of its gradients counts",
        "Use np.add.at(grad, index, g), which adds up; grad[index] = g and grad[index] += g do not.",
    ),
    Mistake(
        "BACKWARD-TRAVERSAL",
        "every operation is right by itself, but backward() goes through the graph wrongly",
        "Look at the order in which backward() visits the operations, and at tensors that are used twice.",
    ),
    Mistake(
        "NOT-A-TENSOR",
        "what comes back is no tensor: the next operation on it fails, and no gradient passes",
        "Return Tensor(...) of the result, not the array or number itself.",
    ),
    Mistake(
        "DIVISION-EPS",
        "a small number is added to the divisor, which makes quotients by small numbers wrong",
        "Divide by the values themselves; whoever needs a small number adds it before.",
    ),
)
