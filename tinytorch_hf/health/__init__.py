"""Is everything well? ``verification`` checks datasets; ``doctor`` the machine, libraries and the student's package."""
