"""Language identification.

Here belongs saying which language a text is in, and how sure that is. What does not: which languages go on (the
recipe's cut, `filters/stage.py`).
"""
