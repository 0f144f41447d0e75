"""What a table is held to today: the recipe, code, sources, rulings and inputs as they are now, against those that a
version of it was made with.

A mixture stays in the lake when its recipe moves on: with narrower tiers, other weights, another resolver, without the
mixture or one of its sources; or when another recipe writes a mixture of the same name. Each version names, commit by
commit, what it was made with; each stage of the recipe names what it would be made with now; where the two differ, the
version is not what the recipe makes today. Exports, audits and the gates of Dagster ask here, so that all refuse alike.

Belongs here: the differences, and what may be published in spite of them. Not here: where each stage stands
(`status.py`), and what a version proves of its rows (`data_platform.proof`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import pyarrow.compute as pc

from data_platform.core.errors import PlainError, describe, many
from data_platform.core.tables import kind_of, table
from data_platform.lake.lake import recipe_number
from data_platform.lake.parents import with_parents
from data_platform.licenses.weights import KEY
from data_platform.mixing.settings import Mixture
from data_platform.pipeline.flow import stages
from data_platform.pipeline.staleness import LicenseChanges, NotPublishable
from data_platform.pipeline.status import latest_checks, setting_changes
from data_platform.proof.audit import audit
from data_platform.proof.look import CLOSELY, Look
from data_platform.proof.trace import mixture_table_name
from data_platform.proof.uses import Policy, in_words, keeps_to
from data_platform.run.stage import REJECTIONS, Stage
from data_platform.run.workspace import Workspace
from data_platform.spdx.schemes import mask_of
from data_platform.takedown.removal_list import TAKEDOWN, standing

Kind = Literal["recipe", "licenses", "settings", "code", "inputs"]
KINDS: tuple[Kind, ...] = ("recipe", "licenses", "settings", "code", "inputs")
"""What can differ, in the order in which it is told: the mixture, source or snapshot left the recipe, or another recipe
made the table; what is stated of licences and how it is decided; other settings; code; what was read is not what is
there now."""
CURRENT = "current"
"""The check of Dagster that asks for differences."""
_OF_TODAY = (CURRENT, "licenses_current")
"""Checks that held what they asked about against the recipe of their day."""
_SHOWN = 200
"""Characters of a changed setting that are told."""
_LISTED = 6


@dataclass(frozen=True)
class Difference:
    """One way in which a version of a table is not what the recipe makes today."""

    kind: Kind
    what: str

    def __str__(self) -> str:
        return self.what


class Today:
    """A recipe as it is now, held against what versions of tables were made with. Logs are read once."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._flow = stages(workspace.recipe)
        self._beside = {side: stage for stage in self._flow.values() for side in stage.sides if side != REJECTIONS}
        self._changes = LicenseChanges(workspace)
        self._configs: dict[tuple[str, str | None], Any] = {}

    def differences(self, name: str, version: int | None = None, partition: str | None = None) -> list[Difference]:
        """How a version of a table, by default the latest, differs from what the recipe makes today; empty if in
        nothing. Reads logs and lists sources; no rows.

        Args:
            partition: one partition of the table; all of them if None.
        """
        found = [*self._absence(name), *self._overtaken(name, version, partition)]
        codes: dict[str, None] = {}
        for commit in self._changes.built_from(name, partition, version):
            stage = self._flow.get(commit["table"])
            found += self._inputs(commit)
            if stage is None:
                found += self._unknown(commit)
                continue
            if commit["code_version"] != stage.code_version:
                codes[stage.name] = None
            found += self._recipe(stage, commit)
        if codes:
            found.append(Difference("code", f"the code changed since that made {_listed(list(codes))}"))
        return sorted(dict.fromkeys(found), key=lambda one: KINDS.index(one.kind))

    def unchecked(self, name: str, version: int | None = None, of_today: bool = True) -> list[str]:
        """Tables that a version was made of, and the version itself, whose checks failed, or were not made yet.

        Args:
            of_today: whether checks count that were not made, and those that asked whether it was of their day.
        """
        found: dict[str, None] = {}
        for commit in self._changes.built_from(name, None, version):
            if commit["table"] not in self._flow or commit["asset_key"] == TAKEDOWN:
                continue
            place = "/".join(part for part in (commit["table"], commit["partition"]) if part)
            key = (commit["table"], commit["partition"], f"{recipe_number(commit['recipe']):015x}")
            results = self._checks.get(key, [])
            failed = [row["check"] for row in results if row["blocking"] and not row["passed"]
                      and (of_today or row["check"] not in _OF_TODAY)]
            if failed:
                found[f"{place} failed the check {', '.join(failed)}"] = None
            elif not results and of_today:
                found[f"{place} is not checked yet"] = None
        return list(found)

    @cached_property
    def _checks(self) -> dict[tuple[str, str, str], list[dict[str, Any]]]:
        return latest_checks(self._workspace)

    def _absence(self, name: str) -> Iterator[Difference]:
        """That the recipe makes no such table."""
        if name in self._flow:
            return
        recipe, kind, entry = self._workspace.recipe, str(kind_of(name)), table(name).entry
        mixture = recipe.mixtures.get(entry) if kind == "mixture" else None
        if mixture and not mixture.publish:
            yield Difference("recipe", f"{kind} {entry}: the recipe {recipe.name} publishes it no more")
        else:
            yield Difference("recipe", f"{kind} {entry}: not in the recipe {recipe.name}")

    def _overtaken(self, name: str, version: int | None, partition: str | None) -> Iterator[Difference]:
        """That there is a later version."""
        seen = set()
        for row in self._workspace.lake.history(name):
            place = row["partition"]
            if place in seen or partition not in (None, place):
                continue
            seen.add(place)
            if version is not None and row["version"] > version:
                yield Difference("inputs", f"{_place(name, place)}: version {row['version']} came after {version}")
            if row["asset_key"] == TAKEDOWN:
                yield Difference("inputs", f"{_place(name, place)}: rows were taken down ({row['run_id']})")

    def _inputs(self, commit: Mapping[str, Any]) -> Iterator[Difference]:
        """What was read and is not there now, and what is there now and was not read."""
        pins = {(pin["table"], pin["partition"]): pin for pin in json.loads(commit["inputs"])}
        for (name, partition), pin in pins.items():
            last = self._changes.last_commit(name, partition)
            if last is None or last["table_id"] != pin["table_id"]:
                yield Difference("inputs", f"{_place(name, partition)}: is not there any more")
            elif f"{recipe_number(last['recipe']):015x}" != pin["recipe"]:
                if last["asset_key"] == TAKEDOWN:
                    yield Difference("inputs", f"{_place(name, partition)}: rows were taken down ({last['run_id']})")
                else:
                    what = f"made anew since, as version {last['version']}"
                    yield Difference("inputs", f"{_place(name, partition)}: {what}")
        if (stage := self._flow.get(commit["table"])) is None or isinstance(self._snapshots, Difference):
            return
        wanted = set()
        for name in stage.inputs:
            if not table(name).partition_by:
                wanted.add((name, ""))
            else:
                snapshot = commit["partition"] or None
                wanted |= {(name, part) for part in stage.snapshots_read(name, snapshot, self._workspace)}
        for name, partition in sorted(wanted - pins.keys()):
            if partition and not any(part == partition for _, part in pins):
                yield Difference("inputs", f"snapshot {partition}: in the recipe, and not read by {stage.name}")
            else:
                yield Difference("inputs", f"{_place(name, partition)}: not read by {stage.name}")
        for name in dict.fromkeys(name for name, _ in sorted(pins.keys() - wanted)):
            if name not in stage.inputs:
                yield Difference("settings", f"{stage.name}: read {name}, and does so no more")

    def _unknown(self, commit: Mapping[str, Any]) -> Iterator[Difference]:
        name = commit["table"]
        if name not in self._beside and kind_of(name) not in ("mixture", "branch", "datastore"):
            yield Difference("recipe", f"{name}: no stage of the recipe makes it any more")

    def _recipe(self, stage: Stage, commit: Mapping[str, Any]) -> Iterator[Difference]:
        """What of the recipe, its sources and rulings is another than when the commit was made."""
        snapshot = commit["partition"] or None
        if stage.partitioned:
            if isinstance(self._snapshots, Difference):
                yield self._snapshots
                return
            if snapshot not in self._snapshots:
                yield Difference("recipe", f"snapshot {snapshot}: no longer in the recipe")
        now = self._config(stage, snapshot if stage.partitioned else None)
        if isinstance(now, Difference):
            yield now
            return
        before = json.loads(commit["config"])
        if stage.states_licenses:
            yield from (Difference("licenses", what) for what in self._changes.between(commit))
        yield from _settings(stage, before, now)

    @cached_property
    def _snapshots(self) -> list[str] | Difference:
        try:
            return self._workspace.snapshots
        except (PlainError, OSError) as error:
            return Difference("recipe", f"the sources cannot be listed: {describe(error)}")

    def _config(self, stage: Stage, snapshot: str | None) -> Any:
        """What a commit of the stage would say of its settings now, or why that cannot be said."""
        key = (stage.name, snapshot)
        if key not in self._configs:
            try:
                self._configs[key] = json.loads(json.dumps(stage.config(self._workspace, snapshot)))
            except (PlainError, OSError) as error:
                self._configs[key] = Difference("recipe", f"{stage.name}: {describe(error)}")
        return self._configs[key]


