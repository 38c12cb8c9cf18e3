"""File formats: bytes to values and back. Nothing here knows a dataset.

``arrays``      the type of the arrays that are passed around
``idx``         MNIST's files
``npz``         NumPy's archives
``pickles``     pickled dicts of arrays, read without running what a pickle may ask for: ``pickle_opcodes`` (and
                ``pickle_steps``) reads, ``pickled_arrays`` makes
``cifar``       CIFAR-10's batches
``json_lines``  a record a line
"""

from __future__ import annotations

from tinytorch_hf._lazy import directory_of

__dir__ = directory_of(__name__)
