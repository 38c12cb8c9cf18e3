"""The same model on the same batches in TinyTorch and in PyTorch, side by side."""
