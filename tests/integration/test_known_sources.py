"""Known sources from recipe to export: chains that hold, hosts that are flagged, mixtures by use,
and what is tampered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
import yaml
from click.testing import CliRunner

from data_platform.cli.main import main
from data_platform.lake.lake import Lake
from data_platform.proof.examination import _Examiner
from data_platform.proof.lineage import NOT_WHOLE, TOO_FREE
from data_platform.proof.lineage import TABLE as LINEAGE
from data_platform.proof.reading import Reader
from data_platform.proof.way import Stop, way_of
from tests.conftest import run_recipe

TEXT = (
    "The committee of the town met in the afternoon of the day before, and its members agreed on {} as the plan for "
    "the coming year, which the clerk of the town then wrote down, word for word, in a book that all may read."
)
ENTRIES = {
    "base": {"Licenses": [{"License": "CC BY-NC 4.0", "License URL": "https://example.org/base/terms"}]},
    "middle": {"Licenses": [{"License": "MIT License", "License URL": "https://example.org/m"}],
               "Derived from Datasets": ["base"]},
    "top": {"Licenses": [{"License": "MIT License", "License URL": ""}], "Derived from Datasets": ["middle"],
            "Hugging Face URL": "https://huggingface.co/datasets/example/top"},
    "orphan": {"Licenses": [{"License": "MIT License", "License URL": ""}], "Derived from Datasets": ["nowhere"]},
    "plain": {"Licenses": [{"License": "MIT License", "License URL": ""}],
              "Inferred Metadata": {"GitHub License": "CC0 1.0"}},
    "alike": {"Licenses": [{"License": "CC BY-SA 4.0", "License URL": ""}]},
    "academic": {"Licenses": [{"License": "Academic Research Purposes Only", "License URL": ""}]},
}
NAMES = sorted(ENTRIES)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CliRunner]:
    folder = tmp_path_factory.mktemp("known")
    (folder / "data_summaries").mkdir()
    entries = {
        name: {"Unique Dataset Identifier": name, "Dataset Name": name, **entry} for name, entry in ENTRIES.items()
    }
    (folder / "data_summaries" / "all.json").write_text(json.dumps(entries))
    sources = []
    for name in NAMES:
        rows = [{"text": TEXT.format(f"the {name} house"), "url": f"https://{name}.example/{name}"}]
        if name == "plain":
            rows.append({"text": TEXT.format("a bridge over the river and a mill"), "license": {"id": "CC-BY-NC-4.0"}})
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
        sources.append({"kind": "files", "name": name, "snapshot": "one", "known_as": name,
                        "paths": [str(folder / f"{name}.jsonl")]})
    every = {"tokens": 100_000, "weights": {"web": 1}, "tiers": [0, 1, 2, 3, 4, 5]}
    recipe = {
        "name": "known", "lake": str(folder / "lake"), "licenses": {"known_sources": str(folder)}, "sources": sources,
        "filters": {"rule_sets": {}}, "deduplication": {"kinds": ["exact"]},
        "mixtures": {
            "commercial": {**every, "use": "commercial"}, "academic": {**every, "use": "academic"},
            "open": {**every, "use": "commercial", "share_alike": "refuse"},
            "research": {**every, "use": ["non-commercial", "unspecified"]}, "free": {**every, "attribution": "refuse"},
        },
    }
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    runner = CliRunner()
    run_recipe(folder / "recipe.yaml")
    return folder, runner


def audited(ran: tuple[Path, CliRunner], mixture: str) -> dict:
    folder, runner = ran
    outcome = runner.invoke(main, ["audit", mixture, "--json", "--recipe", str(folder / "recipe.yaml")])
    return json.loads(outcome.stdout.splitlines()[0])


@pytest.mark.parametrize(("mixture", "sources"), [
    ("commercial", {"alike": 1, "plain": 1}), ("open", {"plain": 1}), ("free", {}),
    ("academic", {"alike": 1, "plain": 2, "base": 1, "middle": 1, "top": 1, "academic": 1}),
    ("research", {"alike": 1, "plain": 2, "base": 1, "middle": 1, "top": 1, "orphan": 1}),
])
def test_mixtures_by_use_hold_what_their_use_allows(ran: tuple[Path, CliRunner], mixture: str, sources: dict) -> None:
    report = audited(ran, mixture)
    assert report["proven"], report["reasons"]
    assert {item["value"]: item["documents"] for item in report["tokens_by"]["source"]} == sources


def test_the_audit_and_the_card_name_the_chain_and_the_flags(ran: tuple[Path, CliRunner]) -> None:
    report = audited(ran, "academic")
    found = {source["source"]: source for source in report["sources"]}
    assert set(found) == set(NAMES)
    assert (found["top"]["license_spdx"], found["top"]["use"]) == ("CC-BY-NC-4.0 AND MIT", "non-commercial")
    assert [link["name"] for link in found["top"]["chain"]] == ["top", "middle", "base"]
    assert found["orphan"]["unknown"] == ["nowhere"] and found["orphan"]["license_tier"] == 4
    assert "plain: GitHub: freer" in found["plain"]["flags"] and "top: Hugging Face: missing" in found["top"]["flags"]


def test_the_card_of_a_source(ran: tuple[Path, CliRunner]) -> None:
    folder, runner = ran
    recipe = ["--recipe", str(folder / "recipe.yaml")]
    shown = runner.invoke(main, ["source", "top", *recipe]).output
    for part in ("CC-BY-NC-4.0 AND MIT, tier 5, non-commercial use", "middle MIT: traced: MIT License at https://example.org/m",
                 "base CC-BY-NC-4.0: traced: CC BY-NC 4.0 at https://example.org/base/terms",
                 "flagged: top: Hugging Face: missing"):
        assert part in shown
    card = json.loads(runner.invoke(main, ["source", "plain", "--json", *recipe]).output)
    assert card["known"]["flags"] == ["plain: GitHub: freer"]
    assert {row["license_spdx"]: row["documents"] for row in card["licenses"]} == {"MIT": 1, "CC-BY-NC-4.0 AND MIT": 1}
    listed = runner.invoke(main, ["source", *recipe]).output
    assert all(name in listed for name in NAMES)
    refused = runner.invoke(main, ["source", "tip", *recipe])
    assert refused.exit_code == 1 and "no source 'tip'" in refused.output


def test_cards_of_a_mixture_name_the_chain(ran: tuple[Path, CliRunner]) -> None:
    folder, runner = ran

    def card(kind: str) -> str:
        return runner.invoke(main, ["card", "academic", "--format", kind, "--recipe",
        str(folder / "recipe.yaml")]).output

    entities = {one["prov:label"]: one for one in json.loads(card("croissant"))["prov:wasDerivedFrom"]}
    (own,) = entities["top (one)"]["prov:wasDerivedFrom"]
    (middle,) = own["prov:wasDerivedFrom"]
    (base,) = middle["prov:wasDerivedFrom"]
    assert base["license"] == ["https://creativecommons.org/licenses/by-nc/4.0/"]
    assert "https://example.org/base/terms" in base["description"]
    assert "top: Hugging Face: missing" in entities["top (one)"]["description"]
    packages = {one["name"]: one for one in json.loads(card("spdx"))["packages"]}
    assert "base: CC-BY-NC-4.0, traced: CC BY-NC 4.0 at https://example.org/base/terms" in packages["top"]["comment"]
    assert "top is made from these datasets, and under CC-BY-NC-4.0 AND MIT:" in card("notice")


def test_what_is_refused_is_counted_with_its_reason(ran: tuple[Path, CliRunner]) -> None:
    lake = Lake(str(ran[0] / "lake"))
    rows = lake.read_table("rejections", ["stage", "source", "reason"]).to_pylist()
    found = {(row["stage"], row["source"], row["reason"]) for row in rows}
    assert ("plan_commercial", "top", "license_use") in found and ("plan_academic", "orphan", "license_use") in found
    assert ("plan_open", "alike", "license_share_alike") in found
    assert ("plan_free", "alike", "license_attribution") in found


@pytest.mark.parametrize(("what", "changed"), [
    (TOO_FREE, {"license_spdx": "CC-BY-NC-ND-4.0", "license_tier": 5}), (NOT_WHOLE, {"made_into": "nobody"}),
])
def test_documents_are_held_to_the_chains(ran: tuple[Path, CliRunner], what: str, changed: dict) -> None:
    """A reader that is shown other chains than those that evidence was made of finds every document that is freer."""
    lake = Lake(str(ran[0] / "lake"))
    way = way_of(lake, "mixture_academic")
    rows = [row for stop in way.of(LINEAGE) for row in lake.read_table(LINEAGE, version=stop.version).to_pylist()]

    class Forged(Reader):
        def read(self, stop: Stop, names: list[str], batch_rows: int = 0) -> Iterator[pa.Table]:
            if stop.table == LINEAGE:
                forged = [{**row, **changed} if row["source"] == "plain" else row for row in rows]
                yield pa.Table.from_pylist(forged).select(names)
            else:
                yield from super().read(stop, names)

    examiner = _Examiner(Forged(lake), way, False)
    examiner.examine(None)
    found = [finding for finding in examiner.findings if finding.table == LINEAGE]
    assert [(finding.what, len(finding.rows)) for finding in found] == [(what, 2)]
