"""One module per command of `data-platform`: a thin layer over plain functions that prints for people, or JSON.

Here belong options, tables on the terminal and what a command says when it fails. Not here: anything that a notebook
would want to call.
"""
