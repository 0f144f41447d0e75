"""The kinds of method, one module each: what all methods of a kind take, give and are bound to.

A kind fixes how rows relate to the input, partitioning, phase, books, licence, proof and takedown rules once; a method
(`data_platform/methods/`, or an installed distribution) says the rest. `method.py` has what all kinds share, and
`answers.py` holds what methods answer against their kinds. The kinds that there are, `core/registry.py` finds here.
Not here: any method.
"""
