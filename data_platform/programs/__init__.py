"""Edits as programs: their language, their interpreter, and the plan that joins what editors want.

Not here: what is edited and why (`methods/edits/`).
"""
