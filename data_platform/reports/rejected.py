"""What did not come through, with the value that decided and the threshold that it missed.

One row per record or document that a stage did not let in, whatever table holds the reason: rejections, verdicts,
programs, clusters of copies. Reasons are those of the books (`run/books.py`). Not here: how they are printed (`cli/`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import chain, islice, zip_longest
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.errors import PlainError, no_such
from data_platform.core.tables import kind_of, table, table_name
from data_platform.filtering.own import NAME as OWN
from data_platform.lake.lake import Lake
from data_platform.reports.identity import Known, own_ids
from data_platform.reports.judged import Judged, verdicts_of
from data_platform.reports.texts import CAPTURED, texts


class NothingSuch(PlainError, LookupError):
    """A reason, source or stage was asked for that nothing was dropped for. The message says which there are."""


class _Deciding(NamedTuple):
    """A table that says why documents do not enter another: `stage`. Columns and prefix are as in the books."""

    stage: str
    table: str
    where: pc.Expression
    reason: str
    prefix: str


_DECIDING = (
    _Deciding("filtered_documents", "filter_verdicts", ~pc.field("kept"), "reason", ""),
    _Deciding("filtered_documents", "refinement_programs", pc.field("outcome") == "dropped", "reason", "refinement."),
    _Deciding("deduplicated_documents", "duplicates", ~pc.field("kept"), "kind", "duplicate."),
    _Deciding("deduplicated_documents", "cut_programs", pc.field("outcome") == "dropped", "reason", "repetition."),
)
_EVERY = "failed"
"""The column of `filter_verdicts` with every broken rule."""
_BEFORE = {"documents": CAPTURED, "filtered_documents": "documents", "deduplicated_documents": "filtered_documents"}
"""Where the text of what did not enter a table is; of all other tables `deduplicated_documents`."""
_LIGHT = ("stage", "snapshot", "id", "source", "url", "reason", "detail", "archive", "offset")


@dataclass(frozen=True)
class Drop:
    """A record or document that a stage did not let in.

    Attributes:
        stage: the table that it did not enter.
        decided_by: the table that says so.
        doc_id: of it; empty for records of archives that have none.
        own_id: what its row calls itself; empty if nothing.
        reason: as in the books.
        detail: what else the table says, for people.
        because: every rule that it breaks, with what was measured and what is asked for.
        archive, offset: where the record is, of what was never captured; else empty and -1.
        text: what it says, if that was asked for and is in the lake.
    """

    stage: str
    decided_by: str
    snapshot: str
    source: str
    doc_id: str
    own_id: str
    url: str
    reason: str
    detail: str = ""
    because: tuple[Judged, ...] = ()
    archive: str = ""
    offset: int = -1
    text: str | None = None


class Rejected(NamedTuple):
    """`counts` of all that was asked for, by stage and reason, in the order of the stages; some of them as `drops`."""

    counts: list[tuple[str, str, int]]
    drops: list[Drop]


def rejected(
    lake: Lake, *, reason: str = "*", source: str = "", stage: str = "", snapshot: str = "", limit: int = 20,
    with_text: bool = False,
) -> Rejected:
    """What was dropped, counted, and some of it row by row: of every reason in turn, the most frequent first.

    Args:
        reason: a reason, the beginning of one up to a full stop, or a pattern with * and ?. If it is given, every
            document that breaks a rule counts for it, whether that is the first rule that it breaks or not.
        source: name of a source as in the recipe. Default: all.
        stage: the table that was not entered, or the one that decided. Default: all.
        snapshot: default: all.
        limit: how many rows are told.

    Raises:
        NothingSuch: if nothing was dropped for such a reason, or there is no such source or stage.
    """
    _check_source(lake, source)
    counts: Counter[tuple[str, str]] = Counter()
    samples: dict[tuple[str, str], list[dict[str, Any]]] = {}
    known: set[str] = set()
    for decided_by, rows in _dropped(lake, source, stage, snapshot, every_rule=reason != "*"):
        keys = pc.binary_join_element_wise(rows["stage"], rows["reason"], "\n")
        for item in pc.value_counts(keys).to_pylist():
            entered, _, why = item["values"].partition("\n")
            known.add(why)
            if not _matches(why, reason):
                continue
            counts[entered, why] += item["counts"]
            held = samples.setdefault((entered, why), [])
            if len(held) < limit:
                some = rows.filter(pc.equal(keys, item["values"])).slice(0, limit - len(held))
                held += [{**row, "decided_by": decided_by} for row in some.to_pylist()]
    if reason != "*" and not counts and known:
        raise NothingSuch(no_such("reason", reason, known))
    order = _order(lake)
    ordered = sorted(counts.items(), key=lambda item: (order(item[0][0]), -item[1], item[0]))
    in_turn = (row for turn in zip_longest(*(samples[key] for key, _ in ordered)) for row in turn if row)
    picked = sorted(islice(in_turn, limit), key=lambda row: [key for key, _ in ordered].index(
        (row["stage"], row["reason"])))  # fmt: skip
    drops = _told(lake, picked)
    return Rejected([(*key, count) for key, count in ordered], _with_texts(lake, drops) if with_text else drops)


def drops_of(lake: Lake, known: Known) -> list[Drop]:
    """Where and why a document was dropped: by several mixtures, or nowhere."""
    found = _dropped(lake, "", "", known.snapshot, known.doc_id)
    rows = [{**row, "decided_by": decided_by} for decided_by, some in found for row in some.to_pylist()]
    order = _order(lake)
    return _told(lake, sorted(rows, key=lambda row: order(row["stage"])))


def _dropped(
    lake: Lake, source: str, stage: str, snapshot: str, doc_id: str = "", every_rule: bool = False
) -> Iterator[tuple[str, pa.Table]]:
    """All that was dropped, in batches with the columns of `_LIGHT`, and the table that says so.

    Args:
        every_rule: give a document that breaks rules once for each of them, instead of once for the first.
    """
    known: set[str] = set()
    mine = _ids_of(lake, source) if source else None
    if lake.exists("rejections"):
        where = _all(pc.field("snapshot") == snapshot if snapshot else None, _of_source(source),
                     pc.field("id") == doc_id if doc_id else None)
        for batch in lake.read("rejections", _LIGHT, where=where, batch_rows=65_536):
            rows = pa.Table.from_batches([batch])
            known |= set(rows["stage"].unique().to_pylist())
            rows = rows.filter(pc.equal(rows["stage"], stage)) if stage and stage != "rejections" else rows
            yield "rejections", rows
    for place in _DECIDING:
        known |= {place.stage, place.table}
        if (stage and stage not in (place.stage, place.table)) or not lake.exists(place.table):
            continue
        where = _all(place.where, pc.field("snapshot") == snapshot if snapshot else None,
                     pc.field("doc_id") == doc_id if doc_id else None)
        reason = _EVERY if every_rule and place.table == "filter_verdicts" else place.reason
        for batch in lake.read(place.table, ["doc_id", "snapshot", reason], where=where, batch_rows=65_536):
            if mine is not None:
                batch = batch.filter(pc.is_in(batch["doc_id"], mine))
            yield place.table, _light(_each(batch) if reason == _EVERY else batch, place)
    if stage and stage != "rejections" and stage not in known and not lake.exists(stage):
        raise NothingSuch(no_such("stage", stage, known))


def _each(verdicts: pa.RecordBatch) -> pa.RecordBatch:
    """One row per broken rule, as if it were the first."""
    rows = verdicts.take(pc.list_parent_indices(verdicts[_EVERY]))
    return pa.record_batch([rows["doc_id"], rows["snapshot"], pc.list_flatten(verdicts[_EVERY])],
                           ["doc_id", "snapshot", "reason"])


def _light(batch: pa.RecordBatch, place: _Deciding) -> pa.Table:
    count = batch.num_rows
    given = {
        "stage": pa.array([place.stage] * count, pa.string()), "snapshot": batch["snapshot"], "id": batch["doc_id"],
        "reason": pc.binary_join_element_wise(pa.scalar(place.prefix), batch[place.reason], ""),
        "offset": pa.array([-1] * count, pa.int64()),
    }
    empty = pa.array([""] * count, pa.string())
    return pa.table({name: given.get(name, empty) for name in _LIGHT})


def _all(*conditions: pc.Expression | None) -> pc.Expression | None:
    found = None
    for one in conditions:
        found = one if found is None else found if one is None else found & one
    return found


def _of_source(source: str) -> pc.Expression | None:
    """Rows of a source of the recipe: of one whose snapshots are listed, those of all its snapshots."""
    if not source:
        return None
    expanded = pc.binary_join_element_wise(pc.scalar(source), pc.field("snapshot"), pc.scalar("-"))
    return (pc.field("source") == source) | (pc.field("source") == expanded)


def _ids_of(lake: Lake, source: str) -> pa.Array:
    return lake.read_table("documents", ["doc_id"], where=_of_source(source))["doc_id"].combine_chunks()


def _check_source(lake: Lake, source: str) -> None:
    if source:
        rows = lake.read_table("archives", ["source", "snapshot"]).to_pylist()
        named = {row["source"].removesuffix(f"-{row['snapshot']}") for row in rows}
        if source not in named | {row["source"] for row in rows}:
            raise NothingSuch(no_such("source", source, named))


def _matches(reason: str, asked: str) -> bool:
    """Whether a reason is the one that is asked for: with whatever follows, a dialect or the name of a rule."""
    return reason.startswith((f"{asked}.", f"{asked}@")) or fnmatchcase(reason, asked)


def _order(lake: Lake) -> Any:
    """The place of a stage on the way, for sorting."""
    first = [CAPTURED, *_BEFORE]
    names = [*first, *(name for name in lake.tables() if name not in first)]
    return lambda stage: names.index(stage) if stage in names else len(names)


def _told(lake: Lake, rows: Sequence[dict[str, Any]]) -> list[Drop]:
    """Rows as drops, with what the tables beside them say of values and thresholds."""
    ids = [row["id"] for row in rows if row["id"]]
    own = own_ids(lake, ids)
    places = _documents(lake, ids)
    because = {id(row): found for row, found in _because(lake, rows)}
    drops = []
    for row in rows:
        document = places.get(row["id"], {})
        drops.append(Drop(
            row["stage"], row["decided_by"], row["snapshot"], row["source"] or document.get("source", ""), row["id"],
            own.get(row["id"], ("", ""))[1], row["url"] or document.get("url", ""), row["reason"], row["detail"],
            because.get(id(row), ()), row["archive"], row["offset"],
        ))
    return drops


def _documents(lake: Lake, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    if not ids or not lake.exists("documents"):
        return {}
    where = pc.field("doc_id").isin(pa.array(ids, pa.string()))
    rows = lake.read_table("documents", ["doc_id", "source", "url", "domain", "token_count"], where=where).to_pylist()
    return {row["doc_id"]: row for row in rows}


def _because(
    lake: Lake, rows: Sequence[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], tuple[Judged, ...]]]:
    """What was measured and asked for, of the rows of which a table says it."""
    for name in dict.fromkeys(row["decided_by"] for row in rows):
        some = [row for row in rows if row["decided_by"] == name]
        if name == "filter_verdicts":
            for snapshot in dict.fromkeys(row["snapshot"] for row in some):
                mine = [row for row in some if row["snapshot"] == snapshot]
                found = verdicts_of(lake, snapshot, [row["id"] for row in mine])
                for row in mine:
                    if row["id"] in found:
                        yield row, tuple(rule for rule in found[row["id"]].rules if rule.holds is False)
        elif name == "rejections":
            for stage in dict.fromkeys(row["stage"] for row in some if kind_of(row["stage"]) == "plan"):
                yield from _not_admitted(lake, stage, [row for row in some if row["stage"] == stage])
        else:
            yield from _MEASURED[name](lake, some)


def _copies(lake: Lake, rows: Sequence[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], tuple[Judged, ...]]]:
    found = _by_id(lake, "duplicates", rows)
    verify = _config(lake, "copy_pairs").get("verify")
    banding = {name: value for name, value in _config(lake, "document_signatures").items() if name in _BANDING}
    for row in rows:
        copy = found[row["id"]][0]
        values = {name: copy[name] for name in ("similarity", "matched_id", "cluster_id")}
        asks, thresholds = "to be no copy, or the one that `keep` prefers", {}
        if copy["kind"] == "minhash":
            asks, thresholds = _similar_enough(verify, banding)
        yield row, (Judged(row["reason"], False, values, thresholds, asks),)


_BANDING = ("bands", "rows", "ngram")


def _similar_enough(verify: float | None, banding: dict[str, int]) -> tuple[str, dict[str, Any]]:
    """From which similarity on near-copies are copies, in words and as settings."""
    if verify is not None:
        return f"< {verify:g} verify", {"verify": verify}
    bands, rows = banding["bands"], banding["rows"]
    half = (1 - 0.5 ** (1 / bands)) ** (1 / rows)
    return f"no band alike: {bands} bands of {rows} rows find half of the pairs at {half:.2f}", dict(banding)


def _repeated(lake: Lake, rows: Sequence[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], tuple[Judged, ...]]]:
    pairs, items = _by_id(lake, "redundant_documents", rows), _by_id(lake, "contamination", rows)
    settings = {name: config for name, config in _config(lake, "redundant_documents").get("pairs", ())}
    for row in rows:
        told = [
            Judged(f"repetition.{one['kind']}", False, {"similarity": one["similarity"],
                                                      "matched_id": one["matched_doc_id"]},
                   _numbers(settings.get(one["kind"])), _in_words(_numbers(settings.get(one["kind"]))))
            for one in pairs.get(row["id"], ())
        ]
        told += [
            Judged(f"repetition.{one['evaluation_set']}", False, {"item_id": one["item_id"], "overlap": one["overlap"],
                                                               "method": one["method"]}, {}, "no evaluation item")
            for one in items.get(row["id"], ()) if one["decision"] == "drop"
        ]
        yield row, tuple(told)


def _emptied(lake: Lake, rows: Sequence[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], tuple[Judged, ...]]]:
    found = _by_id(lake, "refinement_programs", rows)
    for row in rows:
        program = found[row["id"]][0]
        values = {name: program[name] for name in ("bytes_before", "bytes_after", "tokens_before")}
        yield row, (Judged(row["reason"], False, values, {}, "a text that is left by its program"),)


_MEASURED = {"duplicates": _copies, "cut_programs": _repeated, "refinement_programs": _emptied}

_ADMITTED_BY = {
    "contested_license": (("license_spdx", "license_tier", "claimed_spdx", "claimed_tier"), ("contested", "tiers")),
    "license_class": (("license_spdx",), ("license_classes",)),
    "license_tier": (("license_tier", "license_spdx"), ("tiers",)),
    "license_use": (("license_spdx",), ("use",)),
    "license_attribution": (("license_spdx",), ("attribution",)),
    "license_share_alike": (("license_spdx",), ("share_alike",)),
    "domain_without_weight": (("domain",), ("weights",)),
    "min_quality": (("quality_score",), ("min_quality",)),
    "not_selected": (("utility",), ("select",)),
    "larger_than_budget": (("token_count",), ("tokens",)),
    "token_budget": (("token_count",), ("tokens",)),
}
"""Reasons of mixtures: what is compared of a document, and the settings of the mixture that it is compared with."""


def _not_admitted(
    lake: Lake, stage: str, rows: Sequence[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], tuple[Judged, ...]]]:
    """Why a mixture did not admit documents, by the settings that its plan was made with."""
    config = _config(lake, stage)
    rules = {f"{OWN}.{name}": rule for name, rule in config.get("rules", ())}
    sides: list[str] = ["document_licenses", "document_terms", "deduplicated_documents", *lake.tables("synthesiser"),
                        "quality_annotations", *([table_name("selector", config["select"])] if config.get("select")
                                                 else [])]
    known: dict[str, dict[str, Any]] = {}
    for name in (name for name in sides if lake.exists(name)):
        for doc_id, found in _by_id(lake, name, rows).items():
            known.setdefault(doc_id, {}).update(found[0])
    for row in rows:
        values = known.get(row["id"], {})
        if rule := rules.get(row["reason"]):
            named, settings = (rule["signal"],), {side: rule[side] for side in ("min", "max") if rule[side] is not None}
            values = {**values, rule["signal"]: _score(lake, rule["signal"], row)}
        elif row["reason"] in _ADMITTED_BY:
            named, asked = _ADMITTED_BY[row["reason"]]
            settings = {name: config.get(name) for name in asked}
        else:
            continue
        measured = {name: values[name] for name in named if name in values}
        yield row, (Judged(row["reason"], False, measured, settings, _in_words(settings)),)


def _score(lake: Lake, named: str, row: dict[str, Any]) -> Any:
    """A score as a recipe names it; None if the document was never scored."""
    for name in lake.tables("scorer"):
        entry = table(name).entry
        for column in lake.table(name).column_names:
            if named in (column, f"{entry}.{column}", f"{entry}_{column}"):
                found = _by_id(lake, name, [row])
                return found[row["id"]][0][column] if found else None
    return None


def _config(lake: Lake, name: str) -> dict[str, Any]:
    """The settings that a table was last made with; {} if there is none."""
    from data_platform.proof.after_takedown import first_of

    history = lake.history(name) if lake.exists(name) else []
    return json.loads(first_of(history, history[0])["config"]) if history else {}


def _by_id(lake: Lake, name: str, rows: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Rows of a table by doc_id, without texts."""
    found: dict[str, list[dict[str, Any]]] = {}
    if lake.exists(name):
        where = pc.field("doc_id").isin(pa.array([row["id"] for row in rows], pa.string()))
        names = [column for column in lake.table(name).column_names if column not in ("text", "program")]
        for row in lake.read_table(name, names, where=where).to_pylist():
            found.setdefault(row["doc_id"], []).append(row)
    return found


