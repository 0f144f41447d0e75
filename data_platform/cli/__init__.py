"""The `data-platform` command, one module per command of it."""
