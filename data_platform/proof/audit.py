"""The audit of a mixture: what is in it, under which licences, on which evidence, what is contested, who opted out,
what was made of other texts, which models touched it, and which code and settings made it; and every row of which this
cannot be said, by name.

All of it comes from tables and logs, at the versions that the mixture was made of, so that an old version is audited as
it was. The result is plain values, for JSON; how it looks is the affair of the terminal (`cli/`) and of `page.py`.
Nothing of a text is in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import kind_of, short_name
from data_platform.lake.lake import Lake
from data_platform.licenses.lineage import by_source, summary
from data_platform.proof.examination import Examination
from data_platform.proof.gate import Proof, prove, unreadable
from data_platform.proof.holding import NoHead, holding
from data_platform.proof.lineage import TABLE as LINEAGE
from data_platform.proof.look import CLOSELY, Look
from data_platform.proof.models import models_of
from data_platform.proof.terms import closeness
from data_platform.proof.trace import mixture_table_name
from data_platform.proof.uses import in_words
from data_platform.proof.way import Stop
from data_platform.run.workspace import Workspace
from data_platform.spdx.expressions import UNKNOWN
from data_platform.spdx.tiers import tier

TIERS = (
    "public domain", "permissive, with attribution", "share-alike and copyleft", "government or text-mining basis",
    "unknown", "non-commercial, no derivatives, or opted out",
)
"""What the tiers stand for, by number."""

COLUMNS = {
    "license": "license_spdx", "tier": "license_tier", "source": "source", "host": "host", "basis": "license_basis",
    "domain": "domain", "snapshot": "snapshot",
}
"""What tokens are counted by, and the column that says it."""

EXAMPLES = 5


def audit(
    lake: Lake, mixture: str, version: int | None = None, admitted: Sequence[int] | None = None,
    look: Look = CLOSELY, workspace: Workspace | None = None,
) -> dict[str, Any]:
    """Audit a version of a mixture, by default the latest, or of a branch given as branch_<name>.

    Args:
        admitted: tiers to hold it to; by default those that its own commit names.
        look: how closely is looked.
        workspace: whose recipe detected the evidence; without it, that is not detected again.

    Raises:
        NotFound: if there is no such mixture, or the platform wrote no such version; the message lists what there is.
        CannotExamine: if older code wrote a table on the way, without what is asked for.
        CustodyBroken: if rows cannot be read, and files or logs on the way are not what the platform wrote.
        NoHead: if what was given as a head is none.
    """
    name = mixture_table_name(lake, mixture)
    proof = prove(lake, name, version, admitted, look=look, workspace=workspace)
    try:
        return _report(lake, proof, look)
    except NoHead:
        raise
    except Exception:
        # As in `prove`: rows that are counted beside the way may be gone, too.
        if not proof.way.breaches:
            raise
        raise unreadable(name, proof.version, proof.way) from None


def _report(lake: Lake, proof: Proof, look: Look) -> dict[str, Any]:
    """Everything that is said of a mixture, as plain values."""
    found, rows = proof.examination, proof.examination.rows
    custody = holding(lake, proof, look.head)
    elsewhere = custody["kept_elsewhere"]
    against = [f"the head kept elsewhere: {what}" for what in elsewhere["differs"]] if elsewhere else []
    return {
        "mixture": _identity(lake, proof),
        "proven": proof.complete and not against,
        "reasons": [*proof.reasons(), *against],
        "admitted_tiers": None if proof.admitted is None else list(proof.admitted),
        "made_for": in_words(proof.policy) if proof.policy else None,
        "above": _above(proof),
        "tokens_by": {what: _counted(rows, column) for what, column in COLUMNS.items() if column in rows.column_names},
        "chain": {
            "rows": rows.num_rows, "complete": rows.num_rows - len(found.broken), "evidence_rows": found.evidence_rows,
            "tables": proof.way.tables, "findings": _findings(found),
        },
        "contradictions": _contradictions(found),
        "contested": _contested(lake, proof),
        "derived": _derived(found),
        "opt_outs": {
            "documents_met": found.reservations.documents, "in_mixture": found.reservations.in_mixture,
            "parents": found.reservations.parents,
            "by_location": _pairs("location", found.reservations.by_location),
            "by_host": _pairs("host", found.reservations.by_host),
        },
        "sources": _sources(lake, proof),
        "models": [touch.to_dict() for touch in models_of(lake, proof.way, found)],
        "records": {
            **proof.records.looked.to_dict(), "evidence": proof.records.evidence, "unasked": proof.records.unasked,
        },
        "custody": custody,
        "versions": [
            {
                "table": stop.table, "partition": stop.partition, "version_read": stop.version,
                **{key: stop.commit[key] for key in ("version", "rows", "recipe", "code_version", "git_commit",
                                                     "run_id")},
                "committed_at": stop.commit["committed_at"].isoformat(),
                "config": json.loads(stop.commit["config"]),
            }
            for stop in proof.way.stops.values()
        ],
        "audited_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _identity(lake: Lake, proof: Proof) -> dict[str, Any]:
    commit = next(iter(proof.way.stops.values())).commit
    rows = proof.examination.rows
    return {
        "name": short_name(proof.table), "table": proof.table, "lake": lake.uri,
        "version": proof.version, "table_id": commit["table_id"], "rows": rows.num_rows,
        "tokens": pc.sum(rows["token_count"]).as_py() or 0, "recipe": commit["recipe"],
        "code_version": commit["code_version"], "git_commit": commit["git_commit"], "run_id": commit["run_id"],
        "committed_at": commit["committed_at"].isoformat(), "config": json.loads(commit["config"]),
        "examples": rows["doc_id"][:EXAMPLES].to_pylist(),
    }


def _counted(rows: pa.Table, column: str) -> list[dict[str, Any]]:
    """Documents and tokens by the values of a column, most tokens first."""
    values = rows[column]
    if pa.types.is_dictionary(values.type):
        values = values.combine_chunks()
        keys, names = values.indices, values.dictionary.to_pylist()
    else:
        keys, names = values, None
    grouped = pa.table({"key": keys, "tokens": rows["token_count"]}).group_by("key").aggregate(
        [("tokens", "sum"), ("tokens", "count")]
    )
    counted = [
        {"value": names[row["key"]] if names and row["key"] is not None else row["key"],
         "documents": row["tokens_count"], "tokens": row["tokens_sum"] or 0}
        for row in grouped.to_pylist()
    ]
    for item in counted:
        if column == "license_spdx":
            item["tier"] = tier(item["value"] or UNKNOWN)
        elif column == "license_tier":
            item["meaning"] = TIERS[item["value"]] if item["value"] in range(len(TIERS)) else "no tier"
    return sorted(counted, key=lambda item: (-item["tokens"], str(item["value"])))


def _above(proof: Proof) -> dict[str, Any]:
    """Rows of tiers that the mixture does not admit."""
    rows = proof.examination.rows
    if proof.admitted is None:
        return {"rows": 0, "tokens": 0}
    admitted = pa.array(proof.admitted, pa.int32())
    above = rows.filter(pc.invert(pc.is_in(rows["license_tier"], value_set=admitted)))
    return {"rows": above.num_rows, "tokens": pc.sum(above["token_count"]).as_py() or 0}


def _findings(found: Examination) -> list[dict[str, Any]]:
    """Every finding with the ids of all of its rows."""
    ids, tokens = found.rows["doc_id"], found.rows["token_count"]
    return [
        {
            "kind": finding.kind, "table": finding.table, "what": finding.what, "rows": len(finding.rows),
            "tokens": pc.sum(tokens.take(pa.array(finding.rows))).as_py() or 0,
            "doc_ids": ids.take(pa.array(finding.rows)).to_pylist(),
        }
        for finding in found.findings
    ]


def named_rows(findings: list[dict[str, Any]]) -> list[tuple[list[str], list[str]]]:
    """What is found, and of which documents: findings of the same documents together."""
    grouped: dict[tuple[str, ...], list[str]] = {}
    for finding in findings:
        grouped.setdefault(tuple(finding["doc_ids"]), []).append(f"{finding['table']}: {finding['what']}")
    return [(reasons, list(doc_ids)) for doc_ids, reasons in grouped.items()]


def _contradictions(found: Examination) -> dict[str, Any]:
    """Rows whose evidence does not agree, by what was decided and what else is stated."""
    rows = found.rows.take(pa.array(found.contradicted))
    keys = pa.array(found.combination[found.contradicted])
    cases = pa.table({"set": keys, **{name: rows[name] for name in ("license_spdx", "token_count", "doc_id")}})
    # Licences as strings: a dictionary may name one twice.
    cases = cases.set_column(1, "license_spdx", cases["license_spdx"].cast(pa.string()))
    summed = cases.group_by(["set", "license_spdx"]).aggregate(
        [("doc_id", "list"), ("token_count", "sum")]
    )
    groups: dict[tuple[str, tuple[str, ...]], dict[str, Any]] = {}
    for case in summed.to_pylist():
        said = [one for one in found.statements[case["set"]] if closeness(one) is not None]
        stated = tuple(sorted({one.spdx for one in said if one.spdx != UNKNOWN}))
        group = groups.setdefault((case["license_spdx"], stated), {
            "license": case["license_spdx"], "stated": list(stated), "where": set(), "documents": 0, "tokens": 0,
            "doc_ids": [],
        })
        group["where"] |= {f"{one.location} ({one.scope})" for one in said}
        group["documents"] += len(case["doc_id_list"])
        group["tokens"] += case["token_count_sum"] or 0
        group["doc_ids"] += case["doc_id_list"]
    listed = sorted(groups.values(), key=lambda group: (-group["tokens"], group["license"] or "", group["stated"]))
    for group in listed:
        group["where"], group["doc_ids"] = sorted(group["where"]), sorted(group["doc_ids"])
    return {"documents": rows.num_rows, "tokens": pc.sum(rows["token_count"]).as_py() or 0, "groups": listed}


def _contested(lake: Lake, proof: Proof) -> dict[str, Any]:
    """Rows of which others state a stricter licence than they claim, what became of such documents that are not in the
    mixture, and the licences of copies that deduplication dropped."""
    found, commits = proof.examination, [stop.commit for stop in proof.way.stops.values()]
    rows = found.rows.take(pa.array(found.contested))
    return {
        "documents": rows.num_rows, "tokens": pc.sum(rows["token_count"]).as_py() or 0,
        "doc_ids": sorted(rows["doc_id"].to_pylist()),
        "admitted_by": "claim" if json.loads(commits[0]["config"]).get("contested") == "admit" else "strictest",
        "rejected": sum(_rejected(lake, stop) for stop in proof.way.stops.values() if kind_of(stop.table) == "plan"),
        "copies": [{"license": spdx, "documents": count} for spdx, count in
                   sorted(found.copies.items(), key=lambda item: (-item[1], item[0]))],
    }


def _rejected(lake: Lake, stop: Stop) -> int:
    """Documents that a plan rejected as contested: what stands beside the commit that was read."""
    beside = next((commit for commit in lake.history("rejections") if commit["recipe"] == stop.commit["recipe"]
                   and commit["partition"] == stop.table), None) if lake.exists("rejections") else None
    if beside is None:
        return 0
    return lake.read_table("rejections", ["reason"], partition=stop.table, version=beside["version"],
                           where=pc.field("reason") == "contested_license").num_rows


def _derived(found: Examination) -> dict[str, Any]:
    """Rows that were made of other documents, of how many, and by what."""
    derivation, tokens = found.derivation, found.rows["token_count"]

    def counted(places: np.ndarray) -> dict[str, int]:
        return {"documents": len(places), "tokens": pc.sum(tokens.take(pa.array(places))).as_py() or 0}

    makers = [{**vars(maker), **counted(derivation.made_by(maker))} for maker in derivation.makers]
    return {
        **counted(derivation.rows), "parents": len(derivation.parents),
        "makers": sorted(makers, key=lambda maker: (-maker["tokens"], maker["table"], maker["method"])),
    }


def _sources(lake: Lake, proof: Proof) -> list[dict[str, Any]]:
    """Known sources on the way: what each is made from, under which licences, and which hosts err about it."""
    rows = [row for stop in proof.way.of(LINEAGE) for row in lake.read_table(
        LINEAGE, partition=stop.partition, version=stop.version).to_pylist()]
    return [summary(chain) for _, chain in sorted(by_source(rows).items())]


def _pairs(name: str, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{name: value, "documents": count} for value, count in counts.items()]
