"""The cut by language: which languages a recipe wants, and how sure of them one must be.

Here belong that rule set and what it may name. Not here: how a language is identified (`language/`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.errors import PlainError
from data_platform.core.kinds.rule_set import Rule, Rules
from data_platform.core.reading import Fault, Place
from data_platform.filtering.settings import Filters
from data_platform.language.settings import Language


class UnknownLanguage(PlainError, ValueError):
    """A recipe that names a language which no document can be in, or a model that is not there."""


def check_languages(settings: Language, filters: Filters) -> None:
    """That the model of the recipe is there and knows every language that the recipe names.

    Raises:
        UnknownLanguage: naming the field and, where there is one, the code that is meant.
    """
    for fault in language_faults(settings.model, {
        ("language", "languages"): settings.languages, ("language", "cut_offs"): settings.cut_offs,
        ("filters", "reference"): filters.reference,
    }):  # fmt: skip
        raise UnknownLanguage(f"{'.'.join(map(str, fault.place[:2]))}: {fault.message}")


def language_faults(model: str | None, named: Mapping[Place, Collection[str]]) -> Iterator[Fault]:
    """A model of languages that is not there, or languages that it does not know: another name would keep no document,
    and a cut-off under it would hold for none. The model is read only if languages are named.

    Args:
        model: the recipe's `language.model`.
        named: languages, in mappings or lists, by the field that names them.
    """
    from data_platform.language.fasttext import ModelError
    from data_platform.language.identify import known_languages, model_file
    from data_platform.language.labels import shortest_code

    try:
        model_file(model)
        known = known_languages(model) if any(named.values()) else ()
    except (OSError, ModelError) as error:
        yield Fault(("language", "model"), str(error))
        return
    for field, languages in named.items():
        for language in languages:
            if language not in known:
                place = (*field, language) if isinstance(languages, Mapping) else field
                meant = f"; {code!r} is meant" if (code := shortest_code(language.lower())) in known else ""
                yield Fault(place, f"the model of languages knows no {language!r}{meant}")


def language_rules(settings: Language) -> Rules:
    """The rules `not_selected`, if the recipe names languages, `low_confidence`, by cut-offs per language, and
    `not_as_claimed`, if the recipe asks for it.

    One cut-off does not fit all: a model is sure of a language that it knows well and looks like no other, and less
    sure of close relatives; FineWeb2 (arXiv:2506.20920, section 4.2) sets one per language for that reason: a standard
    deviation below the median of its confidences, within 0.3 and 0.9.
    """
    default = {"min_confidence": settings.min_confidence}
    cut_offs = {f"min_confidence.{language}": value for language, value in settings.cut_offs.items()}
    rules = [Rule("low_confidence", {**default, **cut_offs}, _sure_enough)]
    if settings.languages:
        wanted = pa.array(settings.languages)
        rules.insert(0, Rule("not_selected", {}, lambda _: pc.field("language").isin(wanted)))
    if settings.as_claimed:
        rules.append(Rule("not_as_claimed", {}, lambda _: _as_claimed()))
    return Rules("language", tuple(rules))


def _as_claimed() -> pc.Expression:
    """Whether the page claims no language or the one that was detected, as CulturaX demands of mC4 and OSCAR
    (Nguyen et al. 2023, arXiv:2309.09400)."""
    claimed = pc.field("claimed_language")
    return claimed.is_null() | (claimed == pc.field("language"))


def _sure_enough(thresholds: Mapping[str, float]) -> pc.Expression:
    """Whether the confidence reaches the cut-off of the document's language. Languages of equal cut-off go together."""
    confidence, language = pc.field("language_confidence"), pc.field("language")
    with_cut_off: dict[float, list[str]] = {}
    for name, value in thresholds.items():
        if name != "min_confidence":
            with_cut_off.setdefault(value, []).append(name.removeprefix("min_confidence."))
    others = [name for names in with_cut_off.values() for name in names]
    keeps = confidence >= thresholds["min_confidence"]
    if others:
        keeps = keeps & ~language.isin(pa.array(others))
    for value, names in with_cut_off.items():
        keeps = keeps | (language.isin(pa.array(names)) & (confidence >= value))
    return keeps
