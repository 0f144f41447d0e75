"""Sensors and the nightly refresh, evaluated as the daemon does: all that is due, once, and nothing for nothing."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.execution.backfill import PartitionBackfill
from dagster._core.loader import LoadingContextForTest

from data_platform.assets.arrivals import register
from data_platform.assets.launch import bring_up_to_date
from data_platform.assets.taken_out import rewritten
from data_platform.lake.lake import Provenance
from data_platform.pipeline.verify import verify
from data_platform.run.known import known_recipes
from data_platform.run.stage import execute
from data_platform.takedown.removal_list import TAKEDOWN
from tests.assets.asking import asking
from tests.assets.toys import BAD, BROKEN, Toys, asked, flow, toys
from tests.conftest import REPOSITORY

_STALE = """query($key: AssetKeyInput!, $partition: String) {
  assetNodes(assetKeys: [$key]) { staleStatus(partition: $partition) } }"""
_LAUNCH = """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on PythonError { message } } }"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Toys]:
    with toys(tmp_path) as made:
        yield made


def _night(world: Toys) -> dg.ExecuteInProcessResult:
    (request,) = world.tick("refresh").run_requests
    return world.execute(request, "refresh")


def _failure(result: dg.ExecuteInProcessResult) -> str:
    (failure,) = [event for event in result.all_events if event.event_type_value == "STEP_FAILURE"]
    return failure.event_specific_data.error.message


def test_one_night_brings_all_phases_of_all_snapshots_up_to_date(world: Toys) -> None:
    world.arrive("one")
    world.arrive("two")
    result = _night(world)
    assert result.success and not world.open_places()
    runs = [run for run in world.instance.get_runs() if run.run_id != result.run_id]
    assert len(runs) == 6 and {run.tags["data_platform/refresh"] for run in runs} == {result.run_id}
    assert {run.tags["data_platform/recipe"] for run in world.instance.get_runs()} == {world.names.recipe}
    night = world.tick("refresh")
    assert not night.run_requests and night.skip_message == "everything is up to date"
    assert set(world.instance.get_dynamic_partitions(world.names.snapshots.name)) == {"one", "two"}


def test_a_snapshot_that_fails_holds_back_what_reads_it_and_is_named(world: Toys) -> None:
    world.arrive("good")
    world.arrive("hurt", BROKEN)
    world.arrive("poor", "one", BAD)
    result = _night(world)
    assert not result.success
    message = _failure(result)
    assert "hurt" in message and "the archive is broken" in message and "key_unique" in message
    left = world.open_places()
    assert "filter_verdicts/good" not in left and left["language_signals/hurt"] == "missing"
    assert left["language_signals/poor"] == "blocked"
    assert {"filter_stop_words", "reservations"} <= left.keys(), "they read all snapshots"
    before = world.written()
    world.arrive("hurt")
    world.arrive("poor")
    assert _night(world).success and not world.open_places() and world.written() > before


def test_a_source_that_is_absent_is_named_and_holds_back_its_own_alone(world: Toys) -> None:
    world.arrive("good")
    more = ', {name: other, kind: files, snapshot: absent, paths: ["' + str(world.folder) + '/absent.jsonl"]}'
    world.write(more=more)
    sensed = world.tick("new_snapshots")
    assert [request.partition_key for request in sensed.run_requests] == ["good"]
    result = _night(world)
    assert "absent" in _failure(result)
    assert world.open_places()["language_signals/absent"] == "blocked"
    assert "filter_verdicts/good" not in world.open_places()
    night = world.tick("refresh")
    assert not night.run_requests and "nothing can be done" in night.skip_message and "absent" in night.skip_message


def test_arrivals_run_once_and_what_left_is_no_partition(world: Toys) -> None:
    assert not world.tick("new_snapshots").run_requests
    world.arrive("one")
    world.arrive("two")
    first = world.tick("new_snapshots")
    both = ("filter_verdicts", "language_signals")
    assert asked(first.run_requests) == [("crawl", "one", both), ("crawl", "two", both)]
    for request in first.run_requests:
        assert world.execute(request).success
    assert not world.tick("new_snapshots", first.cursor).run_requests, "the same archives run once"
    world.arrive("two", "more", name="b")
    archive = world.arrive("three")
    second = world.tick("new_snapshots", first.cursor)
    assert [request.partition_key for request in second.run_requests] == ["three", "two"]
    keys = [request.run_key for request in [*first.run_requests, *second.run_requests]]
    assert len(set(keys)) == 4
    archive.unlink()
    archive.parent.rmdir()
    world.write(vanished="keep")
    kept = world.tick("new_snapshots", second.cursor)
    (mark,) = kept.asset_events
    assert (mark.asset_key, mark.partition) == (world.names.asset("language_signals"), "three")
    assert not world.tick("new_snapshots", kept.cursor).asset_events, "it is marked once"
    assert world.instance.has_dynamic_partition(world.names.snapshots.name, "three")
    world.write(vanished="remove")
    third = world.tick("new_snapshots", second.cursor)
    assert not [request for request in third.run_requests if request.partition_key == "three"]
    assert set(world.instance.get_dynamic_partitions(world.names.snapshots.name)) == {"one", "two"}


