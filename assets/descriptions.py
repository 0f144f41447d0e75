"""What a recipe says of a table, for people: tiers, weights, thresholds and limits, as Markdown below the table's own
description.

Paths, addresses and credentials are never among it. Not here: the columns of a table (`metadata.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from data_platform.core.settings import Part
from data_platform.filtering.chosen import filters_by_domain, published_rule_sets
from data_platform.filtering.settings import Filters
from data_platform.mixing.settings import Mixture
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Stage

TIERS = {
    0: "public domain", 1: "permissive", 2: "share-alike and copyleft", 3: "government and data-mining rights",
    4: "unknown", 5: "restricted",
}
"""Tiers of licences in a word; `data_platform/spdx/tiers.py` says what they hold."""

_PARTS = {
    "documents": ("extraction", "language"),
    "license_evidence": ("licenses",),
    "document_licenses": ("licenses",),
    "quality_signals": ("signals",),
    "refinement_programs": ("refinement",),
    "document_signatures": ("deduplication",),
    "copy_pairs": ("deduplication",),
    "duplicates": ("deduplication",),
    "contamination": ("decontamination",),
    "redundant_documents": ("repetition",),
    "duplicate_spans": ("repetition",),
    "quality_labels": ("labels",),
}
"""Sections of the recipe that tables follow from, where it is not the entry that the table is made for."""
_ENTRIES = ("models", "scores", "selections", "synthesis", "audits")
_NAMED = {"datastores": "datastore", "branches": "branch"}
"""Sections whose parts are called by their tables, after this word."""
_LONGEST = 120


def description_of(stage: Stage, recipe: Recipe) -> str:
    """The description of a stage's table, and what the recipe has decided about it."""
    settings = dict(_settings(stage, recipe))
    if not settings:
        return stage.declared.description
    rows = "\n".join(f"| {name} | {_cell(value)} |" for name, value in settings.items())
    return f"{stage.declared.description}\n\n| recipe `{recipe.name}` | |\n|---|---|\n{rows}"


def _settings(stage: Stage, recipe: Recipe) -> Iterator[tuple[str, Any]]:
    name, entry = stage.name, stage.declared.entry
    if name == "raw_crawls":
        for source in recipe.sources:
            said = [source.kind, f"snapshot {source.snapshot or 'by path'}", f"domain {source.domain}"]
            yield f"source {source.name}", ", ".join([*said, *([source.license.spdx] if source.license else [])])
        yield from _leaves(recipe.ingest)
    elif name == "filter_verdicts":
        yield from _thresholds(recipe.filters)
        for domain, filters in filters_by_domain(recipe.branches).items():
            yield from ((f"{domain}: {threshold}", value) for threshold, value in _thresholds(filters))
        for rule, own in recipe.rules.items():
            yield f"rules.{rule}", f"{own.signal} from {own.min} to {own.max}"
    elif name.startswith(("mixture_", "plan_")) and (mixture := recipe.mixtures.get(name.partition("_")[2])):
        yield from _mixture(mixture)
    elif name in _PARTS:
        for part in _PARTS[name]:
            if (section := getattr(recipe, part)) is not None:
                yield from _leaves(section)
    else:
        yield from _entry(name, entry, recipe)


def _entry(name: str, entry: str, recipe: Recipe) -> Iterator[tuple[str, Any]]:
    """The settings of the entry that a table is made for; those of a model are its trainer's where none are stated."""
    settings = {made.table: made.settings for section in _ENTRIES for made in getattr(recipe, section).values()}
    settings |= {
        f"{word}_{called}": part
        for section, word in _NAMED.items() for called, part in getattr(recipe, section).items()
    }
    if name in settings:
        yield from _leaves(settings[name])
    elif name.startswith("model_"):
        yield from _leaves(recipe.model(entry or name.removeprefix("model_")).settings)


def _mixture(mixture: Mixture) -> Iterator[tuple[str, Any]]:
    yield "tiers", "; ".join(f"{tier}: {TIERS[tier]}" for tier in mixture.tiers)
    total = sum(mixture.weights.values())
    yield from ((f"weight of {domain}", f"{weight / total:.1%}") for domain, weight in mixture.weights.items())
    yield from (
        (name, value) for name, value in _leaves(mixture)
        if not name.startswith(("weights", "tiers")) and name != "publish"
    )


def _thresholds(filters: Filters) -> Iterator[tuple[str, Any]]:
    """Every threshold as it holds, published ones included; those that are learned say so."""
    if filters.domains:
        yield "domains", filters.domains
    for rules in published_rule_sets(filters):
        for threshold, value in rules.thresholds.items():
            yield f"{rules.name}.{threshold}", "learned per language" if value is None else value


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The settings in a part of a recipe by their path: numbers, words and lists of these; no path and no address."""
    if isinstance(value, Part):
        value = {name: getattr(value, name) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else str(name))
    elif hasattr(value, "method") and hasattr(value, "settings"):
        yield path, value.method.name
        yield from _leaves(value.settings, path)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        if value and all(isinstance(item, str | int | float) and _plain(item) for item in value):
            yield path, value
    elif value is not None and isinstance(value, str | int | float) and _plain(value):
        yield path, value


def _plain(value: str | int | float) -> bool:
    return not isinstance(value, str) or (value != "" and "/" not in value and "\\" not in value)


def _cell(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        text = ", ".join(map(_cell, value))
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, int):
        text = f"{value:,}"
    elif isinstance(value, float):
        text = "no limit" if math.isinf(value) else f"{value:g}"
    else:
        text = str(value)
    text = text.replace("|", "/").replace("\n", " ")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
