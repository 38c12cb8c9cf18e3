"""A dataset's files: where they are, verified on every read, and how they become columns."""
