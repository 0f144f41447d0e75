"""A few commands ended at random moments; the benchmark does it by the hundred."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY


@pytest.mark.slow
def test_what_was_ended_at_random_moments_is_as_if_nobody_had_disturbed_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.kills", str(tmp_path), "--kills", "8", "--each", "8"], capture_output=True,
        text=True, cwd=REPOSITORY,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^[1-9]\d* worlds compared cell by cell with an undisturbed one; 0 faults$", done.stdout, re.M)
