"""What a recipe names must exist: domains, rule sets and their thresholds, languages, preferences, options.

Looked for in the recipe as it was written, so that a fault elsewhere in it hides none of these: what has another shape
than a field wants is passed over, for the field says so itself. Not here: the shape of a recipe (`recipe.py` and the
`<room>/settings.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from data_platform.core import registry
from data_platform.core.errors import no_such
from data_platform.core.kinds.method import Entry
from data_platform.core.kinds.rule_set import RuleSet, RuleSetError
from data_platform.core.kinds.scorer import Scorer, score_column, score_columns
from data_platform.core.kinds.synthesiser import Synthesiser
from data_platform.core.kinds.trainer import Trainer
from data_platform.core.reading import Fault, Place
from data_platform.core.tables import table
from data_platform.mixing.settings import QUALITY

if TYPE_CHECKING:
    from data_platform.run.recipe import Recipe

_TEXT_COLUMNS = [name for name in table("deduplicated_documents").column_names if name not in ("text", "title")]
"""Columns of documents that selectors and orderers may read beside scores."""


def name_faults(recipe: Mapping[str, Any]) -> Iterator[Fault]:
    """Every name in a recipe that is the name of nothing, with what is near.

    Args:
        recipe: as YAML gives it, or as a valid recipe dumps it.
    """
    yield from _domain_faults(recipe)
    yield from _rule_set_faults(recipe)
    yield from _rule_faults(recipe)
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
    every = of_sources | set(branches) | set(_made_domains(recipe))
    for place in (("filters",), ("refinement", "lines")):
        yield from _unknown((*place, "domains"), _items(_at(recipe, *place, "domains")), every)
    for name, branch in branches.items():
        yield from _unknown(("branches", name, "domains"), _items(_at(branch, "domains")), of_sources)
    for name, entry in _mapping(recipe.get("synthesis")).items():
        yield from _unknown(("synthesis", name, "from_domains"), _items(_at(entry, "from_domains")),
                            of_sources | set(branches))
    for section in ("datastores", "rules"):
        for name, part in _mapping(recipe.get(section)).items():
            yield from _unknown((section, name, "domains"), _items(_at(part, "domains")), every)
    for name, mixture in _mapping(recipe.get("mixtures")).items():
        yield from _unknown(("mixtures", name, "weights"), _mapping(_at(mixture, "weights")), every)


def _made_domains(recipe: Mapping[str, Any]) -> Iterator[str]:
    """The domains that texts made of others count as."""
    known = registry.methods(Synthesiser)
    for name, entry in _mapping(recipe.get("synthesis")).items():
        domain = _at(entry, "domain")
        method = known.get(str(entry if isinstance(entry, str) else _at(entry, "method") or name))
        fields = method.Settings.model_fields if method else {}
        if isinstance(domain, str):
            yield domain
        elif "domain" in fields:
            yield fields["domain"].default


def entry_faults(recipe: Recipe) -> Iterator[Fault]:
    """Every entry of a valid recipe that reads of another entry what is not there."""
    trainers = {*recipe.models, *registry.methods(Trainer)}
    for section in ("scores", "synthesis", "audits"):
        for name, entry in getattr(recipe, section).items():
            yield from _absent((section, name), "model", entry.models, trainers)
    for name, entry in recipe.repetition.pairs.items():
        yield from _absent(("repetition", "pairs", name), "model", entry.models, trainers)
    if recipe.repetition.semantic:
        yield from _absent(("repetition", "semantic", "model"), "model", [recipe.repetition.semantic.model], trainers)
    columns = list(_score_names(recipe.scores))
    readable = [*columns, *_TEXT_COLUMNS]
    for name, entry in recipe.selections.items():
        yield from _no_score(("selections", name), entry.columns, readable, recipe.scores)
    for name, mixture in recipe.mixtures.items():
        place = ("mixtures", name)
        yield from _no_score((*place, "scores"), mixture.scores, columns, recipe.scores)
        yield from _repeated((*place, "scores"), [one for one in mixture.scores if one in columns], recipe.scores)
        yield from _no_score((*place, "order"), mixture.order.columns, readable, recipe.scores)
        if mixture.min_quality > 0:
            yield from _no_score((*place, "min_quality"), [QUALITY], columns, recipe.scores)
        if mixture.select is not None:
            yield from _absent((*place, "select"), "selection", [mixture.select], recipe.selections)
        if mixture.mixer is not None:
            domains = {source.domain for source in recipe.sources} | set(recipe.branches)
            domains |= {entry.settings.domain for entry in recipe.synthesis.values()}
            yield from _absent((*place, "mixer"), "domain", sorted(mixture.mixer.made().named()), domains)
    published = [name for name, mixture in recipe.mixtures.items() if mixture.publish]
    for name, entry in recipe.audits.items():
        yield from _absent(("audits", name, "mixture"), "published mixture", [entry.settings.mixture], published)


def _absent(place: Place, what: str, names: Iterable[str], known: Collection[str]) -> Iterator[Fault]:
    return (Fault(place, no_such(what, name, known)) for name in names if name not in known)


def _no_score(
    place: Place, names: Iterable[str], known: Collection[str], scores: Mapping[str, Entry], what: str = "score"
) -> Iterator[Fault]:
    for name in names:
        if name in known:
            continue
        owners = [f"{entry}.{name}" for entry, made in scores.items()
                  if any(column.name == name for column in made.method.gives)]
        if owners:
            yield Fault(place, f"other columns are called {name}, too: say {' or '.join(owners)}")
        else:
            yield Fault(place, no_such(what, name, known))


def _repeated(place: Place, names: Iterable[str], scores: Mapping[str, Entry]) -> Iterator[Fault]:
    called: dict[str, str] = {}
    for name in names:
        if (other := called.setdefault(score_column(scores, name).name, name)) is not name:
            yield Fault(place, f"{other} and {name} are one column: name it once")


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


def _rule_faults(recipe: Mapping[str, Any]) -> Iterator[Fault]:
    """Rules of the recipe's own over what nobody counts."""
    from data_platform.filtering.own import LEARNED_SIGNALS, bounded_columns

    known, entries = bounded_columns(), _score_entries(recipe)
    scores, numbers = set(_score_names(entries)), set(_score_names(entries, numbers=True))
    for name, rule in _mapping(recipe.get("rules")).items():
        signal, place = _at(rule, "signal"), ("rules", name, "signal")
        if not isinstance(signal, str):
            continue
        if signal not in known and signal not in scores:
            yield from _no_score(place, [signal], [*known, *numbers], entries, "signal or score")
        elif signal not in known and signal not in numbers:
            yield Fault(place, f"{signal} holds no numbers, and these alone have bounds")
        elif known.get(signal) == LEARNED_SIGNALS and not _counts_stop_words(recipe):
            yield Fault(place, f"{signal} is counted only where a rule set learns stop words: name one under filters")


