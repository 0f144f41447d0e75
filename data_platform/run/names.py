"""What a recipe names must exist: domains, rule sets and their thresholds, languages, preferences, options.

Looked for in the recipe as it was written, so that a fault elsewhere in it hides none of these: what has another shape
than a field wants is passed over, for the field says so itself. Not here: the shape of a recipe (`recipe.py` and the
`settings.py` of the rooms).
"""

from __future__ import annotations

import importlib
from collections.abc import Collection, Iterator, Mapping
from numbers import Real
from typing import Any

from data_platform.core import registry
from data_platform.core.errors import no_such
from data_platform.core.kinds.rule_set import RuleSet, RuleSetError
from data_platform.core.reading import Fault, Place
from data_platform.core.tables import table


def name_faults(recipe: Mapping[str, Any]) -> Iterator[Fault]:
    """Every name in a recipe that is the name of nothing, with what is near.

    Args:
        recipe: as YAML gives it, or as a valid recipe dumps it.
    """
    yield from _domain_faults(recipe)
    yield from _rule_set_faults(recipe)
    yield from _preference_faults(recipe)
    yield from _language_faults(recipe)
    yield from _option_faults(recipe)


def _domain_faults(recipe: Mapping[str, Any]) -> Iterator[Fault]:
    """A misspelt domain would leave documents unfiltered, or a mixture empty, without a word."""
    sources = [source.get("domain", "web") for source in _items(recipe.get("sources")) if isinstance(source, Mapping)]
    of_sources = {domain for domain in sources if isinstance(domain, str)}
    if not of_sources:
        return
    branches = _mapping(recipe.get("branches"))
    every = of_sources | set(branches)
    for place in (("filters",), ("refinement", "lines")):
        yield from _unknown((*place, "domains"), _items(_at(recipe, *place, "domains")), every)
    for name, branch in branches.items():
        yield from _unknown(("branches", name, "domains"), _items(_at(branch, "domains")), of_sources)
    for name, datastore in _mapping(recipe.get("datastores")).items():
        yield from _unknown(("datastores", name, "domains"), _items(_at(datastore, "domains")), every)
    for name, mixture in _mapping(recipe.get("mixtures")).items():
        yield from _unknown(("mixtures", name, "weights"), _mapping(_at(mixture, "weights")), every)


def _unknown(field: Place, domains: Collection[Any], known: Collection[str]) -> Iterator[Fault]:
    for domain in domains:
        if isinstance(domain, str) and domain not in known:
            place = (*field, domain) if isinstance(domains, Mapping) else field
            yield Fault(place, no_such("domain", domain, known))


def _rule_set_faults(recipe: Mapping[str, Any]) -> Iterator[Fault]:
    by_name = {name: method for method in registry.methods(RuleSet).values() for name in method.names()}
    of_all = _mapping(_at(recipe, "filters", "rule_sets"))
    named = {("filters", "rule_sets"): of_all}
    for name, branch in _mapping(recipe.get("branches")).items():
        named["branches", name, "rule_sets"] = _mapping(_at(branch, "rule_sets"))
    for field, rule_sets in named.items():
        for name, thresholds in rule_sets.items():
            place = (*field, name)
            if name not in by_name:
                yield Fault(place, no_such("rule set", name, by_name))
                continue
            for threshold, value in _mapping(thresholds).items():
                yield from _threshold_faults((*place, threshold), by_name[name], name, threshold, value)
            if by_name[name].learns_from and field[0] == "branches":
                yield Fault(place, "learns its thresholds and belongs under filters")
    referring = [name for name in of_all if name in by_name and by_name[name].learns_from == "reference"]
    if referring and not _at(recipe, "filters", "reference"):
        yield Fault(("filters", "reference"), f"{', '.join(referring)} learns its thresholds from reference texts: "
                    "name some here, by language")


def _threshold_faults(
    place: Place, method: type[RuleSet], rule_set: str, threshold: str, value: object
) -> Iterator[Fault]:
    known = [*method.rules(rule_set).thresholds, *method.Settings.model_fields]
    if threshold not in known:
        yield Fault(place, no_such("threshold", threshold, known))
    elif isinstance(value, Real) and not isinstance(value, bool):
        try:
            method.rules(rule_set, {threshold: value})
        except RuleSetError as error:
            yield Fault(place, str(error))


def _preference_faults(recipe: Mapping[str, Any]) -> Iterator[Fault]:
    from data_platform.duplicates.policy import PREFERENCES, PreferenceError, preferences

    for entry in _items(_at(recipe, "deduplication", "keep")):
        if not isinstance(entry, str):
            continue
        try:
            preferences([entry])
        except PreferenceError:
            signals = table("quality_signals").column_names
            known = [*PREFERENCES, *(f"{end}:{signal}" for end in ("highest", "lowest") for signal in signals)]
            yield Fault(("deduplication", "keep"), no_such("preference", entry, known))


def _language_faults(recipe: Mapping[str, Any]) -> Iterator[Fault]:
    from data_platform.filtering.languages import language_faults

    model = _at(recipe, "language", "model")
    named = {
        ("language", "languages"): _items(_at(recipe, "language", "languages")),
        ("language", "cut_offs"): _mapping(_at(recipe, "language", "cut_offs")),
        ("filters", "reference"): _mapping(_at(recipe, "filters", "reference")),
    }
    texts = {
        field: some for field, some in named.items() if some and all(isinstance(language, str) for language in some)
    }
    if texts or isinstance(model, str):
        yield from language_faults(model if isinstance(model, str) else None, texts)


def _option_faults(recipe: Mapping[str, Any]) -> Iterator[Fault]:
    options = _mapping(_at(recipe, "extraction", "options"))
    engine = _at(recipe, "extraction", "engine") or "auto"
    if not options or engine not in ("auto", "trafilatura", "resiliparse"):
        return
    known = importlib.import_module(f"data_platform.extract.{engine}").OPTIONS
    for name in options:
        if name not in known:
            yield Fault(("extraction", "options", name), no_such("option", name, known))


def _at(value: Any, *names: str) -> Any:
    """What stands below these names, None if nothing does."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _items(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
