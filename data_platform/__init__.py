"""What the platform knows about pretraining data, free of any orchestrator.

Every module in this package is plain Python over Arrow and Delta. Dagster appears in `definitions.py` alone; the asset
graph lives beside this package in `assets/`, what it is run with in `resources/`.
"""
