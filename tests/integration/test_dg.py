"""`dg`, Dagster's own command, typed in the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY

RECIPE = """
name: small
sources: [{{name: mine, kind: files, snapshot: one, paths: [{rows}]}}]
mixtures: {{all: {{tokens: 9, weights: {{web: 1}}}}}}
"""


def dg(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Type `.venv/bin/dg`, no environment activated; nothing that it prints warns of anything."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("dg")), *arguments], capture_output=True, text=True, cwd=REPOSITORY,
        env={name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in (done.stdout + done.stderr).lower()
    return done


def test_dg_lists_checks_and_launches(home: Path, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "rows.jsonl").write_text('{"text": "One row."}\n')
    (tmp_path / "small.yaml").write_text(RECIPE.format(rows=tmp_path / "rows.jsonl"))
    monkeypatch.setenv("DATA_PLATFORM_RECIPE", str(tmp_path / "small.yaml"))
    listed = json.loads(dg("list", "defs", "--json").stdout)
    assert "small/raw_crawls" in json.dumps(listed)
    assert "successfully" in dg("check", "defs").stdout
    # In a home that Dagster has never seen, the partition is there.
    dg("launch", "--assets", "small/raw_crawls", "--partition", "one")
    assert os.path.isdir(home / "lakes" / "small" / "raw_crawls" / "_delta_log")
