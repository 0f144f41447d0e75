"""The decision: order of trust, contradictions, opt-outs, and that uncertain is never free."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.core.tables import table
from data_platform.ingest.settings import CrawlSource, LicenseClaim
from data_platform.licenses.resolve import IN_WORDS, NOTHING_STATED, RESOLVER, RESOLVERS, Statement, decide, resolve
from data_platform.spdx.expressions import OPT_OUT, TDM_PERMITTED, UNKNOWN
from data_platform.spdx.tiers import tier

PLACES = (
    ("manual", "page"), ("spdx_header", "file"), ("license_file", "file"), ("link", "page"), ("meta", "page"),
    ("jsonld", "page"), ("header", "page"), ("anchor", "page"), ("row", "file"), ("anchor", "site"),
    ("distribution", "distribution"), ("license_file", "distribution"), ("classifier", "distribution"),
    ("registry", "dataset"), ("anchor", "element"), ("jsonld", "element"),
)
READINGS = ("MIT", "CC0-1.0", "BSD-2-Clause", "BSD-3-Clause", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "MIT OR GPL-3.0-only")
STATED = st.builds(
    lambda place, spdx, confidence: Statement(*place, spdx, confidence),
    st.sampled_from(PLACES), st.sampled_from(READINGS), st.sampled_from((0.3, 0.6, 0.9, 1.0)),
)
UNREAD = st.builds(lambda place: Statement(*place, UNKNOWN, 0.0), st.sampled_from(PLACES))
STATEMENTS = st.lists(STATED | UNREAD, max_size=5)


def page(spdx: str, confidence: float = 0.95) -> Statement:
    return Statement("link", "page", spdx, confidence)


def registry(spdx: str) -> Statement:
    return Statement("registry", "dataset", spdx, 0.8)


def metadata(spdx: str) -> Statement:
    return Statement("distribution", "distribution", spdx, 1.0)


def file(spdx: str, confidence: float = 0.95) -> Statement:
    return Statement("license_file", "distribution", spdx, confidence)


def classifier(spdx: str, confidence: float = 0.9) -> Statement:
    return Statement("classifier", "distribution", spdx, confidence)


def unread(location: str, scope: str) -> Statement:
    return Statement(location, scope, UNKNOWN, 0.0)


@pytest.mark.parametrize(("statements", "spdx", "level", "basis", "contradicted"), [
    ([], UNKNOWN, 4, "none", False),
    ([page("CC-BY-4.0"), registry("CC-BY-NC-4.0")], "CC-BY-4.0", 1, "link", False),
    ([Statement("manual", "page", "CC0-1.0", 1.0), page("CC-BY-4.0")], "CC0-1.0", 0, "manual", False),
    ([Statement("spdx_header", "file", "GPL-2.0-only", 1.0), metadata("MIT")], "GPL-2.0-only", 2, "spdx_header", False),
    # The credit of a picture is no licence of the page, and corroborates none.
    ([Statement("anchor", "element", "CC-BY-4.0", 0.4)], UNKNOWN, 4, "none", False),
    ([Statement("anchor", "element", "CC-BY-4.0", 0.4), registry("CC-BY-SA-4.0")], "CC-BY-SA-4.0", 2, "registry",
     False),
    # Disagreement at the same distance: all of them hold.
    ([page("CC-BY-4.0"), Statement("meta", "page", "CC-BY-NC-4.0", 0.95)], "CC-BY-4.0 AND CC-BY-NC-4.0", 5, "link",
     True),
    ([metadata("MIT"), file("LGPL-3.0-only", 0.85)], "LGPL-3.0-only AND MIT", 2, "distribution", True),
    ([file("MIT"), file("Apache-2.0")], "Apache-2.0 AND MIT", 1, "license_file", True),
    # Agreement: the vague beside the precise, the text of one licence of a choice.
    ([classifier("BSD-3-Clause", 0.6), file("BSD-2-Clause")], "BSD-2-Clause", 1, "license_file", False),
    ([metadata("MIT OR GPL-3.0-only"), file("GPL-3.0-only", 0.85), file("MIT")], "GPL-3.0-only OR MIT", 1,
     "distribution", False),
    ([metadata("MIT OR GPL-3.0-only"), classifier("GPL-3.0-only AND MIT")], "GPL-3.0-only AND MIT", 2,
     "distribution", True),
    ([page("CC-BY-SA-3.0-DE"), Statement("anchor", "page", "LicenseRef-cc-by-sa", 0.8)], "CC-BY-SA-3.0-DE", 2, "link",
     False),
    # What cannot be read holds as well, and does not give way to what is farther.
    ([unread("link", "page"), registry("CC-BY-4.0")], UNKNOWN, 4, "link", False),
    ([unread("meta", "page"), page("CC-BY-4.0")], "CC-BY-4.0 AND LicenseRef-unknown", 4, "link", False),
    ([unread("row", "file"), registry("CC0-1.0")], UNKNOWN, 4, "row", False),
    ([page("CC-BY-4.0", 0.3)], "CC-BY-4.0 AND LicenseRef-unknown", 4, "link", False),
    # Files such as AUTHORS, and classifiers without terms, may state nothing; beside a statement they do not count,
    ([metadata("MIT"), unread("license_file", "distribution"), unread("classifier", "distribution")], "MIT", 1,
     "distribution", False),
    ([unread("license_file", "distribution")], UNKNOWN, 4, "license_file", False),
    # unless they restrict.
    ([metadata("MIT"), file("MPL-2.0", 0.3)], "MIT AND MPL-2.0", 2, "distribution", True),
    ([metadata("GPL-3.0-only"), file("MIT", 0.3)], "GPL-3.0-only", 2, "distribution", False),
])
def test_decisions(statements: list[Statement], spdx: str, level: int, basis: str, contradicted: bool) -> None:
    for resolver in RESOLVERS:
        decision = decide(statements, resolver)
        assert decision[:3] == (spdx, level, basis)
        assert not decision.opt_out
    assert decide(statements, "resolve@1").contradicted == contradicted


@pytest.mark.parametrize(("statements", "contradicted"), [
    ([page("CC-BY-4.0"), registry("CC-BY-NC-4.0")], True),
    ([Statement("manual", "page", "CC0-1.0", 1.0), page("CC-BY-4.0")], True),
    # The vague beside the precise is agreement, here as in a group.
    ([page("CC-BY-4.0"), registry("LicenseRef-cc-by")], False),
    ([page("CC-BY-4.0"), registry("CC-BY-4.0")], False),
    ([page("CC-BY-4.0"), unread("registry", "dataset")], False),
    ([unread("link", "page"), registry("CC-BY-4.0")], False),
    ([page("CC-BY-4.0"), Statement("anchor", "element", "CC-BY-NC-4.0", 0.4)], False),
    ([Statement("header", "page", OPT_OUT, 1.0), Statement("meta", "page", TDM_PERMITTED, 1.0)], True),
    ([page("CC-BY-4.0"), Statement("meta", "page", TDM_PERMITTED, 1.0)], False),
])
def test_from_version_2_places_that_disagree_are_flagged(statements: list[Statement], contradicted: bool) -> None:
    decision = decide(statements, "resolve@2")
    assert decision.contradicted == contradicted
    assert decision._replace(contradicted=False) == decide(statements, "resolve@1")._replace(contradicted=False)


def test_a_permission_to_mine_is_heard_only_where_nothing_else_is_stated() -> None:
    permitted = Statement("tdmrep", "site", TDM_PERMITTED, 1.0)
    assert decide([permitted], "resolve@2") == (TDM_PERMITTED, 3, "tdmrep", 1.0, False, False)
    assert decide([permitted], "resolve@1") == NOTHING_STATED
    assert decide([permitted, page("CC-BY-4.0")]).license_spdx == "CC-BY-4.0"
    assert decide([permitted, unread("link", "page")]).license_tier == 4
    assert decide([permitted, Statement("robots", "site", OPT_OUT, 0.6)]).license_tier == 5


def test_a_ruling_on_the_document_comes_before_one_on_its_host() -> None:
    rulings = [Statement("manual", scope, spdx, 1.0)
               for scope, spdx in (("dataset", "MIT"), ("site", "CC-BY-4.0"), ("page", "CC0-1.0"))]
    assert [decide(rulings[:count]).license_spdx for count in (1, 2, 3)] == ["MIT", "CC-BY-4.0", "CC0-1.0"]


def test_an_unknown_resolver_is_refused() -> None:
    with pytest.raises(ValueError, match="no resolver 'resolve@0'; there are resolve@1, resolve@2, resolve@3"):
        decide([], "resolve@0")


def test_a_reservation_counts_wherever_it_is() -> None:
    decision = decide([page("CC-BY-4.0"), Statement("header", "page", OPT_OUT, 1.0)])
    assert decision == ("CC-BY-4.0 AND LicenseRef-tdm-opt-out", 5, "header", 1.0, True, False)
    alone = decide([Statement("meta", "page", OPT_OUT, 1.0)])
    assert alone == ("LicenseRef-tdm-opt-out AND LicenseRef-unknown", 5, "meta", 1.0, True, False)


@pytest.mark.parametrize("restriction", sorted(IN_WORDS))
def test_a_restriction_in_words_holds_from_whatever_distance(restriction: str) -> None:
    """A LICENSE with a rider far above a file whose own head says MIT."""
    decision = decide([Statement("spdx_header", "file", "MIT", 1.0),
                       Statement("license_file", "distribution", restriction, 0.9)])
    assert (decision.license_tier, decision.contradicted) == (5, True)
    assert restriction in decision.license_spdx


@settings(deadline=None)  # the first example loads the licence index
@given(STATEMENTS, st.randoms(use_true_random=False))
def test_the_order_of_evidence_does_not_matter(statements: list[Statement], random) -> None:
    shuffled = list(statements)
    random.shuffle(shuffled)
    assert decide(shuffled) == decide(statements)


@settings(deadline=None)  # the first example loads the licence index
@given(STATEMENTS, st.sampled_from(PLACES))
def test_opted_out_is_never_free(statements: list[Statement], place: tuple[str, str]) -> None:
    decision = decide([*statements, Statement(*place, OPT_OUT, 1.0)])
    assert (decision.license_tier, decision.opt_out) == (5, True)


@settings(deadline=None)  # the first example loads the licence index
@given(st.lists(UNREAD, max_size=4), st.lists(STATED.map(lambda one: one._replace(scope="element")), max_size=3))
def test_unknown_never_becomes_free(unreadable: list[Statement], elements: list[Statement]) -> None:
    assert decide([*unreadable, *elements]).license_tier >= 4 or any(one.location == "manual" for one in elements)


@settings(deadline=None)  # the first example loads the licence index
@given(STATEMENTS)
def test_no_decision_is_freer_than_unknown_and_every_statement(statements: list[Statement]) -> None:
    decision = decide(statements)
    assert decision.license_tier == tier(decision.license_spdx)
    assert decision.license_tier >= min([4, *(tier(one.spdx) for one in statements)])


@settings(deadline=None)  # the first example loads the licence index
@given(STATEMENTS, st.sampled_from(("CC-BY-NC-4.0", "LicenseRef-all-rights-reserved")))
def test_a_sure_restriction_on_the_page_is_heard(statements: list[Statement], spdx: str) -> None:
    closer = {"manual", "spdx_header"}
    statements = [one for one in statements if one.location not in closer and (one.location, one.scope)
                  != ("license_file", "file")]
    assert decide([*statements, page(spdx, 1.0)]).license_tier == 5


def evidence(*rows: tuple[str, Statement]) -> pa.Table:
    return pa.table({
        "doc_id": pa.array([row[0] for row in rows], pa.string()),
        "location": pa.array([row[1].location for row in rows], pa.string()),
        "scope": pa.array([row[1].scope for row in rows], pa.string()),
        "license_spdx": pa.array([row[1].spdx for row in rows], pa.string()),
        "confidence": pa.array([row[1].confidence for row in rows], pa.float64()),
    })


def documents(*doc_ids: str) -> pa.Table:
    return pa.table({
        "doc_id": pa.array(doc_ids, pa.string()), "snapshot": pa.array(["s"] * len(doc_ids), pa.string()),
        "url": pa.array([f"https://example.org/{doc_id}" for doc_id in doc_ids], pa.string()),
        "source": pa.array(["wiki"] * len(doc_ids), pa.string()),
    })


def test_every_document_gets_exactly_one_row() -> None:
    seen = evidence(("b", page("CC-BY-4.0")), ("c", registry("CC0-1.0")), ("b", page("CC-BY-4.0", 0.9)),
                    ("gone", page("MIT")))
    result = resolve(seen, documents("a", "b", "c"))
    assert result.schema.equals(table("document_licenses").schema)
    assert result.select(["doc_id", "license_spdx", "license_basis", "evidence_count"]).to_pylist() == [
        {"doc_id": "a", "license_spdx": UNKNOWN, "license_basis": "none", "evidence_count": 0},
        {"doc_id": "b", "license_spdx": "CC-BY-4.0", "license_basis": "link", "evidence_count": 2},
        {"doc_id": "c", "license_spdx": "CC0-1.0", "license_basis": "registry", "evidence_count": 1},
    ]
    assert set(result["resolver"].to_pylist()) == {RESOLVER}


def test_no_documents_and_no_evidence() -> None:
    assert resolve(evidence(), documents()).num_rows == 0
    (row,) = resolve(evidence(), documents("a")).to_pylist()
    assert row["license_tier"] == NOTHING_STATED.license_tier == 4
    assert row["attribution"] == "https://example.org/a"


def test_the_registry_says_whom_to_credit_where_it_decides() -> None:
    claim = LicenseClaim(spdx="CC-BY-4.0", basis="terms", attribution="The Wiki's authors")
    sources = {"wiki": CrawlSource(name="wiki", snapshot="s", paths=("x",), license=claim)}
    seen = evidence(("a", registry("CC-BY-4.0")), ("b", page("CC-BY-4.0")))
    assert resolve(seen, documents("a", "b"), sources)["attribution"].to_pylist() == [
        "The Wiki's authors", "https://example.org/b",
    ]


@settings(deadline=None)  # the first example loads the licence index
@given(st.lists(st.tuples(st.sampled_from("abcdef"), STATED | UNREAD), max_size=20))
def test_the_table_agrees_with_single_decisions(rows: list[tuple[str, Statement]]) -> None:
    result = resolve(evidence(*rows), documents(*"abcdef")).to_pylist()
    for row in result:
        expected = decide([statement for doc_id, statement in rows if doc_id == row["doc_id"]])
        assert expected._asdict() == {name: row[name] for name in expected._fields}
