"""Homes of before: what Dagster recorded under the names of tables is carried over to those of recipes, once."""

from pathlib import Path

import dagster as dg

from data_platform.assets.migration import migrate
from data_platform.assets.names import Names
from data_platform.resources.instance import open_instance
from data_platform.run.recipe import load_recipe

RECIPE = """
name: {name}
lake: {lake}
sources: [{{name: crawl, snapshot: one, paths: [none]}}]
mixtures: {{all: {{tokens: 1000, weights: {{web: 1}}}}}}
"""


def _recipe(folder: Path, name: str, lake: str):
    path = folder / f"{name}.yaml"
    path.write_text(RECIPE.format(name=name, lake=lake), encoding="utf-8")
    return load_recipe(path)


def _record(instance: dg.DagsterInstance, table: str, lake: str, partition: str | None) -> None:
    instance.report_runless_asset_event(dg.AssetMaterialization(
        table, partition=partition, metadata={"dagster/uri": f"{lake}/{table}", "rows": 3},
        tags={"dagster/data_version": f"v of {lake}", "dagster/input_data_version/raw_crawls": "w"},
    ))


def test_what_was_recorded_goes_to_the_recipe_on_its_lake_once(tmp_path: Path) -> None:
    recipes = {name: _recipe(tmp_path, name, f"/lakes/{name}") for name in ("web", "code")}
    recipes |= {name: _recipe(tmp_path, name, "/lakes/shared") for name in ("twin", "other")}
    with open_instance() as instance:
        instance.add_dynamic_partitions("snapshots", ["one", "two"])
        for lake in ("/lakes/web", "/lakes/code", "/lakes/web"):
            _record(instance, "documents", lake, "one")
        _record(instance, "documents", "/lakes/code", "two")
        _record(instance, "duplicates", "/lakes/web", None)
        _record(instance, "reservations", "/lakes/shared", None)
        _record(instance, "reservations", "/lakes/web", None)
        instance.report_runless_asset_event(dg.AssetMaterialization("somebody_elses"))
        before = instance.get_latest_materialization_event(dg.AssetKey("duplicates"))

        done = migrate(instance, recipes)
        web, code = Names.of(recipes["web"]), Names.of(recipes["code"])
        assert done.carried == {web.recipe: 4, code.recipe: 2} and done.left == {"/lakes/shared": 1}
        assert len(done.lines) == 3
        assert set(instance.get_dynamic_partitions(web.snapshots.name)) == {"one"}
        assert set(instance.get_dynamic_partitions(code.snapshots.name)) == {"one", "two"}
        after = instance.get_latest_materialization_event(web.asset("duplicates"))
        assert (after.timestamp, after.run_id) == (before.timestamp, before.run_id)
        made = after.asset_materialization
        assert made.metadata["rows"].value == 3 and made.tags["dagster/data_version"] == "v of /lakes/web"
        assert f"dagster/input_data_version/{web.recipe}/raw_crawls" in made.tags
        of_one = instance.fetch_materializations(
            dg.AssetRecordsFilter(web.asset("documents"), asset_partitions=["one"]), limit=10
        )
        assert len(of_one.records) == 2
        keys = {key.to_user_string() for key in instance.get_asset_keys()}
        assert "documents" not in keys and {"reservations", "somebody_elses"} <= keys

        again = migrate(instance, recipes)
        assert not again.carried and not again.lines
        assert len(instance.fetch_materializations(web.asset("documents"), limit=10).records) == 2
