"""Sentences of checks: every check that there is has one, for what holds and for what does not."""

from __future__ import annotations

from typing import Any

import pytest

from data_platform.assets.expectations import CHECKS
from data_platform.assets.gates import GATES
from data_platform.assets.sentences import sentence

DETAILS: dict[str, list[tuple[bool, dict[str, Any], str]]] = {
    "schema": [(True, {"columns": 7}, "All 7 columns are as declared."),
               (False, {"url": "missing", "x": "not declared"},
                "2 columns not as declared: url missing; x not declared.")],
    "row_count": [(False, {"rows": 9, "committed_rows": 10}, "9 of 10 rows that were committed can be read.")],
    "not_empty": [(True, {"rows": 1}, "There is 1 row."), (False, {"rows": 0}, "There are 0 rows.")],
    "key_unique": [(True, {"rows": 1_063, "duplicates": 0, "key": "doc_id"},
                    "1,063 of 1,063 keys (doc_id) are unique.")],
    "not_null": [(True, {"rows": 5}, "No value is missing of 5 rows."),
                 (False, {"rows": 5, "url is not null": 2}, "2 values of 5 rows are missing: url is not null 2.")],
    "key_and_license_values": [(True, {"rows": 5}, "Keys and licences are as declared of 5 rows.")],
    "values": [(False, {"rows": 5, "a is within 0 and 1": 1, "b": 1, "c": 1, "d": 2},
                "5 values of 5 rows are not as declared: a is within 0 and 1 1; b 1; c 1 and 1 more.")],
    "custody": [(True, {"breaches": []}, "All files are what the platform wrote."),
                (False, {"breaches": ["t/p: odd"]}, "1 finding: t/p: odd.")],
    "up_to_date": [(True, {"state": "fresh", "why": ""}, "It is up to date."),
                   (False, {"state": "stale", "why": "input changed: documents"}, "Stale: input changed: documents.")],
    "books": [(True, {"incoming": 10, "kept": 7, "unaccounted": 0, "dropped": {"short": 3}},
               "10 rows in = 7 kept + 3 dropped (short 3).")],
    "removal_rate": [(False, {"sources": 3, "large_enough": 1, "over": {"a": .97}, "largest": {"a": .97},
                              "allowed": .95},
                      "1 source of 3 large enough to ask, 1 of them above 95%; a loses most, 97.0%: a 97.0%.")],
    "sources_stay": [(True, {"sources": 3, "large_enough": 0, "over": {}, "largest": {}, "allowed": .95},
                      "0 sources of 3 large enough to ask, 0 of them above 95%.")],
    "largest_cluster": [(True, {"documents": 100, "largest": 4, "cluster_id": "x", "allowed_share": .25},
                         "The largest cluster holds 4 of 100 documents (4.0%; allowed 25%)."),
                        (True, {"documents": 0}, "There is no document.")],
    "documents_stay": [(True, {"documents": 10, "kept": 9}, "9 of 10 documents stay.")],
    "alike": [(True, {"clusters": 2, "unlike": 0, "allowed": .4, "least_alike": {}},
               "In 2 of 2 large clusters the copies are like the one that stays (at least 0.4).")],
    "taken_down": [(True, {"rows": 406, "taken_down": 0}, "0 rows of 406 were taken down.")],
    "proposals": [(True, {"proposed": 5, "refused": {}}, "Programs from outside: proposed 5, refused none.")],
    "licenses_current": [(True, {"changes": []}, "No licence has changed since the table was built.")],
    "current": [(False, {"differences": ["tiers changed"]}, "1 finding: tiers changed.")],
    "license_tiers": [(True, {"rows": 5, "rows_by_tier": {"0": 2, "1": 3}, "admitted": [0, 1], "findings": {}},
                       "5 rows, of which tier 0 2; tier 1 3; tiers 0, 1 are admitted.")],
    "chain_of_evidence": [(False, {"rows": 5, "tables": 17, "findings": {"documents: gone": 2}, "breaches": []},
                           "5 rows followed through 17 tables to record and evidence; 2 findings: documents: gone 2.")],
    "license_classes": [(False, {"classes": ["a/b"], "rows": 5, "of_no_class": 1, "their_licenses": ["MIT"]},
                         "4 of 5 rows are of a/b; the others are under MIT.")],
    "license_use": [(True, {"use": [], "rows": 5, "not_allowed": 0, "their_licenses": []},
                     "The licence of 5 of 5 rows allows whatever the tiers allow.")],
    "apart_from_datastores": [(True, {"rows": 5, "also_in": {}}, "None of 5 documents is in a table that is kept "
                               "apart.")],
    "archives_whole": [(True, {"archives": 3, "cut": []}, "All of 3 archives could be read to the end."),
                       (False, {"archives": 3, "cut": ["a.warc"]},
                        "1 of 3 archives could not be read to the end, fetch it again: a.warc.")],
    "volume": [(True, {"said": "10 rows; 9 to 11 are usual"}, "10 rows; 9 to 11 are usual.")],
}


@pytest.mark.parametrize(("name", "passed", "detail", "said"),
                         [(name, *case) for name, cases in DETAILS.items() for case in cases])
def test_what_was_found_is_a_sentence(name: str, passed: bool, detail: dict[str, Any], said: str) -> None:
    assert sentence(name, passed, detail) == said


def test_every_check_that_there_is_has_its_sentence() -> None:
    assert {*CHECKS, *(name for gate in GATES.values() for name in gate.checks)} <= DETAILS.keys()


def test_an_unknown_check_is_told_by_its_figures() -> None:
    assert sentence("other", False, {"odd_rows": 1_000, "share": .25}) == (
        "It does not hold: odd rows 1,000, share 0.25."
    )
    assert sentence("books", False, {"not asked": "schema"}) == "Not asked, since schema does not hold."
