"""Compiled code is kept under names that never lie: shared by equal sources, renewed by any change that it sees."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import data_platform
from data_platform.kernels import cache
from data_platform.kernels.compiled import kernel

HELPER = """
from data_platform.kernels.compiled import part

STEP = 1

@part()
def raised(value):
    return value + STEP  # comment
"""
KERNEL = """
from data_platform.kernels.compiled import kernel
from data_platform.kernels.probe_helper import raised

@kernel()
def answer(value):
    return raised(value)
"""
ASK = """
from data_platform.kernels.probe import answer
print(answer(41), sum(answer.stats.cache_hits.values()))
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what kernels need of the platform, with a kernel whose helper lives in another module."""
    source, copy = Path(data_platform.__file__).parent, tmp_path / "one" / "data_platform"
    for name in ("__init__.py", "core/__init__.py", "core/code.py", "core/errors.py", "core/memory.py",
                 "kernels/__init__.py", "kernels/cache.py", "kernels/compiled.py"):  # fmt: skip
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / name, copy / name)
    (copy / "kernels" / "probe_helper.py").write_text(HELPER)
    (copy / "kernels" / "probe.py").write_text(KERNEL)
    return copy.parent


def _ask(checkout: Path, cache_folder: Path) -> tuple[int, int]:
    """What the kernel of a checkout answers in a process of its own, and how often it found itself compiled."""
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"} | {
        "PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1", "XDG_CACHE_HOME": str(cache_folder)
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    assert not done.returncode, done.stderr
    answer, hits = map(int, done.stdout.split())
    return answer, hits


def test_a_kernel_follows_its_helpers_and_is_shared_by_equal_sources(checkout: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    assert _ask(checkout, folder) == (42, 0)
    other = tmp_path / "two"
    shutil.copytree(checkout, other)
    helper = other / "data_platform" / "kernels" / "probe_helper.py"
    helper.write_text(HELPER.replace("# comment", "# another"))
    assert _ask(other, folder) == (42, 1), "another path, time and comment are the same code"
    helper.write_text(HELPER.replace("STEP = 1", "STEP = 2"))
    assert _ask(other, folder) == (43, 0), "a helper in another module is part of a kernel"
    assert len([*folder.glob("data-platform/kernels/*.probe-*/answer-*.bin")]) == 2


@pytest.mark.parametrize("share", [0, 0.5, 0.99])
def test_a_kernel_that_is_cut_is_compiled_anew_and_kept(checkout: Path, tmp_path: Path, share: float) -> None:
    folder = tmp_path / "cache"
    _ask(checkout, folder)
    kept = next(folder.glob("data-platform/kernels/*.probe-*/answer-*.bin"))
    content = kept.read_bytes()
    kept.write_bytes(content[: int(len(content) * share)])
    assert _ask(checkout, folder) == (42, 0)
    assert _ask(checkout, folder) == (42, 1)


def test_old_code_is_not_kept_as_if_it_were_new(monkeypatch: pytest.MonkeyPatch) -> None:
    module = "data_platform.kernels.ids"
    cache.kernel_folder.cache_clear()
    assert cache.kernel_folder(module)
    cache.kernel_folder.cache_clear()
    monkeypatch.setattr(cache, "_STARTED", 0.0)
    assert cache.kernel_folder(module) is None, "its source was changed after the process had begun"
    cache.kernel_folder.cache_clear()


def test_what_has_no_source_of_its_own_is_compiled_and_not_kept() -> None:
    made = kernel()(lambda value: value + 1)
    assert made(1) == 2
    assert made._cache.cache_path is None


def test_what_was_not_used_for_long_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "cache_home", lambda: tmp_path)
    ages = {"a.b-0": 0, "a.b-1": 2, "a.b-2": 3, "a.b-3": 4, "a.b-4": 5, "a.c-0": 29, "a.d-0": 31}
    for name, days in ages.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "kernel-0.bin").touch()
        os.utime(tmp_path / name, (time.time() - days * 86400,) * 2)
    assert cache.remove_unused() == 2
    assert {path.name for path in tmp_path.iterdir()} == ages.keys() - {"a.b-4", "a.d-0"}