def _settings(stage: Stage, before: dict[str, Any], now: dict[str, Any]) -> Iterator[Difference]:
    """Settings that differ, by name and with both values, other than what sources and rulings state."""
    before, now = dict(before), dict(now)
    for key in ("registry", "known_sources", "rulings", KEY) if stage.states_licenses else ():
        before.pop(key, None), now.pop(key, None)
    if stage.name == "raw_crawls":
        yield from _archives(before.pop("archives", []), now.pop("archives", []))
        old, new = before.pop("fields", {}), now.pop("fields", {})
        # Sources that came or left are told by their archives and by what is stated of them.
        before["fields"] = {name: old[name] for name in old.keys() & new.keys()}
        now["fields"] = {name: new[name] for name in old.keys() & new.keys()}
    about = f"{stage.kind.replace('plan', 'mixture')} {stage.declared.entry}" if stage.kind in _ENTRIES else stage.name
    if stage.kind in ("mixture", "datastore"):
        made, asked = before.pop("recipe", None), now.pop("recipe", None)
        if made not in (None, asked):
            yield Difference("recipe", f"{stage.name}: the recipe {made} made it, not {asked}")
    if stage.kind == "mixture":
        for key in ("tiers", "contested", "use", "attribution", "share_alike"):  # the plan says them, too
            before.pop(key, None), now.pop(key, None)
    if TAKEDOWN in before:
        return  # what a takedown left says so of itself
    kind: Kind = "licenses" if stage.states_licenses else "settings"
    for change in setting_changes(before, now, _SHOWN):
        yield Difference(kind, change if stage.states_licenses else f"{about}: {change}")


