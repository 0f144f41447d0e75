"""The way back of a row that stands for copies: what was dropped in favour of it, whence, and under which licence."""

from __future__ import annotations

import json
from pathlib import Path

from data_platform.proof.trace import trace
from tests.integration.corpora import prose, run

RECIPE = """
name: copies
sources:
  - {{name: closed, kind: files, snapshot: "2023", domain: web, paths: ["{folder}/closed.jsonl"]}}
  - {{name: open, kind: files, snapshot: "2024", domain: web, paths: ["{folder}/open.jsonl"],
     license: {{spdx: CC0-1.0, basis: "https://open.example/terms"}}}}
filters: {{rule_sets: {{}}}}
deduplication: {{kinds: [exact, minhash], keep: [license_tier, longest]}}
mixtures: {{free: {{tokens: 100000, tiers: [0], weights: {{web: 1}}}}}}
"""


def test_trace_names_the_copies_that_were_dropped_with_source_and_licence(tmp_path: Path) -> None:
    shared, alone = prose(1), prose(2)
    for name, texts in (("closed", [shared, shared + " And a word more.", prose(3)]), ("open", [shared, alone])):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE.format(folder=tmp_path))
    corpus = run(path, tmp_path)
    rows = {row["text"]: row["doc_id"] for row in corpus.rows("mixture_free")}
    assert set(rows) == {shared, alone}
    dropped = trace(corpus.lake, "free", rows[shared])["duplicates"]
    assert [(row["source"], row["snapshot"], row["license_spdx"]) for row in dropped] == [
        ("closed", "2023", "LicenseRef-unknown")
    ] * 2
    assert {row["kind"] for row in dropped} == {"exact", "minhash"}
    assert {row["license_tier"] for row in dropped} == {4}
    assert trace(corpus.lake, "free", rows[alone])["duplicates"] == []
