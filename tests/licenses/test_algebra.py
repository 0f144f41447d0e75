"""The algebra of terms and its laws."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.spdx.algebra import Policy, Terms, alternatives, derived
from data_platform.spdx.expressions import OPT_OUT, UNKNOWN, conjunction, disjunction, identifiers_of
from data_platform.spdx.tiers import tier
from tests.licenses.test_expressions import EXPRESSIONS

LISTS = st.lists(EXPRESSIONS, max_size=4)
POLICIES = st.builds(Policy, st.sets(st.integers(0, 5)).map(lambda tiers: tuple(sorted(tiers))),
                     st.permutations(["MIT", "CC0-1.0", "GPL-3.0-only"]).map(tuple))


def test_what_is_made_of_several_is_under_all_and_what_is_offered_under_any() -> None:
    assert derived(["MIT", "CC-BY-SA-4.0"]) == Terms("CC-BY-SA-4.0 AND MIT", 2)
    assert derived(["MIT OR GPL-3.0-only", "CC-BY-NC-4.0"]).tier == 5
    assert alternatives(["CC-BY-NC-4.0", "CC-BY-4.0"]) == Terms("CC-BY-4.0 OR CC-BY-NC-4.0", 1)
    assert derived([]) == alternatives([]) == Terms(UNKNOWN, 4)


@pytest.mark.parametrize(("policy", "expression", "chosen"), [
    (Policy(), "CC-BY-4.0 OR CC-BY-NC-4.0", "CC-BY-4.0"),
    (Policy(), "GPL-3.0-only OR MIT OR Apache-2.0", "Apache-2.0"),
    (Policy(preferred=("MIT",)), "GPL-3.0-only OR MIT OR Apache-2.0", "MIT"),
    (Policy(admitted=(2,)), "GPL-3.0-only OR MIT", "GPL-3.0-only"),
    (Policy(), "(MIT OR GPL-3.0-only) AND (BSD-3-Clause OR LicenseRef-unknown)", "BSD-3-Clause AND MIT"),
    (Policy(), "CC-BY-NC-4.0 OR LicenseRef-unknown", "LicenseRef-unknown"),
    (Policy(), "GPL-2.0-only WITH Classpath-exception-2.0 OR JSON", "GPL-2.0-only WITH Classpath-exception-2.0"),
])
def test_the_policy_chooses(policy: Policy, expression: str, chosen: str) -> None:
    assert policy.choose(expression).spdx == chosen


@settings(deadline=None)  # the first example loads the licence index
@given(LISTS, LISTS, LISTS)
def test_derivation_does_not_depend_on_how_it_was_done(a: list[str], b: list[str], c: list[str]) -> None:
    a, b, c = ([*inputs, "MIT"] for inputs in (a, b, c))
    whole = derived([*a, *b, *c])
    assert whole == derived([derived([*a, *b]).spdx, *c]) == derived([*c, derived([*b, *a]).spdx])
    assert whole == derived([whole.spdx]) == derived([*a, *a, *b, *b, *c])


@settings(deadline=None)  # the first example loads the licence index
@given(LISTS, EXPRESSIONS)
def test_adding_an_input_never_frees_and_the_unknown_stays(inputs: list[str], added: str) -> None:
    before = derived([*inputs, "CC0-1.0"])
    assert derived([*inputs, "CC0-1.0", added]).tier >= max(before.tier, tier(added))
    assert derived([*inputs, UNKNOWN]).tier >= 4 and UNKNOWN in identifiers_of(derived([*inputs, UNKNOWN]).spdx)
    assert derived([*inputs, OPT_OUT]).tier == 5


@settings(deadline=None)  # the first example loads the licence index
@given(LISTS, EXPRESSIONS)
def test_another_offer_never_restricts(offers: list[str], added: str) -> None:
    assert alternatives([*offers, "CC-BY-NC-4.0", added]).tier <= alternatives([*offers, "CC-BY-NC-4.0"]).tier


@settings(deadline=None)  # the first example loads the licence index
@given(EXPRESSIONS, POLICIES)
def test_a_choice_is_one_that_was_offered(expression: str, policy: Policy) -> None:
    chosen = policy.choose(expression)
    assert chosen == Terms.of(chosen.spdx) and " OR " not in chosen.spdx
    assert identifiers_of(chosen.spdx) <= identifiers_of(expression)
    assert chosen.tier >= tier(expression)
    assert policy.choose(chosen.spdx) == chosen
    assert Policy(admitted=tuple(range(6))).choose(expression).tier == tier(expression)


@settings(deadline=None)  # the first example loads the licence index
@given(EXPRESSIONS, EXPRESSIONS)
def test_tiers_absorb(a: str, b: str) -> None:
    assert tier(conjunction([a, disjunction([a, b])])) == tier(disjunction([a, conjunction([a, b])])) == tier(a)
