"""Admission to a mixture, and the draw: written once for all mixers.

Not here: how weights are found (`methods/mix/`) and tables (`stages/`).
"""
