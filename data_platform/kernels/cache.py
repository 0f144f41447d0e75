"""Where compiled kernels are kept: in one folder for all checkouts and processes, under names that never lie.

A kernel's folder is named by its module and by the digest of all code that the module reaches, with the versions of
the libraries it imports; a file's name holds the kernel and a digest of the types of its arguments, the processor and
the versions of compiler and Python. So a kernel may use helpers and constants of other modules: whoever changes one
asks for other names. Equal sources share code wherever they lie, an edited comment compiles nothing, and no file is
ever replaced by something else, however many processes write at once. (numba's own cache sees the file of the kernel
alone, is keyed by its path, and mixes up its numbered files when two processes write.)

Here belong folders, names and their end. Not here: what is compiled (`compiled`), and when (`pipeline.warm`).
"""

from __future__ import annotations

import functools
import hashlib
import os
import pickle
import shutil
import sys
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import llvmlite
import numba
from llvmlite.binding import get_host_cpu_name
from numba.core import config
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from data_platform.core.code import code_digest, reached
from data_platform.core.memory import user_cache

_VERSIONS = (numba.__version__, llvmlite.__version__, sys.implementation.cache_tag)
_STARTED = time.time()
_DAY = 86_400.0
_KEPT_DAYS = 30
_KEPT_FOLDERS = 4


def keep(dispatcher: Any) -> None:
    """Let a compiled function of a module look for its machine code on disk before it compiles, and leave it there."""
    dispatcher._cache = _KernelCache(dispatcher.py_func)


def cache_home() -> Path:
    """The folder that holds compiled code.

    $NUMBA_CACHE_DIR if that is set. Otherwise the first that can be written to: `data-platform` in the user's folder
    for such things ($XDG_CACHE_HOME or ~/.cache), or `__pycache__` beside this module where a user has none. If none
    can, kernels are compiled anew in every process.
    """
    if config.CACHE_DIR:
        return Path(config.CACHE_DIR) / "kernels"
    homes = [user_cache("kernels"), Path(__file__).parent / "__pycache__" / "kernels"]
    return next(filter(_writable, homes), homes[0])


@functools.cache
def kernel_folder(module: str) -> Path | None:
    """The folder for the kernels of a module, as its code is in this process.

    None for what is no module with a source file, and if a source has changed since the process began: what was
    imported before may be the older code, and must not be kept as if it were the new.
    """
    try:
        digest, modules = code_digest(module), reached(module)
    except ModuleNotFoundError:
        return None
    files = [getattr(sys.modules.get(name), "__file__", None) for name in modules]
    if any(os.path.getmtime(file) > _STARTED for file in files if file):
        return None
    folder = cache_home() / f"{module}-{digest}"
    with suppress(OSError):
        os.utime(folder)  # so that it is seen to be in use
    return folder


def is_compiled(module: str) -> bool:
    """Whether it is noted that the kernels that a module calls are kept, as its code is now, for this machine."""
    mark = _mark(module)
    return mark is not None and os.path.exists(mark)  # and may be looked at


def mark_compiled(module: str) -> None:
    """Note that the kernels that a module calls are kept. Where nothing can be kept, nothing is noted."""
    if mark := _mark(module):
        with suppress(OSError):
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.touch()


def _mark(module: str) -> Path | None:
    folder = kernel_folder(module)
    machine = hashlib.sha256(repr((_VERSIONS, get_host_cpu_name())).encode()).hexdigest()[:12]
    return None if folder is None else folder / f"compiled-{machine}"


def remove_unused() -> int:
    """Remove folders that nothing asked for in a month, or in a day while four others of their module were in use.

    A process whose folder goes keeps what it has loaded, and compiles the rest.

    Returns:
        How many were removed.
    """
    folders = list(_unused(cache_home()))
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return len(folders)


def _unused(home: Path) -> Iterator[Path]:
    versions: dict[str, list[tuple[float, Path]]] = {}
    for folder in home.glob("*-*"):
        with suppress(OSError):  # another process may be removing it
            module, _, _ = folder.name.rpartition("-")
            versions.setdefault(module, []).append((time.time() - folder.stat().st_mtime, folder))
    for found in versions.values():
        for younger, (age, folder) in enumerate(sorted(found)):
            if age > _KEPT_DAYS * _DAY or (younger >= _KEPT_FOLDERS and age > _DAY):
                yield folder


def _writable(folder: Path) -> bool:
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        return os.access(folder, os.W_OK)
    return False


class _KernelCache(_Cache):
    """The cache of one kernel, as numba asks for it: one file for each combination of types, read whole."""

    def __init__(self, py_func: Callable[..., Any]) -> None:
        self._module, self._name = py_func.__module__, py_func.__qualname__
        # A function made in another function is not told by its name from its like.
        self._enabled = "<locals>" not in self._name

    @property
    def cache_path(self) -> str | None:
        folder = kernel_folder(self._module) if self._enabled else None
        return None if folder is None else str(folder)

    def load_overload(self, sig: Any, target_context: Any) -> CompileResult | None:
        target_context.refresh()
        path = self._path(sig, target_context.codegen())
        try:
            kept = pickle.loads(path.read_bytes()) if path else None
        except Exception:  # cut by a full disk or a power failure: it is compiled anew, and written over
            return None
        return None if kept is None else CompileResult._rebuild(target_context, *kept)

    def save_overload(self, sig: Any, data: CompileResult) -> None:
        path = self._path(sig, data.codegen)
        if path is None:
            return
        if data.library.has_dynamic_globals:
            warnings.warn(f"{self._module}.{self._name} cannot be kept: it uses addresses or large global arrays",
                          numba.NumbaWarning, stacklevel=2)  # fmt: skip
            return
        # A folder that is full or only read costs the next process the compiling, and this one nothing.
        with suppress(OSError):
            _write(path, dumps(data._reduce()))

    def enable(self) -> None:
        self._enabled = True

    def disable(self) -> None:
        self._enabled = False

    def flush(self) -> None:
        for path in Path(self.cache_path).glob(f"{self._name}-*.bin") if self.cache_path else ():
            path.unlink(missing_ok=True)

    def _path(self, sig: Any, codegen: Any) -> Path | None:
        folder = self.cache_path
        if folder is None:
            return None
        digest = hashlib.sha256(repr((sig, codegen.magic_tuple(), _VERSIONS)).encode()).hexdigest()[:24]
        return Path(folder, f"{self._name}-{digest}.bin")


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex[:12]}")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
