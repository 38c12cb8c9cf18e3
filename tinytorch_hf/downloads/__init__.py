"""Archives over HTTP, or from a stick, into the cache: each verified, then unpacked, and nothing unverified stays.

`plan` decides what has to be done, `fetch` and `carried` do it; `transfer` is one request, `unpack` one archive.
"""
