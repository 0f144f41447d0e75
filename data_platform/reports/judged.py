"""Every rule that documents were judged by, with what was measured of them beside what it asks for.

Rules and thresholds are those that the commit of the verdicts names, signals are read at the versions that it read, so
what is told is what was decided, whatever the recipe says by now. Not here: how it is printed (`cli/`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.kinds.rule_set import Bound, Rule, Rules
from data_platform.core.tables import table
from data_platform.filtering.languages import language_rules
from data_platform.filtering.own import NAME as OWN
from data_platform.filtering.own import own_rules
from data_platform.filtering.rules import rule_set
from data_platform.filtering.settings import OwnRule, Urls
from data_platform.filtering.url_lists import url_rules
from data_platform.lake.lake import Lake, Pin, VersionGone
from data_platform.language.settings import Language
from data_platform.proof.after_takedown import first_of
from data_platform.reports.filtering import judged_pins

UNLEARNED = "unlearned"
"""The rule that a document breaks for whose language nothing was learned."""
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_SIDES = {"min": ">=", "max": "<="}


@dataclass(frozen=True)
class Judged:
    """One rule and one document.

    Attributes:
        rule: as reasons have it, `rule_set.rule`.
        holds: whether the document satisfies it; None if the rule does not apply to its domain.
        values: what was measured: signal, or label of the document, to its value.
        thresholds: what it is compared with, by the names that a recipe may set.
        asks: the same in a few words.
    """

    rule: str
    holds: bool | None
    values: dict[str, Any]
    thresholds: dict[str, float | None]
    asks: str


@dataclass(frozen=True)
class Verdict:
    """What the rules say of one document: kept or not, the first broken rule, every rule in order, all signals."""

    kept: bool
    reason: str
    rules: tuple[Judged, ...]
    signals: dict[str, Any]


def verdicts_of(lake: Lake, snapshot: str, doc_ids: Collection[str]) -> dict[str, Verdict]:
    """The verdicts of some documents of a snapshot; those that were never judged are left out."""
    pins = lake.pins("filter_verdicts", [snapshot])
    if not pins or not doc_ids:
        return {}
    verdicts = _rows(lake, pins[0], doc_ids)
    inputs = {pin.table: pin for pin in judged_pins(lake, pins[0])}
    beside = {
        name: _rows(lake, inputs[name], doc_ids)
        for name in ("documents", "quality_signals", "language_signals", "document_branches") if name in inputs
    }
    learned = _learned(lake, inputs.get("filter_thresholds"))
    history = lake.history("filter_verdicts")
    commit = next(row for row in history if row["partition"] == snapshot and row["version"] <= pins[0].version)
    config = json.loads(first_of(history, commit)["config"])
    found = {}
    for doc_id, verdict in verdicts.items():
        if any(doc_id not in rows for name, rows in beside.items() if name != "document_branches"):
            continue
        signals = {
            name: value for kind in ("quality_signals", "language_signals")
            for name, value in beside.get(kind, {}).get(doc_id, {}).items() if name not in ("doc_id", "snapshot")
        }
        labels = dict(beside["documents"][doc_id])
        labels |= {"domain": beside.get("document_branches", {}).get(doc_id, labels)["domain"]}
        rules = _judged(config, labels, signals, learned, set(verdict["failed"]))
        found[doc_id] = Verdict(verdict["kept"], verdict["reason"], tuple(rules), signals)
    return found


def bounds_in_words(rule: Rule, thresholds: Mapping[str, float | None]) -> str:
    """What a rule asks for, by the names of its thresholds: `>= 50 min_words, <= 100000 max_words`."""
    return ", ".join(
        f"{_SIDES[bound.side]} {_number(value)} {name}" if (bound := rule.bounds.get(name)) else
        f"{name} {_number(value)}" for name, value in thresholds.items()
    )


def values_read(rule: Rule, known: Mapping[str, Any]) -> dict[str, Any]:
    """Of `known`, what the expression of a rule reads."""
    return {name: known[name] for name in dict.fromkeys(_NAME.findall(str(rule.expression))) if name in known}


def _judged(
    config: Mapping[str, Any], labels: Mapping[str, Any], signals: Mapping[str, Any],
    learned: Mapping[tuple[str, str], dict[str, float]], failed: set[str],
) -> list[Judged]:
    found, known = [], {**labels, **signals}
    own = {name: OwnRule(**rule) for name, rule in config.get("rules", ())}
    sets, domains = config["rule_sets"], tuple(config["domains"])
    if (of_branch := f"branch {labels['domain']}") in config:
        sets, domains = config[of_branch], ()
    for rules in _rule_sets(config, sets):
        applies = not domains or rules.name in ("language", "url") or labels["domain"] in domains
        values = learned.get((rules.name, labels["language"]), {})
        if any(name not in values for name in rules.learned):
            if f"{rules.name}.{UNLEARNED}" in failed:
                found.append(Judged(f"{rules.name}.{UNLEARNED}", False, {"language": labels["language"]}, {},
                                    "thresholds, of which none were learned for its language"))
            continue
        for rule in rules.rules:
            thresholds = {name: values.get(name) if value is None else value
                          for name, value in rule.thresholds.items()}
            name = f"{rules.name}.{rule.name}"
            holds = None if not applies else name not in failed
            found.append(_told(name, holds, Rule(rule.name, thresholds, rule.keeps, rule.bounds), known, config))
    for rule, stated in zip(own_rules(own).rules, own.values(), strict=True):
        name = f"{OWN}.{rule.name}"
        applies = not stated.domains or labels["domain"] in stated.domains
        found.append(_told(name, name not in failed if applies else None, rule, {stated.signal: known[stated.signal]},
                           config))
    return found


def _rule_sets(config: Mapping[str, Any], sets: Sequence[Any]) -> list[Rules]:
    urls = config["urls"]
    blocked = Urls.model_construct(**{**urls, "rules": dict(urls["rules"])})
    return [language_rules(Language(**config["language"])), url_rules(blocked),
            *(rule_set(name, thresholds) for name, thresholds in sets)]


def _told(
    name: str, holds: bool | None, rule: Rule, known: Mapping[str, Any], config: Mapping[str, Any]
) -> Judged:
    """A rule with what it reads and asks; of those whose thresholds are lists of names, in words of their own."""
    thresholds = dict(rule.thresholds)
    if name == "language.low_confidence":
        one = f"min_confidence.{known['language']}"
        one = one if one in thresholds else "min_confidence"
        thresholds = {one: thresholds[one]}
        bound = Rule(rule.name, thresholds, rule.keeps, {one: Bound("language_confidence", "min")})
        values = {key: known[key] for key in ("language", "language_confidence")}
        return Judged(name, holds, values, thresholds, bounds_in_words(bound, thresholds))
    if name == "language.not_selected":
        return Judged(name, holds, {"language": known["language"]}, {},
                      f"one of {', '.join(config['language']['languages'])}")
    if name == "language.not_as_claimed":
        values = {key: known[key] for key in ("language", "claimed_language")}
        return Judged(name, holds, values, {}, "the language that the page claims")
    if name.startswith("url."):
        words = bounds_in_words(rule, thresholds) or f"a URL that {rule.name} does not block"
        return Judged(name, holds, {"url": known["url"]}, thresholds, words)
    return Judged(name, holds, values_read(rule, known), thresholds, bounds_in_words(rule, thresholds))


def _rows(lake: Lake, pin: Pin, doc_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Rows of a pinned partition by doc_id, without texts; as the table is now where that version was removed."""
    names = tuple(name for name in _columns(pin.table) if name in lake.table(pin.table).column_names)
    where = pc.field("doc_id").isin(pa.array(list(doc_ids), pa.string()))
    partition = pin.partition or None
    try:
        rows = lake.read_table(pin.table, names, partition=partition, version=pin.version, where=where)
    except VersionGone:
        rows = lake.read_table(pin.table, names, partition=partition, where=where)
    return {row["doc_id"]: row for row in rows.to_pylist()}


@cache
def _columns(name: str) -> tuple[str, ...]:
    return tuple(column.name for column in table(name).columns if not column.long or column.name == "url")


def _learned(lake: Lake, pin: Pin | None) -> dict[tuple[str, str], dict[str, float]]:
    """Learned thresholds by rule set and language."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    if pin is None:
        return found
    try:
        rows = lake.read_table(pin.table, version=pin.version)
    except VersionGone:
        rows = lake.read_table(pin.table)
    for row in rows.to_pylist():
        found.setdefault((row["rule_set"], row["language"]), {})[row["threshold"]] = row["value"]
    return found


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:,.15g}".replace(",", "") if isinstance(value, float) else str(value)
