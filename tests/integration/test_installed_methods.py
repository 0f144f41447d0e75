"""Methods of an installed distribution, the whole way: no file of the platform knows of any of them.

One recipe names a rule set, a trained model, a scorer that reads it, a selector, a mixer, two synthesisers and an
auditor that lie in tests/distribution, one module each. It is run, shown by Dagster, counted, proved, traced, exported,
taken down from and run again, by the commands that people use.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from data_platform.assets.names import Names, table_of
from data_platform.core import registry
from data_platform.definitions import build_definitions
from data_platform.lake.lake import Lake
from data_platform.pipeline.flow import stages
from data_platform.pipeline.status import plan
from data_platform.run.books import books
from data_platform.run.recipe import load_recipe
from data_platform.run.workspace import Workspace
from tests.conftest import REPOSITORY
from tests.contract.every import DISTRIBUTION
from tests.integration.factory import Factory, factory

RECIPE = """
name: sampled
sources:
  - {{name: essays, kind: files, snapshot: "2023", domain: essays, paths: ["{folder}/essays.jsonl"],
     license: {{spdx: CC-BY-4.0, basis: for this test}}}}
  - {{name: notes, kind: files, snapshot: "2023", domain: notes, paths: ["{folder}/notes.jsonl"],
     license: {{spdx: MIT, basis: for this test}}}}
  - {{name: letters, kind: files, snapshot: "2023", domain: letters, paths: ["{folder}/letters.jsonl"],
     license: {{spdx: CC0-1.0, basis: for this test}}}}
filters: {{rule_sets: {{sample_openwebtext: {{min_tokens: 30}}}}}}
deduplication: {{kinds: [exact]}}
labels: {{kind: files, paths: ["{folder}/labels.jsonl"]}}
models:
  profiles: {{method: sample_profiles, size: 200}}
scores:
  nearness: {{method: sample_nearness, model: profiles}}
selections:
  drawn: {{method: sample_drawn, score: nearness, fraction: 0.75}}
synthesis:
  leads: {{method: sample_lead, domain: leads}}
  pairs: {{method: sample_pairs, domain: pairs, from_domains: [essays, notes]}}
mixtures:
  open:
    tokens: 100000
    tiers: [0, 1]
    mixer: sample_unimax
    max_epochs: 2
    select: drawn
    scores: [nearness]
audits:
  variety: {{method: sample_distinct, mixture: open}}
"""
MADE = {
    "model_profiles": "sample_profiles", "scores_nearness": "sample_nearness", "selection_drawn": "sample_drawn",
    "derived_leads": "sample_lead", "derived_pairs": "sample_pairs", "plan_open": "sample_unimax",
    "audit_variety": "sample_distinct",
}
"""Tables to the method of the distribution that makes them."""


def essay(number: int, sentences: int = 8) -> str:
    """Sentences that are like no others."""
    chosen = random.Random(number)
    words = ["".join(chosen.choices("abcdefghijklmnoprstuvwy", k=7)) for _ in range(sentences * 9)]
    return " ".join(" ".join(words[start:start + 9]).capitalize() + "." for start in range(0, len(words), 9))


@dataclass
class Ran:
    """The recipe, run once: what was printed, and how to go on."""

    recipe: Path
    lake: Lake
    commands: Factory
    output: str

    def run(self, *arguments: str, status: int = 0) -> str:
        """What a command prints that ends with `status`."""
        command = self.commands.start(*arguments)
        code, text = command.wait(900), command.log.read_text()
        assert code == status, text[-4000:]
        return text

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Rows of a table."""
        return self.lake.read_table(name).to_pylist()

    @property
    def workspace(self) -> Workspace:
        """The recipe and its lake."""
        return Workspace(load_recipe(self.recipe), self.lake)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    folder = tmp_path_factory.mktemp("installed")
    texts = {
        "essays": [essay(number) for number in range(5)] + ["Too short to stay."],
        "notes": [essay(number) for number in range(10, 13)],
        "letters": [essay(number) for number in range(20, 24)] + [essay(30).replace(". ", ", ")],
    }
    for name, written in texts.items():
        lines = [json.dumps({"text": text, "url": f"https://{name}.example/{at}"}) for at, text in enumerate(written)]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    labelled = [{"text": essay(number), "label": 1} for number in range(40, 50)]
    labelled += [{"text": f"BUY {number} NOW!!! click here click there", "label": 0} for number in range(10)]
    (folder / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in labelled))
    recipe = folder / "sampled.yaml"
    recipe.write_text(RECIPE.format(folder=folder))
    with pytest.MonkeyPatch.context() as patch, factory(folder / "logs", folder / "home", DISTRIBUTION) as commands:
        patch.syspath_prepend(str(DISTRIBUTION))
        registry.forget()
        it = Ran(recipe, Lake(str(folder / "home" / "lakes" / "sampled")), commands, "")
        it.output = it.run("run", str(recipe))
        yield it
    registry.forget()


