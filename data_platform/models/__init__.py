"""The one way to make, load, place, feed and publish a model.

Not here: which model a recipe wants, and what a score means (`methods/`).
"""
