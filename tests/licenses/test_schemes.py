"""Classes of licences: known members, laws of expressions, and how they agree with the lists that were published."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_platform.run.recipe import Recipe
from data_platform.spdx.expressions import OPT_OUT, UNKNOWN, conjunction, disjunction
from data_platform.spdx.schemes import CLASSES, LicenseClass, is_of, mask_of
from data_platform.spdx.tiers import tier, tier_of_license

OLC = ("open_license_corpus/public_domain", "open_license_corpus/permissive_software",
       "open_license_corpus/attribution")
VITAE = ("mixture_vitae/tier_1", "mixture_vitae/tier_2", "mixture_vitae/tier_3")
STACK = "the_stack/permissive"
SINGLE = ("MIT", "Apache-2.0", "CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "GPL-3.0-only", "CC-BY-NC-4.0", UNKNOWN, OPT_OUT,
          "LicenseRef-us-gov-pd", "MPL-2.0", "BSD-3-Clause", "LicenseRef-public-domain", "MIT-0")


def _of(spdx: str, basis: str) -> set[str]:
    return {name for name in CLASSES if is_of([name], spdx, basis)}


@pytest.mark.parametrize(("spdx", "page", "registry"), [
    ("LicenseRef-public-domain", {OLC[0], VITAE[0], STACK}, {OLC[0], VITAE[1], STACK}),
    ("CC0-1.0", {OLC[0], VITAE[0], STACK}, {OLC[0], VITAE[1], STACK}),
    ("LicenseRef-us-gov-pd", {OLC[0], VITAE[2]}, {OLC[0], VITAE[2]}),
    ("MIT-0", {OLC[1], VITAE[0], STACK}, {OLC[1], VITAE[1], STACK}),
    ("Apache-2.0", {OLC[1], VITAE[0], STACK}, {OLC[1], VITAE[1], STACK}),
    ("ISC", {VITAE[0], STACK}, {VITAE[1], STACK}),
    ("CC-BY-3.0-DE", {OLC[2], VITAE[0], STACK}, {OLC[2], VITAE[1], STACK}),
    ("LicenseRef-cc-by-sa", {OLC[2], VITAE[1]}, {OLC[2], VITAE[1]}),
    ("CC-BY-SA-4.0", {OLC[2], VITAE[1]}, {OLC[2], VITAE[1]}),
    ("LicenseRef-tdm-permitted", {VITAE[2]}, {VITAE[2]}),
    *((spdx, set(), set()) for spdx in (
        "GPL-3.0-only", "MPL-2.0", "CC-BY-NC-4.0", "CC-BY-ND-4.0", "LicenseRef-cc-by-nc-sa", UNKNOWN, OPT_OUT,
        "LicenseRef-all-rights-reserved", "JSON", "BSD-3-Clause-No-Nuclear-License", "not an expression", "",
        f"MIT AND {OPT_OUT}", "MIT AND GPL-3.0-only",
    )),
    ("GPL-3.0-only OR MIT", {OLC[1], VITAE[0], STACK}, {OLC[1], VITAE[1], STACK}),
    ("MIT AND CC-BY-4.0", {VITAE[0], STACK}, {VITAE[1], STACK}),
    ("Apache-2.0 WITH LLVM-exception", {OLC[1], VITAE[0], STACK}, {OLC[1], VITAE[1], STACK}),
])
def test_known_members(spdx: str, page: set[str], registry: set[str]) -> None:
    assert _of(spdx, "link") == page and _of(spdx, "registry") == registry


def test_classes_of_one_scheme_have_no_licence_in_common() -> None:
    from data_platform.spdx.expressions import licensing

    for name in licensing().known_symbols:
        for basis in ("link", "registry"):
            mine = _of(name, basis)
            assert len(mine & set(OLC)) <= 1 and len(mine & set(VITAE)) <= 1, name


EXPRESSIONS = st.recursive(st.sampled_from(SINGLE), lambda inner: st.builds(
    lambda one, other, joined: (conjunction if joined else disjunction)([one, other]), inner, inner, st.booleans(),
), max_leaves=4)


@given(EXPRESSIONS, EXPRESSIONS, st.sampled_from(sorted(CLASSES)), st.sampled_from(["link", "registry"]))
def test_what_is_added_never_brings_a_text_in_and_a_choice_never_takes_it_out(
    one: str, other: str, name: str, basis: str
) -> None:
    both = conjunction([one, other])
    assert is_of([name], both, basis) == (is_of([name], one, basis) and is_of([name], other, basis))
    either = disjunction([one, other])
    assert is_of([name], either, basis) == (is_of([name], one, basis) or is_of([name], other, basis))
    if is_of([name], one, basis):
        assert tier(one) <= 3, "nothing unknown or restricted is of any class"


def test_classes_add_up() -> None:
    assert is_of(OLC[:2], "MIT AND CC0-1.0", "link") and not is_of(OLC[:1], "MIT AND CC0-1.0", "link")
    assert is_of([], "anything", "none")
    with pytest.raises(KeyError):
        is_of(["of nobody"], "MIT", "link")


def test_a_column_is_asked_row_by_row() -> None:
    spdx = ["MIT", "GPL-2.0-only", "MIT", "CC-BY-4.0", "nonsense"]
    basis = ["link", "link", "registry", "link", "link"]
    mask = mask_of(VITAE[:1], pa.chunked_array([spdx[:2], spdx[2:]]), pa.chunked_array([basis]))
    assert mask.to_pylist() == [True, False, False, True, False]
    none = pa.chunked_array([[]], pa.string())
    assert mask_of(VITAE[:1], none, none).to_pylist() == []


def test_the_recipe_knows_the_same_classes() -> None:
    assert set(LicenseClass.__args__) == set(CLASSES)
    fields = {"tokens": 1, "weights": {"web": 1}, "license_classes": ["the_stack/copyleft"]}
    with pytest.raises(ValueError, match="the_stack/permissive"):
        Recipe.model_validate({"name": "a", "mixtures": {"open": fields},
                               "sources": [{"name": "a", "snapshot": "b", "paths": ["c"]}]})


def test_blue_oaks_list_is_permissive_but_for_what_scancode_calls_otherwise(shared_data: Path) -> None:
    """Blue Oak's list is one of the two that The Stack v2 takes; version 15 rates 224 licences."""
    ratings = json.loads((shared_data / "provenance" / "common-pile-blueoak.json").read_text())["ratings"]
    names = {license_["id"] for rating in ratings for license_ in rating["licenses"]}
    left_out = {name for name in names if not is_of([STACK], name, "link")}
    by_tier = {name: tier_of_license(name) for name in left_out}
    assert len(names) == 224 and len(left_out) == 22
    assert {name for name, level in by_tier.items() if level == 2} == {
        "Artistic-1.0", "Artistic-1.0-Perl", "Artistic-1.0-cl8", "Artistic-2.0", "ClArtistic", "LPL-1.0", "LPL-1.02",
        "LPPL-1.3c", "NASA-1.3", "NBPL-1.0", "OGTSL", "OLDAP-1.1", "OLDAP-1.2", "OLDAP-1.3", "OLDAP-1.4", "Qhull",
        "Ruby", "Vim",
    }, "copyleft for ScanCode"
    assert {name for name, level in by_tier.items() if level == 5} == {
        "BSD-3-Clause-No-Nuclear-License-2014", "BSD-3-Clause-No-Nuclear-Warranty", "HPND-export-US",
    }, "restricted in use"
    assert {name for name, level in by_tier.items() if level == 4} == {"Net-SNMP"}, "deprecated, without a successor"
