"""One small module per published method, a folder per kind, each to be read beside its paper.

What all methods of a kind share is in `core/kinds/`. Not here: reading and writing of tables.
"""
