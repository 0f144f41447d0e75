"""Chains of known sources: the strictest of all that a source is made from holds, and hosts that err are flagged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.core.tables import table
from data_platform.licenses.known_sources import KnownSource
from data_platform.licenses.lineage import Provenance, held_by_rows, host_flags, lineage_rows, observations_of
from data_platform.licenses.observation import observe
from data_platform.licenses.resolve import RESOLVERS, Statement, decide
from data_platform.spdx.expressions import UNKNOWN, UNREADABLE, identifiers_of
from data_platform.spdx.tiers import tier

LICENSES = ("MIT License", "CC0 1.0", "CC BY-NC 4.0", "CC BY-SA 4.0", "Unspecified", "Custom", "OpenAI",
            "Academic Research Purposes Only")


def entry(name: str, *licenses: str, made_from: tuple[str, ...] = (), **more: object) -> KnownSource:
    return KnownSource(f"ds-{name}", name, "", f"https://example.org/{name}",
                       tuple((one, f"https://example.org/{name}/terms") for one in licenses),
                       more.pop("stated", ()), "A. Uthor", made_from, (), (), **more)


def decided(provenance: Provenance, source: KnownSource, *own: Statement) -> str:
    """What a document of a source is under, by the evidence of its chain."""
    rows = lineage_rows("rows", "one", provenance.lineage(source))
    said = [Statement(one.location, one.scope, one.license_spdx, one.confidence) for one in observations_of(rows)]
    return decide([*said, *own]).license_spdx


def test_the_strictest_of_all_parents_holds() -> None:
    base = entry("base", "CC BY-NC 4.0")
    middle = entry("middle", "MIT License", made_from=("Base corpus",))
    top = entry("top", "MIT License", made_from=("middle",))
    orphan = entry("orphan", "MIT License", made_from=("Nowhere",))
    only_stated = entry("stated", made_from=("base",), stated=(("GitHub", "GPL 3.0"),))
    provenance = Provenance([base, middle, top, orphan, only_stated])
    assert decided(provenance, middle) == decided(provenance, top) == "CC-BY-NC-4.0 AND MIT"
    assert decided(provenance, orphan) == "LicenseRef-unknown AND MIT"
    assert decided(provenance, only_stated) == "CC-BY-NC-4.0 AND GPL-3.0-only"
    assert decided(provenance, base) == "CC-BY-NC-4.0"
    # A claim of the recipe frees nothing of it.
    claim = Statement("registry", "dataset", "CC0-1.0", 0.8)
    assert decided(provenance, top, claim) == "CC-BY-NC-4.0 AND MIT"
    row = Statement("row", "file", "CC0-1.0", 1.0)
    assert decided(provenance, top, row) == "CC-BY-NC-4.0 AND MIT"


def test_a_name_of_several_entries_means_all_of_them() -> None:
    one, other = entry("Data", "MIT License"), replace(entry("data", "CC BY-NC 4.0"), identifier="tsi-data")
    top = entry("top", "MIT License", made_from=("DATA dataset",))
    assert Provenance([one, other, top]).terms(top).tier == 5
    # A copy of one's own name is another entry, too; oneself is none.
    assert Provenance([replace(one, derived_from=("data",)), other]).terms(replace(one,
    derived_from=("data",))).tier == 5
    alone = entry("alone", "MIT License", made_from=("alone",))
    assert Provenance([alone]).terms(alone) == ("MIT", 1)
    chinese, its = entry("数据", "CC BY-NC 4.0"), entry("their", "MIT License", made_from=("语料",))
    assert Provenance([chinese, its]).terms(its) == ("LicenseRef-unknown AND MIT", 4)


def test_a_stricter_repository_is_not_passed_over() -> None:
    source = entry("a", "MIT License", stated=(("Hugging Face", "CC BY-NC 4.0"), ("Papers with Code", "GPL 3.0")))
    assert decided(Provenance([source]), source) == "CC-BY-NC-4.0 AND MIT"


@pytest.mark.parametrize(("traced", "stated", "hosts", "flags"), [
    ("CC BY-NC 4.0", (("GitHub", "MIT License"),), (), {"GitHub": "freer"}),
    ("CC BY-NC 4.0", (("GitHub", "MIT License"),), ("GitHub", "Hugging Face"),
     {"GitHub": "freer", "Hugging Face": "missing"}),
    ("CC BY-NC 4.0", (), (), {"any host": "missing"}), ("CC BY-NC-SA 4.0", (("GitHub", "CC BY-NC 4.0"),), (),
                                                         {"GitHub": "freer"}),
    ("MIT License", (("GitHub", "CC BY-NC 4.0"),), (), {"GitHub": "stricter"}),
    ("MIT License", (("GitHub", "Apache 2.0"),), (), {"GitHub": "differs"}),
])
def test_hosts_that_err_are_flagged(traced: str, stated: tuple, hosts: tuple, flags: dict[str, str]) -> None:
    source = entry("a", traced, stated=stated, hosts=hosts)
    assert {flag.host: flag.flag for flag in host_flags([source])} == flags
    (row,) = lineage_rows("rows", "one", Provenance([source]).lineage(source))
    assert row["flags"] == [f"{host}: {flag}" for host, flag in flags.items() if flag in ("missing", "freer")]


def test_rows_of_a_chain() -> None:
    top, base = entry("top", "MIT License", made_from=("base", "Nowhere")), entry("base", "CC BY-SA 4.0")
    rows = lineage_rows("rows", "one", Provenance([top, base]).lineage(top))
    assert set(rows[0]) == set(table("source_lineage").column_names)
    assert [(row["name"], row["depth"], row["made_into"], row["license_spdx"], row["use"], row["share_alike"],
    row["known"])
            for row in rows] == [
        ("top", 0, "", "MIT", "commercial", False, True), ("base", 1, "ds-top", "CC-BY-SA-4.0", "commercial", True,
        True),
        ("Nowhere", 1, "ds-top", UNKNOWN, "unspecified", False, False),
    ]
    (seen,) = observations_of(rows)
    assert seen.raw_value == "top: MIT < base: CC-BY-SA-4.0 < Nowhere: LicenseRef-unknown"
    assert seen.note == (
        "A. Uthor: https://example.org/top/terms, made from base, and from Nowhere, of which nothing is known"
    )


@pytest.mark.parametrize(("own", "spdx"), [
    (observe("row", "file", "CC BY-NC 4.0", "t"), "CC-BY-NC-4.0 AND MIT"),
    (observe("row", "file", "42", "t", UNREADABLE), "LicenseRef-unknown AND MIT"),
    (observe("row", "file", "CC0-1.0", "t"), "MIT"), (observe("row", "element", "CC BY-NC 4.0", "t"), "MIT"),
    (observe("license_file", "distribution", "GPL-3.0-only", "t"), "GPL-3.0-only AND MIT"),
])
def test_a_document_that_says_more_of_itself_is_heard(own, spdx: str) -> None:
    source = entry("a", "MIT License")
    known = observations_of(lineage_rows("rows", "one", Provenance([source]).lineage(source)))
    assert [one.license_spdx for one in held_by_rows(known, [own])] == [spdx]


NAMES = tuple("abcdef")


@st.composite
def collections(draw: st.DrawFn) -> list[KnownSource]:
    return [
        entry(name, *draw(st.lists(st.sampled_from(LICENSES), max_size=2)),
              made_from=tuple(draw(st.lists(st.sampled_from([*NAMES, "nowhere"]), max_size=3))),
              stated=tuple(("GitHub", one) for one in draw(st.lists(st.sampled_from(LICENSES), max_size=1))))
        for name in NAMES
    ]


@settings(deadline=None, max_examples=60)
@given(collections())
def test_a_source_is_no_freer_than_anything_on_its_chain(sources: list[KnownSource]) -> None:
    provenance = Provenance(sources)
    for source in sources:
        terms = provenance.terms(source)
        parents, unknown = provenance.chain(source)
        for parent in parents:
            assert provenance.terms(parent).tier <= terms.tier
            assert identifiers_of(parent.strictest()) <= identifiers_of(terms.spdx)
        assert not unknown or UNKNOWN in identifiers_of(terms.spdx)
        if parents or unknown:
            assert tier(decided(provenance, source)) >= terms.tier


@settings(deadline=None, max_examples=60)
@given(collections(), st.sampled_from(NAMES), st.sampled_from([*NAMES, "nowhere"]))
def test_one_more_parent_never_frees(sources: list[KnownSource], child: str, parent: str) -> None:
    more = [replace(one, derived_from=(*one.derived_from, parent)) if one.name == child else one for one in sources]
    before, after = Provenance(sources), Provenance(more)
    for old, new in zip(sources, more, strict=True):
        assert after.terms(new).tier >= before.terms(old).tier
        assert tier(decided(after, new)) >= tier(decided(before, old))


@settings(deadline=None, max_examples=60)
@given(collections(), st.sampled_from(RESOLVERS))
def test_every_resolver_hears_the_chain(sources: list[KnownSource], resolver: str) -> None:
    provenance = Provenance(sources)
    for source in sources:
        rows = lineage_rows("rows", "one", provenance.lineage(source))
        said = [Statement(one.location, one.scope, one.license_spdx, one.confidence) for one in observations_of(rows)]
        if said:
            assert decide(said, resolver).license_tier >= provenance.terms(source).tier