def test_automation_asks_for_what_is_out_of_date_and_for_nothing_else(world: Toys) -> None:
    world.arrive("one")
    world.arrive("two")
    runs, ticks, cursor = 0, 0, None
    while (tick := world.tick("automation", cursor)).run_requests:
        ticks += 1
        for request in tick.run_requests:
            before = world.written()
            assert world.execute(request).success
            assert world.written() > before, "a run that wrote nothing"
            runs += 1
        cursor = tick.cursor
    assert (runs, ticks) == (6, 4) and not world.open_places()
    world.write(tokens=2000)
    first = world.tick("automation", tick.cursor)
    assert _shown(world) == set(world.open_places()) == {
        f"{table}/{snapshot}" for table in ("filter_verdicts", "document_sketches") for snapshot in ("one", "two")
    } | {"filter_stop_words", "reservations"}, "the UI shows as stale what status says is"
    told = {(event.asset_key.path[-1], event.partition): event for event in first.asset_events}
    assert len(told) == 6 and {event.metadata["state"].value for event in told.values()} == {"stale"}
    assert "tokens 1000 to 2000" in told["filter_verdicts", "one"].metadata["why"].value
    assert not world.tick("automation", first.cursor).asset_events, "once"
    assert asked(first.run_requests) == [
        ("crawl", "one", ("filter_verdicts",)), ("crawl", "two", ("filter_verdicts",)),
    ]
    assert {request.run_key for request in world.tick("automation").run_requests} == {
        request.run_key for request in first.run_requests
    }, "the same is asked for under the same key, which Dagster runs once"


def _shown(world: Toys) -> set[str]:
    """What the UI shows as stale, by the resolver that it asks."""
    graph = world.definitions.resolve_asset_graph()
    resolver = CachingStaleStatusResolver(world.instance, graph, LoadingContextForTest(world.instance))
    return {
        place for place, (table, snapshot) in _places(world).items()
        if resolver.get_status(world.names.asset(table), snapshot) == StaleStatus.STALE
    }


def _places(world: Toys) -> dict[str, tuple[str, str | None]]:
    return {status.place: (status.stage.name, status.snapshot) for status in world.plan()}


def test_what_is_under_way_is_not_asked_for_again(world: Toys) -> None:
    world.arrive("one")
    world.arrive("two")
    first = world.tick("new_snapshots").run_requests
    run = world.begun(first[0])
    sensed, due = world.tick("new_snapshots"), world.tick("automation")
    assert [request.partition_key for request in sensed.run_requests] == ["two"]
    assert [request.partition_key for request in due.run_requests] == ["two"]
    world.instance.report_run_canceled(run)
    again = world.tick("new_snapshots", sensed.cursor)
    assert [request.partition_key for request in again.run_requests] == ["one"], "it was not forgotten"


def test_a_snapshot_that_arrives_while_a_run_is_under_way_does_not_break_it(world: Toys) -> None:
    world.arrive("one")
    for request in world.tick("new_snapshots").run_requests:
        assert world.execute(request).success
    (learning,) = world.tick("automation").run_requests
    assert learning.partition_key is None
    world.arrive("late")
    world.tick("new_snapshots")
    result = world.execute(learning)
    assert result.success
    assert world.open_places()["filter_stop_words"] == "stale", "it is to be made again, with what arrived"


def test_a_partition_that_no_source_has_is_refused_before_the_first_step(world: Toys) -> None:
    world.arrive("two")
    world.instance.add_dynamic_partitions(world.names.snapshots.name, ["tow"])
    done = subprocess.run(
        [sys.executable, "-m", "dagster", "job", "execute", "-f", str(world.location), "-j",
         world.names.of_recipe("crawl"), "--tags", '{"dagster/partition": "tow"}'],
        capture_output=True, text=True, check=False, timeout=120, cwd=REPOSITORY,
    )
    (run,) = world.instance.get_runs()
    events = [entry.dagster_event for entry in world.instance.all_logs(run.run_id) if entry.is_dagster_event]
    assert done.returncode and run.status == dg.DagsterRunStatus.FAILURE
    assert not [event for event in events if event.event_type_value == "STEP_START"]
    (failure,) = [event for event in events if event.event_type == dg.DagsterEventType.RUN_FAILURE]
    said = "no source has it: there is no snapshot tow; two is near"
    assert said in failure.job_failure_data.error.message and said in done.stderr
    assert not world.workspace.lake.exists("language_signals")


