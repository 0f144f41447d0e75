"""Language identification.

Here belongs what says in which language a text is written. Not here: which languages a corpus keeps, which is a filter
of the recipe.
"""
