"""Refinement in the flow: programs stored, applied once, replayable from the tables, and the books balanced."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_platform.assets.gates import pass_gates
from data_platform.lake.lake import Lake
from data_platform.methods.edits.settings import Refinement
from data_platform.pipeline.flow import stages
from data_platform.programs.interpreter import EDIT_KINDS, interpret
from data_platform.reports.refinement import NotRefined, Proposals, accounts, difference, proposals
from data_platform.run.books import books
from data_platform.run.recipe import Recipe
from data_platform.run.stage import execute
from data_platform.run.workspace import Workspace
from data_platform.stages.refinement import ProgramsUnusable

PROSE = "The committee met in the afternoon and agreed on the plan for the coming year."
TEXTS = {
    "plain": f"{PROSE}\n{PROSE}",
    "address": f"{PROSE}\nWrite to anna.muster@example.com or to 203.0.113.7 and 81.2.69.160, please.",
    "mojibake": f"{PROSE}\nIt was a lovely day in the cafÃ© on the corner â€” and 8 â‚¬ for the cake.",  # noqa: RUF001
    "menu": f"Home\nAbout us\n{PROSE}\nWe use cookies on this site, see our privacy policy.\n\n{PROSE}[12]\nImprint",
    "nothing": "Home\nAbout us\nImprint",
    "proposed": f"{PROSE}\nShare this page\nAnd mail bob@example.org about it.",
    "broken": f"{PROSE}\nAnd mail carol@example.org about it.",
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The small corpus above, as far as the filtered documents."""
    folder = tmp_path_factory.mktemp("refinement")
    lines = [json.dumps({"text": text, "url": f"https://example.org/{name}"}) for name, text in TEXTS.items()]
    (folder / "texts.jsonl").write_text("\n".join(lines))
    settings = {
        "name": "refined",
        "sources": [{"name": "texts", "kind": "files", "snapshot": "one", "paths": [str(folder / "texts.jsonl")]}],
        "filters": {"rule_sets": {}},
        "refinement": {"lines": {"c4": {}}, "min_words": 3, "programs": {"path": str(folder / "programs.parquet")}},
        "mixtures": {"all": {"tokens": 1000, "tiers": [0, 1, 2, 3, 4], "weights": {"web": 1}}},
    }
    recipe = Recipe.model_validate(settings)
    workspace = Workspace(recipe, Lake(str(folder / "lake")))
    flow = stages(recipe)
    for name in ("raw_crawls", "documents"):
        execute(flow[name], workspace, "one")
    ids = _by_name(workspace, "documents", "doc_id")
    proposals = {
        "proposed": "remove_lines(line_start=1, line_end=1)", "broken": "remove_lines(line_start=7, line_end=9)",
        "plain": 'replace(start=0, end=3, text="Somebody else wrote this, and sells it. The")',
    }
    pq.write_table(
        pa.table({"doc_id": [*(ids[name] for name in proposals), "f" * 32, "e" * 32],
                  "program": [*proposals.values(), "drop_doc()", ""]}),
        folder / "programs.parquet",
    )
    for name in ("quality_signals", "filter_verdicts", "refinement_programs", "filtered_documents"):
        execute(flow[name], workspace, "one")
    return workspace


def _by_name(workspace: Workspace, table: str, column: str) -> dict[str, object]:
    rows = workspace.lake.read_table(table)
    if "url" not in rows.column_names:
        rows = rows.join(workspace.lake.read_table("documents", ["doc_id", "url"]), "doc_id")
    return {row["url"].rpartition("/")[2]: row[column] for row in rows.select(["url", column]).to_pylist()}


def test_documents_are_refined_as_their_programs_say(workspace: Workspace) -> None:
    text = _by_name(workspace, "filtered_documents", "text")
    assert text == {
        "plain": TEXTS["plain"],
        "address": f"{PROSE}\nWrite to <EMAIL> or to 203.0.113.7 and <IP>, please.",
        "mojibake": f"{PROSE}\nIt was a lovely day in the café on the corner — and 8 € for the cake.",
        "menu": f"{PROSE}\n{PROSE}",
        "proposed": f"{PROSE}\nAnd mail <EMAIL> about it.",
        "broken": f"{PROSE}\nAnd mail <EMAIL> about it.",
    }
    assert _by_name(workspace, "refinement_programs", "outcome") == {
        **dict.fromkeys(TEXTS, "refined"), "plain": "unchanged", "nothing": "dropped",
    }
    refused = _by_name(workspace, "refinement_programs", "refused_proposal")
    assert (refused["broken"], refused["plain"]) == ("line_out_of_range", "inserts_too_much")
    assert set(_by_name(workspace, "refinement_programs", "inserted_bytes").values()) == {0}


