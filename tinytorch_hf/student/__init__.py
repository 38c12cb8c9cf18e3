"""A framework that somebody wrote: finding it, reading it through a map, and a view of it for the judge."""
