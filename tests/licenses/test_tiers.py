"""Tiers: known licences, the laws of the order, and agreement with the Blue Oak Council."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.spdx.expressions import UNKNOWN, conjunction, disjunction, identifier
from data_platform.spdx.tiers import tier
from tests.licenses.test_expressions import EXPRESSIONS


@pytest.mark.parametrize(("expression", "expected"), [
    ("CC0-1.0", 0), ("Unlicense", 0), ("0BSD", 0), ("MIT-0", 0), ("PDDL-1.0", 0), ("LicenseRef-public-domain", 0),
    ("MIT", 1), ("Apache-2.0", 1), ("BSD-3-Clause", 1), ("CC-BY-4.0", 1), ("ODC-By-1.0", 1), ("LicenseRef-cc-by", 1),
    ("CC-BY-SA-4.0", 2), ("GPL-3.0-only", 2), ("MPL-2.0", 2), ("ODbL-1.0", 2), ("LicenseRef-cc-by-sa", 2),
    ("DL-DE-ZERO-2.0", 0), ("OGL-UK-3.0", 1), ("etalab-2.0", 1), ("DL-DE-BY-2.0", 1), ("OGL-Canada-2.0", 1),
    ("LicenseRef-us-gov-pd", 3), ("NIST-PD", 3), ("LicenseRef-tdm-permitted", 3),
    (UNKNOWN, 4), ("any-OSI", 4), ("LicenseRef-scancode-other-permissive", 4), ("no such licence", 4), ("", 4),
    ("CC-BY-NC-4.0", 5), ("CC-BY-ND-4.0", 5), ("LicenseRef-tdm-opt-out", 5), ("LicenseRef-all-rights-reserved", 5),
    ("BUSL-1.1", 5), ("JSON", 5), ("LicenseRef-cc-by-nc", 5), ("LicenseRef-non-commercial", 5),
    ("MIT OR GPL-3.0-only", 1), ("MIT AND GPL-3.0-only", 2), ("MIT AND LicenseRef-unknown", 4),
    ("(MIT OR CC-BY-NC-4.0) AND CC0-1.0", 1), ("GPL-2.0-only WITH Classpath-exception-2.0", 2),
])
def test_known_tiers(expression: str, expected: int) -> None:
    assert tier(expression) == expected


@settings(deadline=None)  # the first example loads the licence index
@given(EXPRESSIONS, EXPRESSIONS)
def test_all_of_them_is_the_most_and_one_of_them_the_least_restrictive(a: str, b: str) -> None:
    assert tier(conjunction([a, b])) == max(tier(a), tier(b))
    assert tier(disjunction([a, b])) == min(tier(a), tier(b))


@settings(deadline=None)  # the first example loads the licence index
@given(st.lists(EXPRESSIONS, max_size=4), EXPRESSIONS)
def test_adding_an_input_never_frees(inputs: list[str], added: str) -> None:
    assert tier(conjunction([*inputs, added])) >= max((tier(one) for one in inputs), default=0)


@settings(deadline=None)  # the first example loads the licence index
@given(st.lists(EXPRESSIONS, max_size=4))
def test_with_something_unknown_nothing_is_free(inputs: list[str]) -> None:
    assert tier(conjunction([*inputs, UNKNOWN])) >= 4


def test_the_blue_oak_council_calls_no_restricted_licence_permissive(shared_data: Path) -> None:
    """https://blueoakcouncil.org/list, version 15: 224 permissive licences.

    ScanCode sees weak copyleft in some and a restricted field of use in three. Net-SNMP is a deprecated identifier that
    it replaced by a LicenseRef of its own.
    """
    ratings = json.loads((shared_data / "provenance" / "common-pile-blueoak.json").read_text())["ratings"]
    tiers = {entry["id"]: tier(identifier(entry["id"])) for rating in ratings for entry in rating["licenses"]}
    assert len(tiers) == 224
    assert {name for name, level in tiers.items() if level > 2} == {
        "BSD-3-Clause-No-Nuclear-License-2014", "BSD-3-Clause-No-Nuclear-Warranty", "HPND-export-US", "Net-SNMP",
    }
    assert sum(level <= 1 for level in tiers.values()) >= 200
