"""How far a stage is: what is told of it, and when."""

from __future__ import annotations

import threading

from data_platform.core import progress
from data_platform.core.progress import Step, clock


def test_a_stage_is_told_with_rate_and_time_left() -> None:
    at = Step("documents/one", 100, done=25)
    at.began -= 50
    assert str(at) == "documents/one: 25 of 100 rows, 0.5/s, 0:50 so far, 2:30 left"
    assert str(Step("raw_crawls/one", 3, "archive")) == "raw_crawls/one: 3 archives to read, 0:00 so far"
    more = Step("parents", 10, done=11)
    assert more.seconds_left is None and "left" not in str(more)
    assert clock(3_725) == "1:02:05"


def test_it_is_counted_where_it_is_at_work_and_nowhere_else() -> None:
    progress.advance(5)
    assert progress.current() is None
    with progress.step("outer", 10):
        progress.advance(2)
        with progress.step("inner", None):
            progress.expect(3, "archive")
            progress.advance(1)
            assert str(progress.current()).startswith("inner: 1 of 3 archives")
        assert str(progress.current()).startswith("outer: 2 of 10 rows")
    assert progress.current() is None
    with progress.step("passing", 10):
        for by, count in ((1, 3), (2, 3), (1, 2), (0, 4)):
            progress.advance(count, by)
        assert progress.current().done == 5
        progress.advance(100)
        assert progress.current().done == 5
    with progress.step("written", 10):
        progress.advance(12)
        assert str(progress.current()).startswith("written: 12 rows, ")


def test_what_lasts_is_told_and_what_does_not_is_not() -> None:
    told, heard = [], threading.Event()

    def tell(step: Step) -> None:
        told.append(step.place)
        heard.set()

    with progress.every(0.01, tell), progress.step("long", 1):
        assert heard.wait(10)
    assert set(told) == {"long"}
    count = len(told)
    with progress.every(60, tell), progress.step("short", 1):
        pass
    assert len(told) == count and not [one for one in threading.enumerate() if one.name == "progress"]
