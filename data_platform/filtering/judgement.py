"""The judgement of a recipe: all its rules, in order, over rows of labels and signals.

Here belongs what a recipe makes of the rule sets: the cut by language, blocked URLs, then the published sets, each on
the domains that it applies to, with thresholds learned per language and sets of their own for the domains of branches.
Not here: the rules (one module per set), how one is applied (`rules.py`), where rows come
from (`stages/filter_verdicts.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.branches.settings import Branch
from data_platform.core.kinds.rule_set import Rules, RuleSet, RuleSetError
from data_platform.filtering.languages import language_rules
from data_platform.filtering.rules import judge, rule_set, rule_set_methods, with_learned
from data_platform.filtering.settings import Filters
from data_platform.filtering.url_lists import url_columns, url_rules
from data_platform.language.settings import Language

LABELS = ("domain", "language", "language_confidence", "claimed_language", "url")
"""The columns of `documents` that rules read."""


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


@dataclass(frozen=True)
class Judgement:
    """What decides the verdicts of a recipe.

    Attributes:
        filters: those of the recipe.
        language: the cut by language.
        by_domain: rule sets of domains that have their own, see `filters_by_domain`.
        learned: rows of table `filter_thresholds`, if rule sets of the recipe learn theirs.
        url_digests: `url_lists.list_digests` of the recipe.
    """

    filters: Filters
    language: Language
    by_domain: Mapping[str, Filters] = field(default_factory=dict)
    learned: pa.Table | None = None
    url_digests: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def verdicts(self, rows: pa.Table) -> pa.StructArray:
        """One `rules.VERDICT` per row.

        Args:
            rows: the columns `LABELS` of documents beside their signals.

        Raises:
            RuleSetError: if a rule set or threshold does not exist, or a signal it needs is missing or null.
            UrlListError: if a block list is missing.
        """
        for name, column in url_columns(
            rows["url"].combine_chunks(), self.filters.urls, self.url_digests
        ).items():
            rows = rows.append_column(name, column)
        domains = rows["domain"].combine_chunks()
        elsewhere = pc.invert(pc.is_in(domains, pa.array(list(self.by_domain), domains.type)))
        parts = [(elsewhere, self.filters)]
        parts += [(pc.equal(domains, name), own) for name, own in self.by_domain.items()]
        verdicts = [self._judge(rows.filter(mine), filters) for mine, filters in parts]
        places = pa.concat_arrays([pc.indices_nonzero(mine) for mine, _ in parts])
        return pa.concat_arrays(verdicts).take(pc.sort_indices(places))

    def _judge(self, rows: pa.Table, filters: Filters) -> pa.StructArray:
        published = published_rule_sets(filters)
        if self.learned is not None:
            rows, published = with_learned(rows, published, self.learned, filters.unlearned == "keep")
        if filters.domains:
            published = [_only_on(filters.domains, rules) for rules in published]
        return judge(rows, [language_rules(self.language), url_rules(self.filters.urls), *published])


def _only_on(domains: tuple[str, ...], rules: Rules) -> Rules:
    """The same rules, which documents of other domains cannot break."""
    exempt = ~pc.field("domain").isin(pa.array(domains))

    def outside_or(keeps: Callable[[Mapping[str, float]], pc.Expression]) -> Callable[..., pc.Expression]:
        return lambda thresholds: exempt | keeps(thresholds)

    return replace(rules, rules=tuple(replace(rule, keeps=outside_or(rule.keeps)) for rule in rules.rules))
