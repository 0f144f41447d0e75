"""Known sources: stated against traced licences, use classes, chains of derivation, hosts that err."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.known_sources import admitted, common_pile, planted, reason
from data_platform.licenses.known_sources import KnownSource, read_collection
from data_platform.licenses.lineage import Provenance, host_flags
from data_platform.spdx.expressions import UNKNOWN
from data_platform.spdx.uses import asks_attribution, asks_share_alike, use_of

SOURCE = KnownSource("ds-a", "A dataset", "C", "", (("CC BY-NC 4.0", "https://example.org"),),
                     (("GitHub", "CC BY-NC 4.0"),), "A. Uthor", (), (), ())
NOTHING_TRACED = replace(SOURCE, traced=(("Unspecified", ""),), stated=(("GitHub", "MIT License"),))


def test_what_was_traced_comes_before_what_a_host_states() -> None:
    promised = replace(SOURCE, stated=(("GitHub", "MIT License"),))
    assert promised.decision()[:3] == ("CC-BY-NC-4.0", 5, "manual")
    assert promised.decision().contradicted
    assert NOTHING_TRACED.decision()[:3] == ("MIT", 1, "distribution")
    assert replace(NOTHING_TRACED, stated=(("Papers with Code", "MIT License"),)).decision()[:2] == (UNKNOWN, 4)
    both = replace(SOURCE, traced=(("MIT License", ""), ("Unspecified", "")))
    assert both.decision().license_tier == 4


@pytest.mark.parametrize(("stated", "flag"), [
    ((("GitHub", "MIT License"),), "freer"), ((("GitHub", "Unspecified"),), "missing"), ((), "missing"),
    ((("GitHub", "CC BY-NC-SA 4.0"),), "differs"), ((("GitHub", "cc-by-nc-4.0"),), "agrees"),
])
def test_a_wrong_or_missing_licence_of_a_host_is_flagged(stated: tuple, flag: str) -> None:
    (found,) = host_flags([replace(SOURCE, stated=stated)])
    assert found.flag == flag
    (found,) = host_flags([replace(NOTHING_TRACED, stated=stated)])
    assert found.flag == "nothing traced"


def test_chains_of_derivation() -> None:
    base = replace(SOURCE, identifier="fc-sni-base", name="fc-sni-base")
    middle = replace(NOTHING_TRACED, identifier="ds-m", name="Middle", derived_from=("Base corpus", "M"))
    top = replace(NOTHING_TRACED, identifier="ds-t", name="Top", derived_from=("middle",))
    lost = replace(top, derived_from=("middle", "Nowhere"))
    provenance = Provenance([base, middle, top, lost])
    assert provenance.terms(base).tier == 5
    assert provenance.terms(top) == ("CC-BY-NC-4.0 AND MIT", 5)
    assert provenance.chain(lost) == ([middle, base], ["Nowhere"])
    assert UNKNOWN in provenance.terms(lost).spdx


def test_a_circle_of_derivation_ends() -> None:
    one = replace(NOTHING_TRACED, identifier="ds-1", name="one", derived_from=("two",))
    two = replace(NOTHING_TRACED, identifier="ds-2", name="two", derived_from=("one",))
    assert Provenance([one, two]).terms(one) == ("MIT", 1)


@pytest.mark.parametrize(("spdx", "use", "attribution", "alike"), [
    ("CC0-1.0", "commercial", False, False), ("MIT", "commercial", True, False),
    ("CC-BY-SA-4.0", "commercial", True, True), ("CC-BY-NC-SA-4.0", "non-commercial", True, True),
    ("CC-BY-ND-4.0", "commercial", True, False), (UNKNOWN, "unspecified", True, False),
    ("MIT AND CC-BY-NC-4.0", "non-commercial", True, False), ("MIT AND LicenseRef-unknown", "unspecified", True, False),
])
def test_use_classes(spdx: str, use: str, attribution: bool, alike: bool) -> None:
    assert (use_of(spdx), asks_attribution(spdx), asks_share_alike(spdx)) == (use, attribution, alike)


def test_a_folder_of_summaries_is_read_and_templates_are_not(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no data_summaries"):
        read_collection(tmp_path)
    (tmp_path / "data_summaries").mkdir()
    entries = {"a": {"Unique Dataset Identifier": "a", "Licenses": [{"License": "MIT License", "License URL": None}]},
               "t": {"Unique Dataset Identifier": "t", "Licenses": [{"License": "string (''): the name"}]}}
    (tmp_path / "data_summaries" / "x.json").write_text(json.dumps(entries))
    (source,) = read_collection(tmp_path)
    assert (source.identifier, source.traced, source.stated) == ("a", (("MIT License", ""),), ())


def test_agreement_with_the_common_pile(shared_data: Path) -> None:
    """Of its 326 inclusions the policy admits 322 by their own licences; the four others have a reason each."""
    sources = read_collection(shared_data / "provenance" / "data-provenance-collection.tar.xz")
    by_id = {source.identifier: source for source in sources}
    assert len(by_id) == 2310
    included = common_pile(shared_data)
    differing = {name: reason(by_id[name]) for name in included if not admitted(by_id[name])}
    assert len(included) == 326
    assert differing == {
        **dict.fromkeys(("commitpackft-unity3d-asset", "commitpackft-solidity", "commitpackft-jsonld"),
                        "traced are also Unspecified"),
        "fc-sni-air_dialogue": "Hugging Face states CC BY-NC 4.0",
    }
    assert all(flagged == number for _, number, flagged in planted(sources))


def test_entries_of_other_forms_and_notes_free_nothing(tmp_path: Path) -> None:
    entries = {
        "note": {"Licenses": [{"License": "MIT License"}], "License Notes": "Commercial use requires our permission."},
        "plain": {"Licenses": [{"License": "MIT License"}], "License Notes": "Taken from the README."},
        "words": {"Licenses": "CC BY-NC 4.0"}, "listed": {"Licenses": ["MIT License", "house rules"]},
        "parent": {"Licenses": [{"License": "MIT License"}], "Derived from Datasets": [{"name": "plain"}]},
        "number": {"Licenses": [{"License": "MIT License"}], "Derived from Datasets": ["plain", 7]},
    }
    (tmp_path / "data_summaries").mkdir()
    (tmp_path / "data_summaries" / "a.json").write_text(json.dumps({
        name: {"Unique Dataset Identifier": f"ds-{name}", "Dataset Name": name, **one}
        for name, one in entries.items()}))
    sources = {source.name: source for source in read_collection(tmp_path)}
    tiers = {name: Provenance(list(sources.values())).terms(source).tier for name, source in sources.items()}
    assert tiers == {"note": 5, "plain": 1, "words": 5, "listed": 4, "parent": 4, "number": 4}
