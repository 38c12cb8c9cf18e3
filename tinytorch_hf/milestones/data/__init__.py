"""What TinyTorch's milestones ask for data, and the files that they open."""