def _numbers(settings: Any) -> dict[str, Any]:
    """The numbers among settings, whatever they lie in."""
    if not isinstance(settings, dict):
        return {}
    inner = chain.from_iterable(_numbers(value).items() for value in settings.values())
    own = {name: value for name, value in settings.items()
           if isinstance(value, int | float) and not isinstance(value, bool)}
    return {**dict(inner), **own}


def _in_words(settings: dict[str, Any]) -> str:
    def said(value: Any) -> str:
        return ", ".join(map(str, value)) if isinstance(value, list | dict) else str(value)

    return "; ".join(f"{name} {said(value)}" for name, value in settings.items())


def _with_texts(lake: Lake, drops: Sequence[Drop]) -> list[Drop]:
    """The same with their texts, as far as the lake holds them: as they were before the stage that dropped them."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for drop in drops:
        found.setdefault((_before(drop.stage), drop.snapshot), {})[drop.doc_id] = ""
    for (name, snapshot), some in found.items():
        there = texts(lake, name, some, snapshot) if name and lake.exists(name) else {}
        found[name, snapshot] = there
    return [replace(drop, text=found[_before(drop.stage), drop.snapshot].get(drop.doc_id)) for drop in drops]


def _before(stage: str) -> str:
    return "" if stage == CAPTURED else _BEFORE.get(stage, "deduplicated_documents")
