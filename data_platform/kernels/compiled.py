"""How functions are compiled: the two kinds that modules with compiled code are made of.

Here belong the options of numba. Not here: any compiled function; those are in modules of their own, which must be
self-contained, as numba renews a cached kernel when the file of the kernel changes and sees no other file.

A kernel is called from Python and kept on disk. A part is called by kernels and parts of its module alone: it is
compiled into them, so it has no entry for Python (calling it from there would crash the process; a test reads the
source for such calls) and is not kept, which takes a third from the time of compiling. All release the interpreter
lock. What does not allocate is compiled without numba's reference counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def kernel(*, allocates: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """A compiled function that Python calls; `allocates` if it, or a part that it calls, makes arrays."""
    return njit(nogil=True, cache=True, no_cfunc_wrapper=True, **_counting(allocates))


def part(*, allocates: bool = False, inline: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """A compiled function for the kernels of its module; with `inline`, written into each of them whatever its size."""
    options = {"forceinline": True} if inline else {}
    return njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, **options, **_counting(allocates))


def _counting(allocates: bool) -> dict[str, bool]:
    return {} if allocates else {"_nrt": False}
