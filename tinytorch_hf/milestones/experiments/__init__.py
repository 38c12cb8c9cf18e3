"""The milestones' experiments: a table of them, training, what a GPT writes, and what came of it."""
