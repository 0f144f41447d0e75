"""Two crawls with planted evaluation items and repetition of every kind: what is found, cut and dropped, and why."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from data_platform.lake.lake import Lake
from data_platform.pipeline.flow import stages
from data_platform.programs.interpreter import rebuild
from data_platform.reports.duplicates import NothingToScan, contamination_report, scan_table
from data_platform.run.books import books
from data_platform.run.recipe import load_recipe
from data_platform.run.workspace import Workspace
from tests.conftest import REPOSITORY

RECIPE = """
name: repeating
sources:
  - {{name: old, kind: files, snapshot: "2023", paths: ["{folder}/old.jsonl"], url_field: url}}
  - {{name: new, kind: files, snapshot: "2024", paths: ["{folder}/new.jsonl"], url_field: url}}
filters: {{rule_sets: {{}}}}
refinement: {{personal_data: [], unicode: false}}
decontamination:
  sets:
    trivia: {{paths: "{folder}/trivia.jsonl", fields: [question, answer], id_field: id}}
    riddles: {{paths: "{folder}/riddles.jsonl", fields: text, action: cut}}
  margin: 5
repetition:
  lines: {{}}
  substrings: {{min_tokens: 25}}
  containment: {{share: 0.9, scale: 1}}
mixtures: {{all: {{tokens: 100000, tiers: [0, 1, 2, 3, 4], weights: {{web: 1}}}}}}
"""
QUESTION = "How many apples does Mary have after she gave three of her nine apples to her brother and four to me?"
RIDDLE = "I have cities but no houses, mountains but no trees, and water but no fish: what am I, if not a map?"
LEGAL = "All rights of this page are with its authors, who ask to be named wherever it is shown again."
MENU = "Home, news, about us, how to find us, and where else we are to be met on the net."
_random = random.Random(4)


def _prose(words: int) -> str:
    """Text that repeats nothing."""
    return " ".join("".join(_random.choices("abcdefghijklmnoprstuvwy", k=7)) for _ in range(words))


BORROWED = _prose(40)
ESSAY = _prose(120)
TEXTS = {
    "old": {
        "plain": f"{MENU}\n{_prose(60)}",
        "legal": f"{_prose(50)}\n{LEGAL}",
        "asks": f"{_prose(30)}\n{QUESTION} Two.\n{_prose(30)}",
        "lends": f"{_prose(20)} {BORROWED} {_prose(20)}",
        "quotes": f"{_prose(200)}\n{ESSAY}\n{_prose(200)}",
    },
    "new": {
        "legal-again": f"{_prose(50)}\n{LEGAL.upper()}\n{_prose(5)}",
        "riddle": f"{_prose(40)} {RIDDLE} {_prose(40)}",
        "borrows": f"{_prose(20)} {BORROWED}, {_prose(20)}",
        "essay": ESSAY,
        "borrowed-only": f"{LEGAL}\n{MENU}",
    },
}


@pytest.fixture(scope="module")
def repeating(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, Path]:
    folder = tmp_path_factory.mktemp("repeating")
    for name, texts in TEXTS.items():
        rows = [{"text": text, "url": f"https://{key}.example/"} for key, text in texts.items()]
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / "trivia.jsonl").write_text(json.dumps({"id": "t1", "question": QUESTION, "answer": "Two."}) + "\n"
                                         + json.dumps({"id": "t2", "question": "Who?", "answer": "Me."}))
    (folder / "riddles.jsonl").write_text(json.dumps({"text": RIDDLE}))
    recipe = folder / "recipe.yaml"
    recipe.write_text(RECIPE.format(folder=folder))
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("run_stages.py")), str(recipe), str(folder / "lake")],
        capture_output=True, text=True, timeout=600, cwd=REPOSITORY,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert not any(text in done.stdout + done.stderr for text in (QUESTION, RIDDLE, ESSAY[:40]))
    return Lake(str(folder / "lake")), recipe


@pytest.fixture(scope="module")
def names(repeating: tuple[Lake, Path]) -> dict[str, str]:
    """What the test calls each document, by doc_id."""
    rows = repeating[0].read_table("filtered_documents", ["doc_id", "url"]).to_pylist()
    return {row["doc_id"]: row["url"].removeprefix("https://").removesuffix(".example/") for row in rows}


def test_evaluation_items_are_found_by_id(repeating: tuple[Lake, Path], names: dict[str, str]) -> None:
    rows = repeating[0].read_table("contamination").to_pylist()
    assert sorted((names[row["doc_id"]], row["evaluation_set"], row["item_id"], row["decision"]) for row in rows) == [
        ("asks", "trivia", "t1", "drop"), ("riddle", "riddles", "riddles.jsonl:0", "cut"),
    ]
    assert all(row["overlap"] == 1.0 and row["method"] == "exact" for row in rows)


def test_any_table_can_be_looked_through(repeating: tuple[Lake, Path], names: dict[str, str]) -> None:
    lake, recipe = repeating[0], load_recipe(repeating[1])
    found = {name: scan_table(lake, recipe, name).to_pylist() for name in ("documents", "deduplicated_documents")}
    assert [(names[row["id"]], row["evaluation_set"], row["overlap"]) for row in found["documents"]] == [
        ("riddle", "riddles", 1.0), ("asks", "trivia", 1.0)
    ]
    assert found["deduplicated_documents"] == []
    with pytest.raises(NothingToScan, match="no column text"):
        scan_table(lake, recipe, "duplicates")
    with pytest.raises(NothingToScan, match="documents has no snapshot 2025"):
        scan_table(lake, recipe, "documents", "2025")
    with pytest.raises(NothingToScan, match="contamination has no snapshot 2025"):
        contamination_report(lake, recipe, ["2025"])
    without = recipe.model_copy(update={"decontamination": None})
    with pytest.raises(NothingToScan, match="no evaluation sets"):
        contamination_report(lake, without, ["2023"])
    with pytest.raises(NothingToScan, match="no evaluation sets"):
        scan_table(lake, without, "documents")
    accounts, rows = contamination_report(lake, recipe, ["2023", "2024"])
    assert [(row["evaluation_set"], row["items"], row["found"], row["drop"], row["cut"], row["short"])
            for row in accounts] == [("trivia", 2, 1, 1, 0, 1), ("riddles", 1, 1, 0, 1, 0)]
    assert rows.num_rows == 2 and "text" not in rows.column_names


def test_repetition_names_the_first_occurrence(repeating: tuple[Lake, Path], names: dict[str, str]) -> None:
    pairs = repeating[0].read_table("redundant_documents").to_pylist()
    assert [(names[row["doc_id"]], row["kind"], names[row["matched_doc_id"]], row["similarity"]) for row in pairs] == [
        ("essay", "containment", "quotes", 1.0)
    ]
    spans = repeating[0].read_table("duplicate_spans").to_pylist()
    assert sorted((row["kind"], names[row["doc_id"]], names[row["matched_doc_id"]]) for row in spans) == [
        ("line", "borrowed-only", "legal"), ("line", "borrowed-only", "plain"), ("line", "legal-again", "legal"),
        ("substring", "borrows", "lends"),
    ]


def test_what_stays_is_what_the_programs_leave(repeating: tuple[Lake, Path], names: dict[str, str]) -> None:
    lake = repeating[0]
    programs = {names[row["doc_id"]]: row for row in lake.read_table("cut_programs").to_pylist()}
    assert {name: row["reason"] for name, row in programs.items() if row["outcome"] == "dropped"} == {
        "asks": "contaminated.trivia", "essay": "containment", "borrowed-only": "nothing_left",
    }
    kept = {names[row["doc_id"]]: row for row in lake.read_table("deduplicated_documents").to_pylist()}
    assert kept.keys() == {"plain", "legal", "lends", "quotes", "legal-again", "riddle", "borrows"}
    assert LEGAL in kept["legal"]["text"] and LEGAL.upper() not in kept["legal-again"]["text"]
    assert BORROWED in kept["lends"]["text"] and BORROWED not in kept["borrows"]["text"]
    before, _, after = TEXTS["new"]["riddle"].partition(RIDDLE)
    # The question mark is no word, and counts towards the margin of five characters.
    assert kept["riddle"]["text"] == before[:-5] + after[4:]
    filtered = {names[row["doc_id"]]: row["text"] for row in lake.read_table("filtered_documents").to_pylist()}
    for name, row in kept.items():
        program = programs[name]["program"] if name in programs else ""
        assert row["text"] == rebuild(filtered[name], program)
        assert row["byte_count"] == len(row["text"].encode())


def test_books_balance_with_every_reason(repeating: tuple[Lake, Path]) -> None:
    recipe = load_recipe(repeating[1])
    workspace, flow = Workspace(recipe, repeating[0]), stages(recipe)
    stage = flow["deduplicated_documents"]
    entries = {snapshot: books(workspace.lake, stage, snapshot) for snapshot in ("2023", "2024")}
    assert [entry.missing for entry in entries.values()] == [0, 0]
    assert entries["2023"].dropped == {"repetition.contaminated.trivia": 1}
    assert entries["2024"].dropped == {"repetition.containment": 1, "repetition.nothing_left": 1}
    assert books(workspace.lake, flow["document_sketches"], "2023").missing == 0
