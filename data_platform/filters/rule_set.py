"""What a rule and a rule set are.

Here belongs the contract that every published set of heuristics is written in. Not here: any published set, and how
rules are applied (`rules.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from numbers import Real

import pyarrow.compute as pc

from data_platform.errors import PlainError


class RuleSetError(PlainError, ValueError):
    """A rule set or threshold that does not exist or cannot be used. The message lists what exists."""


@dataclass(frozen=True)
class Rule:
    """One rule: what a document must satisfy to be kept.

    Attributes:
        name: stable short code, unique within its set.
        thresholds: threshold names with their values, published unless overridden.
        keeps: thresholds to a boolean expression over signal columns, true for documents that satisfy the rule.
    """

    name: str
    thresholds: Mapping[str, float]
    keeps: Callable[[Mapping[str, float]], pc.Expression]

    @property
    def expression(self) -> pc.Expression:
        """The rule over signal columns: true for documents that satisfy it."""
        return self.keeps(self.thresholds)


@dataclass(frozen=True)
class RuleSet:
    """A published set of rules.

    Attributes:
        name: as recipes call it.
        paper: where the rules and thresholds are published.
        rules: in the order in which the first broken one is given as the reason.
    """

    name: str
    paper: str
    rules: tuple[Rule, ...]

    @property
    def thresholds(self) -> dict[str, float]:
        """All thresholds of all rules."""
        return {name: value for rule in self.rules for name, value in rule.thresholds.items()}

    def with_thresholds(self, overrides: Mapping[str, float]) -> RuleSet:
        """This set with some thresholds replaced. Infinity switches a bound off.

        Raises:
            RuleSetError: if no rule has such a threshold, or the value is not a number.
        """
        known = self.thresholds
        for name, value in overrides.items():
            if name not in known:
                raise RuleSetError(f"{self.name} has no threshold {name!r}; it has {', '.join(known)}")
            if not isinstance(value, Real) or isinstance(value, bool) or math.isnan(value):
                raise RuleSetError(f"{self.name}.{name} must be a number, not {value!r}")
        rules = tuple(
            replace(rule, thresholds={name: overrides.get(name, value) for name, value in rule.thresholds.items()})
            for rule in self.rules
        )
        return replace(self, rules=rules)


def at_least(signal: str, threshold: str, value: float, name: str | None = None) -> Rule:
    """The rule `signal >= threshold`, named after the signal unless `name` is given."""
    return Rule(name or signal, {threshold: value}, lambda thresholds: pc.field(signal) >= thresholds[threshold])


def at_most(signal: str, threshold: str, value: float, name: str | None = None) -> Rule:
    """The rule `signal <= threshold`, named after the signal unless `name` is given."""
    return Rule(name or signal, {threshold: value}, lambda thresholds: pc.field(signal) <= thresholds[threshold])


def between(signal: str, lower: tuple[str, float], upper: tuple[str, float], name: str | None = None) -> Rule:
    """The rule `lower <= signal <= upper`, named after the signal unless `name` is given."""
    return Rule(
        name or signal,
        dict((lower, upper)),
        lambda thresholds: (pc.field(signal) >= thresholds[lower[0]]) & (pc.field(signal) <= thresholds[upper[0]]),
    )
