"""Admission to a mixture, the draw and the order: written once for all mixers.

Not here: how weights are found (`methods/mix/`) and tables (`stages/`).
"""
