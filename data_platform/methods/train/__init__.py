"""Trainers: models that scorers and others read."""
