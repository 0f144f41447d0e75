"""An export of which a host is taken down: no file of it names the host any more, and all of it agrees, offline too."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_platform.lake.lake import Lake, VersionGone
from data_platform.pipeline.verify import verify
from data_platform.publish.accompany import accompany_again
from data_platform.publish.check_export import check_export
from data_platform.publish.export import export_mixture
from data_platform.run.recipe import Recipe
from data_platform.run.workspace import Workspace
from data_platform.takedown.execute import Order, Places, execute, resume, takedowns
from data_platform.takedown.outside import beside, files_below, shard_rows
from data_platform.takedown.plan import Selectors
from tests.takedown import worlds
from tests.takedown.lakes import essay

HOST = "gone.example"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Pages of two hosts under a licence that asks for credit, run to their mixture."""
    folder = tmp_path_factory.mktemp("exported")
    rows = [{"text": essay(f"{name}x", number), "url": f"https://{host}/{name}", "license": "CC-BY-4.0",
             "author": f"Author of {name}", "title": f"About {name}"}
            for number, (name, host) in enumerate([("alpha", HOST), ("beta", "stays.example"), ("gamma", HOST),
                                                     ("delta", "third.example")])]
    (folder / "texts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    recipe = Recipe.model_validate({
        "name": "exported", "filters": {"rule_sets": {}}, "deduplication": {"guards": {"max_cluster_share": 1.0}},
        "sources": [{"name": "texts", "kind": "files", "snapshot": "one", "paths": [str(folder / "texts.jsonl")]}],
        "mixtures": {"all": {"tokens": 100_000, "tiers": [0, 1], "weights": {"web": 1}}},
    })
    workspace = Workspace(recipe, Lake(str(folder / "lake")))
    worlds.run(workspace)
    return workspace


def test_no_file_of_a_rewritten_export_names_what_went(workspace: Workspace, tmp_path: Path) -> None:
    lake, root = workspace.lake, tmp_path / "exports"
    folders = [export_mixture(lake, "all", format_, None, root, shard_bytes=2_000)[0]
               for format_ in ("parquet", "jsonl.zst")]
    for folder in folders:
        assert HOST in (folder / "NOTICE").read_text() and check_export(folder).faults == []
    accompany, calls = partial(accompany_again, lake), []

    def killed_at_the_second(folder: Path, manifest: dict) -> str:
        calls.append(folder)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return accompany(folder, manifest)

    order = Order(Selectors.of(hosts=[HOST]), "asked for", "A. Uthor")
    with pytest.raises(KeyboardInterrupt):
        execute(lake, order, Places((root,), accompany=killed_at_the_second), exports="rewrite")
    receipt = execute(lake, order, Places((root,), accompany=accompany), exports="rewrite")
    assert receipt["absent"] and len(receipt["searched_for"]["ids"]) == 2
    for folder in folders:
        assert check_export(folder).faults == []
        assert json.loads((folder / "manifest.json").read_text())["rows"] == 2
        for path in files_below(folder):
            content = path.read_bytes()
            assert HOST.encode() not in content and b"Author of alpha" not in content, path.name
    worlds.run(workspace)
    assert list(worlds.faults(workspace)) == []

    def of_a_version_that_is_gone(folder: Path, manifest: dict) -> str:
        raise VersionGone("version 1 of deduplicated_documents cannot be read any more")

    # Its cards cannot be written anew then, and none may tell of what is gone.
    order = Order(Selectors.of(hosts=["stays.example"]), "asked for", "A. Uthor")
    places = Places((root,), accompany=of_a_version_that_is_gone)
    assert execute(lake, order, places, exports="rewrite")["absent"]
    for folder in folders:
        assert not (folder / "NOTICE").exists() and json.loads((folder / "manifest.json").read_text())["rows"] == 1
        assert all(b"stays.example" not in path.read_bytes() for path in files_below(folder))


