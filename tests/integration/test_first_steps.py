"""The two ways of docs/first-steps.md, as a newcomer types them: in an empty folder, with an empty home."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.ingest.archives import members, response, warc
from tests.takedown.lakes import essay

STEPS = (REPOSITORY / "docs" / "first-steps.md").read_text("utf-8")
PAGE = "<html><body><article><h1>{name}</h1>{text}</article>{footer}</body></html>"
FREE = (
    '<footer>This work is licensed under a <a rel="license" href="https://creativecommons.org/licenses/by-sa/4.0/">'
    "Creative Commons Attribution-ShareAlike 4.0 International License</a>.</footer>"
)


def commands(title: str) -> list[str]:
    """The commands that stand below a title."""
    section = STEPS[STEPS.index(title) :].split("\n## ", 1)[0]
    return [line.strip() for line in section.splitlines() if line.startswith("    data-platform ")]


def typed(command: str, folder: Path) -> str:
    """What a command prints that is typed in a folder by somebody who has never used the platform there."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("DATA_PLATFORM", "DAGSTER"))}
    environment = {
        **ours, "HOME": str(folder / "nobody"), "COLUMNS": "80",
        # Compiled code is kept, since that is no part of what is shown.
        "NUMBA_CACHE_DIR": os.environ.get("NUMBA_CACHE_DIR", os.path.expanduser("~/.cache/data-platform")),
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }
    script = command.replace("data-platform", f"{sys.executable} -m data_platform.cli.main", 1)
    done = subprocess.run(["sh", "-ec", script], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    assert "warning" not in (done.stdout + done.stderr).lower(), done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_rows_to_a_mixture_in_three_commands(tmp_path: Path) -> None:
    rows = [{"id": name, "content": essay(name), "url": f"https://a.example/{name}"} for name in ("alpha", "beta")]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*rows, rows[0]]))
    steps = commands("## Rows to a mixture, in three commands")
    assert len(steps) == 3
    said = [typed(step, tmp_path) for step in steps]
    assert "text in field content" in said[0]
    assert "mixture open: 2 documents" in said[1] and "duplicate.exact 1" in said[1]
    assert list(tmp_path.rglob("*.jsonl.zst")), said[2]
    assert "own id    beta (id)" in typed("data-platform show beta", tmp_path)


@pytest.mark.slow
def test_a_crawl_to_an_audit_in_four_commands(tmp_path: Path) -> None:
    records = []
    for name, footer in {"alpha": FREE, "beta": FREE, "gamma": ""}.items():
        text = "".join(f"<p>{line}</p>" for line in essay(name).splitlines())
        page = PAGE.format(name=name, footer=footer, text=text).encode()
        records.append(warc(response(page), url=f"https://a.example/{name}"))
    (tmp_path / "crawl.warc.gz").write_bytes(members(records))
    steps = commands("## A crawl to an audit of its licences, in four")
    assert len(steps) == 4
    said = [typed(step, tmp_path) for step in steps]
    assert "archives of a crawl: 1 file" in said[0] and "raw_crawls" in said[1]
    assert "mixture open: 2 documents" in said[2]
    assert "CC-BY-SA-4.0" in said[3] and "proven: all 2 rows" in said[3]
    assert (tmp_path / "audit.html").is_file()
