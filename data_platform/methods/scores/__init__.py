"""Scorers: a few numbers about every document, one module per published score."""
