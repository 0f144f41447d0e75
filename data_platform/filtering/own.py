"""Rules that a recipe states itself: bounds on a signal or a score, without a file.

Rules over signals give verdicts beside the published sets; rules over scores, which are made of the documents that
stay, are asked when a mixture admits documents. Both are rules as all others are. Not here: published sets
(`methods/filters/`), and how rules are applied (`rules.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.kinds.rule_set import Rule, Rules, at_least, at_most, between
from data_platform.core.tables import table
from data_platform.filtering.rules import only_on
from data_platform.filtering.settings import OwnRule

NAME = "rules"
"""What the reasons of these rules begin with."""

LEARNED_SIGNALS = "language_signals"
"""The table of signals that are counted only where a rule set learns stop words."""


@cache
def bounded_columns() -> Mapping[str, str]:
    """The columns that a rule can bound before documents are kept, with their tables: numbers that no row lacks."""
    return {
        column.name: name
        for name in ("documents", "quality_signals", LEARNED_SIGNALS) for column in table(name).columns
        if not column.nullable and (pa.types.is_integer(column.type) or pa.types.is_floating(column.type))
    }


def over_signals(rules: Mapping[str, OwnRule]) -> dict[str, OwnRule]:
    """Those rules that can be judged before documents are kept."""
    return {name: rule for name, rule in rules.items() if rule.signal in bounded_columns()}


def over_scores(rules: Mapping[str, OwnRule]) -> dict[str, OwnRule]:
    """The others: they read scores."""
    return {name: rule for name, rule in rules.items() if rule.signal not in bounded_columns()}


def labels_read(rules: Mapping[str, OwnRule]) -> list[str]:
    """The columns of `documents` that rules over signals bound, each once."""
    return list(dict.fromkeys(
        rule.signal for rule in over_signals(rules).values() if bounded_columns()[rule.signal] == "documents"
    ))  # fmt: skip


def own_rules(rules: Mapping[str, OwnRule]) -> Rules:
    """Rules of a recipe as one set, in its order, with the thresholds `<name>.min` and `<name>.max`.

    They are over the columns that the recipe names as signals, and `domain`. A row without a value, such as a text that
    was never scored, breaks every rule that asks for one.
    """
    return Rules(NAME, tuple(_rule(name, rule) for name, rule in rules.items()))


def _rule(name: str, own: OwnRule) -> Rule:
    lower, upper = (f"{name}.min", own.min), (f"{name}.max", own.max)
    if own.max is None:
        rule = at_least(own.signal, *lower, name=name)
    elif own.min is None:
        rule = at_most(own.signal, *upper, name=name)
    else:
        rule = between(own.signal, lower, upper, name)
    there = pc.field(own.signal).is_valid()
    rule = replace(rule, keeps=lambda thresholds, keeps=rule.keeps: there & keeps(thresholds))
    return only_on(own.domains, rule) if own.domains else rule
