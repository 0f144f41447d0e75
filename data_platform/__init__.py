"""What the platform knows about pretraining data, free of any orchestrator.

Every module in this package is plain Python over Arrow and Delta. Dagster appears in `definitions.py` alone; the asset
graph lies beside this package in `assets/`, what it is run with in `resources/`. Links in this folder make both of them
packages of it, `data_platform.assets` and `data_platform.resources`, in a checkout as in what is installed, and bring
`recipes/` and `dagster.yaml` along.
"""
