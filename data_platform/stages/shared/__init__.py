"""What several stages read or make in one way, a module per concern: a change makes only those stale that use it.

Not here: stages, and what computes (the rooms above).
"""
