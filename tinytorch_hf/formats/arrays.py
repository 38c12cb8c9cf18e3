"""The type of the arrays that are passed around: any shape, any dtype; docstrings say which."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
