"""Synthesisers: new texts made of texts."""
