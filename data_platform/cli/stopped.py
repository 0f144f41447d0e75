"""How a command ends that a signal stops: in time, with one sentence and the status that shells expect.

Not here: how a process learns of signals (`core/stopping.py`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from data_platform.core import stopping


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """End the process with status 130 or 143 if SIGINT or SIGTERM comes while the context lasts, and say so.

    Contexts inside are left in order, if the work notices in time; then the process ends at once: threads of libraries
    that are still at work do not survive the interpreter's own way out.
    """
    with stopping.watching(last_words=_say), stopping.raising():
        try:
            yield
        except BaseException:
            # What a library makes of being cut off is of no interest.
            if not stopping.asked():
                raise
        if number := stopping.asked():
            stopping.kill_descendants()
            _say()
            os._exit(128 + number)


def _say() -> None:
    sys.stdout.flush()
    print(f"stopped {stopping.reason()}: what was committed stays, and the same command goes on from there",
          file=sys.stderr, flush=True)
