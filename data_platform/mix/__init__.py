"""Mixtures: which documents a model is trained on, how much of each domain, and how often.

Belongs here: one module per published method of choosing, all of them `protocol.Mixer`s, and a selection is what they
give. Does not: reading and writing tables (the stage), the licence of a document (`licenses`), its quality
(`scoring`), the order of training (`order`).
"""
