"""The rule sets that a recipe names, for all documents and for those of branches.

Not here: what a recipe makes of them (`judgement.py`).
"""

from __future__ import annotations

from collections.abc import Mapping

from data_platform.branches.settings import Branch
from data_platform.core.kinds.rule_set import Rules, RuleSet, RuleSetError
from data_platform.filtering.rules import rule_set, rule_set_methods
from data_platform.filtering.settings import Filters


def published_rule_sets(filters: Filters) -> list[Rules]:
    """The published rule sets of a recipe, with its thresholds, in its order.

    Raises:
        RuleSetError: if a rule set or threshold does not exist; the message lists those that do.
    """
    return [rule_set(name, thresholds) for name, thresholds in filters.rule_sets.items()]


def learning_rule_sets(filters: Filters) -> list[Rules]:
    """Those published rule sets of a recipe of which thresholds are learned.

    Raises:
        RuleSetError: as `published_rule_sets`, or if reference texts are needed and none are given.
    """
    published = published_rule_sets(filters)
    referring = [rules for rules in published if rules.learning and rules.learning.learns_from == "reference"]
    lacking = [rules.name for rules in referring if not filters.reference]
    if lacking:
        raise RuleSetError(
            f"{', '.join(lacking)} learns its thresholds from reference texts: name some under filters.reference, "
            "by language"
        )
    return [rules for rules in published if rules.learned]


def filters_by_domain(branches: Mapping[str, Branch]) -> dict[str, Filters]:
    """The filters of the branches that have their own; all other domains have those of the recipe.

    Raises:
        RuleSetError: if a branch names a rule set that learns its thresholds, which only the recipe's filters can.
    """
    own = {
        name: Filters(rule_sets=branch.rule_sets)
        for name, branch in branches.items() if branch.rule_sets is not None
    }
    for name, filters in own.items():
        if learning := [rules.name for rules in published_rule_sets(filters) if rules.learning]:
            raise RuleSetError(f"branch {name}: {', '.join(learning)} learns its thresholds and belongs under filters")
    return own


def judging_methods(filters: Filters, branches: Mapping[str, Branch]) -> tuple[type[RuleSet], ...]:
    """The rule sets that the recipe's filters and its branches name.

    Raises:
        RuleSetError: if one does not exist.
    """
    return rule_set_methods(
        *filters.rule_sets, *(name for branch in branches.values() for name in branch.rule_sets or ())
    )
