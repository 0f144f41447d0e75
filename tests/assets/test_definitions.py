"""What a Dagster user finds: assets with all their metadata, jobs, sensors, schedules, and nothing heavy at load."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph, AssetNode

from data_platform.assets import origins
from data_platform.assets.names import table_of
from data_platform.assets.observations import GROUP
from data_platform.definitions import build_definitions
from data_platform.pipeline.flow import stages
from data_platform.run.recipe import load_recipe
from tests.conftest import REPOSITORY


def _get(graph: AssetGraph, table: str) -> AssetNode:
    (key,) = [key for key in graph.get_all_asset_keys() if table_of(key) == table]
    return graph.get(key)


def _parents(graph: AssetGraph, table: str) -> set[str]:
    """The tables that a table is made of, and the origin that it reads itself."""
    keys = _get(graph, table).parent_keys
    made_of = {table_of(key) for key in keys if graph.get(key).group_name != origins.GROUP}
    return made_of or {table_of(key) for key in keys}


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_definitions(str(REPOSITORY / "recipes" / "demo.yaml"))


def _made(definitions: dg.Definitions) -> list[dg.AssetSpec]:
    """The assets that are materialised, and not only observed."""
    return [spec for spec in definitions.resolve_all_asset_specs() if spec.group_name not in (GROUP, origins.GROUP)]


def test_what_stages_write_beside_their_tables_is_observed(definitions: dg.Definitions) -> None:
    observed = {table_of(spec.key): spec for spec in definitions.resolve_all_asset_specs() if spec.group_name == GROUP}
    assert observed.keys() == {
        "rejections", "archives", "license_notices", "lineage", "check_results", "takedowns", "runs",
    }
    assert {table_of(dep.asset_key) for dep in observed["archives"].deps} == {"raw_crawls"}
    graph = definitions.resolve_asset_graph()
    assert not [spec for spec in observed.values() if graph.get(spec.key).is_materializable]
    assert graph.get(dg.AssetKey(["demo", "sources_of_raw_crawls"])).is_observable
    assert _parents(graph, "raw_crawls") == {"sources_of_raw_crawls"}
    hangs_on = {name: {table_of(key) for key in _get(graph, name).parent_keys if table_of(key).endswith("raw_crawls")}
                for name in ("filter_verdicts", "duplicates", "deduplicated_documents", "mixture_permissive")}
    assert hangs_on["filter_verdicts"] == {"sources_of_raw_crawls"}
    assert all(hangs_on[name] == {"all_sources_of_raw_crawls"} for name in hangs_on if name != "filter_verdicts")


def test_every_asset_says_what_it_is(definitions: dg.Definitions) -> None:
    specs = {table_of(spec.key): spec for spec in _made(definitions)}
    some = {"raw_crawls", "documents", "duplicates", "quality_annotations", "scores_perplexity", "mixture_permissive"}
    assert some <= specs.keys()
    flow = stages(load_recipe(REPOSITORY / "recipes" / "demo.yaml"))
    for name, spec in specs.items():
        declared = flow[name].declared
        assert spec.description.startswith(declared.description)
        assert spec.group_name != "default" and spec.owners == ["team:data-platform"] and "deltalake" in spec.kinds
        assert spec.code_version
        columns = spec.metadata["dagster/column_schema"].columns
        assert [column.name for column in columns] == declared.column_names
        assert all(column.description and column.type for column in columns)


def test_every_asset_has_blocking_checks_for_schema_and_keys(definitions: dg.Definitions) -> None:
    blocking = {
        (table_of(spec.asset_key), spec.name)
        for check in definitions.asset_checks for spec in check.check_specs if spec.blocking
    }
    for spec in _made(definitions):
        name = table_of(spec.key)
        assert {(name, "schema"), (name, "key_unique")} <= blocking, name
    assert ("mixture_permissive", "license_tiers") in blocking and ("documents", "books") in blocking


def test_snapshots_are_dynamic_partitions_and_models_wait_for_the_gpu_pool(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    assert isinstance(_get(graph, "documents").partitions_def, dg.DynamicPartitionsDefinition)
    assert _get(graph, "duplicates").partitions_def is None
    assert {"gpu"} == _get(graph, "scores_perplexity").pools


def test_learned_thresholds_add_their_assets_and_two_phases(tmp_path: Path) -> None:
    recipe = tmp_path / "learning.yaml"
    recipe.write_text(
        "name: learning\nsources: [{name: crawl, snapshot: one, paths: [none]}]\n"
        "filters: {rule_sets: {culturax: {}, fineweb2: {}}, reference: {de: [texts.jsonl]}}\n"
        "mixtures: {all: {tokens: 1000, weights: {web: 1}}}\n"
    )
    learning = build_definitions(str(recipe))
    graph = learning.resolve_asset_graph()
    verdicts = _parents(graph, "filter_verdicts")
    assert verdicts == {"documents", "quality_signals", "filter_thresholds", "language_signals"}
    assert _get(graph, "filter_thresholds").partitions_def is None
    job = learning.resolve_job_def("learning_filter")
    steps = job.graph.dependency_structure
    inputs = steps.input_to_upstream_outputs_for_node("learning__filter_verdicts")
    above = {output.node_name for outputs in inputs.values() for output in outputs}
    assert "learning__language_signals" in above, "within one run, the order of the steps"
    assert {"learning_learn", "learning_filter"} <= {job.name for job in learning.jobs}


def test_jobs_cover_all_assets(definitions: dg.Definitions) -> None:
    covered = set()
    for name in ("crawl", "match", "deduplicate", "annotate", "mix"):
        layer = definitions.resolve_job_def(f"demo_{name}").asset_layer
        covered |= {table_of(key) for key in layer.executable_asset_keys}
    assert covered == {table_of(spec.key) for spec in _made(definitions)}


def test_branches_of_a_recipe_are_assets_with_a_job_of_their_own() -> None:
    definitions = build_definitions(str(REPOSITORY / "recipes" / "branches.yaml"))
    graph = definitions.resolve_asset_graph()
    keys = {table_of(key) for key in graph.get_all_asset_keys()}
    assert {"domain_labels", "document_branches", "branch_math", "branch_general"} <= keys
    assert "document_branches" in _parents(graph, "filter_verdicts")
    prepared = definitions.resolve_job_def("branches_prepare").asset_layer.executable_asset_keys
    assert {table_of(key) for key in prepared} == {"domain_labels", "domain_classifiers"}


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
    keys = [{table_of(key) for key in graph.get_all_asset_keys()} for graph in (usual, asked)]
    assert added <= keys[1] and not added & keys[0]
    parents = _parents(asked, "cut_programs")
    assert parents == {"filtered_documents", "duplicates", "contamination", "redundant_documents", "duplicate_spans"}
    assert "cut_programs" in _parents(asked, "deduplicated_documents")
    jobs = {job.name for job in build_definitions(str(recipe)).jobs}
    words = ("crawl", "deduplicate", "embed", "relate", "annotate", "mix")
    assert {f"repeating_{word}" for word in words} <= jobs


def test_nothing_heavy_is_imported_when_the_code_location_loads() -> None:
    code = (
        "import sys; from data_platform.definitions import build_definitions; build_definitions();"
        "heavy = {'torch', 'transformers', 'great_expectations', 'numba', 'ray', 'daft', 'trafilatura', 'sklearn'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert done.stdout.strip() == "[]", done.stdout


def test_the_graph_and_its_resources_are_those_at_the_top_of_the_checkout() -> None:
    from data_platform import assets, resources

    for package in (assets, resources):
        name = package.__name__.rpartition(".")[2]
        assert Path(package.__file__).resolve() == REPOSITORY / name / "__init__.py"
