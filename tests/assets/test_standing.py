"""The UI calls stale what `status` calls out of date, over GraphQL, whatever the reason; and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from data_platform.assets.taken_out import rewritten
from data_platform.lake.lake import Provenance
from data_platform.takedown.removal_list import TAKEDOWN
from tests.assets.asking import Ask, asking
from tests.assets.toys import BAD, Toys, comparing, toys

_STALE = """query($key: AssetKeyInput!, $partition: String) {
  assetNodes(assetKeys: [$key]) { staleStatus(partition: $partition) } }"""
_LAST = """query($key: AssetKeyInput!, $partitions: [String!]) { assetNodes(assetKeys: [$key]) {
  assetMaterializations(partitions: $partitions, limit: 3) { runId timestamp description } } }"""
_UI = {"fresh": "FRESH", "unchecked": "FRESH", "missing": "MISSING", "stale": "STALE", "blocked": "STALE"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Toys]:
    with toys(tmp_path) as made:
        made.flow = comparing
        for snapshot in ("a", "b", "c"):
            made.arrive(snapshot)
        yield made


def _night(world: Toys) -> bool:
    (request,) = world.tick("refresh").run_requests
    return world.execute(request, "refresh").success


def _tick(world: Toys, word: str) -> None:
    for event in world.tick(word).asset_events:
        world.instance.report_runless_asset_event(event)


def _differences(world: Toys, ask: Ask) -> dict[str, tuple[str, str]]:
    """Places of which the UI says something else than `status`."""
    found = {}
    for status in world.plan():
        key = {"path": [world.names.recipe, status.stage.name]}
        shown = ask(_STALE, key=key, partition=status.snapshot)["assetNodes"][0]["staleStatus"]
        if shown != _UI[status.state]:
            found[status.place] = (status.state, shown)
    return found


def _lose_a_file(world: Toys, table: str, snapshot: str) -> tuple[Path, bytes]:
    (path,) = map(Path, world.workspace.lake.open(table).file_uris([("snapshot", "=", snapshot)]))
    content = path.read_bytes()
    path.unlink()
    return path, content


def test_the_ui_says_what_status_says_whatever_is_out_of_date(world: Toys) -> None:
    assert _night(world) and not world.open_places()
    with asking(world.instance, world.location, world.names.recipe) as ask:
        _tick(world, "standing")
        assert not _differences(world, ask)

        world.arrive("a", "one", "two", "more")
        _tick(world, "standing")
        assert not _differences(world, ask)
        assert world.open_places().keys() >= {f"document_signatures/{one}" for one in "abc"}
        assert "language_signals/b" not in world.open_places()
        assert _night(world) and not _differences(world, ask), "what was made anew is fresh"

        path, content = _lose_a_file(world, "language_signals", "b")
        _tick(world, "standing")
        assert not _differences(world, ask) and len(world.open_places()) == 6
        key = {"path": [world.names.recipe, "document_sketches"]}
        told, before = ask(_LAST, key=key, partitions=["c"])["assetNodes"][0]["assetMaterializations"][:2]
        assert "Out of date" in told["description"] and "filter_verdicts/b is stale" in told["description"]
        assert (told["runId"], told["timestamp"]) == (before["runId"], before["timestamp"]), "nothing was made"
        path.write_bytes(content)
        _tick(world, "standing")
        assert not _differences(world, ask) and not world.open_places(), "it was put back"

        _lose_a_file(world, "document_sketches", "a")
        _tick(world, "standing")
        assert not _differences(world, ask) and len(world.open_places()) == 2

        lake, stage = world.workspace.lake, comparing()["language_signals"]
        made = Provenance(asset_key=TAKEDOWN, code_version="", config={}, inputs=(), run_id="td-1", git_commit="")
        lake.replace(stage.declared, stage.partition("a"), [], made, lake.carried(stage.name, stage.partition("a")))
        (event,) = rewritten(world.instance, lake, comparing().values(), world.names)
        world.instance.report_runless_asset_event(event)
        _tick(world, "automation")
        assert not _differences(world, ask) and world.open_places()["document_sketches/c"] == "stale"
        assert _night(world)
        _tick(world, "automation")
        assert not _differences(world, ask) and not world.open_places(), "all came out as it was"

        world.arrive("b", "one", BAD)
        assert not _night(world)
        _tick(world, "automation")
        assert not _differences(world, ask) and world.open_places()["document_signatures/c"] == "blocked"

    world.write(tokens=2000)
    _tick(world, "automation")
    with asking(world.instance, world.location, world.names.recipe) as ask:  # the code location is loaded anew
        _tick(world, "automation")
        assert not _differences(world, ask)


def test_the_sensor_is_on_and_its_looks_cost_little(world: Toys) -> None:
    sensor = world.definitions.get_repository_def().get_sensor_def(world.names.of_recipe("standing"))
    assert sensor.default_status.name == "RUNNING"
    first = world.tick("standing")
    assert "12 of 12 partitions are not up to date" in first.skip_message and not first.run_requests
    again = world.tick("standing", first.cursor)
    assert "which took" in again.skip_message and again.cursor == first.cursor
