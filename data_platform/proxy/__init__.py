"""Proxy models: small language models whose losses tell mixtures apart, trained many at once, at equal cost.

Not here: which mixtures are compared and on which documents (`lab/`), and models that methods read (`models/`).
"""
