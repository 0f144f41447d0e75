"""The judgement of a recipe: all its rules, in order, over rows of labels and signals.

Here belongs what a recipe makes of the rule sets: the cut by language, blocked URLs, then the published sets, each on
the domains that it applies to, with thresholds learned per language and sets of their own for the domains of branches,
and last the rules that the recipe states itself.
Not here: the rules (one module per set), which of them a recipe names (`chosen.py`), how one is applied (`rules.py`),
where rows come from (`stages/filter_verdicts.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.filtering.chosen import published_rule_sets
from data_platform.filtering.languages import language_rules
from data_platform.filtering.own import labels_read, over_signals, own_rules
from data_platform.filtering.rules import judge, only_on, with_learned
from data_platform.filtering.settings import Filters, OwnRule
from data_platform.filtering.url_lists import url_columns, url_rules
from data_platform.language.settings import Language

LABELS = ("domain", "language", "language_confidence", "claimed_language", "url")
"""The columns of `documents` that rules read, whatever the recipe."""


@dataclass(frozen=True)
class Judgement:
    """What decides the verdicts of a recipe.

    Attributes:
        filters: those of the recipe.
        language: the cut by language.
        by_domain: rule sets of domains that have their own, see `chosen.filters_by_domain`.
        learned: rows of table `filter_thresholds`, if rule sets of the recipe learn theirs.
        url_digests: `url_lists.list_digests` of the recipe.
        own: the recipe's own rules; those over scores are passed over.
    """

    filters: Filters
    language: Language
    by_domain: Mapping[str, Filters] = field(default_factory=dict)
    learned: pa.Table | None = None
    url_digests: Mapping[str, Sequence[str]] = field(default_factory=dict)
    own: Mapping[str, OwnRule] = field(default_factory=dict)

    @property
    def labels(self) -> list[str]:
        """The columns of `documents` that the rules read."""
        return list(dict.fromkeys([*LABELS, *labels_read(self.own)]))

    def verdicts(self, rows: pa.Table) -> pa.StructArray:
        """One `rules.VERDICT` per row.

        Args:
            rows: the columns `labels` of documents beside their signals.

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
            published = [
                replace(rules, rules=tuple(only_on(filters.domains, rule) for rule in rules.rules))
                for rules in published
            ]
        own = own_rules(over_signals(self.own))
        return judge(rows, [language_rules(self.language), url_rules(self.filters.urls), *published, own])

