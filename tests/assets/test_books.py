"""Books that balance, and books that do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.books import balance

_count = st.integers(0, 10**12)


def test_what_is_unaccounted_for_fails_and_is_told() -> None:
    outcome = balance(10, 6, {"status": 2, "mime": 1})
    assert not outcome.passed
    assert outcome.severity == "critical"
    assert outcome.metadata == {
        "incoming": 10, "kept": 6, "rejected": 3, "unaccounted": 1, "rejected_by_reason": {"status": 2, "mime": 1},
    }


def test_rows_from_nowhere_fail_too() -> None:
    assert balance(3, 4, {}).metadata["unaccounted"] == -1
    assert not balance(3, 4, {}).passed


@given(kept=_count, rejected=st.dictionaries(st.text(max_size=5), _count, max_size=5))
def test_books_balance_exactly_if_every_row_is_kept_or_rejected(kept: int, rejected: dict[str, int]) -> None:
    incoming = kept + sum(rejected.values())
    assert balance(incoming, kept, rejected).passed
    assert not balance(incoming + 1, kept, rejected).passed


def test_negative_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        balance(1, 2, {"refund": -1})
