"""Editors: what is mended or taken out inside a text, as edits of a program."""
