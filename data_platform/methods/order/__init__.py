"""Orderers: in which order a mixture is trained on."""
