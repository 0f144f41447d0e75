"""The way back of one row of a mixture: every table version, verdict, duplicate, licence, archive, run and code.

Everything is read at the versions that the commits name, so that the answer for an old version stays the same. Not
here: how it is printed (`cli/`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow.compute as pc

from data_platform.core.errors import PlainError
from data_platform.core.tables import PUBLISHED, kind_of, table, table_name
from data_platform.lake.lake import Lake, TableMissing
from data_platform.proof.after_takedown import first_of


class TakenDown(PlainError, LookupError):
    """A document that was asked for and was taken down. The message says by which takedown, when and why."""


class NotFound(PlainError, LookupError):
    """A mixture or document that was asked for and does not exist. The message says what exists."""


def mixtures(lake: Lake) -> list[str]:
    """Names of the mixtures of a lake, without the prefix of their tables."""
    return [table(name).entry for name in lake.tables("mixture")]


def mixture_table_name(lake: Lake, mixture: str) -> str:
    """The table of a mixture, given with or without its prefix, or of a branch or datastore, given with its prefix.

    Raises:
        NotFound: if there is no such mixture; the message lists those that exist.
    """
    name = mixture if kind_of(mixture) in PUBLISHED else table_name("mixture", mixture)
    if not lake.exists(name):
        raise NotFound(f"no mixture {mixture!r} in {lake.uri}; mixtures: {', '.join(mixtures(lake)) or 'none yet'}")
    return name


def trace(lake: Lake, mixture: str, doc_id: str, version: int | None = None) -> dict[str, Any]:
    """Where the document `doc_id` of `mixture` came from, as nested plain values; no text of the document, but
    for the strings that its refinement program puts in or looks for.

    Of a text that was made of others: by what, and where each of these came from.

    Raises:
        NotFound: if there is no such mixture, version or document in it.
        TakenDown: if the document was taken down, or kept out as what was taken down before.
    """
    name = mixture_table_name(lake, mixture)
    unless_taken_down(lake, doc_id)
    commits = _commits(lake, name, version)
    row = _row(lake, name, doc_id, version=commits[name]["version"])
    if row is None:
        raise NotFound(_hint(lake, name, doc_id, commits[name]["version"]))
    snapshot = row["snapshot"]
    commits = _walk(lake, _commits(lake, name, commits[name]["version"], _partition(name, snapshot)), snapshot)
    return {
        "mixture": {"table": name, **_short(row, exclude=("text",))},
        **(_derived(lake, commits, doc_id, snapshot) or _way_back(lake, commits, doc_id, snapshot)),
        "models": [
            row
            for model in commits if kind_of(model) == "trainer"
            for row in lake.read_table(model, version=commits[model]["version"]).to_pylist()
        ],
        "versions": [
            {key: commit[key] for key in ("table", "partition", "version", "recipe", "code_version", "git_commit",
                                          "run_id", "committed_at")}
            for commit in commits.values()
        ],
    }


def _way_back(lake: Lake, commits: dict[str, dict[str, Any]], doc_id: str, snapshot: str) -> dict[str, Any]:
    """What the tables say of one document, from its record on."""

    def find(table: str, key: str = "doc_id") -> dict[str, Any] | None:
        if table not in commits:
            return None
        return _row(lake, table, doc_id, key=key, partition=_partition(table, snapshot),
                    version=commits[table]["version"])

    duplicates = lake.read_table(
        "duplicates", version=commits["duplicates"]["version"], where=pc.field("cluster_id") == doc_id
    ).to_pylist()
    evidence = lake.read_table(
        "license_evidence", partition=snapshot, version=commits["license_evidence"]["version"],
        where=pc.field("doc_id") == doc_id,
    ).to_pylist()
    scores = {table(name).entry: name for name in commits if kind_of(name) == "scorer"}
    return {
        "record": _short(find("raw_crawls", "record_id"), exclude=("payload", "metadata")),
        "document": _short(find("documents"), exclude=("text",)),
        "license": {**(find("document_licenses") or {}), "evidence": evidence},
        "credit": find("document_credits"), "terms": find("document_terms"),
        **held_terms_of(lake, [doc_id, *(duplicate["doc_id"] for duplicate in duplicates)]),
        "reservation": find("reservations"),
        "branch": find("document_branches"),
        "verdicts": {**(find("filter_verdicts") or {}), "signals": find("quality_signals")},
        "refinement": _edits(find("refinement_programs")) if "refinement_programs" in commits else {},
        "duplicates": [
            {**duplicate, **_origin(lake, commits, duplicate)} for duplicate in duplicates
            if duplicate["doc_id"] != doc_id
        ],
        "cuts": {name: value for name, value in (find("cut_programs") or {}).items() if value not in (0, "")},
        "scores": {
            **_short(find("quality_annotations"), exclude=_IDENTITY),
            **{entry: _short(find(name), exclude=_IDENTITY) for entry, name in scores.items()},
        },
    }


def held_terms_of(lake: Lake, ids: Sequence[str]) -> dict[str, Any]:
    """What takedowns hold a document and its copies to, although what stated it went with them; {} if nothing."""
    from data_platform.takedown.held import held_terms
    from data_platform.takedown.removal_list import standing

    held = held_terms(standing(lake))
    told = [{"doc_id": one, **held[one]._asdict()} for one in dict.fromkeys(ids) if one in held]
    return {"held_since_takedowns": [{**one, "takedowns": ", ".join(one["takedowns"])} for one in told]} if told else {}


def _derived(
    lake: Lake, commits: dict[str, dict[str, Any]], doc_id: str, snapshot: str
) -> dict[str, Any] | None:
    """What made a text of others, and the way back of each of its parents; None of a text that was not made."""
    for name in (name for name in commits if kind_of(name) == "synthesiser"):
        row = _row(lake, name, doc_id, partition=snapshot, version=commits[name]["version"])
        if row is None:
            continue
        made = first_of(lake.history(name), commits[name])
        beside = commit_beside(lake.history("parents"), f"{name}/{made['partition']}", made)
        told = [] if beside is None else lake.read_table(
            "parents", partition=name, version=beside["version"],
            where=(pc.field("snapshot") == snapshot) & (pc.field("derived_id") == doc_id),
        ).sort_by("position").to_pylist()
        made = {key: told[0][key] for key in _MAKING if key in told[0]} if told else {}
        return {
            "derived": {"table": name, **made, **{key: row[key] for key in _TERMS}},
            "parents": [
                {"doc_id": parent["parent_id"], "position": parent["position"],
                 **_way_back(lake, commits, parent["parent_id"], snapshot)}
                for parent in told
            ],
        }
    return None


def commit_beside(history: list[dict[str, Any]], place: str, commit: Mapping[str, Any]) -> dict[str, Any] | None:
    """The commit of a side table, of which `history` is given, that was written to partition `place` beside one of
    another table: with the same recipe, or what takedowns have left of it."""
    return next(
        (row for row in history if row["partition"] == place and first_of(history, row)["recipe"] == commit["recipe"]),
        None,
    )


_IDENTITY = ("doc_id", "snapshot")
_MAKING = ("method", "method_version", "model", "model_license", "prompt", "ordinal")
_TERMS = ("license_spdx", "license_tier", "license_basis", "opt_out", "contradicted", "attribution")


def unless_taken_down(lake: Lake, doc_id: str) -> None:
    """That a document was not taken down.

    Raises:
        TakenDown: if it was, or was kept out as what was taken down before.
    """
    from data_platform.ingest.records import TAKEN_DOWN
    from data_platform.takedown.execute import takedowns

    removed = {row["takedown_id"]: row for row in takedowns(lake)}
    by = next(
        (row for row in removed.values() if any(doc_id == document["id"] for document in row["plan"]["documents"])),
        None,
    )
    how = "was taken down"
    if by is None and removed and lake.exists("rejections"):
        rejected = lake.read_table("rejections", ["reason"], where=pc.field("id") == doc_id)["reason"].to_pylist()
        found = next((reason for reason in rejected if reason.startswith(TAKEN_DOWN)), "")
        by, how = removed.get(found.removeprefix(TAKEN_DOWN)), "was kept out, since it is what was taken down before"
    if by is not None:
        raise TakenDown(f"document {doc_id} {how}: {by['takedown_id']}, {by['begun_at']:%Y-%m-%d}, requested by "
                        f"{by['requested_by']}: {by['reason']}")


def _partition(name: str, snapshot: str) -> str | None:
    return snapshot if table(name).partition_by else None


def _commits(
    lake: Lake, name: str, version: int | None, partition: str | None = None
) -> dict[str, dict[str, Any]]:
    """The commit that wrote the version of a table; of a partition, the last one up to that version."""
    for commit in lake.history(name):
        exact = version is None or commit["version"] == version
        if exact if partition is None else commit["partition"] == partition and commit["version"] <= version:
            return {name: commit}
    known = ", ".join(str(commit["version"]) for commit in reversed(lake.history(name)))
    raise NotFound(f"{name} has no version {version}; versions: {known}")


def _walk(lake: Lake, commits: dict[str, dict[str, Any]], snapshot: str) -> dict[str, dict[str, Any]]:
    """All commits on the way back to the crawl: of each input, the one that wrote the partition that was read."""
    found = dict(commits)
    queue = list(commits.values())
    while queue:
        for pin in json.loads(queue.pop(0)["inputs"]):
            if pin["table"] in found or (pin["partition"] and pin["partition"] != snapshot):
                continue
            commit = next(
                row for row in lake.history(pin["table"])
                if row["partition"] == pin["partition"] and row["version"] <= pin["version"]
            )
            found[pin["table"]] = commit
            queue.append(commit)
    return found


def _row(
    lake: Lake, table: str, doc_id: str, *, version: int, key: str = "doc_id", partition: str | None = None
) -> dict[str, Any] | None:
    columns = [column for column in lake.table(table, version).column_names if column not in ("text", "payload")]
    rows = lake.read_table(table, columns, partition=partition, version=version, where=pc.field(key) == doc_id)
    return rows.to_pylist()[0] if rows.num_rows else None


def _origin(lake: Lake, commits: dict[str, dict[str, Any]], duplicate: dict[str, Any]) -> dict[str, Any]:
    """URL and licence of a copy that was dropped; it may be of another snapshot than the copy that stayed."""
    snapshot = duplicate["snapshot"]
    other = _walk(lake, {"duplicates": commits["duplicates"]}, snapshot)
    document = _row(lake, "documents", duplicate["doc_id"], partition=snapshot, version=other["documents"]["version"])
    license_ = _row(lake, "document_licenses", duplicate["doc_id"], partition=snapshot,
                    version=other["document_licenses"]["version"])
    return {
        "url": document["url"] if document else None,
        "license_spdx": license_["license_spdx"] if license_ else None,
        "license_tier": license_["license_tier"] if license_ else None,
    }


def _short(row: dict[str, Any] | None, exclude: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in (row or {}).items() if key not in exclude}


def _edits(row: dict[str, Any] | None) -> dict[str, Any]:
    """A row of `refinement_programs` without the kinds of edits that it does not have."""
    row = row or {}
    absent = {name.removesuffix("_edited") for name in row if name.endswith("_edited") and not row[name]}
    return {
        name: value for name, value in row.items()
        if name.removesuffix("_edited").removesuffix("_bytes_removed") not in absent
    }


def _hint(lake: Lake, name: str, doc_id: str, version: int) -> str:
    """Why a document is not in a mixture, as far as the tables know."""
    message = f"no document {doc_id!r} in {name} version {version}"
    for store in (store for store in lake.tables("datastore") if store != name):
        if lake.read_table(store, ["doc_id"], where=pc.field("doc_id") == doc_id).num_rows:
            return f"{message}: it is in {store}, apart from all mixtures"
    if lake.exists("rejections"):
        rows = lake.read_table("rejections", where=pc.field("id") == doc_id).to_pylist()
        stages = (name, table_name("plan", table(name).entry), "documents", "raw_crawls")
        for row in rows:
            if row["stage"] in stages or row["record_type"] == "derived":
                return f"{message}: it did not enter {row['stage']} ({row['reason']})"
    try:
        dropped = {
            "filter_verdicts": (~pc.field("kept"), "reason"),
            "refinement_programs": (pc.field("outcome") == "dropped", "reason"),
            "duplicates": (~pc.field("kept"), "cluster_id"),
        }
        if lake.exists("cut_programs"):
            dropped["cut_programs"] = (pc.field("outcome") == "dropped", "reason")
        for other, (gone, why) in dropped.items():
            rows = lake.read_table(other, where=(pc.field("doc_id") == doc_id) & gone).to_pylist()
            if rows:
                return f"{message}: {other} says {why} {rows[0][why]}"
        some = lake.read_table(name, ["doc_id"], version=version)["doc_id"][:3].to_pylist()
    except TableMissing:
        some = []
    return f"{message}; it holds for example {', '.join(some) or 'nothing'}"
