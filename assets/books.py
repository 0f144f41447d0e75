"""Whether the books balance: every row that enters a stage is kept, or rejected with a reason. Nothing disappears.

Not here: where the numbers come from (`checks.py`), what columns may hold (`expectations.py`).
"""

from __future__ import annotations

from collections.abc import Mapping

from assets.expectations import Outcome


def balance(incoming: int, kept: int, rejected_by_reason: Mapping[str, int]) -> Outcome:
    """Check that `incoming` rows are the rows kept and those rejected, whose reasons the outcome lists.

    Raises:
        ValueError: if a count is negative.
    """
    rejected = sum(rejected_by_reason.values())
    if min(incoming, kept, *rejected_by_reason.values(), 0) < 0:
        raise ValueError("books hold no negative numbers of rows")
    unaccounted = incoming - kept - rejected
    return Outcome(
        "books",
        unaccounted == 0,
        "critical",
        {
            "incoming": incoming,
            "kept": kept,
            "rejected": rejected,
            "unaccounted": unaccounted,
            "rejected_by_reason": dict(rejected_by_reason),
        },
    )
