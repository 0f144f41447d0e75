"""Known sources from recipe to export: chains that hold, hosts that are flagged, mixtures by use,
and what is tampered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from data_platform.cli.main import main

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
    outcome = runner.invoke(main, ["run", str(folder / "recipe.yaml")])
    assert outcome.exit_code == 0, outcome.output
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
