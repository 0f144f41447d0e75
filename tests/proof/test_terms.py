"""The laws of licences: every lawful decision obeys them, and no freed one does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.licenses.resolve import RESOLVERS, Statement, decide
from data_platform.proof.terms import Said, broken_laws
from data_platform.spdx.expressions import OPT_OUT, TDM_PERMITTED, UNKNOWN
from data_platform.spdx.tiers import tier

PLACES = [
    ("manual", "page"), ("manual", "site"), ("manual", "dataset"), ("spdx_header", "file"), ("license_file", "file"),
    ("link", "page"), ("meta", "page"), ("jsonld", "page"), ("header", "page"), ("statement", "page"),
    ("anchor", "element"), ("anchor", "site"), ("robots", "site"), ("tdmrep", "site"), ("rsl", "site"),
    ("row", "file"), ("distribution", "distribution"), ("license_file", "distribution"), ("classifier", "distribution"),
    ("registry", "dataset"),
]
LICENSES = [
    "CC0-1.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "CC-BY-4.0", "LicenseRef-cc-by", "CC-BY-SA-4.0",
    "GPL-2.0-only", "GPL-3.0-only", "GPL-1.0-or-later", "CC-BY-NC-4.0", "LicenseRef-cc-by-nc", UNKNOWN,
    "MIT OR Apache-2.0", "MIT OR GPL-3.0-only", "MIT AND BSD-3-Clause", "MIT OR CC-BY-NC-4.0", TDM_PERMITTED, OPT_OUT,
    "LicenseRef-us-gov-pd", "LicenseRef-all-rights-reserved", "GPL-2.0-only WITH Classpath-exception-2.0",
    "CC-BY-4.0 AND LicenseRef-tdm-opt-out", "MIT AND (Apache-2.0 OR GPL-2.0-only)",
]
statements = st.builds(
    lambda place, spdx, confidence: Statement(*place, spdx, confidence if spdx != UNKNOWN else 0.0),
    st.sampled_from(PLACES), st.sampled_from(LICENSES), st.sampled_from([0.3, 0.6, 0.9, 0.95, 1.0]),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(statements, max_size=6), st.sampled_from(RESOLVERS))
def test_what_the_rules_decide_obeys_the_laws(evidence: list[Statement], resolver: str) -> None:
    decision = decide(evidence, resolver)
    assert broken_laws(decision.license_spdx, decision.license_tier, [Said(*one) for one in evidence]) == []


@settings(max_examples=150, deadline=None)
@given(st.lists(statements, max_size=6), st.sampled_from(["CC0-1.0", "MIT", "CC-BY-4.0", "0BSD", "Apache-2.0"]))
def test_a_freer_licence_breaks_one_unless_the_closest_place_states_it(evidence: list[Statement], freed: str) -> None:
    decision = decide(evidence)
    if tier(freed) >= decision.license_tier or any(freed in one.spdx for one in evidence):
        return
    assert broken_laws(freed, tier(freed), [Said(*one) for one in evidence])


NONCOMMERCIAL = Said("link", "page", "CC-BY-NC-4.0", 1.0)
FREE = Said("registry", "dataset", "CC0-1.0", 1.0)
RESERVED = Said("robots", "site", OPT_OUT, 1.0)
UNREAD = Said("statement", "page", UNKNOWN, 0.0)
NOTICE = Said("license_file", "distribution", UNKNOWN, 0.0)


@pytest.mark.parametrize(
    ("spdx", "evidence", "broken"),
    [
        ("CC-BY-NC-4.0", [NONCOMMERCIAL, FREE], []),
        ("MIT AND CC-BY-NC-4.0", [Said("spdx_header", "file", "MIT", 1.0), NONCOMMERCIAL], []),
        ("CC0-1.0", [NONCOMMERCIAL, FREE], ["support", "closest"]),
        ("CC0-1.0", [FREE], []),
        ("CC0-1.0", [FREE, RESERVED], ["reservation"]),
        ("CC0-1.0 AND LicenseRef-tdm-opt-out", [FREE, RESERVED], []),
        ("CC0-1.0", [], ["support", "silence"]),
        ("LicenseRef-unknown", [], []),
        ("MIT", [Said("link", "page", "MIT", 1.0), UNREAD], ["unread"]),
        ("MIT AND LicenseRef-unknown", [Said("link", "page", "MIT", 1.0), UNREAD], []),
        ("MIT", [Said("distribution", "distribution", "MIT", 1.0), NOTICE], []),
        ("MIT OR GPL-3.0-only", [Said("row", "file", "GPL-3.0-only", 1.0)], ["support"]),
        ("MIT", [Said("row", "file", "MIT AND GPL-3.0-only", 1.0)], ["closest"]),
        ("MIT OR GPL-3.0-only", [Said("row", "file", "MIT OR GPL-3.0-only", 1.0),
                                 Said("row", "file", "GPL-3.0-only", 0.6)], []),
        ("no licence", [FREE], ["readable"]),
        ("MIT", [Said("anchor", "element", "MIT", 1.0)], ["support", "silence"]),
        ("LicenseRef-tdm-permitted", [Said("tdmrep", "site", TDM_PERMITTED, 1.0)], []),
        ("LicenseRef-tdm-permitted", [Said("tdmrep", "site", TDM_PERMITTED, 1.0), RESERVED],
         ["reservation", "support", "silence"]),
    ],
)
def test_known_answers(spdx: str, evidence: list[Said], broken: list[str]) -> None:
    assert broken_laws(spdx, tier(spdx), evidence) == broken


def test_a_tier_that_is_not_the_expressions_is_told() -> None:
    assert broken_laws("CC-BY-NC-4.0", 1, [NONCOMMERCIAL]) == ["readable"]