def test_a_method_is_one_file_and_no_file_of_the_platform_knows_it(ran: Ran) -> None:
    names = {*MADE.values(), "sample_openwebtext"}
    module_of = {
        name: method.__module__ for kind in registry.kinds().values()
        for name, method in registry.methods(kind).items() if method.__module__.startswith("sample_methods.")
    }
    assert module_of.keys() == names
    files = {path.stem for path in (DISTRIBUTION / "sample_methods").glob("*.py")} - {"__init__"}
    assert {module.rpartition(".")[2] for module in module_of.values()} == files
    product = [path for room in ("data_platform", "assets", "resources") for path in (REPOSITORY / room).rglob("*.py")]
    assert len(product) > 200
    assert not [path for path in product if any(name in path.read_text("utf-8") for name in names)]


def test_dagster_shows_them_with_their_checks(ran: Ran) -> None:
    definitions = build_definitions(str(ran.recipe))
    graph = definitions.resolve_asset_graph()
    shown = {table_of(key) for key in graph.get_all_asset_keys()}
    names = Names.of(ran.workspace.recipe)
    tables = {*MADE, "mixture_open", "filter_verdicts", "quality_annotations"}
    assert tables <= shown
    for name in tables:
        assert graph.get_check_keys_for_assets({names.asset(name)}), f"{name} has no checks"
    jobs = {job.name for job in definitions.resolve_all_job_defs()}
    assert len(jobs) > 1


def test_every_table_has_rows_and_every_stage_balances(ran: Ran) -> None:
    workspace = ran.workspace
    assert all(status.state == "fresh" for status in plan(workspace))
    for stage in stages(workspace.recipe).values():
        for snapshot in workspace.snapshots if stage.partitioned else [None]:
            counted = books(ran.lake, stage, snapshot)
            assert counted is None or counted.missing == 0, f"{stage.name}: {counted}"
    assert all(ran.lake.count(name) for name in MADE)
    (dropped,) = (row for row in ran.rows("filter_verdicts") if not row["kept"])
    assert dropped["reason"] == "sample_openwebtext.short"


def test_scores_choices_weights_and_findings_are_theirs(ran: Ran) -> None:
    scores = {row["doc_id"]: row["nearness"] for row in ran.rows("scores_nearness")}
    assert len(scores) == 13 and all(0.5 < score <= 1 for score in scores.values()), "all are like wanted texts"
    choice = {row["doc_id"]: row["selected"] for row in ran.rows("selection_drawn")}
    assert choice.keys() == scores.keys() and sum(choice.values()) == 10
    mixture = ran.rows("mixture_open")
    assert {row["domain"] for row in mixture} == {"essays", "notes", "letters", "leads", "pairs"}
    for row in mixture:
        assert row["nearness"] == scores.get(row["doc_id"]) and choice.get(row["doc_id"], True)
    assert {row["epochs"] for row in mixture} == {2.0}, "there is less of every domain than its share"
    findings = {(row["subject"], row["measure"]): row["value"] for row in ran.rows("audit_variety")}
    assert len(findings) == 10 and findings["pairs", "distinct_1"] <= 1


def test_derived_texts_have_the_licences_of_all_their_parents(ran: Ran) -> None:
    licences = {row["doc_id"]: row["license_spdx"] for row in ran.rows("document_licenses")}
    parents: dict[str, list[str]] = {}
    for row in sorted(ran.rows("parents"), key=lambda row: row["position"]):
        parents.setdefault(row["derived_id"], []).append(row["parent_id"])
    leads, pairs = ran.rows("derived_leads"), ran.rows("derived_pairs")
    assert len(leads) == 12 and len(pairs) == 4, "of one letter there is no more than its lead"
    for row in (*leads, *pairs):
        assert set(row["license_spdx"].replace("(", "").replace(")", "").split(" AND ")) == {
            licences[parent] for parent in parents[row["doc_id"]]
        }
    assert {len(parents[row["doc_id"]]) for row in pairs} == {2}


