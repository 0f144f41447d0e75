"""Ways by which two texts, or passages of them, count as the same."""
