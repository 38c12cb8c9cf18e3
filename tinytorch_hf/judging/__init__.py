"""What is right, and how sure that is: cases, results, rounding, and the likely cause of a difference."""
