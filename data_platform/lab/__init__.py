"""Experiments: mixtures compared by what proxy models lose on the same held-out documents, at equal cost.

Not here: the models and their training (`proxy/`), and tables for people (`cli/`).
"""