def test_the_ui_knows_of_sources_and_takedowns_and_refuses_what_no_source_has(world: Toys) -> None:
    world.arrive("one")
    world.arrive("two")
    assert _night(world).success
    assert world.tick("automation").cursor
    with asking(world.instance, world.location, world.names.recipe) as ask:
        def stale(snapshot: str) -> str:
            found = ask(_STALE, key={"path": [world.names.recipe, "language_signals"]}, partition=snapshot)
            return found["assetNodes"][0]["staleStatus"]

        def tick() -> None:
            for event in world.tick("automation").asset_events:
                world.instance.report_runless_asset_event(event)

        def launch(snapshot: str, job: str, *tables: str) -> dict[str, str]:
            selector = {"repositoryLocationName": world.names.recipe, "repositoryName": "__repository__",
                        "pipelineName": job, **({"assetSelection": [{"path": [world.names.recipe, table]}
                                                                    for table in tables]} if tables else {})}
            return ask(_LAUNCH, params={
                "selector": selector, "runConfigData": {}, "mode": "default",
                "executionMetadata": {"tags": [{"key": "dagster/partition", "value": snapshot}]},
            })["launchRun"]

        tick()
        assert (stale("one"), stale("two")) == ("FRESH", "FRESH"), "steps have told what they read"
        assert not _shown(world)
        world.arrive("one", "one", "two", "new")
        tick()
        assert (stale("one"), stale("two")) == ("STALE", "FRESH")
        assert _shown(world) == set(world.open_places()), "all that hangs on it, however far below"
        assert _night(world).success
        assert (stale("one"), stale("two")) == ("FRESH", "FRESH")
        assert not _shown(world)

        _take_down_all_of(world, "language_signals", "two")
        (event,) = rewritten(world.instance, world.workspace.lake, flow().values(), world.names)
        world.instance.report_runless_asset_event(event)
        assert not list(rewritten(world.instance, world.workspace.lake, flow().values(), world.names)), "told once"
        assert (stale("one"), stale("two")) == ("FRESH", "STALE")
        assert world.open_places()["language_signals/two"] == "stale"
        tick()
        assert _shown(world) == set(world.open_places())

        crawl = world.names.of_recipe("crawl")
        for launched in (launch("tow", "__ASSET_JOB", "language_signals"), launch("tow", crawl)):
            assert "there is no snapshot tow; two is near" in launched["message"]
        world.instance.add_dynamic_partitions(world.names.snapshots.name, ["tow"])  # as people do in the UI
        assert "there is no snapshot tow" in launch("tow", crawl)["message"]
        refused = world.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
        assert len(refused) == 3 and {run.tags["dagster/will_retry"] for run in refused} == {"false"}
        assert launch("two", crawl)["__typename"] == "LaunchRunSuccess"


def test_the_ui_says_what_status_says_while_snapshots_come_and_go(world: Toys) -> None:
    cursors: dict[str, str | None] = {}

    def tick() -> None:
        for word in ("new_snapshots", "automation"):
            found = world.tick(word, cursors.get(word))
            cursors[word] = found.cursor
            for event in found.asset_events:
                world.instance.report_runless_asset_event(event)

    for snapshot in ("one", "two", "three"):
        world.arrive(snapshot)
        tick()
        shown = {place for place, state in world.open_places().items() if state == "stale"}
        assert _shown(world) == shown, snapshot
        assert _night(world).success
        tick()
        assert not _shown(world) and not world.open_places(), snapshot
    shutil.rmtree(world.folder / "crawls" / "two")
    tick()
    assert _shown(world) == set(world.open_places()) >= {"filter_stop_words", "reservations"}


def _take_down_all_of(world: Toys, table: str, snapshot: str) -> None:
    """What a takedown commits of a partition that it leaves no row of."""
    lake, stage = world.workspace.lake, flow()[table]
    partition = stage.partition(snapshot)
    made = Provenance(asset_key=TAKEDOWN, code_version="", config={}, inputs=(), run_id="td-1", git_commit="")
    lake.replace(stage.declared, partition, [], made, lake.carried(table, partition))


