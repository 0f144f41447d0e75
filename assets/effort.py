"""What a step cost: seconds, and the most memory that its process held meanwhile."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

_HELD = Path("/proc/self/statm")
_EVERY_SECONDS = 0.05


@dataclass
class Effort:
    """What something cost.

    Attributes:
        seconds: time on the clock.
        peak_memory_mb: most memory that this process was seen to hold, in MB, worker processes not counted; where the
            system does not say what is held now (other than Linux), the most since the process began.
    """

    seconds: float = 0.0
    peak_memory_mb: float = 0.0


@contextmanager
def measured() -> Iterator[Effort]:
    """Measure what is done in the context; the figures are there when it is left.

    Memory is looked at some twenty times a second: the system's own peak is of the whole process, whose steps follow
    one another, and to set it back would hide the peak from whoever measures the process from outside.
    """
    effort, done, began = Effort(), Event(), time.perf_counter()

    def watch() -> None:
        while True:
            effort.peak_memory_mb = max(effort.peak_memory_mb, _held_mb())
            if done.wait(_EVERY_SECONDS):
                return

    watcher = Thread(target=watch, name="memory of a step", daemon=True)
    watcher.start()
    try:
        yield effort
    finally:
        effort.seconds, effort.peak_memory_mb = time.perf_counter() - began, max(effort.peak_memory_mb, _held_mb())
        done.set()
        watcher.join()


def _held_mb() -> float:
    if not _HELD.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(_HELD.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
