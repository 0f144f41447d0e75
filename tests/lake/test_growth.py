"""What commits and plans read does not grow with the commits before, and what is remembered is not believed blindly."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest

from benchmarks.growth import CHAIN, Counts, Growing, add, counting, flow, forget
from data_platform.core.tables import table
from data_platform.lake import compaction, ledger
from data_platform.lake.custody import Custody
from data_platform.lake.lake import Lake
from data_platform.pipeline.status import latest_checks, plan

SNAPSHOTS = 26


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Growing, list[Counts]]:
    """A lake of some snapshots, and what was read for each, by a process that has just begun; ledgers and compactions
    come ten times as often as otherwise."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "EVERY", 10)
        patch.setattr(compaction, "FILES", 8)
        workspace, stages, counts = Growing(Lake(str(tmp_path_factory.mktemp("grown")))), flow(), []
        for number in range(SNAPSHOTS):
            workspace.count = number + 1
            counts.append(Counts())
            forget()
            with counting(counts[-1]):
                add(workspace, stages, f"s{number:05d}")
    return workspace, counts


def test_a_commit_reads_no_more_than_the_first_ones_did(grown: tuple[Growing, list[Counts]]) -> None:
    _, counts = grown
    early, late = counts[3:13], counts[-10:]
    for read in ("entries", "opened"):
        assert sum(getattr(count, read) for count in late) <= 2 * sum(getattr(count, read) for count in early), read


def test_a_plan_opens_no_table_and_reads_but_the_last_entries(grown: tuple[Growing, list[Counts]]) -> None:
    workspace, _ = grown
    forget()
    counts = Counts()
    with counting(counts):
        states = plan(workspace, flow())
    assert {status.state for status in states} == {"fresh"} and len(states) == SNAPSHOTS * len(CHAIN)
    assert counts.opened == 0
    assert counts.entries <= (len(CHAIN) + 2) * 10, "those since the ledgers were written"


def test_logs_of_the_platform_stay_few_files_and_keep_their_order(grown: tuple[Growing, list[Counts]]) -> None:
    lake = grown[0].lake
    commits = SNAPSHOTS * len(CHAIN)
    for name in ("lineage", "check_results"):
        assert len(lake.ledger(name).files()) <= 3 * 8 < commits
    assert Custody(lake).breaches("lineage") == [] and Custody(lake).altered_files("lineage", contents=None) == []
    told = lake.read_in_order("lineage", ["table", "version", "recipe"]).to_pylist()
    assert len(told) == commits
    for name in CHAIN:
        assert [row["version"] for row in told if row["table"] == name] == list(range(1, SNAPSHOTS + 1))
        made = {row["version"]: row["recipe"] for row in lake.history(name)}
        assert {row["version"]: row["recipe"] for row in told if row["table"] == name} == made
        assert Custody(lake).unwitnessed(name) == []


def test_a_ledger_that_was_carried_on_knows_the_files_of_every_partition(grown: tuple[Growing, list[Counts]]) -> None:
    known = grown[0].lake.ledger(CHAIN[0])
    assert sorted(file.path for part in known.parts.values() for file in part.values()) == sorted(known.by_path)
    for number in (0, SNAPSHOTS - 1):
        (file,) = known.files(f"s{number:05d}")
        assert file.partition == (f"s{number:05d}",)


def test_an_old_entry_that_is_another_file_is_seen_by_a_run_that_has_just_begun(
    grown: tuple[Growing, list[Counts]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks at size and times of the last entries alone; a plan, and the check after the run, look at all."""
    monkeypatch.setattr(ledger, "_LOOKED_AT_LAST", 4)
    lake = grown[0].lake
    path = Path(lake.table_uri(CHAIN[0]), "_delta_log", f"{1:020d}.json")
    content = path.read_bytes()
    forget()
    assert Custody(lake, ledgers=True, listing=False).breaches(CHAIN[0]) == []
    path.with_suffix(".other").write_bytes(content.replace(b'"run_id":""', b'"run_iD":""'))
    path.with_suffix(".other").replace(path)
    forget()
    assert Custody(lake, ledgers=True, listing=False).breaches(CHAIN[0])
    path.write_bytes(content)
    forget()
    assert Custody(lake, ledgers=True, listing=False).breaches(CHAIN[0]) == []


def test_an_old_entry_that_was_edited_at_its_size_and_time_is_seen(grown: tuple[Growing, list[Counts]]) -> None:
    """Last of this module: it damages the lake."""
    lake = grown[0].lake
    path = Path(lake.table_uri(CHAIN[0]), "_delta_log", f"{1:020d}.json")
    assert Custody(lake, ledgers=True).breaches(CHAIN[0]) == []
    before, content = path.stat(), path.read_bytes()
    path.write_bytes(content.replace(b'"run_id":""', b'"run_iD":""'))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert "an entry was changed" in str(Custody(lake, ledgers=True).breaches(CHAIN[0])[0])
    forget()
    assert Custody(lake, ledgers=True).breaches(CHAIN[0]), "and by another process, which has the kept ledger"


def test_the_check_that_was_committed_last_counts_whatever_its_clock_said(tmp_path: Path) -> None:
    lake, now = Lake(str(tmp_path)), datetime.now(UTC)
    for passed, at in ((True, now + timedelta(days=1)), (False, now)):
        row = {"table": "documents", "partition": "a", "recipe": "0", "version": 1, "check": "custody",
               "passed": passed, "blocking": True, "detail": "{}", "run_id": "", "checked_at": at}
        lake.append("check_results", pa.Table.from_pylist([row], table("check_results").schema))
    (found,) = latest_checks(SimpleNamespace(lake=lake))["documents", "a", "0"]
    assert not found["passed"]
