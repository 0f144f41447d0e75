"""Auditors: what can be said of a mixture once it is made."""
