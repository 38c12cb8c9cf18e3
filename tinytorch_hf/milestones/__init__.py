"""The course's milestones on our data."""
