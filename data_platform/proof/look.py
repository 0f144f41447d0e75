"""How closely a proof looks: at how many files and records, and which head of the chain it is held against.

Not here: the looking (`files`, `records`, `holding`).
"""

from __future__ import annotations

from dataclasses import dataclass

Share = int | None
"""How many are looked at: that many, or all if None."""
RECORDS = 300
"""How many records are made anew if nobody says: if one in a hundred was altered, one is among them with .95."""


@dataclass(frozen=True)
class Look:
    """How closely is looked.

    Attributes:
        files: of how many files the bytes are compared with what was committed.
        records: of how many records payload, text and evidence are made anew.
        head: a head of the chain of commits that was kept elsewhere, or the file of an audit in JSON; None for none.
    """

    files: Share = None
    records: Share = RECORDS
    head: str | None = None


CLOSELY = Look()
"""At all files, and at some records."""
