"""Making files be there: shipped, downloaded, carried, cut from another dataset, or built on this machine.

`plan` decides what has to be done for a download, `fetch` and `carried` do it; `transfer` is one request, `unpack`
one archive. Nothing unverified stays.
"""

from __future__ import annotations

from tinytorch_hf._lazy import directory_of

__dir__ = directory_of(__name__)