def test_what_reads_another_snapshot_waits_for_it_and_not_for_one_that_failed(world: Toys) -> None:
    for snapshot, *lines in (("web1",), ("web2", BROKEN), ("web3",), ("other",)):
        world.arrive(snapshot, *lines)
    for word in ("new_snapshots", "automation"):
        cursor, requested = None, []
        for _ in range(5):
            tick = world.tick(word, cursor)
            cursor = tick.cursor
            crawls = [one for one in tick.run_requests if one.job_name == world.names.of_recipe("crawl")
                      and one.run_key not in {other.run_key for other in requested}]
            begun = [world.begun(one) for one in crawls]
            if word == "new_snapshots" and begun:  # while one is under way, those after it are not asked for
                assert not world.tick(word, cursor).run_requests
            for run in begun:
                world.instance.delete_run(run.run_id)
            for one in crawls:
                world.execute(one)
            requested += crawls
        assert [one.partition_key for one in requested] == ["other", "web1", "web2", "web3"], word
        assert world.open_places()["language_signals/web2"] == "missing"
        for snapshot in ("web1", "web3", "other"):
            world.arrive(snapshot, "one", "two", "more")
        world.arrive("web2", BROKEN, "more")


def test_runs_of_the_command_are_shown_like_others_and_started_again_by_nobody(world: Toys) -> None:
    world.arrive("one")
    (first, *_) = bring_up_to_date(world.definitions, world.workspace, print, flow=flow())
    run = world.instance.get_run_by_id(first.run_id)
    assert run.is_success and run.tags["dagster/max_retries"] == "0"
    repository = run.remote_job_origin.repository_origin  # the timeline shows no run without
    assert repository.code_location_origin.location_name == world.names.recipe
    assert run.remote_job_origin.job_name == run.job_name == world.names.of_recipe("crawl")
    assert list(known_recipes().values()) == [str(world.recipe)], "whoever ran it, the UI opens it the next time"


@pytest.mark.parametrize("word", ["new_snapshots", "automation"])
def test_a_code_location_with_the_code_of_before_asks_for_nothing(
    world: Toys, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    world.arrive("one")
    monkeypatch.setattr("data_platform.assets.loaded_code._LOADED", frozenset())
    tick = world.tick(word, '{"one": "x"}')
    assert not tick.run_requests and "reload it" in tick.skip_message and tick.cursor == '{"one": "x"}'


def test_a_crawl_waits_for_one_before_it_whoever_launched_them(world: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    for snapshot in ("web1", "web2"):
        world.arrive(snapshot)
    register(world.instance, world.names, ["web1", "web2"])
    crawl = world.definitions.resolve_job_def(world.names.of_recipe("crawl"))
    first, second = (
        world.instance.create_run_for_job(
            crawl, tags={"dagster/partition": snapshot}, status=dg.DagsterRunStatus.STARTED
        ) for snapshot in ("web1", "web2")
    )
    monkeypatch.setattr(
        "data_platform.assets.in_order.sleep", lambda seconds: world.instance.report_run_canceled(first)
    )
    result = crawl.execute_in_process(instance=world.instance, partition_key="web2")
    assert result.success
    assert any("waiting for runs of web1" in entry.user_message for entry in world.instance.all_logs(result.run_id))
    assert world.instance.get_run_by_id(second.run_id).status == dg.DagsterRunStatus.STARTED, "nobody waits for a later"
    assert crawl.execute_in_process(instance=world.instance, partition_key="web1").success


def test_jobs_have_one_phase_each() -> None:
    assert [stage.phase for stage in flow().values()] == ["crawl", "filter", "learn", "annotate", "mix"]


def test_what_a_backfill_will_make_is_left_to_it(world: Toys) -> None:
    world.arrive("one")
    world.tick("new_snapshots")
    world.instance.add_backfill(PartitionBackfill.from_asset_partitions(
        "a-backfill", world.definitions.resolve_asset_graph(), ["one"],
        world.names.assets(["language_signals", "filter_verdicts"]), time.time(), {}, world.instance, False, None, None,
        None,
    ))
    world.arrive("two")
    for word in ("new_snapshots", "automation"):
        tick = world.tick(word)
        assert [request.partition_key for request in tick.run_requests] == ["two"], word


def test_what_nothing_needs_goes_on_a_schedule_that_is_off_until_it_is_turned_on(world: Toys) -> None:
    world.arrive("one")
    for tokens in (1000, 2000):
        world.write(tokens=tokens)
        for stage in flow().values():
            execute(stage, world.workspace, "one" if stage.partitioned else None)
    schedule = world.definitions.get_repository_def().get_schedule_def(world.names.of_recipe("vacuum"))
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED and schedule.cron_schedule == "0 5 * * 0"
    deleted = []
    for more in ("", "vacuum: {retain_days: 0}\n"):  # by default, what was replaced within a week stays
        world.recipe.write_text(world.recipe.read_text() + more)
        (request,) = world.tick("vacuum").run_requests
        result = world.execute(request, "vacuum")
        assert result.success and not verify(world.workspace.lake).damaged
        (told,) = [event.step_output_data.metadata for event in result.all_events
                   if event.event_type_value == "STEP_OUTPUT"]
        deleted.append(told["files"].value)
    assert deleted[0] == 0 and deleted[1] > 0 and "| filter_verdicts | 1 |" in told["deleted"].value
