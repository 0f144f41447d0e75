"""What a mixture is held to today: every way in which the recipe moved on is named, and refuses export, audit and gate
alike; a stated version leaves as what it was, and says so."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from data_platform.assets.gates import pass_gates
from data_platform.cli.main import main
from data_platform.core.tables import table
from data_platform.lake.lake import Lake
from data_platform.pipeline.flow import stages
from data_platform.pipeline.today import Today
from data_platform.run.recipe import load_recipe
from data_platform.run.stage import Stage, execute
from data_platform.run.workspace import Workspace
from data_platform.takedown.execute import Order, Places
from data_platform.takedown.execute import execute as take_down
from data_platform.takedown.plan import Selectors
from tests.conftest import run_recipe

LICENSES = ("CC0-1.0", "MIT", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0")


def _text(words: random.Random) -> str:
    """Words of letters, that no other text has: copies are looked for without regard to figures."""
    made = ("".join(words.choice("bdfgklmnprst") + words.choice("aeiou") for _ in range(4)) for _ in range(80))
    return " ".join(word + "." * (number % 9 == 8) for number, word in enumerate(made))


def _write_documents(folder: Path) -> None:
    words = random.Random(7)
    folder.mkdir()
    for source in ("stated", "claimed"):
        rows = [
            {"text": _text(words), "url": f"https://{source}.example/{number}",
             **({"license": LICENSES[number % len(LICENSES)]} if source == "stated" else {})}
            for number in range(10)
        ]
        (folder / f"{source}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A recipe, as JSON, that ran to its end."""
    folder = tmp_path_factory.mktemp("made")
    _write_documents(folder / "documents")
    (folder / "rulings.yaml").write_text(json.dumps([_ruling("CC-BY-4.0")]))
    fields = {"text_field": "text", "url_field": "url", "license_field": "license"}
    recipe = {
        "name": "first", "lake": str(folder / "lake"), "filters": {"rule_sets": {}},
        "licenses": {"rulings": str(folder / "rulings.yaml"), "resolver": "resolve@2"},
        "sources": [
            {"name": "stated", "kind": "files", "snapshot": "one", "domain": "web", **fields,
             "paths": [str(folder / "documents" / "stated.jsonl")]},
            {"name": "claimed", "kind": "files", "snapshot": "two", "domain": "web", **fields,
             "paths": [str(folder / "documents" / "claimed.jsonl")],
             "license": {"spdx": "MIT", "basis": "by letter"}},
        ],
        "mixtures": {
            "open": {"tokens": 1_000_000, "tiers": [0, 1, 2], "weights": {"web": 1}},
            "other": {"tokens": 1_000_000, "tiers": [0], "weights": {"web": 1}},
        },
        "datastores": {"rest": {"tiers": [5]}},
    }
    (folder / "first.json").write_text(json.dumps(recipe))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_PLATFORM_HOME", str(folder / "home"))
        run_recipe(folder / "first.json")
    return recipe


def _ruling(license_: str) -> dict[str, str]:
    return {"url": "https://stated.example/3", "license": license_, "author": "A. Uthor", "date": "2024-05-01",
            "reason": "by letter"}


