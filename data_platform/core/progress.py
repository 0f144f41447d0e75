"""How far the stage is that this process is at: what comes in, what is done of it, at which rate.

One stage runs at a time in a process. What is counted are rows that were written or dropped, or archives; where a stage
works within other processes, or in one piece, only time passes. Not here: how it is shown (`cli/watch.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

from data_platform.core.errors import many


@dataclass
class Step:
    """A stage at work.

    Attributes:
        place: its table and snapshot.
        total: how many `unit` come in; None if that is not known. A stage that makes fewer rows ends before.
        done: how many are done, by whoever has done most: a row passes several functions, and is written at the end.
        counts: how many each has done.
        began: when, by `time.monotonic`.
    """

    place: str
    total: int | None
    unit: str = "row"
    done: int = 0
    counts: dict[int, int] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long it has been at work."""
        return time.monotonic() - self.began

    @property
    def rate(self) -> float:
        """How many are done per second."""
        return self.done / max(self.seconds, 1e-9)

    @property
    def seconds_left(self) -> float | None:
        """How long it lasts at this rate; None while nobody can know."""
        if not self.total or not self.done or self.done > self.total:
            return None
        return (self.total - self.done) / self.rate

    def __str__(self) -> str:
        told = []
        if self.done:
            beyond = not self.total or self.done > self.total
            whole = many(self.done, self.unit) if beyond else f"{self.done:,} of {many(self.total, self.unit)}"
            told += [whole, f"{self.rate:,.1f}/s"]
        elif self.total:
            told.append(f"{many(self.total, self.unit)} to read")
        told.append(f"{clock(self.seconds)} so far")
        if (left := self.seconds_left) is not None:
            told.append(f"{clock(left)} left")
        return f"{self.place}: {', '.join(told)}"


_at_work: list[Step] = []


@contextmanager
def step(place: str, total: int | None) -> Iterator[None]:
    """Within, a stage is at work on `total` rows."""
    _at_work.append(Step(place, total))
    try:
        yield
    finally:
        _at_work.pop()


def expect(total: int, unit: str) -> None:
    """Say what is counted of the stage at work, and how many come in."""
    if _at_work:
        at = _at_work[-1]
        at.total, at.unit, at.done, at.counts = total, unit, 0, {}


def advance(count: int, by: int = 0) -> None:
    """Say that so many more are done of the stage at work, `by` one of several that see every row; by 0 those
    that are written."""
    if _at_work:
        at = _at_work[-1]
        at.counts[by] = at.counts.get(by, 0) + count
        # What is written may be more or fewer rows than came in: it counts where nothing that sees these is counted.
        at.done = max((done for one, done in at.counts.items() if one), default=at.counts.get(0, 0))


def current() -> Step | None:
    """The stage at work; None between stages."""
    return _at_work[-1] if _at_work else None


@contextmanager
def every(seconds: float, tell: Callable[[Step], None]) -> Iterator[None]:
    """Within, tell every so many seconds of the stage at work, once it has been for so long."""
    ended = Event()

    def watch() -> None:
        while not ended.wait(seconds):
            if (at := current()) and at.seconds >= seconds:
                tell(at)

    watcher = Thread(target=watch, name="progress", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def clock(seconds: float) -> str:
    """A time in minutes and seconds, or hours."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
