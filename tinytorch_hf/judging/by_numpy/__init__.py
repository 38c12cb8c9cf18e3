"""A judge that needs NumPy alone: the part of PyTorch's interface that the cases use, with its meaning.

Cases say what is right, and what well-known mistakes would give, in PyTorch's words: `judge.F.conv2d`, `x.detach()`,
`judge.torch.autograd.grad`. Here the same words compute on NumPy arrays, in float64 or in float32, so that the same
cases judge where PyTorch is not installed. Nothing else of PyTorch's interface is here; a test holds every case
against PyTorch. `tinytorch_hf.reference` has no part in it: what is wrong there would never be found otherwise.

- `graph` has the nodes of a computation and the way back through it;
- `tensor`, with `arithmetic` and `shapes`, the tensor's operators and methods;
- `functions`, `autograd` and `optim` what is called by ``judge.torch``;
- `functional`, with `windows`, what is called by ``judge.F``;
- `judge` the judge.
"""

from __future__ import annotations

from tinytorch_hf._lazy import directory_of

__dir__ = directory_of(__name__)
