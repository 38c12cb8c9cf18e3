"""Lines of a script that cut the graph which gradients pass through, found in its syntax tree without running it."""
