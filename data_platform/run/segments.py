"""Blocks of shared memory through which the engine's workers are given rows, under names that say whose they are.

Daft makes a block for every batch, and whoever reads it removes it. Where all processes of a run die at once, blocks
that were not read yet stay in /dev/shm until the machine starts again, under names that tell nothing. Here they are
called after the process that the run belongs to: its PID namespace, its number and when it started, so that a number
that was given to somebody else since is told apart. `remove_left` removes those of processes that are gone, and no
others. Where there is no /proc, blocks keep the names that Python gives them, and nothing is removed.

Not here: what ends workers whose run has died (`core/stopping.py`).
"""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from functools import cache
from multiprocessing import shared_memory
from pathlib import Path
from types import SimpleNamespace

FOLDER = Path("/dev/shm")
_NAME = re.compile(r"data-platform-(\d+)-(\d+)-(\d+)-[0-9a-f]{16}")


def name_blocks(owner: int | None = None) -> None:
    """Let Daft, in this process, name the blocks that it makes after a process; by default after this one."""
    import daft.execution.udf

    made = shared_memory.SharedMemory

    def named(name: str | None = None, create: bool = False, size: int = 0) -> shared_memory.SharedMemory:
        # A fork is another process, with the settings of the one that it was forked from.
        whose = _identity(owner or os.getpid()) if create and name is None else None
        return made(f"data-platform-{whose}-{secrets.token_hex(8)}" if whose else name, create, size)

    daft.execution.udf.shared_memory = SimpleNamespace(SharedMemory=named)


def remove_left() -> list[str]:
    """Remove blocks of this user's runs that died with all of their processes; returns their names."""
    removed = []
    here = _namespace()
    for entry in os.scandir(FOLDER) if here and FOLDER.is_dir() else ():
        found = _NAME.fullmatch(entry.name)
        if not found or found[1] != here or _started(int(found[2])) == found[3]:
            continue
        with suppress(FileNotFoundError):  # another run was faster
            if entry.stat(follow_symlinks=False).st_uid == os.getuid():
                os.unlink(entry.path)
                removed.append(entry.name)
    return removed


def _identity(process: int) -> str:
    """What tells a process from all others of this machine since it started; empty where nothing does."""
    here, started = _namespace(), _started(process)
    return f"{here}-{process}-{started}" if here and started else ""


@cache
def _namespace() -> str:
    """The PID namespace of this process: containers may share memory and count processes each for themselves."""
    try:
        return str(os.stat("/proc/self/ns/pid").st_ino)
    except OSError:
        return ""


def _started(process: int) -> str:
    """When a process started, in ticks since the machine did; empty if there is none of this number."""
    try:
        content = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return ""
    return content.rpartition(")")[2].split()[19]  # the name of the program may hold anything
