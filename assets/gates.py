"""The gates: checks that look beyond one table or one row, such as custody, books, guards and proofs. All block but
those that warn.

A stage names those that its table has to pass, beside custody and books, which all pass. They ask the tables, not the
code that made them. Not here: what is expected of single columns (`expectations.py`), classes of licences and what
keeps corpora apart (`separation.py`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from dataclasses import asdict

import pyarrow.compute as pc

from data_platform.assets import separation
from data_platform.assets.expectations import Outcome
from data_platform.assets.gate import Gate, Question
from data_platform.duplicates.guards import COLUMNS, GUARDS, sources_stay
from data_platform.lake.custody import Custody
from data_platform.lake.parents import with_parents
from data_platform.pipeline.overtaken import OURS
from data_platform.pipeline.staleness import LicenseChanges
from data_platform.pipeline.status import Status, breaches_of, status_of
from data_platform.pipeline.today import CURRENT, Today
from data_platform.proof.gate import prove
from data_platform.reports.refinement import proposals
from data_platform.run.books import books
from data_platform.run.stage import Stage
from data_platform.run.volume import volume
from data_platform.run.workspace import Workspace
from data_platform.takedown.removal_list import standing

TIERS = "license_tiers"
CHAIN = "chain_of_evidence"
UP_TO_DATE = "up_to_date"
WATCHED = ("raw_crawls", "documents", "filtered_documents")
"""Tables whose rows are held against the history of their snapshots: what was captured, extracted and kept."""


def gates_of(stage: Stage) -> list[Gate]:
    """What the table of a stage has to pass.

    Raises:
        KeyError: if the stage names a gate that there is not.
    """
    volume = ["volume"] if stage.name in WATCHED else []
    archives = ["archives_whole"] if stage.name == "raw_crawls" else []
    every = ["custody", UP_TO_DATE, *(["books"] if stage.books else []), *archives, *volume, *stage.checks]
    return [GATES[name] for name in every]


def descriptions_of(stage: Stage) -> dict[str, str]:
    """Names and descriptions of the checks of the stage's gates."""
    return {name: words for gate in gates_of(stage) for name, words in gate.checks.items()}


def pass_gates(
    workspace: Workspace, stage: Stage, snapshot: str | None, chosen: Collection[str] | None = None
) -> list[Outcome]:
    """The outcome of every check of `descriptions_of`; of the gates alone that have one of the `chosen`, if given."""
    question = Question(workspace, stage, snapshot)
    asked = [gate for gate in gates_of(stage) if chosen is None or gate.checks.keys() & set(chosen)]
    return [outcome for gate in asked for outcome in gate.ask(question)]


def _first_line(function: object) -> str:
    return str(function.__doc__).splitlines()[0]


def _unbroken(asked: Question) -> list[Outcome]:
    breaches = [str(breach) for breach in breaches_of(asked.lake, asked.stage, asked.snapshot, Custody(asked.lake))]
    return [Outcome("custody", not breaches, "critical", {"breaches": breaches})]


def _up_to_date(asked: Question) -> list[Outcome]:
    """Warns, and blocks nothing: what is out of date is made again, and says so until then."""
    return [up_to_date(status_of(asked.workspace, asked.stage, asked.snapshot))]


def up_to_date(status: Status) -> Outcome:
    """What `data-platform status` says of a partition, as the outcome of a check."""
    return Outcome(UP_TO_DATE, status.state in OURS, "warning", {"state": status.state, "why": status.why})


def _balance(asked: Question) -> list[Outcome]:
    entry = books(asked.lake, asked.stage, asked.snapshot)
    detail = {"incoming": entry.incoming, "kept": entry.kept, "unaccounted": entry.missing, "dropped": entry.dropped}
    return [Outcome("books", entry.missing == 0, "critical", detail)]


def _guards(asked: Question) -> list[Outcome]:
    name = asked.stage.name
    rows = asked.lake.read_table(name, COLUMNS, version=asked.lake.pin(name).version)
    settings = asked.recipe.deduplication.guards
    found = {name: guard(rows, settings) for name, guard in GUARDS.items()}
    if not rows.num_rows and standing(asked.lake):  # no setting has removed what a takedown has
        found["documents_stay"] = found["documents_stay"]._replace(passed=True)
    return [Outcome(name, finding.passed, "critical", dict(finding.detail)) for name, finding in found.items()]


def _sources(asked: Question) -> list[Outcome]:
    lake, stage, snapshot = asked.lake, asked.stage, asked.snapshot
    commit = next(row for row in lake.history(stage.name) if row["partition"] == str(stage.partition(snapshot)))
    pin = next(pin for pin in json.loads(commit["inputs"]) if pin["table"] == "duplicates")
    before = lake.read_table("duplicates", ["source"], version=pin["version"],
                             where=pc.field("kept") & (pc.field("snapshot") == snapshot))
    after = lake.read_table(stage.name, ["source"], partition=snapshot, version=commit["version"])
    finding = sources_stay(before, after, asked.recipe.deduplication.guards)
    return [Outcome("sources_stay", finding.passed, "critical", dict(finding.detail))]


