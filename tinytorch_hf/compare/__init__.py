"""The same model on the same batches in TinyTorch and in PyTorch, side by side.

Read `layers.py` and `models.py` first: what is trained. `tinytorch_side.py` builds it from the student's parts, in a
process of its own (`child.py`, `running.py`); `package.py` and `student_side.py` are where the judge asks for numbers,
and `sides.py` is PyTorch's side. `lockstep.py` trains both beside each other; `stepwise.py` and `synchronised.py` judge
every step alone, `isolation.py` an operation, and `diagnosis.py` gives what is wrong the name that `check` has for it.
`sweep.py` trains with several seeds, and `paired.py` says whether the accuracies can be told apart.
"""

from __future__ import annotations

from tinytorch_hf._lazy import directory_of

__dir__ = directory_of(__name__)
