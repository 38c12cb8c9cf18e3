"""Making files be there: shipped, downloaded, carried, cut from another dataset, or built on this machine.

`plan` decides what has to be done for a download, `fetch` and `carried` do it; `transfer` is one request, `unpack`
one archive. Nothing unverified stays.
"""
