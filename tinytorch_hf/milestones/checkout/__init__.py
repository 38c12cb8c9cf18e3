"""A TinyTorch checkout prepared for its milestones, and what each of them finds there."""
