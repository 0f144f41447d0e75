"""What assets are run with: the workspace (recipe and lake), and the storage of the Dagster instance."""
