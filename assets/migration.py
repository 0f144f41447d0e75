"""Homes of before recipes had names of their own in Dagster: what was recorded there is carried over to them.

Assets were called by their tables alone, so that all recipes of a home shared one history, and the partitions of all of
them were `snapshots`. Every materialisation says where its table lies, and by that whose it is: it is recorded again,
with its run and its time, under the key of the recipe on that lake. What belongs to no recipe that is known, or to
several on one lake, stays where it is and is told. Doing it twice does nothing the second time. Not here: tables, which
were apart always, and results of checks, which are in the lake (`check_results`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import dagster as dg
from dagster._core.events import StepMaterializationData
from dagster._core.events.log import EventLogEntry

from data_platform.assets.names import Names
from data_platform.core.errors import many
from data_platform.core.tables import kind_of
from data_platform.run.identity import place_of
from data_platform.run.recipe import Recipe

OLD_PARTITIONS = "snapshots"
_TOLD = "data_platform/migrated"
_BATCH = 500
_INPUT = ("dagster/input_data_version/", "dagster/input_event_pointer/")


@dataclass
class Migration:
    """What was done.

    Attributes:
        carried: materialisations that were recorded under the names of their recipe, by its name.
        left: materialisations that stayed under the old key, by the lake that they name.
        told: whether somebody was told of just these that stayed before.
    """

    carried: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    told: bool = False

    @property
    def lines(self) -> list[str]:
        """In words; empty if there was nothing to do that nobody knows of."""
        lines = [f"recipe {name}: {many(count, 'materialization')} of before carried over to its own names in Dagster"
                 for name, count in sorted(self.carried.items())]
        if not self.told or lines:
            lines += [f"{many(count, 'materialization')} of before, of lake {lake}, stay under the names of then: no "
                      f"recipe that is known is the only one on it" for lake, count in sorted(self.left.items())]
        return lines


def migrate(instance: dg.DagsterInstance, recipes: Mapping[str, Recipe]) -> Migration:
    """Carry over what is recorded under keys of before; `recipes` are those that ran from the home, by their paths."""
    done = Migration()
    old = [key for key in instance.get_asset_keys() if len(key.path) == 1 and _is_table(key.path[0])]
    if not old:
        return done
    owners: dict[str, list[Names]] = {}
    for recipe in recipes.values():
        owners.setdefault(place_of(recipe.lake_uri), []).append(Names.of(recipe))
    for key in old:
        left, there = 0, {}
        for entry in _materializations(instance, key):
            lake = _lake_of(entry, key.path[0])
            known = {names.recipe: names for names in owners.get(place_of(lake), [])}
            if len(known) != 1:
                done.left[lake or "unknown"] += 1
                left += 1
                continue
            (names,) = known.values()
            if names.recipe not in there:
                there[names.recipe] = {_mark(one) for one in _materializations(instance, names.asset(key.path[0]))}
            if _mark(entry) not in there[names.recipe]:
                _record(instance, entry, names)
                done.carried[names.recipe] += 1
        if not left:
            instance.wipe_assets([key])
    told = str(sorted(done.left.items()))
    done.told = instance.daemon_cursor_storage.get_cursor_values({_TOLD}).get(_TOLD) == told
    instance.daemon_cursor_storage.set_cursor_values({_TOLD: told})
    return done


def _is_table(name: str) -> bool:
    return bool(kind_of(name))


def _materializations(instance: dg.DagsterInstance, key: dg.AssetKey) -> Iterator[EventLogEntry]:
    """All of a key, the oldest first."""
    cursor, more = None, True
    while more:
        found = instance.fetch_materializations(key, limit=_BATCH, cursor=cursor, ascending=True)
        yield from (record.event_log_entry for record in found.records)
        cursor, more = found.cursor, found.has_more


def _mark(entry: EventLogEntry) -> tuple[str, float]:
    """What tells a materialisation of a table, in whatever partition, from others of it."""
    return entry.run_id, entry.timestamp


def _lake_of(entry: EventLogEntry, table: str) -> str:
    materialization = entry.asset_materialization
    place = materialization.metadata.get("dagster/uri") if materialization else None
    return str(place.value).removesuffix(f"/{table}") if place else ""


def _record(instance: dg.DagsterInstance, entry: EventLogEntry, names: Names) -> None:
    """Record a materialisation again, under the key of a recipe, as of its run and its time."""
    old, event = entry.asset_materialization, entry.dagster_event
    assert old is not None and event is not None
    key = names.asset(old.asset_key.path[-1])
    if old.partition and not instance.has_dynamic_partition(names.snapshots.name, old.partition):
        instance.add_dynamic_partitions(names.snapshots.name, [old.partition])
    tags = {_renamed(tag, names): value for tag, value in (old.tags or {}).items()}
    new = old._replace(asset_key=key, tags=tags)
    instance.store_event(entry._replace(dagster_event=event._replace(
        event_specific_data=StepMaterializationData(new, []), message=f"Materialized value {key.to_user_string()}.",
    )))


def _renamed(tag: str, names: Names) -> str:
    for prefix in _INPUT:
        if tag.startswith(prefix):
            return f"{prefix}{names.recipe}/{tag.removeprefix(prefix)}"
    return tag
