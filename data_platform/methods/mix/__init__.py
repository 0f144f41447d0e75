"""Mixers: which share of a mixture each domain is given."""
