"""Tampering with a lake: every way is named by the audit and stops the gate, and what the audit says to do about it
works."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.tampering import MIXTURE, NAME, WAYS, Victim, attempt, bring_up_to_date, workspace_over
from data_platform.cli.audit import share
from data_platform.cli.main import main
from data_platform.lake import chain
from data_platform.lake.custody import Custody, CustodyBroken
from data_platform.lake.lake import Lake, LogDamaged
from data_platform.pipeline.repair import NothingToRepair, repair
from data_platform.proof.audit import audit
from data_platform.proof.files import escape
from data_platform.proof.holding import NoHead
from data_platform.proof.look import Look
from data_platform.run.workspace import Workspace

MENDED = (
    "rows rewritten at the same size", "payloads replaced", "a forged checkpoint, no rows", "a mixture's folder copied",
    "the table lineage removed", "rows deleted from takedown_list", "takedown_list removed",
    "rows of the mixture updated", "digests stripped from all commits of a table", "the protocol raised",
    "rejections rewritten at the same size", "a log replaced by a link to another history",
    "a bit flipped in a copy of an entry", "a bit flipped in a kept link", "a receipt taken back, and its link",
)
"""Ways of which the way out is gone here, too: one of every kind. `benchmarks.tampering` goes all."""


@pytest.fixture
def copy(sound: Workspace, tmp_path: Path) -> Lake:
    shutil.copytree(sound.lake.uri, tmp_path / "lake")
    return Lake(str(tmp_path / "lake"))


@pytest.mark.parametrize("title", WAYS)
def test_every_way_is_named_and_stops_the_gate(sound: Workspace, tmp_path: Path, title: str) -> None:
    way = WAYS[title]
    found = attempt(sound, tmp_path, way, chain.head(sound.lake), mend=title in MENDED)
    assert found.named, found.said
    assert found.stopped or way.elsewhere or not way.stops
    assert found.mended or title not in MENDED, found.done


def test_a_history_that_was_kept_elsewhere_is_the_beginning_of_todays(copy: Lake, tmp_path: Path) -> None:
    before = audit(copy, MIXTURE)
    kept = tmp_path / "audit.json"
    kept.write_text(json.dumps(before))
    copy.append("check_results", copy.read_table("check_results").slice(0, 1))
    for given in (before["custody"]["head"], str(kept)):
        told = audit(copy, MIXTURE, look=Look(head=given))
        assert told["custody"]["kept_elsewhere"]["beginning"] and told["proven"]
        assert told["custody"]["head"] == chain.head(copy) != before["custody"]["head"]
    Victim(copy).entries("check_results")[-1].unlink()
    (Path(copy.uri) / chain.KEPT / "check_results.json").unlink()
    after = tmp_path / "after.json"
    after.write_text(json.dumps(told))
    told = audit(copy, MIXTURE, look=Look(head=str(after)))
    assert not told["proven"] and "check_results" in told["custody"]["kept_elsewhere"]["differs"][0]
    with pytest.raises(NoHead, match="is no head"):
        audit(copy, MIXTURE, look=Look(head="0123"))


def test_a_sample_says_what_it_can_have_missed(copy: Lake) -> None:
    some = audit(copy, MIXTURE, look=Look(files=3, records=1))
    assert some["custody"]["files"]["read"] == 3 < some["custody"]["files"]["total"]
    assert some["records"]["read"] == 1 and 0 < some["records"]["escapes"] < 1
    assert (escape(100, 30, 1), escape(10, 10, 1)) == (pytest.approx(0.7), 0)
    assert escape(4, 2, 2) == pytest.approx(1 / 6)
    assert (share(None, None, "all"), share(None, None, "none"), share(None, None, "7")) == (None, 0, 7)


def test_commits_of_before_are_counted_and_are_no_breach(copy: Lake) -> None:
    """Without any digest in a table and its links, it is as older code left it: told, and not refused."""
    victim = Victim(copy)
    shutil.rmtree(Path(copy.uri) / chain.KEPT)
    shutil.rmtree(copy.table_uri("lineage"))  # older code never wrote rows of it again
    copy.repair_lineage()
    shutil.rmtree(Path(copy.uri) / chain.KEPT)
    for name in copy.tables():
        for entry in range(len(victim.entries(name))):
            victim.edit(name, entry, lambda kind, value: {
                key: one for key, one in value.items() if key != chain.CUSTODY_KEY
            } if kind == "commitInfo" else value)
    report = audit(copy, MIXTURE)
    assert report["proven"], report["reasons"]
    assert {item["table"] for item in report["custody"]["undigested"]} >= {NAME, "takedown_list"}
    assert report["custody"]["files"]["undigested"] == report["custody"]["files"]["total"]
    copy.append("check_results", copy.read_table("check_results").slice(0, 1))
    assert audit(copy, MIXTURE)["proven"], "and what is written on top of it is in order"


def test_evidence_is_detected_again(sound: Workspace, copy: Lake) -> None:
    workspace = workspace_over(Path(sound.lake.uri).parent, Path(copy.uri))
    report = audit(copy, MIXTURE, workspace=workspace)
    assert report["proven"] and report["records"]["evidence"] and not report["records"]["unasked"]


def test_a_log_that_is_gone_is_not_begun_anew_in_silence(copy: Lake) -> None:
    rows = copy.read_table("takedown_list")
    shutil.rmtree(copy.table_uri("takedown_list"))
    with pytest.raises(LogDamaged, match="data-platform repair takedown_list"):
        copy.append("takedown_list", rows)


def test_what_is_in_order_is_left_alone(sound: Workspace, copy: Lake) -> None:
    assert repair(copy) == []
    with pytest.raises(NothingToRepair, match="no table nothing"):
        repair(copy, ["nothing"])
    before = chain.head(copy)
    bring_up_to_date(workspace_over(Path(sound.lake.uri).parent, Path(copy.uri)))
    assert chain.head(copy) == before


def test_what_a_log_lost_is_said(copy: Lake) -> None:
    victim = Victim(copy)
    copy.append("check_results", copy.read_table("check_results").slice(0, 1))
    victim.files("check_results")[0].unlink()
    (done,) = repair(copy)
    assert "a new one has 1 row, and 1 row are lost" in done.done
    assert copy.count("check_results") == 1 and audit(copy, MIXTURE)["custody"]["set_aside"]
    assert not Custody(copy).breaches("check_results")


def test_a_takedown_on_top_of_altered_rows_does_not_wash_them(sound: Workspace, copy: Lake) -> None:
    from data_platform.takedown.execute import Order, Places, execute
    from data_platform.takedown.plan import Selectors

    victim = Victim(copy)
    WAYS["raw_value of evidence rewritten"].do(victim)
    (url,) = [url for url in copy.read_table("raw_crawls", ["url"])["url"].to_pylist() if "alpha" in url]
    execute(copy, Order(Selectors(urls=(url,)), "asked to", "its author"), Places())
    with pytest.raises(CustodyBroken, match=r"license_evidence.*it carries on files that were altered before"):
        bring_up_to_date(workspace_over(Path(sound.lake.uri).parent, Path(copy.uri)))


def test_the_command_mends_and_audits(copy: Lake, sound: Workspace, tmp_path: Path) -> None:
    import yaml

    recipe = tmp_path / "recipe.yaml"
    stated = workspace_over(Path(sound.lake.uri).parent, Path(copy.uri)).recipe.model_dump(mode="json",
                                                                                           exclude_unset=True)
    recipe.write_text(yaml.safe_dump({**stated, "lake": copy.uri}))
    WAYS["a forged checkpoint, no rows"].do(Victim(copy))
    told = CliRunner().invoke(main, ["audit", MIXTURE, "--recipe", str(recipe), "--records", "none"])
    assert told.exit_code == 1 and "data-platform repair takedown_list" in told.output
    done = CliRunner().invoke(main, ["repair", "--recipe", str(recipe)])
    assert done.exit_code == 0 and "takedown_list: wrote what stands for its log anew" in done.output
    told = CliRunner().invoke(main, ["audit", MIXTURE, "--recipe", str(recipe), "--files", "2"])
    assert told.exit_code == 0 and f"head of the lake: {chain.head(copy)}" in told.output, told.output
    assert "would be among these with a probability of" in told.output
