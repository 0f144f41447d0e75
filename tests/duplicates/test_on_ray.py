"""The same clusters come out on Ray."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from data_platform.lake.lake import Lake
from data_platform.run import engine
from tests.conftest import REPOSITORY
from tests.duplicates.corpora import STAGES, fill, rows_of, run, workspace
from tests.duplicates.test_stage import corpus

SNAPSHOTS = ["a", "b"]


def deduplicate(folder: Path, runner: Any) -> None:
    """Run the stages on an engine; a process has one for all its life."""
    work = workspace(folder, SNAPSHOTS, runner, verify=0.5, kinds=["url", "exact", "minhash"])
    engine.configure(work.recipe.engine)
    fill(work.lake, corpus(SNAPSHOTS))
    run(work)


def test_a_local_ray_gives_equal_tables(tmp_path: Path) -> None:
    deduplicate(tmp_path / "native", "native")
    done = subprocess.run([sys.executable, "-m", "tests.duplicates.test_on_ray", str(tmp_path / "ray")],
                          capture_output=True, text=True, timeout=400, cwd=REPOSITORY)
    assert done.returncode == 0, done.stderr[-3000:]
    native, ray = (Lake(str(tmp_path / runner / "lake")) for runner in ("native", "ray"))
    for name in STAGES:
        assert rows_of(ray, name).equals(rows_of(native, name)), name
    assert ray.count("duplicates") == 60 and ray.count("deduplicated_documents") < 40


if __name__ == "__main__":
    deduplicate(Path(sys.argv[1]), {"ray": "auto"})
