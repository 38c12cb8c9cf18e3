"""A read-only Hub for a classroom: what Hugging Face's clients ask for, and pages for people."""
