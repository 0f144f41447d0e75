"""Outcomes of checks in one sentence each, with the figures that a person asks for first.

The figures are those of the outcome, which Dagster shows below the sentence. A check that is not known here, such as
one that was added elsewhere, is told by its figures alone. Not here: what is checked (`expectations.py`, `gates.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from data_platform.core.errors import many

_SHOWN = 3

Detail = Mapping[str, Any]


def sentence(name: str, passed: bool, detail: Detail) -> str:
    """What a check found, as a sentence that ends with a full stop.

    Args:
        detail: names and counts, as an outcome has them.
    """
    if "not asked" in detail:
        return f"Not asked, since {detail['not asked']} does not hold."
    if "partitions" in detail:
        held, every = detail["partitions"] - len(detail["failed"]), detail["partitions"]
        return f"It holds of {held:,} of {many(every, 'partition')}; of {detail['of']}: {detail['found']}"
    said = _SENTENCES[name](passed, detail) if name in _SENTENCES else _figures(passed, detail)
    return said[:1].upper() + said[1:] + ("" if said.endswith(".") else ".")


def _figures(passed: bool, detail: Detail) -> str:
    told = ", ".join(f"{_word(key)} {_value(value)}" for key, value in detail.items())
    return f"{'it holds' if passed else 'it does not hold'}{f': {told}' if told else ''}"


def _schema(passed: bool, detail: Detail) -> str:
    if passed:
        return f"all {many(detail['columns'], 'column')} are as declared"
    return f"{many(len(detail), 'column')} not as declared: {_listed(detail)}"


def _row_count(passed: bool, detail: Detail) -> str:
    return f"{detail['rows']:,} of {many(detail['committed_rows'], 'row')} that were committed can be read"


def _not_empty(passed: bool, detail: Detail) -> str:
    return f"there {'is' if detail['rows'] == 1 else 'are'} {many(detail['rows'], 'row')}"


def _key_unique(passed: bool, detail: Detail) -> str:
    rows = detail["rows"]
    return f"{rows - detail['duplicates']:,} of {many(rows, 'key')} ({detail['key']}) are unique"


def _breaches(what: str, otherwise: str) -> Callable[[bool, Detail], str]:
    def said(passed: bool, detail: Detail) -> str:
        counts = {name: count for name, count in detail.items() if name != "rows"}
        if not counts:
            return f"{what} of {many(detail['rows'], 'row')}"
        return f"{many(sum(counts.values()), 'value')} of {many(detail['rows'], 'row')} {otherwise}: {_listed(counts)}"

    return said


def _custody(passed: bool, detail: Detail) -> str:
    return _none("all files are what the platform wrote", detail["breaches"])


def _up_to_date(passed: bool, detail: Detail) -> str:
    return "it is up to date" if passed else f"{detail['state']}: {detail['why']}"


def _books(passed: bool, detail: Detail) -> str:
    dropped = sum(detail["dropped"].values())
    reasons = f" ({_listed(detail['dropped'])})" if dropped else ""
    said = f"{many(detail['incoming'], 'row')} in = {detail['kept']:,} kept + {dropped:,} dropped{reasons}"
    return said if passed else f"{said.replace(' = ', ' against ', 1)}: {detail['unaccounted']:,} unaccounted for"


def _rates(passed: bool, detail: Detail) -> str:
    asked = f"{many(detail['large_enough'], 'source')} of {detail['sources']:,} large enough to ask"
    most = "".join(f"; {source} loses most, {rate:.1%}" for source, rate in detail["largest"].items())
    said = f"{asked}, {len(detail['over']):,} of them above {detail['allowed']:.0%}{most}"
    return said if passed else f"{said}: {_listed({name: f'{rate:.1%}' for name, rate in detail['over'].items()})}"


def _largest_cluster(passed: bool, detail: Detail) -> str:
    if not detail["documents"]:
        return "there is no document"
    size, every = detail["largest"], detail["documents"]
    return (f"the largest cluster holds {size:,} of {many(every, 'document')} ({size / every:.1%}; allowed "
            f"{detail['allowed_share']:.0%})")


def _documents_stay(passed: bool, detail: Detail) -> str:
    return f"{detail['kept']:,} of {many(detail['documents'], 'document')} stay"


def _alike(passed: bool, detail: Detail) -> str:
    return (f"in {detail['clusters'] - detail['unlike']:,} of {many(detail['clusters'], 'large cluster')} the copies "
            f"are like the one that stays (at least {detail['allowed']:g})")


def _taken_down(passed: bool, detail: Detail) -> str:
    return f"{many(detail['taken_down'], 'row')} of {detail['rows']:,} were taken down"


def _proposals(passed: bool, detail: Detail) -> str:
    return f"programs from outside: {', '.join(f'{_word(key)} {_value(value)}' for key, value in detail.items())}"


def _changes(passed: bool, detail: Detail) -> str:
    return _none("no licence has changed since the table was built", detail["changes"])


def _current(passed: bool, detail: Detail) -> str:
    return _none("the recipe would make today just what the table holds", detail["differences"])


def _tiers(passed: bool, detail: Detail) -> str:
    by_tier = _listed({f"tier {tier}": count for tier, count in detail["rows_by_tier"].items()})
    admitted = ", ".join(map(str, detail["admitted"]))
    said = f"{many(detail['rows'], 'row')}, of which {by_tier or 'none of any tier'}; tiers {admitted} are admitted"
    return said + _found(detail["findings"])


def _chain(passed: bool, detail: Detail) -> str:
    said = (f"{many(detail['rows'], 'row')} followed through {many(detail['tables'], 'table')} to record and evidence")
    return said + _found(detail["findings"]) + (f"; {_listed(detail['breaches'])}" if detail["breaches"] else "")


def _classes(passed: bool, detail: Detail) -> str:
    rows = detail["rows"]
    classes = ", ".join(detail["classes"]) or "any class"
    said = f"{rows - detail['of_no_class']:,} of {many(rows, 'row')} are of {classes}"
    return said + (f"; the others are under {_listed(detail['their_licenses'])}" if detail["of_no_class"] else "")


def _use(passed: bool, detail: Detail) -> str:
    rows, use = detail["rows"], ", ".join(detail["use"]) or "whatever the tiers allow"
    said = f"the licence of {rows - detail['not_allowed']:,} of {many(rows, 'row')} allows {use}"
    return said + (f"; not so {_listed(detail['their_licenses'])}" if detail["not_allowed"] else "")


def _apart(passed: bool, detail: Detail) -> str:
    if passed:
        return f"none of {many(detail['rows'], 'document')} is in a table that is kept apart"
    return f"of {many(detail['rows'], 'document')} some are elsewhere, too: {_listed(detail['also_in'])}"


def _archives(passed: bool, detail: Detail) -> str:
    cut, every = detail["cut"], many(detail["archives"], "archive")
    return f"{len(cut):,} of {every} could not be read to the end, fetch it again: {_listed(cut)}" if cut else (
        f"all of {every} could be read to the end")


def _said(passed: bool, detail: Detail) -> str:
    return str(detail["said"])


_SENTENCES: Mapping[str, Callable[[bool, Detail], str]] = {
    "schema": _schema,
    "row_count": _row_count,
    "not_empty": _not_empty,
    "key_unique": _key_unique,
    "not_null": _breaches("no value is missing", "are missing"),
    "key_and_license_values": _breaches("keys and licences are as declared", "are not as declared"),
    "values": _breaches("values are as declared", "are not as declared"),
    "custody": _custody,
    "up_to_date": _up_to_date,
    "books": _books,
    "removal_rate": _rates,
    "sources_stay": _rates,
    "largest_cluster": _largest_cluster,
    "documents_stay": _documents_stay,
    "alike": _alike,
    "taken_down": _taken_down,
    "proposals": _proposals,
    "licenses_current": _changes,
    "current": _current,
    "license_tiers": _tiers,
    "chain_of_evidence": _chain,
    "license_classes": _classes,
    "license_use": _use,
    "apart_from_datastores": _apart,
    "volume": _said,
    "archives_whole": _archives,
}


def _none(well: str, found: Sequence[str]) -> str:
    return f"{many(len(found), 'finding')}: {_listed(found)}" if found else well


def _found(findings: Any) -> str:
    count = sum(findings.values()) if isinstance(findings, Mapping) else len(findings or ())
    return f"; {many(count, 'finding')}: {_listed(findings)}" if count else ""


def _listed(found: Mapping[str, Any] | Sequence[Any]) -> str:
    some = [f"{key} {_value(value)}" for key, value in found.items()] if isinstance(found, Mapping) else list(found)
    more = f" and {len(some) - _SHOWN:,} more" if len(some) > _SHOWN else ""
    return f"{'; '.join(map(str, some[:_SHOWN]))}{more}"


def _word(key: str) -> str:
    return key.replace("_", " ")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping | list | tuple):
        return _listed(value) or "none"
    return str(value)