def _taken_down(asked: Question) -> list[Outcome]:
    """Ask the standing list for every row and every parent of one, whatever kept it out on the way."""
    columns = ["doc_id", "source", "url", "host"]
    rows = asked.lake.read_table(asked.stage.name, columns, partition=asked.partition)
    found = standing(asked.lake).of_documents(with_parents(asked.lake, rows))
    return [Outcome("taken_down", not found, "critical", {"rows": rows.num_rows, "taken_down": found})]


def _proposals(asked: Question) -> list[Outcome]:
    """Programs that nobody will apply are most likely meant for another corpus: told, and no fault of the table."""
    found = proposals(asked.lake, asked.recipe.refinement.programs)
    return [Outcome("proposals", not found.unknown and not found.refused, "warning", asdict(found))]


def _licenses_current(asked: Question) -> list[Outcome]:
    every = LicenseChanges(asked.workspace)
    # A snapshot that vanished while others are at work holds back what has rows of it, and fails no run of the others.
    changes = every.of(asked.stage.name, str(asked.stage.partition(asked.snapshot)), vanished=False)
    return [Outcome("licenses_current", not changes, "critical", {"changes": changes})]


def _current(asked: Question) -> list[Outcome]:
    """Ask as an export does: a table of Dagster is refused for what would refuse its export."""
    today = Today(asked.workspace)
    found = today.differences(asked.stage.name, partition=str(asked.stage.partition(asked.snapshot)))
    return [Outcome(CURRENT, not found, "critical", {"differences": [str(one) for one in found]})]


def _proofs(asked: Question) -> list[Outcome]:
    """Prove the mixture from the tables on its way, as they were read."""
    admitted = asked.recipe.mixtures[asked.stage.declared.entry].tiers
    proof = prove(asked.lake, asked.stage.name, admitted=admitted, texts=True,
                  workspace=asked.workspace)
    rows = proof.examination.rows
    counted = Counter(rows["license_tier"].to_pylist())
    shared = {"version": proof.version, "rows": rows.num_rows}
    against, broken = {**proof.counts("license"), **proof.counts("pending")}, proof.counts("chain")
    breaches = [str(breach) for breach in proof.way.breaches]
    tiers = {str(tier): count for tier, count in sorted(counted.items(), key=str)}
    return [
        Outcome(TIERS, not against, "critical",
                {**shared, "admitted": list(admitted), "rows_by_tier": tiers, "findings": against}),
        Outcome(CHAIN, not broken and not breaches, "critical",
                {**shared, "tables": len(proof.way.tables), "findings": broken, "breaches": breaches}),
    ]


def _archives(asked: Question) -> list[Outcome]:
    rows = asked.lake.read_table("archives", ["archive", "complete"], partition=asked.snapshot)
    cut = rows.filter(pc.invert(rows["complete"]))["archive"].to_pylist()
    return [Outcome("archives_whole", not cut, "warning", {"archives": rows.num_rows, "cut": sorted(cut)})]


def _volume(asked: Question) -> list[Outcome]:
    settings = asked.recipe.watch.volume
    if settings is None:
        return [Outcome("volume", True, "warning", {"said": "not asked: the recipe switches it off"})]
    found = volume(asked.workspace, asked.stage.name, str(asked.snapshot), settings)
    severity = "critical" if settings.blocking else "warning"
    return [Outcome("volume", not found.odd, severity, {"said": found.said, "low": found.low, "high": found.high})]


GATES = {
    "custody": Gate(
        {"custody": "The partition holds what the commit whose recipe it carries left there, and nothing that others "
                    "wrote."},
        _unbroken,
    ),
    UP_TO_DATE: Gate(
        {UP_TO_DATE: "The table holds what recipe, code, inputs and sources make now, as `data-platform status` says; "
                     "the sensor `automation` keeps this up."},
        _up_to_date, "warning",
    ),
    "books": Gate({"books": "Rows in = rows kept + rows dropped by reason."}, _balance),
    "licenses_current": Gate(
        {"licenses_current": "No source and no ruling has changed its licence since the table was built."},
        _licenses_current,
    ),
    "current": Gate(
        {CURRENT: "The recipe, its sources and rulings, and the code make today just what the table holds, and nothing "
                  "that it was made of was made anew since."},
        _current,
    ),
    "archives_whole": Gate(
        {"archives_whole": "Every archive of the snapshot could be read to its end."}, _archives, "warning",
    ),
    "volume": Gate(
        {"volume": "The snapshot has as many rows as others of the same sources let expect: its modified z-score "
                   "(Iglewicz and Hoaglin 1993) on logarithms is within the recipe's bound."},
        _volume,
    ),
    "guards": Gate({name: _first_line(guard) for name, guard in GUARDS.items()}, _guards),
    "sources_stay": Gate({"sources_stay": _first_line(sources_stay)}, _sources),
    "proof": Gate(
        {TIERS: "No row is above the tiers that the mixture admits, and every licence is what the evidence amounts to, "
                "derived anew from the tables.",
         CHAIN: "Every row leads through every table, at the versions that were read, back to its record and its "
                "evidence."},
        _proofs,
    ),
    "proposals": Gate(
        {"proposals": "Every program from outside is of a document that is known, and could be applied."}, _proposals
    ),
    "taken_down": Gate(
        {"taken_down": "No row is of a document, URL, host or source that was taken down."}, _taken_down
    ),
    **separation.GATES,
}
"""The gates by the names that stages know them by."""
