"""Versioned Delta tables: commits that say what made them, lineage, custody.

Not here: what the tables mean (`core/tables.py`) and who writes them (`stages/`).
"""
