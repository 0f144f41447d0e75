"""Sorters: what belongs to a branch, as learned from labelled texts."""
