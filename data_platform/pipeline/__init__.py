"""All stages of a recipe in order, what of them is out of date, and what may be published.

Not here: how a run is launched (`assets/`).
"""