_ENTRIES = ("plan", "mixture", "branch", "datastore")


def _archives(before: Sequence[Sequence[str]], now: Sequence[Sequence[str]]) -> Iterator[Difference]:
    """How many archives of each source came, went and changed."""
    old = {(source, name): fingerprint for source, name, fingerprint in before}
    new = {(source, name): fingerprint for source, name, fingerprint in now}
    for source in sorted({source for source, _ in old.keys() | new.keys()}):
        came = sum(key[0] == source for key in new.keys() - old.keys())
        went = sum(key[0] == source for key in old.keys() - new.keys())
        other = sum(key[0] == source and old[key] != new[key] for key in old.keys() & new.keys())
        parts = [f"{many(count, 'archive')} {what}" for count, what in (
            (came, "came"), (went, "went"), (other, "changed")) if count]
        if parts:
            yield Difference("inputs", f"source {source}: {', '.join(parts)} since it was read")


def _place(name: str, partition: str) -> str:
    return f"{name}/{partition}" if partition else name


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {many(more, 'table')} more" if more > 0 else "")


# -- what follows ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Terms:
    """What the recipe of today admits to a mixture by licence; of other tables, all."""

    tiers: tuple[int, ...] | None = None
    license_classes: tuple[str, ...] = ()
    contested: str = "admit"
    policy: Policy = field(default_factory=Policy)


def terms_of(workspace: Workspace, name: str) -> Terms | None:
    """What the recipe of today admits to a table by licence; None to a mixture or datastore that it does not have."""
    entries = {"mixture": workspace.recipe.mixtures, "datastore": workspace.recipe.datastores}.get(str(kind_of(name)))
    if entries is None:
        return Terms()
    entry = entries.get(table(name).entry)
    # A store takes each document by what holds of it, so that nothing in it can be contested.
    contested = getattr(entry, "contested", "admit")
    policy = Policy(*entry.for_use) if isinstance(entry, Mixture) else Policy()
    return entry and Terms(tuple(sorted(entry.tiers)), tuple(entry.license_classes), contested, policy)