def test_the_text_of_a_notice_that_went_is_in_no_export(tmp_path: Path) -> None:
    """Exports that hold none of its rows have it, for it goes with what stays; and its copyright lines."""
    tree = tmp_path / "tree"
    for name in ("one", "two"):
        (tree / name).mkdir(parents=True)
        (tree / name / "text.txt").write_text(f"SPDX-License-Identifier: MIT\n{essay(name)}")
    (tree / "LICENSE").write_text("Shared terms of both parts.\n\nCopyright 2020 The Society of Parts\n")
    (tree / "one" / "NOTICE").write_text("First part\nCopyright 2019 Ann Uthor\n")
    (tree / "two" / "NOTICE").write_text("Second part\nCopyright 2021 Bo Ok\n")
    recipe = Recipe.model_validate({
        "name": "noticed", "filters": {"rule_sets": {}}, "deduplication": {"guards": {"max_cluster_share": 1.0}},
        "sources": [{"name": "tree", "kind": "files", "snapshot": "one", "paths": [str(tree)],
                     "license": {"spdx": "MIT", "basis": "by letter"}}],
        "mixtures": {"all": {"tokens": 100_000, "tiers": [0, 1, 2, 3, 4], "weights": {"web": 1}}},
    })
    workspace = Workspace(recipe, Lake(str(tmp_path / "lake")))
    worlds.run(workspace)
    lake, root = workspace.lake, tmp_path / "exports"
    folder, _ = export_mixture(lake, "all", "parquet", None, root)[:2]
    as_lines, _ = export_mixture(lake, "all", "jsonl.zst", None, root)[:2]
    before = (folder / "NOTICE").read_text()
    assert "Ann Uthor" in " ".join(pa.concat_tables(shard_rows(as_lines))["attribution"].to_pylist())
    assert "Ann Uthor" in before and "Bo Ok" in before and "First part" in before
    order = Order(Selectors.of(urls=["file:one/NOTICE"]), "asked for", "A. Uthor")
    left = execute(lake, order, Places((root,), accompany=partial(accompany_again, lake)))
    assert {one["what"] for one in left["found"]} == {
        "the text of a removed notice", "a line of a removed notice or manifest"}
    assert any("1 text of notices" in one["what"] for one in left["remains_elsewhere"])
    (taken,) = takedowns(lake)
    receipt = resume(lake, taken, Places((root,), accompany=partial(accompany_again, lake)), exports="rewrite")
    assert receipt["absent"] and check_export(folder).faults == []
    assert verify(lake, share=None).damaged == ()
    for path in beside(folder):
        assert b"Ann Uthor" not in path.read_bytes() and b"First part" not in path.read_bytes(), path.name
    for each in (folder, as_lines):
        credited = " ".join(pa.concat_tables(shard_rows(each))["attribution"].to_pylist())
        assert "Ann Uthor" not in credited and "Bo Ok" in credited and credited.count("file:") == 2
    after = (folder / "NOTICE").read_text()
    assert "Bo Ok" in after and "The Society of Parts" in after and "Second part" in after
    assert json.loads((folder / "manifest.json").read_text())["rows"] == 2
    files = [path for path in (tmp_path / "lake").glob("*/**/*.parquet") if "_delta_log" not in path.parts]
    said = [str(pq.read_table(path).to_pylist()) for path in files]  # old versions, too
    assert not any("Ann Uthor" in one for one in said) and any("Bo Ok" in one for one in said)
    assert list(worlds.audit_faults(workspace)) == []
    worlds.run(workspace)
    assert list(worlds.faults(workspace)) == [] and list(worlds.left_of(workspace)) == []


def test_whom_a_manifest_credited_goes_with_it(tmp_path: Path) -> None:
    """From what lies below it, in the lake and in exports; whoever is credited elsewhere stays."""
    tree = tmp_path / "tree"
    for name in ("one", "two"):
        (tree / name).mkdir(parents=True)
        (tree / name / "text.txt").write_text(f"SPDX-License-Identifier: CC-BY-4.0\n{essay(name)}")
        (tree / name / "package.json").write_text(json.dumps({
            "name": f"pack-{name}", "license": "CC-BY-4.0", "author": "Ann Uthor", "contributors": [f"Con of {name}"],
            "homepage": f"https://{name}.example/"}))
    recipe = Recipe.model_validate({
        "name": "credited", "filters": {"rule_sets": {}}, "deduplication": {"guards": {"max_cluster_share": 1.0}},
        "sources": [{"name": "tree", "kind": "files", "snapshot": "one", "paths": [str(tree)],
                     "license": {"spdx": "CC-BY-4.0", "basis": "by letter"}}],
        "mixtures": {"all": {"tokens": 100_000, "tiers": [0, 1, 2, 3, 4], "weights": {"web": 1}}},
    })
    workspace = Workspace(recipe, Lake(str(tmp_path / "lake")))
    worlds.run(workspace)
    lake, root = workspace.lake, tmp_path / "exports"
    folder, _ = export_mixture(lake, "all", "parquet", None, root)[:2]
    assert "Con of one" in (folder / "NOTICE").read_text() and "pack-one" in str(_credited(folder))
    order = Order(Selectors.of(urls=["file:one/package.json"]), "asked for", "A. Uthor")
    receipt = execute(lake, order, Places((root,), accompany=partial(accompany_again, lake)), exports="rewrite")
    assert receipt["absent"] and check_export(folder).faults == [] and verify(lake, share=None).damaged == ()
    said = (folder / "NOTICE").read_text() + str(_credited(folder))
    assert not any(one in said for one in ("Con of one", "pack-one", "one.example"))
    assert all(one in said for one in ("Con of two", "pack-two", "Ann Uthor", "file:one/text.txt"))
    assert sorted("Ann Uthor" in one for one in _credited(folder)) == [False, True]
    files = [path for path in (tmp_path / "lake").glob("*/**/*.parquet") if "_delta_log" not in path.parts]
    rows = [str(pq.read_table(path).to_pylist()) for path in files]
    assert not any("Con of one" in one for one in rows) and any("Con of two" in one for one in rows)
    assert list(worlds.audit_faults(workspace)) == []
    worlds.run(workspace)
    assert list(worlds.faults(workspace)) == [] and list(worlds.left_of(workspace)) == []


def _credited(folder: Path) -> list[str]:
    return pa.concat_tables(shard_rows(folder))["attribution"].to_pylist()
