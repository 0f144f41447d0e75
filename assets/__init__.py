"""The Dagster graph: every asset made in one way from its stage, and one module per Dagster concept.

Here belongs what Dagster is told: assets (`graph.py`) and what is shown of them (`metadata.py`), checks and gates,
jobs, partitions, schedules, sensors, automation, and runs that a command launches. Not here: anything that could run
without Dagster, such as stages and what they compute.
"""
