"""What a rule and a rule set are.

Here belongs the contract that every published set of heuristics is written in. Not here: any published set, and how
rules are applied (`filtering/rules.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Literal

import numpy as np
import pyarrow.compute as pc

from data_platform.core.errors import PlainError


class RuleSetError(PlainError, ValueError):
    """A rule set or threshold that does not exist or cannot be used. The message lists what exists."""


Threshold = float | pc.Expression
"""A number, or a column that holds one number per row: what was learned for the row's language."""


@dataclass(frozen=True)
class Bound:
    """What a threshold bounds: a signal, from below ("min") or from above ("max")."""

    signal: str
    side: Literal["min", "max"]


@dataclass(frozen=True)
class Rule:
    """One rule: what a document must satisfy to be kept.

    Attributes:
        name: stable short code, unique within its set.
        thresholds: threshold names with their values, published unless overridden. None where the value is learned
            per language and was not given.
        keeps: thresholds to a boolean expression over signal columns, true for documents that satisfy the rule.
        bounds: thresholds to what they bound, for rules that only compare signals with thresholds.
    """

    name: str
    thresholds: Mapping[str, float | None]
    keeps: Callable[[Mapping[str, Threshold]], pc.Expression]
    bounds: Mapping[str, Bound] = field(default_factory=dict)

    @property
    def expression(self) -> pc.Expression:
        """The rule over signal columns: true for documents that satisfy it."""
        return self.keeps(self.thresholds)


@dataclass(frozen=True)
class Learning:
    """How the thresholds of a rule set that are not published are learned, per language.

    Attributes:
        source: whose distribution they are learned from: the documents that are filtered, or reference texts.
        derive: threshold, what it bounds, the values of that signal (one per text, float64), those of the same signal
            in `base` (None if there are too few texts) and the settings of the rule set, to the value of the threshold
            and a few words on how it was found.
        base: the language whose published thresholds others are derived from, if that is how they are learned.
    """

    source: Literal["documents", "reference"]
    derive: Callable[[str, Bound, np.ndarray, np.ndarray | None, Mapping[str, float]], tuple[float, str]]
    base: str | None = None


SAMPLE_LIMITS = {"min_documents": (0, 10**9), "sample_documents": (1, 10**9)}
"""What the settings can be that every rule set with learned thresholds has. No text at all is never enough."""


@dataclass(frozen=True)
class RuleSet:
    """A published set of rules, in one dialect: as one code base reads the paper, at one version.

    Attributes:
        name: as recipes call it.
        paper: where the rules and thresholds are published.
        rules: in the order in which the first broken one is given as the reason.
        dialect: whose reading it is, with the version.
        settings: what decides how thresholds are learned per language, by name; empty if all are published numbers.
            Always among them: `min_documents`, below which a language has no thresholds, and `sample_documents`.
        learning: how thresholds that are None are learned.
        limits: the least and the greatest value of each setting. (A threshold can be any number.)
    """

    name: str
    paper: str
    rules: tuple[Rule, ...]
    dialect: str = ""
    settings: Mapping[str, float] = field(default_factory=dict)
    learning: Learning | None = None
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def thresholds(self) -> dict[str, float | None]:
        """All thresholds of all rules."""
        return {name: value for rule in self.rules for name, value in rule.thresholds.items()}

    @property
    def learned(self) -> dict[str, Bound]:
        """The thresholds that are learned per language, with what they bound."""
        return {
            name: rule.bounds[name] for rule in self.rules for name, value in rule.thresholds.items() if value is None
        }

    def with_thresholds(self, overrides: Mapping[str, float]) -> RuleSet:
        """This set with some thresholds or settings replaced. Infinity switches a bound off.

        Raises:
            RuleSetError: if no rule has such a threshold, the value is not a number, or beyond what a setting can be.
        """
        known = [*self.thresholds, *self.settings]
        for name, value in overrides.items():
            if name not in known:
                raise RuleSetError(f"{self.name} has no threshold {name!r}; it has {', '.join(known)}")
            if not isinstance(value, Real) or isinstance(value, bool) or math.isnan(value):
                raise RuleSetError(f"{self.name}.{name} must be a number, not {value!r}")
            least, most = self.limits.get(name, (-math.inf, math.inf))
            if not least <= value <= most:
                raise RuleSetError(f"{self.name}.{name} must be between {least:,} and {most:,}, not {value:g}")
        rules = tuple(
            replace(rule, thresholds={name: overrides.get(name, value) for name, value in rule.thresholds.items()})
            for rule in self.rules
        )
        return replace(
            self, rules=rules, settings={name: overrides.get(name, value) for name, value in self.settings.items()}
        )


def at_least(signal: str, threshold: str, value: float | None, name: str | None = None) -> Rule:
    """The rule `signal >= threshold`, named after the signal unless `name` is given."""
    return Rule(
        name or signal,
        {threshold: value},
        lambda thresholds: pc.field(signal) >= thresholds[threshold],
        {threshold: Bound(signal, "min")},
    )


def at_most(signal: str, threshold: str, value: float | None, name: str | None = None) -> Rule:
    """The rule `signal <= threshold`, named after the signal unless `name` is given."""
    return Rule(
        name or signal,
        {threshold: value},
        lambda thresholds: pc.field(signal) <= thresholds[threshold],
        {threshold: Bound(signal, "max")},
    )


def between(
    signal: str, lower: tuple[str, float | None], upper: tuple[str, float | None], name: str | None = None
) -> Rule:
    """The rule `lower <= signal <= upper`, named after the signal unless `name` is given."""
    return Rule(
        name or signal,
        dict((lower, upper)),
        lambda thresholds: (pc.field(signal) >= thresholds[lower[0]]) & (pc.field(signal) <= thresholds[upper[0]]),
        {lower[0]: Bound(signal, "min"), upper[0]: Bound(signal, "max")},
    )