def _score_entries(recipe: Mapping[str, Any]) -> dict[str, Entry]:
    """The entries of `scores` whose methods there are, whatever their settings."""
    found = {}
    for name, entry in _mapping(recipe.get("scores")).items():
        method = entry if isinstance(entry, str) else _at(entry, "method") or name
        if isinstance(method, str) and (known := registry.methods(Scorer).get(method)):
            found[str(name)] = Entry(str(name), known, known.Settings.model_construct())
    return found


def _score_names(scores: Mapping[str, Entry], numbers: bool = False) -> Iterator[str]:
    """What the columns of scores can be called; only of those that hold numbers, if `numbers`."""
    for column in score_columns(scores):
        kind = column.declared.type
        if not numbers or pa.types.is_integer(kind) or pa.types.is_floating(kind):
            yield from (column.name, f"{column.entry}.{column.declared.name}")


def _counts_stop_words(recipe: Mapping[str, Any]) -> bool:
    known = registry.methods(RuleSet)
    named = [known.get(name.partition("@")[0]) for name in _mapping(_at(recipe, "filters", "rule_sets"))]
    return any(method and "stop_word_share" in method.Settings.model_fields for method in named)


def _preference_faults(recipe: Mapping[str, Any]) -> Iterator[Fault]:
    from data_platform.duplicates.policy import PREFERENCES, PreferenceError, preferences

    for number, entry in enumerate(_items(_at(recipe, "deduplication", "keep"))):
        if not isinstance(entry, str):
            continue
        try:
            preferences([entry])
        except PreferenceError:
            signals = table("quality_signals").column_names
            known = [*PREFERENCES, *(f"{end}:{signal}" for end in ("highest", "lowest") for signal in signals)]
            yield Fault(("deduplication", "keep", number), no_such("preference", entry, known))


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
    from data_platform.extract.choose import load_engine

    known = load_engine(engine).OPTIONS
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
