"""Rule sets: published heuristics, each rule an expression over signals of documents.

Not here: how rules are applied (`filtering/rules.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import ClassVar, Literal

import numpy as np
import pyarrow.compute as pc
from pydantic import Field, ValidationError

from data_platform.core.errors import PlainError
from data_platform.core.kinds.method import Kind, Method, Section


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
class Dialect:
    """One reading of a paper.

    Attributes:
        name: whose reading it is, with the version.
        rules: in the order in which the first broken one is given as the reason.
    """

    name: str
    rules: tuple[Rule, ...]


class Learning(Section):
    """Settings of a rule set that learns thresholds: which texts speak for a language. No text at all is never
    enough."""

    min_documents: int = Field(
        100, ge=0, le=10**9, description="Texts below which a language has no thresholds."
    )
    sample_documents: int = Field(
        50_000, ge=1, le=10**9, description="Texts per language that thresholds are learned from, at the most: those "
        "with the smallest ids, which are hashes."
    )


@dataclass(frozen=True)
class Rules:
    """Rules that are applied together.

    Attributes:
        name: what reasons begin with.
        rules: in the order in which the first broken one is given as the reason.
        learning: the rule set that learns thresholds which are None, with its settings; None if it learns none.
    """

    name: str
    rules: tuple[Rule, ...]
    learning: RuleSet | None = None

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

    @property
    def settings(self) -> dict[str, float]:
        """What decides how thresholds are learned, by name; empty if none are."""
        return self.learning.settings.model_dump() if self.learning else {}


RULE_SET = Kind(
    name="rule set", section="filters.rule_sets", folder="filters", family="",
    rows="one verdict per document: kept, or dropped with the first broken rule as the reason", partitioned=True,
    phase="filter", licence="none: a verdict is no text", takedown="rows go with their documents, by doc_id",
)


class RuleSet(Method):
    """A published set of rules over signals: columns of `quality_signals`, `language_signals` and labels of documents.

    Of an example, `given` has signals of one document by column, where those that are not named are 0; `gives` is the
    name of the first broken rule, empty if the document is kept.

    Attributes:
        dialects: readings of the paper. Recipes call the first by the name of the set alone, any as `name@dialect`.
        learns_from: where the thresholds that are None are learned from, per language: the documents that are filtered,
            or reference texts. `Settings` is then a `Learning`.
        base: the language whose published thresholds others are derived from, if that is how they are learned.
    """

    kind: ClassVar[Kind] = RULE_SET
    dialects: ClassVar[tuple[Dialect, ...]] = ()
    learns_from: ClassVar[Literal["documents", "reference"] | None] = None
    base: ClassVar[str | None] = None

    @classmethod
    def names(cls) -> dict[str, Dialect]:
        """What recipes call the set, to the dialect that is meant."""
        return {cls.name: cls.dialects[0], **{f"{cls.name}@{dialect.name}": dialect for dialect in cls.dialects}}

    @classmethod
    def rules(cls, name: str = "", overrides: Mapping[str, float] | None = None) -> Rules:
        """The rules under one of the set's names, with some thresholds or settings replaced. Infinity switches a bound
        off.

        Raises:
            RuleSetError: if no rule has such a threshold, the value is not a number, or not what a setting can be.
        """
        name, overrides = name or cls.name, overrides or {}
        published = Rules(name, cls.names()[name].rules)
        known = [*published.thresholds, *cls.Settings.model_fields]
        for threshold, value in overrides.items():
            if threshold not in known:
                raise RuleSetError(f"{name} has no threshold {threshold!r}; it has {', '.join(known)}")
            if not isinstance(value, Real) or isinstance(value, bool) or math.isnan(value):
                raise RuleSetError(f"{name}.{threshold} must be a number, not {value!r}")
        try:
            settings = cls.Settings(**{key: overrides[key] for key in cls.Settings.model_fields if key in overrides})
        except ValidationError as error:
            (fault, *_) = error.errors(include_url=False)
            place = ".".join([name, *map(str, fault["loc"])])
            raise RuleSetError(f"{place}: {fault['msg']}, not {overrides[fault['loc'][0]]:g}") from None
        rules = tuple(
            replace(rule, thresholds={key: overrides.get(key, value) for key, value in rule.thresholds.items()})
            for rule in published.rules
        )
        return Rules(name, rules, cls(settings) if cls.learns_from else None)

    def derive(
        self, threshold: str, bound: Bound, values: np.ndarray, base: np.ndarray | None
    ) -> tuple[float, str]:
        """The value of a threshold for a language, and a few words on how it was found.

        Args:
            threshold: its name.
            bound: what it bounds.
            values: of that signal, one per text of the language; float64.
            base: values of the same signal in texts of `base`; None if there are too few.
        """
        raise NotImplementedError


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
