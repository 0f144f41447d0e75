"""What everything else stands on: errors, columns and tables, settings, kinds of method and their registry.

Nothing here knows a particular method, a file format or a model, and nothing here imports another room.
"""
