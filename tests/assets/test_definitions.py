"""What a Dagster user finds: assets with all their metadata, jobs, sensors, schedules, and nothing heavy at load."""

import gzip
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from assets.sensors import new_snapshots
from data_platform.definitions import build_definitions
from data_platform.pipeline.flow import stages
from data_platform.run.recipe import load_recipe
from resources.workspace import WorkspaceResource
from tests.conftest import REPOSITORY

WATCHED = """
name: watched
sources: [{{name: crawl, kind: files, paths: ["{folder}/{{snapshot}}/*.jsonl.gz"]}}]
mixtures: {{all: {{tokens: 1000, tiers: [0, 1, 2, 3, 4], weights: {{web: 1}}}}}}
"""


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_definitions(str(REPOSITORY / "recipes" / "demo.yaml"))


def test_every_asset_says_what_it_is(definitions: dg.Definitions) -> None:
    specs = {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}
    some = {"raw_crawls", "documents", "duplicates", "quality_annotations", "scores_perplexity", "mixture_permissive"}
    assert some <= specs.keys()
    flow = stages(load_recipe(REPOSITORY / "recipes" / "demo.yaml"))
    for name, spec in specs.items():
        declared = flow[name].declared
        assert spec.description == declared.description
        assert spec.group_name != "default" and spec.owners == ["team:data-platform"] and "deltalake" in spec.kinds
        assert spec.code_version and spec.automation_condition is not None
        columns = spec.metadata["dagster/column_schema"].columns
        assert [column.name for column in columns] == declared.column_names
        assert all(column.description and column.type for column in columns)


def test_every_asset_has_blocking_checks_for_schema_and_keys(definitions: dg.Definitions) -> None:
    blocking = {
        (spec.asset_key.to_user_string(), spec.name)
        for check in definitions.asset_checks for spec in check.check_specs if spec.blocking
    }
    for spec in definitions.resolve_all_asset_specs():
        name = spec.key.to_user_string()
        assert {(name, "schema"), (name, "key_unique")} <= blocking, name
    assert ("mixture_permissive", "license_tiers") in blocking and ("documents", "books") in blocking