def test_refined_texts_are_rebuilt_from_the_tables(workspace: Workspace) -> None:
    lake = workspace.lake
    programs = lake.read_table("refinement_programs")
    rows = lake.read_table("documents", ["doc_id", "text"]).join(programs, "doc_id").combine_chunks()
    refined = lake.read_table("filtered_documents", ["doc_id", "text", "byte_count", "token_count"])
    made = interpret(rows["text"], rows["program"])
    assert made.outcome.to_pylist() == rows["outcome"].to_pylist()
    rebuilt = dict(zip(rows["doc_id"].to_pylist(), made.text.to_pylist(), strict=True))
    by_id = {row["doc_id"]: row for row in programs.to_pylist()}
    for row in refined.to_pylist():
        entry = by_id[row["doc_id"]]
        assert row["text"] == rebuilt[row["doc_id"]]
        assert (row["byte_count"], row["token_count"]) == (entry["bytes_after"], entry["tokens_after"])
        assert len(row["text"].encode()) == row["byte_count"]
    for entry in by_id.values():
        if entry["outcome"] == "refined":
            removed = sum(entry[f"{kind}_bytes_removed"] for kind in EDIT_KINDS)
            assert removed == entry["bytes_before"] - entry["bytes_after"]
    assert not any(address in str(row["program"]) for row in by_id.values() for address in ("example.", "81.2.69.160"))


def test_the_report_tells_sizes_and_one_document_before_and_after(workspace: Workspace) -> None:
    (account,) = accounts(workspace.lake)
    assert account.outcomes == {"unchanged": 1, "refined": 5, "dropped": 1}
    assert account.reasons == {"nothing_left": 1} and account.inserted == (0, 0)
    assert account.refused == {"line_out_of_range": 1, "inserts_too_much": 1}
    assert account.edits["email"][:2] == (3, 3) and account.edits["ip"][:2] == (1, 1)
    assert account.edits["lines"][:2] == (2, 6)
    assert account.tokens[0] > account.tokens[1] > 0 and account.bytes[0] > account.bytes[1] > 0
    ids = _by_name(workspace, "documents", "doc_id")
    program, lines = difference(workspace.lake, ids["proposed"])
    assert program.split("\n")[-1] == "remove_lines(line_start=1, line_end=1)"
    assert "-Share this page" in lines and "+And mail <EMAIL> about it." in lines
    with pytest.raises(NotRefined):
        difference(workspace.lake, "0" * 32)


def test_programs_from_outside_are_counted_those_of_unknown_documents_too(workspace: Workspace) -> None:
    found = proposals(workspace.lake, workspace.recipe.refinement.programs)
    assert found == Proposals(4, 1, {"line_out_of_range": 1, "inserts_too_much": 1}, 0, 1)
    stage = stages(workspace.recipe)["refinement_programs"]
    outcomes = {one.name: one for one in pass_gates(workspace, stage, "one")}
    told = outcomes["proposals"]
    assert not told.passed and told.severity == "warning" and told.metadata["unknown"] == 1


def test_programs_from_outside_must_be_one_per_document(workspace: Workspace, tmp_path: Path) -> None:
    ids = list(_by_name(workspace, "documents", "doc_id").values())
    pq.write_table(pa.table({"doc_id": [ids[0], ids[0]], "program": ["", ""]}), tmp_path / "twice.parquet")
    for path, fault in (("twice.parquet", "1 rows of .* repeat a doc_id"), ("absent", "no Parquet file at")):
        changed = workspace.recipe.model_copy(
            update={"refinement": Refinement(programs={"path": str(tmp_path / path)})}
        )
        with pytest.raises(ProgramsUnusable, match=fault):
            execute(stages(changed)["refinement_programs"], Workspace(changed, workspace.lake), "one")


def test_the_books_balance(workspace: Workspace) -> None:
    flow = stages(workspace.recipe)
    entry = books(workspace.lake, flow["filtered_documents"], "one")
    assert (entry.incoming, entry.kept, entry.dropped) == (7, 6, {"refinement.nothing_left": 1})
    assert books(workspace.lake, flow["refinement_programs"], "one").missing == 0
