"""The release of this package, on which nothing stands and which every room may read."""

__version__ = "0.1.0"