def test_snapshots_are_dynamic_partitions_and_models_wait_for_the_gpu_pool(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    assert isinstance(graph.get(dg.AssetKey("documents")).partitions_def, dg.DynamicPartitionsDefinition)
    assert graph.get(dg.AssetKey("duplicates")).partitions_def is None
    assert {"gpu"} == graph.get(dg.AssetKey("scores_perplexity")).pools


def test_learned_thresholds_add_their_assets_and_two_phases(tmp_path: Path) -> None:
    recipe = tmp_path / "learning.yaml"
    recipe.write_text(
        "name: learning\nsources: [{name: crawl, snapshot: one, paths: [none]}]\n"
        "filters: {rule_sets: {culturax: {}, fineweb2: {}}, reference: {de: [texts.jsonl]}}\n"
        "mixtures: {all: {tokens: 1000, weights: {web: 1}}}\n"
    )
    learning = build_definitions(str(recipe))
    graph = learning.resolve_asset_graph()
    verdicts = {key.to_user_string() for key in graph.get(dg.AssetKey("filter_verdicts")).parent_keys}
    assert verdicts == {"documents", "quality_signals", "filter_thresholds", "language_signals"}
    assert graph.get(dg.AssetKey("filter_thresholds")).partitions_def is None
    job = learning.resolve_job_def("filter")
    steps = job.graph.dependency_structure
    above = {output.node_name for outputs in steps.input_to_upstream_outputs_for_node("filter_verdicts").values()
             for output in outputs}
    assert "language_signals" in above, "within one run, the order of the steps"
    assert {"learn", "filter"} <= {job.name for job in learning.jobs}


def test_jobs_cover_all_assets(definitions: dg.Definitions) -> None:
    covered = set()
    for name in ("crawl", "match", "deduplicate", "annotate", "mix"):
        covered |= {key.to_user_string() for key in definitions.resolve_job_def(name).asset_layer.executable_asset_keys}
    assert covered == {spec.key.to_user_string() for spec in definitions.resolve_all_asset_specs()}


def test_branches_of_a_recipe_are_assets_with_a_job_of_their_own() -> None:
    definitions = build_definitions(str(REPOSITORY / "recipes" / "branches.yaml"))
    graph = definitions.resolve_asset_graph()
    keys = {key.to_user_string() for key in graph.get_all_asset_keys()}
    assert {"domain_labels", "document_branches", "branch_math", "branch_general"} <= keys
    assert dg.AssetKey("document_branches") in graph.get(dg.AssetKey("filter_verdicts")).parent_keys
    prepared = definitions.resolve_job_def("prepare").asset_layer.executable_asset_keys
    assert {key.to_user_string() for key in prepared} == {"domain_labels", "domain_classifiers"}


def test_kinds_of_repetition_are_assets_only_if_a_recipe_asks_for_them(tmp_path: Path) -> None:
    recipe = tmp_path / "repeating.yaml"
    recipe.write_text(
        "name: repeating\nsources: [{name: crawl, snapshot: one, paths: [none]}]\n"
        "decontamination: {sets: {quiz: {paths: quiz.jsonl, fields: question}}}\n"
        "repetition: {lines: {}, substrings: {}, containment: {}, semantic: {}}\n"
        "mixtures: {all: {tokens: 1000, weights: {web: 1}}}\n"
    )
    usual, asked = (build_definitions(str(path)).resolve_asset_graph()
                    for path in (REPOSITORY / "recipes" / "demo.yaml", recipe))
    added = {"contamination", "passage_hashes", "substring_fingerprints", "document_sketches", "document_embeddings",
             "redundant_documents", "duplicate_spans", "cut_programs"}
    keys = [{key.to_user_string() for key in graph.get_all_asset_keys()} for graph in (usual, asked)]
    assert added <= keys[1] and not added & keys[0]
    parents = {key.to_user_string() for key in asked.get(dg.AssetKey("cut_programs")).parent_keys}
    assert parents == {"filtered_documents", "duplicates", "contamination", "redundant_documents", "duplicate_spans"}
    assert dg.AssetKey("cut_programs") in asked.get(dg.AssetKey("deduplicated_documents")).parent_keys
    jobs = {job.name for job in build_definitions(str(recipe)).jobs}
    assert {"crawl", "deduplicate", "embed", "relate", "annotate", "mix"} <= jobs


def test_nothing_heavy_is_imported_when_the_code_location_loads() -> None:
    code = (
        "import sys; from data_platform.definitions import build_definitions; build_definitions();"
        "heavy = {'torch', 'transformers', 'great_expectations', 'numba', 'ray', 'daft', 'trafilatura', 'sklearn'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert done.stdout.strip() == "[]", done.stdout


def test_the_top_level_packages_are_ours() -> None:
    import assets
    import resources

    assert Path(assets.__file__).parents[1] == Path(resources.__file__).parents[1] == REPOSITORY


@pytest.fixture
def watched(tmp_path: Path) -> WorkspaceResource:
    recipe = tmp_path / "watched.yaml"
    recipe.write_text(WATCHED.format(folder=tmp_path / "crawls"))
    return WorkspaceResource(recipe_path=str(recipe))


def _arrive(tmp_path: Path, snapshot: str, name: str = "a") -> None:
    folder = tmp_path / "crawls" / snapshot
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress(f'{{"text": "hello {snapshot} {name}"}}\n'.encode()))


def _tick(watched: WorkspaceResource, instance: dg.DagsterInstance, cursor: str | None) -> dg.SensorResult:
    # Left at once: a context that is left when it is collected makes Dagster load definitions from an instance of old.
    with dg.build_sensor_context(instance, cursor=cursor) as context:
        return new_snapshots(context, workspace=watched)


def test_the_sensor_turns_new_archives_into_partitions_and_runs(tmp_path: Path, watched: WorkspaceResource) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        empty = _tick(watched, instance, None)
        assert not empty.run_requests
        _arrive(tmp_path, "2024-10")
        first = _tick(watched, instance, empty.cursor)
        assert [request.partition_key for request in first.run_requests] == ["2024-10"]
        assert first.dynamic_partitions_requests[0].partition_keys == ["2024-10"]
        instance.add_dynamic_partitions("snapshots", ["2024-10"])
        assert not _tick(watched, instance, first.cursor).run_requests, "the same archives run once"
        _arrive(tmp_path, "2024-11")
        _arrive(tmp_path, "2024-10", "b")
        second = _tick(watched, instance, first.cursor)
        assert sorted(request.partition_key for request in second.run_requests) == ["2024-10", "2024-11"]
        assert second.dynamic_partitions_requests[0].partition_keys == ["2024-11"]
        assert len({request.run_key for request in [*first.run_requests, *second.run_requests]}) == 3


def test_the_schedule_asks_for_what_is_missing(tmp_path: Path, watched: WorkspaceResource) -> None:
    from assets.schedules import refresh

    _arrive(tmp_path, "2024-10")
    with dg.instance_for_test() as instance, dg.build_schedule_context(instance) as context:
        requests = refresh(context, workspace=watched)
        assert [request.partition_key for request in requests] == ["2024-10"]
        assert dg.AssetKey("raw_crawls") in requests[0].asset_selection
        assert dg.AssetKey("duplicates") not in requests[0].asset_selection
