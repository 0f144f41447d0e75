"""Snapshots that are found by listing: whatever people call them, and what is called as none can be."""

from __future__ import annotations

from pathlib import Path

from data_platform.ingest.discover import expand
from data_platform.ingest.settings import FilesSource

SNAPSHOTS = ["2026 Frühling", "CC-MAIN-2024-22", "date=2026-11-30", "été", "二〇二六年", "हिन्दी",
             "cafe\N{COMBINING ACUTE ACCENT}", "v1.0+fix", "it's (new) a & b @1"]
SET_ASIDE = ["_temporary", ".trash"]
NO_SNAPSHOTS = ["a[1]", "a*", "a,b", "a#b", "50%", "two\nlines", "trailing ", "a...b", 'say "x"']


def test_names_of_people_are_names_of_snapshots_and_others_are_passed_over(tmp_path: Path) -> None:
    for name in (*SNAPSHOTS, *SET_ASIDE, *NO_SNAPSHOTS):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jsonl").write_text('{"text": "a"}\n')
    source = FilesSource(kind="files", name="daily", paths=(f"{tmp_path}/{{snapshot}}/*.jsonl",))
    found = expand([source])
    assert [one.snapshot for one in found.sources] == sorted(SNAPSHOTS)
    assert len(found.passed_over) == len(NO_SNAPSHOTS) and "'a#b' cannot name a snapshot" in " ".join(found.passed_over)
