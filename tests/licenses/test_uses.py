"""Classes of use: what licences allow and ask for, alone and joined, and that two ways of asking agree."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.proof.uses import Policy, findings, keeps_to
from data_platform.spdx.expressions import ALL_RIGHTS_RESERVED, OPT_OUT, OUR_REFERENCES, UNKNOWN, licensing
from data_platform.spdx.uses import ALLOWING, admits, mask_of, use_of

NAMES = ("CC0-1.0", "MIT", "CC-BY-4.0", "CC-BY-SA-4.0", "GPL-3.0-only", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0",
"CC-BY-ND-4.0",
         "BUSL-1.1", "JSON", *OUR_REFERENCES)
EXPRESSIONS = st.recursive(
    st.sampled_from(NAMES),
    lambda inner: st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda one: f"({' '.join(one)})"),
    max_leaves=5,
)
POLICIES = st.tuples(st.lists(st.sampled_from(sorted(ALLOWING)), unique=True).map(tuple), st.booleans(), st.booleans())


@pytest.mark.parametrize(("spdx", "use"), [
    ("MIT", "commercial"), ("CC-BY-ND-4.0", "commercial"), ("CC-BY-NC-4.0", "non-commercial"),
    ("LicenseRef-cc-by-nc-sa", "non-commercial"), ("LicenseRef-non-commercial", "non-commercial"),
    ("LicenseRef-academic", "academic"), (UNKNOWN, "unspecified"), (OPT_OUT, "none"), (ALL_RIGHTS_RESERVED, "none"),
    ("BUSL-1.1", "none"), ("PolyForm-Noncommercial-1.0.0", "non-commercial"), ("not an expression", "unspecified"),
    ("MIT AND CC-BY-NC-4.0", "non-commercial"), ("MIT OR CC-BY-NC-4.0", "commercial"), (f"CC-BY-NC-4.0 AND {OPT_OUT}",
    "none"),
    ("GPL-2.0-only WITH Classpath-exception-2.0", "commercial"),
])
def test_classes_of_use(spdx: str, use: str) -> None:
    assert use_of(spdx) == use


@pytest.mark.parametrize(("policy", "admitted", "refused"), [
    ((("commercial",), True, True), ("MIT", "GPL-3.0-only", "MIT OR CC-BY-NC-4.0"),
     ("CC-BY-NC-4.0", UNKNOWN, "MIT AND CC-BY-NC-4.0", "LicenseRef-academic", OPT_OUT)),
    ((("unspecified",), True, True), ("MIT", UNKNOWN), ("CC-BY-NC-4.0", f"{UNKNOWN} AND CC-BY-NC-4.0")),
    ((("non-commercial",), True, True), ("MIT", "CC-BY-NC-4.0"), (UNKNOWN, "LicenseRef-academic", ALL_RIGHTS_RESERVED)),
    ((("academic",), True, True), ("MIT", "CC-BY-NC-4.0", "LicenseRef-academic"), (UNKNOWN, OPT_OUT, "BUSL-1.1")),
    ((("academic", "unspecified"), True, True), (f"{UNKNOWN} AND LicenseRef-academic",), (OPT_OUT,)),
    (((), False, True), ("CC0-1.0", "CC0-1.0 OR MIT"), ("MIT", "CC0-1.0 AND MIT", UNKNOWN)),
    (((), True, False), ("MIT", "MIT OR GPL-3.0-only"), ("GPL-3.0-only", "CC-BY-SA-4.0", "CC-BY-NC-SA-4.0", UNKNOWN)),
    # No branch is for commerce and without share-alike, though each alone is one of the two.
    ((("commercial",), True, False), ("MIT",), ("GPL-3.0-only OR CC-BY-NC-4.0",)),
    (((), True, True), (UNKNOWN, OPT_OUT, "MIT"), ()),
])
def test_what_a_mixture_made_for_uses_admits(policy: tuple, admitted: tuple, refused: tuple) -> None:
    for spdx in (*admitted, *refused):
        assert admits(*policy, spdx) == keeps_to(Policy(*policy), spdx) == (spdx in admitted)


@settings(deadline=None)
@given(EXPRESSIONS, POLICIES)
def test_admission_and_audit_agree(spdx: str, policy: tuple) -> None:
    assert admits(*policy, spdx) == keeps_to(Policy(*policy), spdx)


def test_they_agree_on_every_licence_of_the_list() -> None:
    names = [key for key, symbol in licensing().known_symbols.items() if not symbol.is_exception]
    assert len(names) > 500
    for use in ALLOWING:
        for asked in ((True, True), (False, True), (True, False)):
            policy = Policy((use,), *asked)
            assert [name for name in names if admits(*policy, name) != keeps_to(policy, name)] == []


@settings(deadline=None)
@given(EXPRESSIONS, EXPRESSIONS, POLICIES)
def test_what_is_added_never_admits(one: str, other: str, policy: tuple) -> None:
    assert admits(*policy, f"({one}) AND ({other})") == (admits(*policy, one) and admits(*policy, other))
    assert admits(*policy, f"({one}) OR ({other})") == (admits(*policy, one) or admits(*policy, other))


def test_rows_are_found_that_nobody_should_have_admitted() -> None:
    spdx = pa.chunked_array([["MIT", "CC-BY-NC-4.0", None, "MIT"]])
    policy = Policy(("commercial",))
    (found,) = findings("mixture_x", pa.table({"license_spdx": spdx}), policy)
    assert (found.kind, found.rows.tolist()) == ("license", [1, 2])
    assert found.what == "its licence does not allow commercial use"
    assert findings("mixture_x", pa.table({"license_spdx": spdx}), Policy()) == []
    assert mask_of(("commercial",), True, True, spdx).to_pylist() == [True, False, False, True]
    assert mask_of((), True, True, spdx).to_pylist() == [True] * 4
