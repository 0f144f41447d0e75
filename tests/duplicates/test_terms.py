"""What copies make of a licence: known answers, and laws that hold whatever the cluster."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.core.tables import table
from data_platform.duplicates.terms import MEMBER_COLUMNS, terms_of_copies
from data_platform.licenses.settings import Copies
from data_platform.spdx.expressions import OPT_OUT, UNKNOWN, conjunction
from data_platform.spdx.tiers import tier

BY, NC, GPL, ZERO = "CC-BY-4.0", "CC-BY-NC-4.0", "GPL-3.0-only", "CC0-1.0"
DAY = datetime(2023, 1, 1, tzinfo=UTC)


def member(spdx: str, **values: Any) -> dict[str, Any]:
    """A copy under a licence; silent if it is unknown."""
    return {
        "license_spdx": spdx, "license_tier": tier(spdx), "license_basis": "none" if spdx == UNKNOWN else "link",
        "license_confidence": 1.0, "opt_out": OPT_OUT in spdx, "contradicted": False, "strictest_spdx": spdx,
        "attribution": "", "host": f"{spdx.lower()}.example", "fetched_at": DAY, "reserved": False, **values,
    }


def cluster(*copies: dict[str, Any], first: int = 0) -> list[dict[str, Any]]:
    """One cluster, of which the first copy stays."""
    others = sorted({copy["license_spdx"] for copy in copies} - {copies[0]["license_spdx"]})
    return [
        {**copy, "doc_id": f"{first + place:032x}", "snapshot": "one", "cluster_id": f"{first:032x}",
         "kept": not place, "alternative_licenses": [] if place else others}
        for place, copy in enumerate(copies)
    ]


def terms(
    *clusters: list[dict[str, Any]], related: dict[str, Any] | None = None, **given_: Any
) -> list[dict[str, Any]]:
    """The rows of all clusters."""
    kinds = {name: table("document_licenses")[name].type for name in MEMBER_COLUMNS
             if name in table("document_licenses")}
    schema = pa.schema([(name, kinds.get(name, {
        "fetched_at": pa.timestamp("us", tz="UTC"), "kept": pa.bool_(), "reserved": pa.bool_(),
        "alternative_licenses": pa.list_(pa.string()),
    }.get(name, pa.string()))) for name in MEMBER_COLUMNS])
    rows = [row for one in clusters for row in one]
    return terms_of_copies(pa.Table.from_pylist(rows, schema=schema), Copies(**given_), **related or {}).to_pylist()


def holding(*pairs: tuple[int, int], kind: str = "containment") -> dict[str, Any]:
    """Pairs of documents, of which the first is in the second, as `terms_of_copies` takes them."""
    rows = [{"doc_id": f"{inner:032x}", "matched_doc_id": f"{outer:032x}", "kind": kind} for inner, outer in pairs]
    return {"pairs": pa.Table.from_pylist(rows), "contained": ("containment",)}


def one(*copies: dict[str, Any], **given_: Any) -> tuple[str, bool, bool]:
    """Licence, contested and reserved, of a single cluster."""
    (row,) = terms(cluster(*copies), **given_)
    assert row["license_tier"] == tier(row["license_spdx"]) and row["claimed_tier"] == tier(row["claimed_spdx"])
    return row["license_spdx"], row["contested"], row["opt_out"]


@pytest.mark.parametrize(("copies", "expected"), [
    ([member(BY)], (BY, False, False)),
    ([member(BY), member(NC)], (f"{BY} AND {NC}", True, False)),
    ([member(BY), member(UNKNOWN)], (f"{BY} AND {UNKNOWN}", True, False)),
    ([member(BY), member(UNKNOWN, host="cc-by-4.0.example")], (BY, False, False)),
    ([member(BY, host=""), member(UNKNOWN, host="")], (f"{BY} AND {UNKNOWN}", True, False)),
    ([member(BY), member(NC, host="cc-by-4.0.example")], (f"{BY} AND {NC}", True, False)),
    ([member(BY), member("MIT"), member(ZERO)], (BY, False, False)),
    ([member(NC), member(BY)], (NC, False, False)),
    ([member(BY), member(GPL), member(NC)], (f"{BY} AND {NC} AND {GPL}", True, False)),
    ([member(BY, strictest_spdx=f"{BY} AND {NC}")], (f"{BY} AND {NC}", True, False)),
    ([member(BY), member(BY, strictest_spdx=f"{BY} AND {NC}")], (f"{BY} AND {NC}", True, False)),
    ([member(BY), member(BY, reserved=True)], (f"{BY} AND {OPT_OUT}", False, True)),
    ([member(BY, reserved=True)], (f"{BY} AND {OPT_OUT}", False, True)),
    # A reservation that was taken back counts for nobody, nor for the copy that it was seen of.
    ([member(BY), member(f"{BY} AND {OPT_OUT}")], (BY, False, False)),
    ([member(f"{BY} AND {OPT_OUT}")], (BY, False, False)),
    ([member(OPT_OUT)], (UNKNOWN, False, False)),
    ([member(f"{BY} AND {OPT_OUT}"), member(NC)], (f"{BY} AND {NC}", True, False)),
    ([member(f"{BY} AND {OPT_OUT}"), member(BY, reserved=True)], (f"{BY} AND {OPT_OUT}", False, True)),
    ([member(BY), member(f"{NC} AND {OPT_OUT}")], (f"{BY} AND {NC}", True, False)),
    ([member(f"{BY} AND {OPT_OUT}"), member(f"{BY} AND {OPT_OUT}")], (BY, False, False)),
    ([member("MIT OR GPL-3.0-only"), member(GPL)], (conjunction(["MIT OR GPL-3.0-only", GPL]), True, False)),
])
def test_known_answers(copies: list[dict[str, Any]], expected: tuple[str, bool, bool]) -> None:
    licence, contested, reserved = one(*copies)
    assert (conjunction([licence]), contested, reserved) == (conjunction([expected[0]]), *expected[1:])


LATER = {"fetched_at": DAY + timedelta(days=31)}


@pytest.mark.parametrize(("copies", "given_", "free"), [
    ([member(BY), member(NC, **LATER)], {}, True),
    ([member(BY), member(NC, **LATER)], {"origin_days": 32}, False),
    ([member(BY), member(NC, **LATER)], {"beside_restricted": "restricted"}, False),
    ([member(BY), member(NC, **LATER), member(NC)], {}, False),
    ([member(BY), member(NC, fetched_at=None)], {}, False),
    ([member(BY, fetched_at=None), member(NC, **LATER)], {}, False),
    ([member(BY, license_basis="registry"), member(NC)], {}, True),
    ([member(BY, license_basis="manual"), member(NC)], {}, True),
    ([member(BY, license_basis="registry"), member(NC, license_basis="registry")], {}, False),
    ([member(BY), member(NC)], {"origin_hosts": ("cc-by-4.0.example",)}, True),
    ([member(BY), member(NC)], {"origin_hosts": ("example",)}, False),
    ([member(BY, host="notwiki.example"), member(NC)], {"origin_hosts": ("wiki.example",)}, False),
    ([member(BY), member(NC)], {"beside_restricted": "free"}, True),
])
def test_evidence_of_the_origin(copies: list[dict[str, Any]], given_: dict[str, Any], free: bool) -> None:
    assert one(*copies, **given_)[:2] == ((BY, False) if free else (conjunction([BY, NC]), True))


def test_no_evidence_frees_what_is_reserved() -> None:
    copies = [member(BY, license_basis="registry"), member(BY, reserved=True, **LATER)]
    for how in ("origin", "restricted", "free"):
        assert one(*copies, beside_restricted=how) == (f"{BY} AND {OPT_OUT}", False, True)


def test_what_copies_were_under_is_named() -> None:
    (row,) = terms(cluster(member(BY), member(NC), member("MIT"), member(NC)))
    assert row["copy_licenses"] == f"{NC}; MIT"


_COPIES = st.builds(
    member, st.sampled_from([BY, NC, GPL, ZERO, UNKNOWN, "MIT", f"{BY} AND {OPT_OUT}"]),
    reserved=st.booleans(), host=st.sampled_from(["a.example", "b.example", ""]),
    license_basis=st.sampled_from(["link", "registry", "none"]),
    fetched_at=st.sampled_from([None, DAY, DAY + timedelta(days=100)]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_COPIES, min_size=1, max_size=4), _COPIES, st.sampled_from(["origin", "restricted", "free"]))
def test_another_copy_never_frees(copies: list[dict[str, Any]], more: dict[str, Any], how: str) -> None:
    (before,), (after,) = (terms(cluster(*some), beside_restricted=how) for some in (copies, [*copies, more]))
    assert after["license_tier"] >= before["license_tier"] and after["opt_out"] >= before["opt_out"]
    assert before["license_tier"] >= before["claimed_tier"]


@settings(max_examples=60, deadline=None)
@given(st.lists(_COPIES, min_size=2, max_size=3))
def test_the_order_of_rows_and_of_other_clusters_is_nobodys_business(copies: list[dict[str, Any]]) -> None:
    rows = cluster(*copies)
    found = {str(terms(list(some), cluster(member(NC), first=900))) for some in itertools.permutations(rows)}
    assert len(found) == 1


def test_no_documents() -> None:
    assert terms() == []


def test_a_text_within_a_text_is_used_on_its_terms_as_well() -> None:
    """Over steps, with copies of what is contained, and whichever way the pair is given; not if the holder is older."""
    inner, middle, outer = cluster(member(NC)), cluster(member(BY), first=10), cluster(member(BY), first=20)
    found = terms(inner, middle, outer, related=holding((0, 10), (10, 20)))
    assert [row["license_spdx"] for row in found] == [NC, conjunction([BY, NC]), conjunction([BY, NC])]
    assert [row["contested"] for row in found] == [False, True, True]
    copied = cluster(member(BY), member(GPL))
    assert terms(copied, outer, related=holding((0, 20)))[1]["license_spdx"] == conjunction([BY, GPL])
    alike = terms(inner, outer, related=holding((0, 20), kind="semantic"))
    assert [row["license_spdx"] for row in alike] == [NC, BY]
    older = cluster(member(BY, fetched_at=DAY - timedelta(days=100)), first=20)
    assert terms(inner, older, related=holding((0, 20)))[1]["license_spdx"] == BY
    assert terms(inner, outer, related=holding((0, 20)), beside_restricted="free")[1]["license_spdx"] == BY
