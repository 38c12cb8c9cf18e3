"""Whether a milestone's scripts get their data: what they load is loaded, offline and in a process of its own."""
