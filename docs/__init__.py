"""The documentation, and in `tools` what writes its computed parts."""
