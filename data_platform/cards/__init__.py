"""Cards: what is said of a mixture to others, in the words of the standards that they read.

Here belong the account of a version of a mixture, taken from the tables, and one module per standard that writes it
down: Croissant, SPDX, a NOTICE file. Not here: how a licence is decided (`licenses`), exports (`export.py`), events
about runs (`openlineage.py`).

The same version of a mixture gives the same bytes, wherever and whenever a card is written: all dates are those of its
commit.
"""