def audit_of_today(
    workspace: Workspace, mixture: str, version: int | None = None, as_of: int | None = None,
    look: Look = CLOSELY,
) -> dict[str, Any]:
    """The audit of a version of a mixture, or of a branch or datastore, held to the recipe of today: `proof.audit`,
    and under `today` what was asked and what differs.

    Not proven is, beside what the tables do not show, a version with rows that the recipe does not admit today, or of
    which it says other things about licences than it said then. With other settings, code or inputs it is stale.

    Args:
        as_of: the version to be audited as what it was: held to the tiers that it was made with. What differs today is
            told, and nothing follows.
        look: how closely is looked at files and records.

    Raises:
        NotFound: if there is no such mixture, or the platform wrote no such version; the message lists what there is.
    """
    name = mixture_table_name(workspace.lake, mixture)
    terms = terms_of(workspace, name)
    asked_now = as_of is None
    report = audit(workspace.lake, name, version if asked_now else as_of,
                   terms.tiers if asked_now and terms else None, look, workspace)
    found = Today(workspace).differences(name, report["mixture"]["version"])
    reasons = [str(one) for one in found if one.kind in ("recipe", "licenses")]
    if terms and (others := _of_no_class(workspace, name, report["mixture"]["version"], terms.license_classes)):
        reasons.append(f"{many(others, 'row')} of no class that the recipe admits: {', '.join(terms.license_classes)}")
    contested = report["contested"]
    if terms and terms.contested == "refuse" and contested["admitted_by"] == "claim" and contested["documents"]:
        reasons.append(f"{many(contested['documents'], 'row')} admitted by contested claims, which the recipe refuses")
    if terms and (others := _not_for(workspace, name, report["mixture"]["version"], terms.policy)):
        reasons.append(f"{many(others, 'row')} whose licence does not allow {in_words(terms.policy)}")
    report["today"] = {
        "recipe": workspace.recipe.name, "as_of": as_of,
        "tiers": terms and terms.tiers and list(terms.tiers), "license_classes": terms and list(terms.license_classes),
        "resolver": workspace.recipe.licenses.resolver, "current": not found,
        "differences": [{"kind": one.kind, "what": one.what} for one in found], "against": [],
    }
    if asked_now and reasons:
        report["proven"] = False
        report["today"]["against"] = reasons
        report["reasons"] += [f"not what the recipe {workspace.recipe.name} makes today: {one}" for one in reasons]
    return report


def _of_no_class(workspace: Workspace, name: str, version: int, classes: Sequence[str]) -> int:
    """How many rows of a version are of none of the published classes, if any are named."""
    if not classes:
        return 0
    rows = workspace.lake.read_table(name, ["license_spdx", "license_basis"], version=version)
    return rows.num_rows - (pc.sum(mask_of(classes, rows["license_spdx"], rows["license_basis"])).as_py() or 0)


def _not_for(workspace: Workspace, name: str, version: int, policy: Policy) -> int:
    """How many rows of a version do not keep to what it is made for today."""
    if not policy:
        return 0
    spdx = workspace.lake.read_table(name, ["license_spdx"], version=version)["license_spdx"]
    counted = pc.value_counts(spdx).to_pylist()
    return sum(item["counts"] for item in counted if not keeps_to(policy, item["values"]))


def ensure_publishable(workspace: Workspace, name: str) -> None:
    """Refuse a table that is not what the recipe makes today, or that a takedown has left to be rebuilt.

    Raises:
        NotPublishable: with all that differs, and what to run.
    """
    refuse_during_takedown(workspace)
    if found := Today(workspace).differences(name):
        version = workspace.lake.history(name)[0]["version"]
        raise NotPublishable(
            f"{name} is not what the recipe {workspace.recipe.name} makes today: {'; '.join(map(str, found))}: run the "
            f"recipe {workspace.recipe.name} again (data-platform run RECIPE), then export; or export it as what it "
            f"was, named so: --as-of {version}"
        )


def refuse_during_takedown(workspace: Workspace) -> None:
    """Refuse to publish while a takedown has begun and is not done.

    Raises:
        NotPublishable: with how to finish it.
    """
    from data_platform.takedown.execute import unfinished

    if begun := unfinished(workspace.lake):
        raise NotPublishable(f"takedown {begun[0]['takedown_id']} has begun and is not done: nothing is published "
                             f"before it is; data-platform takedown --resume {begun[0]['takedown_id']}")


def refuse_unchecked(workspace: Workspace, name: str, version: int | None = None, of_today: bool = True) -> None:
    """Refuse a version whose checks, or those of what it was made of, failed or were not made. Arguments as of
    `Today.unchecked`.

    Raises:
        NotPublishable: with the tables and their checks.
    """
    if found := Today(workspace).unchecked(name, version, of_today):
        raise NotPublishable(f"{name} has not passed its checks: {'; '.join(found[:_LISTED])}: run the recipe "
                             f"{workspace.recipe.name} again (data-platform run RECIPE), then export")


def refuse_taken_down(workspace: Workspace, name: str, version: int) -> None:
    """Refuse a version that holds what was taken down since, or what is made of it.

    Raises:
        NotPublishable: with the takedowns.
    """
    rows = workspace.lake.read_table(name, ["doc_id", "source", "url", "host"], version=version)
    if found := standing(workspace.lake).of_documents(with_parents(workspace.lake, rows)):
        raise NotPublishable(f"{name} version {version} holds what was taken down: {found}")
