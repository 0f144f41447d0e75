"""Selectors: which documents a mixture may draw from."""
