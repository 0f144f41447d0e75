"""All stages of a recipe in order, what of them is out of date, and which kernels they wait for.

Not here: how a run is launched (`assets/`).
"""