def test_the_mixture_is_proven_and_traces_name_methods_and_models(ran: Ran) -> None:
    report = json.loads(ran.run("audit", "open", "--json"))
    assert report["proven"] and not report["reasons"]
    mixture = ran.rows("mixture_open")
    ordinary = next(row for row in mixture if row["domain"] == "letters")
    told = json.loads(ran.run("trace", "open", ordinary["doc_id"], "--json"))
    (model,) = ran.rows("model_profiles")
    assert told["scores"]["nearness"] == {"nearness": ordinary["nearness"], "model": model["model_id"]}
    assert model["model_id"] in {row["model_id"] for row in told["models"]}
    pair = next(row for row in mixture if row["domain"] == "pairs")
    told = json.loads(ran.run("trace", "open", pair["doc_id"], "--json"))
    assert told["derived"]["method"] == "sample_pairs" and told["derived"]["license_spdx"] == pair["license_spdx"]
    assert len(told["parents"]) == 2
    for parent in told["parents"]:
        assert parent["license"]["license_spdx"] in pair["license_spdx"] and parent["record"]["url"]
    assert "sample_pairs" in ran.run("trace", "open", pair["doc_id"])


def test_an_export_carries_the_licences_of_derived_texts(ran: Ran) -> None:
    folder = ran.recipe.parent / "export"
    ran.run("export", "open", "--to", str(folder))
    pairs = [row for row in ran.rows("mixture_open") if row["domain"] == "pairs"]
    assert all(len(row["attribution"].split("; ")) == 2 for row in pairs)
    licences = {row["license_spdx"] for row in pairs}
    manifest = json.loads((folder / "manifest.json").read_text())
    assert pairs and licences <= set(manifest["tokens_by_license"])
    notice, card = ((folder / name).read_text() for name in ("NOTICE", "croissant.json"))
    assert all(f"\n{licence}\n" in notice for licence in licences), "a part for each"
    parts = {part.rpartition(", ")[2] for row in pairs for part in row["attribution"].split("; ")}
    assert all(part in notice for part in parts), "both parents are to be credited"
    assert "CC-BY-4.0" in card and "MIT" in card


def test_the_lists_of_methods_have_them(ran: Ran) -> None:
    told = json.loads(ran.run("methods", "--json"))
    listed = {method["name"] for kind in told for method in kind["methods"]}
    assert {*MADE.values(), "sample_openwebtext"} <= listed


@pytest.mark.slow
def test_a_takedown_reaches_what_was_made_of_a_document(ran: Ran) -> None:
    """The last of the tests of this module, since it changes the lake."""
    ran.run("export", "open", "--to", str(ran.recipe.parent / "taken"))
    selected = {row["doc_id"]: row["selected"] for row in ran.rows("selection_drawn")}
    parents = [row["parent_id"] for row in ran.rows("parents") if row["method"] == "sample_pairs"]
    taken = min(parents, key=selected.__getitem__)  # one that the plan rejects, whose rejection has to go too
    derived = {row["derived_id"] for row in ran.rows("parents") if row["parent_id"] == taken}
    assert len(derived) == 2, "a lead and a pair"
    ran.run("takedown", "--doc", taken, "--execute", "--yes", "--by", "A. Uthor", "--reason", "by letter",
            "--exports", "rewrite")
    for name in ("derived_leads", "derived_pairs", "scores_nearness", "selection_drawn", "plan_open", "mixture_open"):
        left = {row["doc_id"] for row in ran.rows(name)}
        assert left and not left & {taken, *derived}, name
    assert not {row["derived_id"] for row in ran.rows("parents")} & derived
    shards = sorted((ran.recipe.parent / "taken").glob("**/*.parquet"))
    exported = pq.read_table(shards)["doc_id"].to_pylist()
    assert exported and not {taken, *derived} & set(exported)
    ran.run("run", str(ran.recipe))
    assert all(status.state == "fresh" for status in plan(ran.workspace))
    gone = {taken, *derived}
    assert not {row["doc_id"] for name in MADE for row in ran.rows(name) if "doc_id" in row} & gone
    assert json.loads(ran.run("audit", "open", "--json"))["proven"]
