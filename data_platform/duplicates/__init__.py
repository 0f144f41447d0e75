"""From pairs of copies to what stays: candidates, clusters, policy, guards, cuts.

Not here: when two texts are copies (`methods/duplicates/`) and tables (`stages/`).
"""
