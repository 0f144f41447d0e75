"""Records in, rows of evidence out."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from data_platform.core.tables import table
from data_platform.ingest.settings import CrawlSource, EnvironmentFiles, FilesSource, LicenseClaim
from data_platform.licenses.evidence import RECORD_COLUMNS, collect_evidence
from data_platform.licenses.known_sources import KnownSource
from data_platform.licenses.observation import observe
from data_platform.spdx.expressions import OPT_OUT, Reading

CLAIM = LicenseClaim(spdx="CC-BY-SA-4.0", basis="https://example.org/terms")
SOURCES = {
    "web": CrawlSource(name="web", snapshot="s", paths=("x",)),
    "wiki": CrawlSource(name="wiki", snapshot="s", paths=("x",), license=CLAIM),
    "rows": FilesSource(kind="files", name="rows", snapshot="s", paths=("x",)),
    "code": EnvironmentFiles(kind="environment_files", name="code", snapshot="s"),
}
LINK = b'<link rel="license" href="https://creativecommons.org/licenses/by/4.0/">'


def records(*rows: tuple[str, str, bytes, dict]) -> pa.RecordBatch:
    columns = {
        "record_id": [f"{number:032x}" for number in range(len(rows))],
        "snapshot": ["s"] * len(rows),
        "source": [row[0] for row in rows],
        "url": [f"https://example.org/{number}" for number in range(len(rows))],
        "mime": [row[1] for row in rows],
        "payload": pa.array([row[2] for row in rows], pa.large_binary()),
        "metadata": [json.dumps(row[3]) for row in rows],
    }
    return pa.record_batch({name: columns[name] for name in RECORD_COLUMNS})


def short(batch: pa.RecordBatch) -> list[tuple[int, str, str, str]]:
    return [
        (int(row["doc_id"], 16), row["location"], row["scope"], row["license_spdx"]) for row in batch.to_pylist()
    ]


def test_each_kind_of_source_is_looked_at_as_it_deserves() -> None:
    batch = collect_evidence(records(
        ("web", "text/html", LINK, {"x-robots-tag": "noai", "license": "MIT"}),
        ("wiki", "text/plain", b"# SPDX-License-Identifier: MIT", {}),
        ("rows", "text/plain", b"text", {"license": "CC0"}),
        ("rows", "text/plain", b"text", {"license": None}),
        ("code", "text/x-python", b"# SPDX-License-Identifier: ISC", {"license_expression": "MIT"}),
    ), SOURCES)
    assert batch.schema.equals(table("license_evidence").schema)
    assert short(batch) == [
        (0, "header", "page", "LicenseRef-tdm-opt-out"), (0, "link", "page", "CC-BY-4.0"),
        (1, "registry", "dataset", "CC-BY-SA-4.0"),
        (2, "row", "file", "CC0-1.0"),
        (4, "distribution", "distribution", "MIT"), (4, "spdx_header", "file", "ISC"),
    ]


def test_ids_are_unique_repeatable_and_independent_of_other_records() -> None:
    rows = [("web", "text/html", LINK + LINK, {"tdm-reservation": "1"}), ("wiki", "text/html", LINK, {})]
    together = collect_evidence(records(*rows), SOURCES)
    ids = together.column("evidence_id").to_pylist()
    assert len(set(ids)) == len(ids) == 4
    alone = collect_evidence(records(rows[0]), SOURCES)
    assert alone.column("evidence_id").to_pylist() == ids[:2]


def test_no_records_and_no_evidence() -> None:
    assert collect_evidence(records(), SOURCES).num_rows == 0
    nothing = collect_evidence(records(("web", "text/html", b"", {})), SOURCES)
    assert nothing.num_rows == 0
    assert nothing.schema.equals(table("license_evidence").schema)


def test_what_others_know_of_a_source_is_evidence_of_every_document() -> None:
    entry = KnownSource(
        "ds-a", "A", "C", "https://example.org", (("CC BY-NC 4.0", "https://example.org/terms"),),
        (("GitHub", "MIT License"), ("Papers with Code", "MIT License")), "A. Uthor", (), (), (),
    )
    batch = collect_evidence(records(("rows", "text/plain", b"text", {})), SOURCES,
                             known={"rows": entry.observations()})
    assert [(row["location"], row["license_spdx"], row["note"]) for row in batch.to_pylist()] == [
        ("manual", "CC-BY-NC-4.0", "A. Uthor: https://example.org/terms"), ("distribution", "MIT", "stated at GitHub"),
    ]
    assert set(batch.column("record_id").to_pylist()) == {""}


def test_the_context_is_hashed_and_layout_does_not_change_it() -> None:
    page = '<footer><p>All content is licensed under <a href="{}">CC BY 4.0</a>.{}</p></footer>'
    address = "https://creativecommons.org/licenses/by/4.0/"
    batch = collect_evidence(records(*(
        ("web", "text/html", page.format(address, rest).encode(), {}) for rest in ("", "\n  ", " Not the photos.")
    )), SOURCES)
    anchors = [row["context_hash"] for row in batch.to_pylist() if row["location"] == "anchor"]
    assert anchors[0] == anchors[1] != anchors[2]


def test_long_statements_are_cut() -> None:
    batch = collect_evidence(records(("rows", "text/plain", b"", {"license": "x" * 5_000})), SOURCES)
    assert batch.column("raw_value").to_pylist() == ["x" * 1_000]


def test_a_source_that_the_recipe_does_not_name_is_refused() -> None:
    with pytest.raises(ValueError, match="'other' has records but is not in the recipe"):
        collect_evidence(records(("other", "text/html", b"", {})), SOURCES)


def test_a_statement_that_is_read_by_two_rules_is_two_observations() -> None:
    sure = observe("statement", "page", "no mining", "html@1", Reading(OPT_OUT, 0.9))
    batch = records(("web", "text/plain", b"x", {}))
    found = collect_evidence(batch, SOURCES, known={"web": [sure, sure, sure._replace(confidence=0.5)]})
    assert found.num_rows == 2 and len(set(found.column("evidence_id").to_pylist())) == 2
