"""Is everything well? ``verification`` checks datasets; ``doctor`` the machine, libraries and the student's package."""

from __future__ import annotations

from tinytorch_hf._lazy import directory_of

__dir__ = directory_of(__name__)
