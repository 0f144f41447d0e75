"""One module per table or family of tables: which inputs it reads, which part of the recipe, which function writes it.

Not here: computation (the rooms below) and what has to be run (`pipeline/`).
"""
