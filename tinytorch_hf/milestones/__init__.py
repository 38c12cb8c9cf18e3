"""The milestones of the course: what each of them trains on, and each as an experiment that runs here."""
