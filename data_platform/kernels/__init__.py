"""Compiled loops over Arrow buffers and NumPy arrays, with one cache for all of them.

Here belongs machine code that computes and knows nothing of tables. What is compiled for one scan alone stays beside
it (`text/`, `extract/`). Not here: what the numbers mean.
"""
