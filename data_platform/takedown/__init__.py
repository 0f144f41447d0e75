"""Takedowns: a plan, its execution through every table and old version, a receipt that proves absence by searching,
and the standing list that keeps out what was removed.

Here belongs what removes rows and what proves it. Not here: licences (`licenses/`), whose code decides rows of its own,
and what is printed (the command).
"""
