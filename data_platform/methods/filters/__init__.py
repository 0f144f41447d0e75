"""Rule sets: published heuristics as expressions over signals, one module per publication."""
