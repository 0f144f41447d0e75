"""Names: no two recipes share any, and a recipe keeps its own."""

from pathlib import Path

import pytest

from data_platform.assets.names import Names
from data_platform.core.settings import home
from data_platform.definitions import build_definitions
from data_platform.run.identity import recipe_key
from data_platform.run.recipe import load_recipe

RECIPE = """
name: {name}
{lake}
sources: [{{name: crawl, snapshot: one, paths: [none]}}]
mixtures: {{all: {{tokens: 1000, weights: {{web: 1}}}}}}
"""


def _written(folder: Path, name: str, lake: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "recipe.yaml"
    path.write_text(RECIPE.format(name=name, lake=f"lake: {lake}" if lake else ""))
    return path


def test_a_plain_name_on_its_own_lake_is_the_key(tmp_path: Path) -> None:
    assert recipe_key(load_recipe(_written(tmp_path, "web"))) == "web"
    assert recipe_key(load_recipe(_written(tmp_path, "web", str(home() / "lakes" / "web") + "/"))) == "web"


def test_names_that_look_alike_and_lakes_that_differ_keep_recipes_apart(tmp_path: Path) -> None:
    written = [("web", ""), ("web", "/a/lake"), ("web", "/b/lake"), ("web", "s3://a/lake"), ("We.b", ""), ("We-b", ""),
               ("We_b", "")]
    keys = [recipe_key(load_recipe(_written(tmp_path / str(number), *one))) for number, one in enumerate(written)]
    assert len(set(keys)) == len(keys)
    assert keys[0] == "web" and keys[-1] == "We_b"


def test_the_key_does_not_hang_on_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = []
    for lake in (str(tmp_path / "lake"), "lake", "./lake/"):
        monkeypatch.chdir(tmp_path)
        keys.append(recipe_key(load_recipe(_written(tmp_path, "web", lake))))
    assert len(set(keys)) == 1


def test_nothing_in_dagster_is_called_as_another_recipe_calls_it(tmp_path: Path) -> None:
    found = []
    for name, lake in (("web", ""), ("web", str(tmp_path / "lake"))):
        definitions = build_definitions(str(_written(tmp_path / f"{name}{len(lake)}", name, lake)))
        repository = definitions.get_repository_def()
        graph = definitions.resolve_asset_graph()
        found.append({
            *(key.to_user_string() for key in graph.get_all_asset_keys()),
            *(job.name for job in definitions.resolve_all_job_defs() if not job.name.startswith("__")),
            *(sensor.name for sensor in repository.sensor_defs), *(one.name for one in repository.schedule_defs),
            *(node.partitions_def.name for node in graph.asset_nodes if node.partitions_def),
        })
    assert found[0] and not found[0] & found[1]
    assert "web/documents" in found[0] and {"web_crawl", "web_refresh", "web_new_snapshots"} <= found[0]
    assert "snapshots/web" in found[0]


def test_runs_say_recipe_code_and_phase(tmp_path: Path) -> None:
    path = _written(tmp_path, "web")
    tags = build_definitions(str(path)).resolve_job_def("web_crawl").tags
    assert (tags["data_platform/recipe"], tags["data_platform/phase"]) == ("web", "crawl")
    assert tags.get("data_platform/git_commit") == Names("web").tags().get("data_platform/git_commit")
