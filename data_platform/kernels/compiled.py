"""How functions are compiled: the two kinds that modules with compiled code are made of.

Here belong the options of numba. Not here: any compiled function, and where machine code is kept (`cache`).

A kernel is called from Python and kept on disk. A part is called by kernels and other parts alone: it is compiled into
them, so it has no entry for Python (calling it from there would crash the process; a test reads the sources for such
calls) and is not kept, which takes a third from the time of compiling. Both may use parts and constants of other
modules. All release the interpreter lock. What does not allocate is compiled without numba's reference counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit

from data_platform.kernels.cache import keep


def kernel(*, allocates: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """A compiled function that Python calls; `allocates` if it, or a part that it calls, makes arrays."""

    def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
        dispatcher = njit(nogil=True, no_cfunc_wrapper=True, **_counting(allocates))(function)
        keep(dispatcher)
        return dispatcher

    return compiled


def part(*, allocates: bool = False, inline: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """A compiled function for kernels to call; with `inline`, written into each of them whatever its size."""
    options = {"forceinline": True} if inline else {}
    return njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, **options, **_counting(allocates))


def _counting(allocates: bool) -> dict[str, bool]:
    return {} if allocates else {"_nrt": False}