@pytest.fixture
def recipe(made: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """The recipe that ran, on a copy of its lake, to be changed."""
    shutil.copytree(made["lake"], tmp_path / "lake")
    return json.loads(json.dumps(made)) | {"lake": str(tmp_path / "lake")}


def _command(recipe: dict[str, Any], folder: Path, *arguments: str) -> Result:
    path = folder / "today.json"
    path.write_text(json.dumps(recipe))
    result = CliRunner().invoke(main, [*arguments, "--recipe", str(path)])
    assert "Traceback" not in result.output and (result.exception is None or isinstance(result.exception, SystemExit))
    return result


def _workspace(recipe: dict[str, Any], folder: Path) -> Workspace:
    path = folder / "workspace.json"
    path.write_text(json.dumps(recipe))
    return Workspace(load_recipe(path))


def _remake(recipe: dict[str, Any], folder: Path, *names: str) -> None:
    """Write tables as a recipe would."""
    workspace = _workspace(recipe, folder)
    for name in names:
        stage = stages(workspace.recipe)[name]
        for snapshot in workspace.snapshots if stage.partitioned else [None]:
            execute(stage, workspace, snapshot)


def _rulings(recipe: dict[str, Any], folder: Path, *rulings: dict[str, str]) -> None:
    recipe["licenses"]["rulings"] = str(folder / "rulings.yaml")
    (folder / "rulings.yaml").write_text(json.dumps(rulings))


def _documents(recipe: dict[str, Any], folder: Path, change: Callable[[str], str]) -> None:
    (path,) = recipe["sources"][0]["paths"]
    (folder / "stated.jsonl").write_text(change(Path(path).read_text()))
    recipe["sources"][0]["paths"] = [str(folder / "stated.jsonl")]


def _by_another(recipe: dict[str, Any], folder: Path) -> None:
    """Another recipe of the lake writes the same mixture: of the same rows, by the same settings."""
    _remake({**recipe, "name": "second"}, folder, "mixture_open")


def _of_other_tiers(recipe: dict[str, Any], folder: Path) -> None:
    other = json.loads(json.dumps({**recipe, "name": "second"}))
    other["mixtures"]["open"]["tiers"] = [0]
    _remake(other, folder, "plan_open", "mixture_open")


def _upstream_anew(recipe: dict[str, Any], folder: Path) -> None:
    other = json.loads(json.dumps(recipe))
    other["licenses"]["resolver"] = "resolve@1"
    _remake(other, folder, "document_licenses")


def _set(*path: Any, to: Any) -> Callable[[dict[str, Any], Path], None]:
    def change(recipe: dict[str, Any], folder: Path) -> None:
        at: Any = recipe
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = to

    return change


def _without(*path: Any) -> Callable[[dict[str, Any], Path], None]:
    def change(recipe: dict[str, Any], folder: Path) -> None:
        at: Any = recipe
        for step in path[:-1]:
            at = at[step]
        del at[path[-1]]

    return change


def _new_snapshot(recipe: dict[str, Any], folder: Path) -> None:
    (folder / "more.jsonl").write_text(json.dumps({"text": _text(random.Random(9)), "url": "https://more.example/"}))
    recipe["sources"].append({"name": "more", "kind": "files", "snapshot": "three", "paths": [
        str(folder / "more.jsonl")]})


MIXTURE = ("mixtures", "open")
# What changed, what the refusal says, and whether an audit is still a proof.
MOVED_ON = {
    "tiers narrowed": (_set(*MIXTURE, "tiers", to=[0, 1]), "mixture open: tiers [0, 1, 2] to [0, 1]", False),
    "tiers widened": (_set(*MIXTURE, "tiers", to=[0, 1, 2, 3]), "mixture open: tiers [0, 1, 2] to [0, 1, 2, 3]", True),
    "classes narrowed": (
        _set(*MIXTURE, "license_classes", to=["open_license_corpus/public_domain"]),
        'license_classes [] to ["open_license_corpus/public_domain"]', False),
    "contested ones admitted": (
        _set(*MIXTURE, "contested", to="admit"), 'mixture open: contested "refuse" to "admit"', True),
    "weights": (_set(*MIXTURE, "weights", to={"web": 2}), "mixture open: weights.web 1.0 to 2.0", True),
    "seed": (_set(*MIXTURE, "seed", to=3), "mixture open: seed 0 to 3", True),
    "resolver": (_set("licenses", "resolver", to="resolve@1"), 'resolver "resolve@2" to "resolve@1"', False),
    "mixture left": (_without(*MIXTURE), "mixture open: not in the recipe first", False),
    "mixture renamed": (
        lambda recipe, folder: recipe["mixtures"].update(renamed=recipe["mixtures"].pop("open")),
        "mixture open: not in the recipe first", False),
    "a plan alone": (_set(*MIXTURE, "publish", to=False), "the recipe first publishes it no more", False),
    "registry claim": (
        _set("sources", 1, "license", "spdx", to="CC-BY-NC-4.0"), "source claimed: licence MIT -> CC-BY-NC-4.0",
        False),
    "registry basis": (
        _set("sources", 1, "license", "basis", to="hearsay"),
        "source claimed: what its licence MIT is claimed on changed", False),
    "registry claim withdrawn": (
        _without("sources", 1, "license"), "source claimed: licence MIT -> none", False),
    "ruling": (
        lambda recipe, folder: _rulings(recipe, folder, _ruling("CC-BY-NC-4.0")),
        "ruling on url https://stated.example/3: CC-BY-4.0 -> CC-BY-NC-4.0", False),
    "a second ruling": (
        lambda recipe, folder: _rulings(recipe, folder, _ruling("CC-BY-NC-4.0"), _ruling("CC-BY-4.0")),
        "CC-BY-4.0 -> CC-BY-NC-4.0, CC-BY-4.0", False),
    "rulings gone": (_set("licenses", "rulings", to=None), "ruling on url https://stated.example/3", False),
    "rulings unreadable": (_set("licenses", "rulings", to="/nowhere/rulings.yaml"), "/nowhere/rulings.yaml", False),
    "source left": (_without("sources", 1), "source claimed: no longer in the recipe", False),
    "snapshot left": (_without("sources", 1), "snapshot two: no longer in the recipe", False),
    "source renamed": (_set("sources", 1, "name", to="else"), "source claimed: no longer in the recipe", False),
    "source gone": (_set("sources", 0, "paths", to=["/nowhere/at/all.jsonl"]), "/nowhere/at/all.jsonl", False),
    "source changed": (
        lambda recipe, folder: _documents(recipe, folder, lambda text: text + text.splitlines()[0] + "\n"),
        "source stated: 1 archive changed since it was read", True),
    "a new snapshot": (_new_snapshot, "snapshot three: in the recipe, and not read", True),
    "recipe renamed": (_set("name", to="second"), "mixture_open: the recipe first made it, not second", False),
    "another recipe's table": (_by_another, "mixture_open: the recipe second made it, not first", False),
    "another recipe's rows": (_of_other_tiers, "mixture open: tiers [0] to [0, 1, 2]", False),
    "upstream anew": (_upstream_anew, "document_licenses/one: made anew since, as version ", True),
    "settings upstream": (
        _set("deduplication", to={"guards": {"max_cluster_share": 0.9}}), "duplicates: guards.max_cluster_share", True),
}


def test_a_table_of_today_is_published(recipe: dict[str, Any], tmp_path: Path) -> None:
    assert Today(_workspace(recipe, tmp_path)).differences("mixture_open") == []
    exported = _command(recipe, tmp_path, "export", "open", "--to", str(tmp_path / "out"))
    assert exported.exit_code == 0, exported.output
    checked = CliRunner().invoke(main, ["check-export", str(tmp_path / "out")])
    assert checked.exit_code == 0 and "agree" in checked.output
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["as_of"] is None and manifest["asked_of"]["differences"] == []
    report = json.loads(_command(recipe, tmp_path, "audit", "open", "--json").output)
    assert report["proven"] and report["today"]["current"] and report["today"]["tiers"] == [0, 1, 2]
    assert _command(recipe, tmp_path, "export", "datastore_rest").exit_code == 0
    # What is no part of the corpus makes nothing stale, nor does another mixture.
    recipe["mixtures"]["other"]["tiers"] = [1]
    assert _command({**recipe, "engine": "native"}, tmp_path, "export", "open").exit_code == 0


@pytest.mark.parametrize("case", MOVED_ON)
def test_what_the_recipe_does_not_make_today_is_refused_by_name(
    case: str, recipe: dict[str, Any], tmp_path: Path
) -> None:
    change, reason, proven = MOVED_ON[case]
    change(recipe, tmp_path)
    refused = _command(recipe, tmp_path, "export", "open", "--to", str(tmp_path / "out"))
    assert refused.exit_code == 1 and "is not what the recipe" in refused.output
    assert reason in refused.output and not (tmp_path / "out").exists(), refused.output
    audited = _command(recipe, tmp_path, "audit", "open", "--json")
    report = json.loads(audited.stdout)
    assert any(reason in difference["what"] for difference in report["today"]["differences"])
    assert (report["proven"], audited.exit_code) == (proven, 0 if proven else 1), report["reasons"]
    told = _command(recipe, tmp_path, "audit", "open", "--html", str(tmp_path / "page.html"))
    assert reason in told.output and told.exit_code == audited.exit_code
    assert "refused to exports" in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize("case", ["tiers narrowed", "resolver", "another recipe's table", "upstream anew"])
def test_the_gate_of_dagster_refuses_what_an_export_does(case: str, recipe: dict[str, Any], tmp_path: Path) -> None:
    MOVED_ON[case][0](recipe, tmp_path)
    workspace = _workspace(recipe, tmp_path)
    outcomes = pass_gates(workspace, stages(workspace.recipe)["mixture_open"], None)
    (current,) = [outcome for outcome in outcomes if outcome.name == "current"]
    assert not current.passed and current.severity == "critical"
    assert any(MOVED_ON[case][1] in found for found in current.metadata["differences"])


def test_other_code_is_refused(recipe: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stage, "code_version", property(lambda self: "edited" if self.name == "documents" else "c"))
    refused = _command(recipe, tmp_path, "export", "open")
    assert refused.exit_code == 1 and "the code changed since that made " in refused.output


def test_what_has_not_passed_its_checks_is_refused(recipe: dict[str, Any], tmp_path: Path) -> None:
    lake = Lake(recipe["lake"])
    row = {**lake.read_table("check_results").to_pylist()[0], "table": "documents", "partition": "one",
           "recipe": lake.pin("documents", "one").recipe, "check": "books", "passed": False, "blocking": True}
    lake.append("check_results", pa.Table.from_pylist([row], schema=table("check_results").schema))
    refused = _command(recipe, tmp_path, "export", "open")
    assert refused.exit_code == 1 and "documents/one failed the check books" in refused.output
    assert _command(recipe, tmp_path, "export", "open", "--as-of", "1").exit_code == 1
    recipe["mixtures"]["open"]["seed"] = 5
    _remake(recipe, tmp_path, "plan_open", "mixture_open")
    refused = _command(recipe, tmp_path, "export", "open")
    assert "mixture_open is not checked yet" in refused.output


def test_a_stated_version_leaves_as_what_it_was(recipe: dict[str, Any], tmp_path: Path) -> None:
    recipe["mixtures"]["open"]["tiers"] = [0, 1]
    out = tmp_path / "out"
    exported = _command(recipe, tmp_path, "export", "open", "--as-of", "1", "--to", str(out))
    assert exported.exit_code == 0 and "mixture open: tiers [0, 1, 2] to [0, 1]" in exported.output
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["as_of"] == 1
    assert manifest["asked_of"]["differences"] == ["mixture open: tiers [0, 1, 2] to [0, 1]"]
    said = "Exported as of version 1, not as what the recipe first makes today."
    checked = CliRunner().invoke(main, ["check-export", str(out)])
    assert checked.exit_code == 0 and said in checked.output and "tiers [0, 1, 2] to [0, 1]" in checked.output
    statement = json.loads((out / "attestation.json").read_text())["predicate"]
    assert statement["as_of"] == 1 and statement["asked_of"] == manifest["asked_of"]
    for name in ("NOTICE", "croissant.json", "spdx.json"):
        assert said in (out / name).read_text(), name
    report = json.loads(_command(recipe, tmp_path, "audit", "open", "--as-of", "1", "--json").stdout)
    assert report["proven"] and report["today"]["as_of"] == 1 and not report["today"]["current"]
    # The later version stands beside it, and the first one is not to be had as if it were of today.
    _remake(recipe, tmp_path, "plan_open", "mixture_open")
    again = _command(recipe, tmp_path, "export", "open", "--as-of", "1", "--to", str(tmp_path / "again"))
    assert "version 2 came after 1" in again.output and again.exit_code == 0
    assert _command(recipe, tmp_path, "audit", "open", "--version", "1").exit_code == 1
    unknown = _command(recipe, tmp_path, "export", "open", "--as-of", "7", "--to", str(tmp_path / "unknown"))
    assert unknown.exit_code == 1 and "no version 7; versions: 1, 2" in unknown.output
    both = _command(recipe, tmp_path, "audit", "open", "--as-of", "1", "--version", "1")
    assert both.exit_code == 2


def test_no_version_leaves_whose_custody_is_broken_or_that_was_taken_down(
    recipe: dict[str, Any], tmp_path: Path
) -> None:
    lake = Lake(recipe["lake"])
    (gone,) = lake.read_table("mixture_open", ["doc_id", "url"]).to_pylist()[:1]
    others = tmp_path / "others"
    shutil.copytree(recipe["lake"], others)
    next((others / "document_licenses").glob("**/*.parquet")).unlink()
    refused = _command({**recipe, "lake": str(others)}, tmp_path, "export", "open", "--as-of", "1")
    assert refused.exit_code == 1 and "document_licenses" in refused.output
    order = Order(Selectors.of(urls=[gone["url"]]), "by letter", "A. Uthor", True)
    take_down(lake, order, Places(), list(stages(_workspace(recipe, tmp_path).recipe)))
    refused = _command(recipe, tmp_path, "export", "open")
    assert refused.exit_code == 1 and "rows were taken down" in refused.output
    assert _command(recipe, tmp_path, "export", "open", "--as-of", "1").exit_code == 1


def test_an_export_is_what_it_says_after_a_takedown_too(recipe: dict[str, Any], tmp_path: Path) -> None:
    key, public, out = tmp_path / "key.pem", tmp_path / "key.pub", tmp_path / "out"
    made = Ed25519PrivateKey.generate()
    key.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert _command(recipe, tmp_path, "export", "open", "--to", str(out), "--key", str(key)).exit_code == 0

    def check(*more: str) -> Result:
        return CliRunner().invoke(main, ["check-export", str(out), *more])

    assert check("--key", str(public)).exit_code == 0
    rows = Lake(recipe["lake"]).read_table("mixture_open", ["doc_id", "url", "license_tier"]).to_pylist()
    first, second = [row for row in rows if row["license_tier"] > 0][:2]
    order = ("--execute", "--yes", "--by", "A. Uthor", "--reason", "by letter", "--exports", "rewrite")
    taken = _command(recipe, tmp_path, "takedown", "--url", first["url"], *order)
    assert taken.exit_code == 0 and "not signed any more" in taken.output, taken.output
    assert check().exit_code == 0 and check("--key", str(public)).exit_code == 1
    said = json.loads((out / "attestation.json").read_text())["predicate"]
    assert said["rows"] == len(rows) - 1 and said["taken_down"][0] in said["unsigned_because"]
    assert not any(first["url"] in path.read_text() for path in out.iterdir() if path.suffix != ".parquet")
    taken = _command(recipe, tmp_path, "takedown", "--url", second["url"], *order, "--key", str(key))
    assert taken.exit_code == 0 and check("--key", str(public)).exit_code == 0, taken.output
    assert len(json.loads((out / "attestation.json").read_text())["predicate"]["taken_down"]) == 2
