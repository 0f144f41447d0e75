"""The Dagster graph: one module per stage, in the order in which data flows, and one per Dagster concept.

An asset says what it is and calls a plain function of `data_platform`; what all have in common is in `common.py`.
Not here: anything that could run without Dagster.
"""
