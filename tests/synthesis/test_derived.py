"""Derived texts: made of families, under the licences of all parents, told in `parents`, booked, mixed and proven."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from data_platform.assets.gates import pass_gates
from data_platform.core.kinds.synthesiser import Synthesiser, derived_id
from data_platform.lake.lake import Lake, Partition, Pin, Provenance
from data_platform.lake.parents import with_parents
from data_platform.pipeline.flow import stages
from data_platform.pipeline.status import plan
from data_platform.proof.audit import audit
from data_platform.proof.gate import prove
from data_platform.proof.trace import trace
from data_platform.run import names
from data_platform.run.books import books
from data_platform.run.stage import execute
from data_platform.run.workspace import Workspace
from data_platform.stages import derived as making
from data_platform.stages.shared.families import Families, FamilyError, batches, families_of
from tests.synthesis.lakes import CODE, FREE, LICENSES, SHARED, TEXTS, families, names_of, run, synthesis, write_texts
from tests.synthesis.lakes import workspace_over as over
from tests.synthesis.makers import Couples, Lines
from tests.takedown.lakes import essay, rows_of

LICENSE_OF = {name: LICENSES[source] for source, some in TEXTS.items() for name in some}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The small corpus with everything made of it. Tests do not change it."""
    folder = tmp_path_factory.mktemp("synthesis")
    write_texts(folder / "texts")
    workspace = over(folder / "texts", folder / "lake", synthesis())
    run(workspace)
    return workspace


@pytest.fixture
def elsewhere(made: Workspace, tmp_path: Path) -> Lake:
    """A copy of the corpus's lake."""
    shutil.copytree(made.lake.uri, tmp_path / "lake")
    return Lake(str(tmp_path / "lake"))


def texts_of(workspace: Workspace) -> Path:
    return Path(workspace.recipe.sources[0].paths[0]).parent


def remade(made: Workspace, lake: Lake, **settings: dict) -> Workspace:
    """The corpus with other settings of synthesis, its derived tables made anew."""
    workspace = over(texts_of(made), Path(lake.uri), synthesis(**settings))
    flow = stages(workspace.recipe)
    for name in ("derived_couples", "derived_lines"):
        execute(flow[name], workspace, "one")
    return workspace


def test_a_text_of_two_is_under_the_licences_of_both(made: Workspace) -> None:
    found = families(made.lake, "derived_couples")
    assert len(found) == 3 and all(len(parents) == 2 for parents in found.values())
    rows = {row["doc_id"]: row for row in made.lake.read_table("derived_couples").to_pylist()}
    for derived, parents in found.items():
        row, texts = rows[derived], {**FREE, **SHARED, **CODE}
        assert row["text"] == "\n".join(texts[name].split("\n")[0] for name in parents)
        assert set(row["license_spdx"].split(" AND ")) == {LICENSE_OF[name] for name in parents}
        assert row["license_tier"] == max({"CC0-1.0": 0, "MIT": 1, "CC-BY-SA-4.0": 2}[LICENSE_OF[name]]
                                          for name in parents)
        assert row["attribution"] == "; ".join(f"file:{name}.txt" for name in parents)
        assert (row["source"], row["domain"], row["license_basis"], row["language"]) == (
            "couples", "synthetic", "parents", "en")
        assert row["byte_count"] == len(row["text"].encode()) and row["token_count"] > 40


def test_every_text_names_its_parents_what_made_it_and_by_which_words(made: Workspace) -> None:
    ids = {name: id_ for id_, name in names_of(made.lake).items()}
    rows = made.lake.read_table("parents").to_pylist()
    assert {(row["method"], row["method_version"], row["prompt"], row["model"]) for row in rows} == {
        ("couples", 1, "Join two.", ""), ("lines", 1, "", "")}
    for derived, parents in families(made.lake, "derived_couples").items():
        assert derived == derived_id("couples", "couples", [ids[name] for name in parents], 0)
    assert len(families(made.lake, "derived_lines")) == 2 * (len(LICENSE_OF) - 1) + 1


def test_what_is_no_parent_is_rejected_with_its_reason(made: Workspace, elsewhere: Lake) -> None:
    (left_over,) = made.lake.read_table("rejections", partition="derived_couples").to_pylist()
    assert (left_over["reason"], left_over["record_type"], left_over["snapshot"]) == ("no_family", "document", "one")
    workspace = remade(made, elsewhere, lines={"numbers": (1,)}, couples={"from_domains": ["web"]})
    names = names_of(elsewhere)
    reasons = {name: {names[row["id"]]: row["reason"] for row in elsewhere.read_table(
        "rejections", partition=f"derived_{name}").to_pylist()} for name in ("lines", "couples")}
    assert reasons["lines"] == {"short": "nothing_written"}
    assert {name for name, reason in reasons["couples"].items() if reason == "other_domain"} == set(CODE)
    assert set(reasons["couples"].values()) == {"other_domain", "no_family"}
    for name in reasons:
        entry = books(elsewhere, stages(workspace.recipe)[f"derived_{name}"], "one")
        assert entry.incoming == len(names) and entry.missing == 0 and entry.kept == len(names) - len(reasons[name])
    assert all(not set(CODE) & set(parents) for parents in families(elsewhere, "derived_couples").values())
    assert workspace.recipe.synthesis["couples"].settings.from_domains == ("web",)


def test_of_equal_texts_the_first_by_id_stays(tmp_path: Path) -> None:
    opening = essay("omega").split("\n")[0]
    same = {"one": f"{opening}\n{essay('one')}", "two": f"{opening.upper()}\n{essay('two')}"}
    write_texts(tmp_path / "texts", {"free": {**same, "other": essay("other")}})
    workspace = over(tmp_path / "texts", tmp_path / "lake", synthesis(lines={"numbers": (0,)}))
    run(workspace)
    lake = workspace.lake
    names = names_of(lake)
    ids = {derived_id("lines", "lines", [id_], 0): name for id_, name in names.items()}
    kept = {ids[id_] for id_ in lake.read_table("derived_lines", ["doc_id"])["doc_id"].to_pylist()}
    first = min(id_ for id_, name in ids.items() if name in same)
    assert kept == {"other", ids[first]}
    rejected = lake.read_table("rejections", partition="derived_lines").to_pylist()
    entry = books(lake, stages(workspace.recipe)["derived_lines"], "one")
    assert (entry.incoming, entry.kept, entry.dropped) == (3, 2, {"duplicate": 1})
    assert {(row["record_type"], {**names, **ids}[row["id"]], row["reason"]) for row in rejected} == {
        (kind, name, "duplicate") for kind in ("document", "derived") for name in same if name != ids[first]}


def test_the_same_is_made_however_much_is_read_at_a_time(
    made: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: rows_of(made.lake, name) for name in ("derived_couples", "derived_lines", "parents")}
    monkeypatch.setattr(making, "TEXT_BYTES", 1)
    for maker in (Couples, Lines):
        monkeypatch.setattr(maker, "batch_rows", 1)
    workspace = over(texts_of(made), tmp_path / "lake", synthesis())
    run(workspace)
    for name, rows in before.items():
        assert rows_of(workspace.lake, name).equals(rows), name


def test_a_mixture_takes_derived_texts_and_is_proven(made: Workspace) -> None:
    lake = made.lake
    rows = lake.read_table("mixture_all", ["doc_id", "domain", "license_spdx"]).to_pylist()
    own = set(lake.read_table("derived_couples", ["doc_id"])["doc_id"].to_pylist())
    assert own <= {row["doc_id"] for row in rows}
    proof = prove(lake, "mixture_all", texts=True)
    assert proof.complete, proof.reasons()
    report = audit(lake, "all")
    assert {maker["method"]: maker["documents"] for maker in report["derived"]["makers"]} == {
        "couples": 3, "lines": 2 * len(LICENSE_OF) - 1}
    answer = trace(lake, "all", min(own))
    assert [parent["document"]["record_id"] for parent in answer["parents"]] == [
        parent["doc_id"] for parent in answer["parents"]]
    assert answer["derived"]["prompt"] == "Join two."


def test_a_reservation_of_one_parent_binds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LICENSES, "shared", "LicenseRef-tdm-opt-out")
    write_texts(tmp_path / "texts", {"free": FREE, "shared": {"delta": SHARED["delta"]}})
    workspace = over(tmp_path / "texts", tmp_path / "lake", synthesis())
    run(workspace)
    found = families(workspace.lake, "derived_couples")
    rows = {row["doc_id"]: row for row in workspace.lake.read_table("derived_couples").to_pylist()}
    (bound,) = [derived for derived, parents in found.items() if "delta" in parents]
    assert rows[bound]["opt_out"] and rows[bound]["license_tier"] == 5
    assert "LicenseRef-tdm-opt-out" in rows[bound]["license_spdx"]
    mixed = workspace.lake.read_table("mixture_all", ["doc_id"])["doc_id"].to_pylist()
    assert bound not in mixed and set(found) - {bound} <= set(mixed)
    assert prove(workspace.lake, "mixture_all", texts=True).complete


def test_other_settings_make_only_their_own_texts_anew(made: Workspace, elsewhere: Lake) -> None:
    assert run(over(texts_of(made), Path(elsewhere.uri), synthesis())) == []
    workspace = over(texts_of(made), Path(elsewhere.uri), synthesis(lines={"numbers": (2,)}))
    stale = {status.stage.name for status in plan(workspace) if status.state == "stale"}
    assert stale == {"derived_lines", "plan_all", "mixture_all"}


def documents(count: int) -> pa.Table:
    return pa.table({"doc_id": [f"{number:032x}" for number in range(count)], "domain": ["web"] * count,
                     "language": ["en"] * count, "token_count": [1] * count})


@pytest.mark.parametrize(("named", "message"), [
    ([["0" * 31 + "1"], ["0" * 31 + "1"]], "alike"), ([[]], "no parents"), ([["f" * 32]], "not offered"),
    ([["0" * 31 + "0"]], "not offered"),
])
def test_families_that_cannot_be_are_refused(named: list[list[str]], message: str) -> None:
    class Odd(Lines, name="odd"):
        """Families as the test has them."""

        def families(self, documents: pa.Table) -> pa.ListArray:
            return pa.array(named, pa.list_(pa.string()))

    candidates = np.array([False, True, True])
    with pytest.raises(FamilyError, match=message):
        families_of(Odd(Lines.Settings()), documents(3), candidates)


def test_families_come_in_the_order_of_their_first_documents_and_as_many_as_fit() -> None:
    found = families_of(Couples(Couples.Settings()), documents(6).take(pa.array([5, 0, 3, 1, 4, 2])), np.ones(6, bool))
    assert [found[number].tolist() for number in range(3)] == [[4, 0], [1, 3], [5, 2]]
    assert [some.tolist() for some in batches(found, np.array([10, 1, 1, 1, 1, 1]), 11)] == [[0], [1, 2]]
    assert list(batches(Families(np.zeros(0, np.int64), np.zeros(1, np.int64)), np.zeros(0), 1)) == []
    assert found.taken(np.array([2, 0]))[1].tolist() == [4, 0]


def test_nothing_comes_of_nothing(tmp_path: Path) -> None:
    write_texts(tmp_path / "texts", {"free": {"alpha": FREE["alpha"]}})
    workspace = over(tmp_path / "texts", tmp_path / "lake", synthesis(lines={"numbers": (99,)}))
    run(workspace)
    assert workspace.lake.count("derived_couples") == workspace.lake.count("derived_lines") == 0
    reasons = workspace.lake.read_table("rejections", ["stage", "reason"]).to_pylist()
    assert {(row["stage"], row["reason"]) for row in reasons} == {
        ("derived_couples", "no_family"), ("derived_lines", "nothing_written")}
    assert prove(workspace.lake, "mixture_all", texts=True).complete
    assert pc.sum(workspace.lake.read_table("mixture_all", ["token_count"])["token_count"]).as_py() > 0


def test_all_gates_are_asked_of_derived_texts_and_of_their_parents(made: Workspace) -> None:
    flow = stages(made.recipe)
    for name, snapshot in (("derived_couples", "one"), ("derived_lines", "one"), ("plan_all", None),
                           ("mixture_all", None)):
        outcomes = pass_gates(made, flow[name], snapshot)
        assert all(outcome.passed for outcome in outcomes), [one for one in outcomes if not one.passed]
        assert name != "mixture_all" or {"license_tiers", "chain_of_evidence", "taken_down"} <= {
            outcome.name for outcome in outcomes}
    columns = ["doc_id", "source", "url", "host"]
    rows = made.lake.read_table("derived_couples", columns)
    names, asked = names_of(made.lake), with_parents(made.lake, rows).to_pylist()
    assert {names.get(row["doc_id"], "a couple") for row in asked} == {
        "a couple", *(name for parents in families(made.lake, "derived_couples").values() for name in parents)}
    assert {row["url"] for row in asked} > {""}, "their addresses are asked for, too"


def test_a_row_that_no_plan_names_is_found(made: Workspace, elsewhere: Lake) -> None:
    pin = elsewhere.pin("plan_all")
    before = elsewhere.history("plan_all")[0]
    victim = elsewhere.read_table("derived_couples", ["doc_id"])["doc_id"][0].as_py()
    rows = elsewhere.read_table("plan_all").filter(pc.not_equal(elsewhere.read_table("plan_all")["doc_id"], victim))
    made_again = Provenance("plan_all", before["code_version"], {"forged": True},
                            tuple(Pin(**one) for one in json.loads(before["inputs"])))
    elsewhere.write("plan_all", Partition(), rows, made_again)
    mixture = elsewhere.history("mixture_all")[0]
    inputs = tuple(Pin(**one) for one in json.loads(mixture["inputs"]))
    inputs = tuple(elsewhere.pin("plan_all") if one.table == pin.table else one for one in inputs)
    config = json.loads(mixture["config"])
    elsewhere.write(elsewhere.table("mixture_all"), Partition(), elsewhere.read_table("mixture_all"),
                    Provenance("mixture_all", mixture["code_version"], config, inputs))
    assert prove(elsewhere, "mixture_all").reasons() == ["1 row: plan_all: the document is not there"]


def test_domains_that_a_recipe_names_of_derived_texts_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    known, made = names.registry.methods, {"lines": Lines}
    monkeypatch.setattr(names.registry, "methods", lambda kind: made if kind is Synthesiser else known(kind))

    def faults(synthesis: dict, weights: dict) -> list[tuple]:
        recipe = {"sources": [{"domain": "web"}], "synthesis": synthesis, "mixtures": {"all": {"weights": weights}}}
        return [fault.place for fault in names.name_faults(recipe)]

    assert faults({"lines": {}}, {"web": 1, "synthetic": 1}) == []
    assert faults({"some": {"method": "lines", "domain": "lined"}}, {"lined": 1}) == []
    assert faults({"lines": {"domain": "lined"}}, {"synthetic": 1}) == [("mixtures", "all", "weights", "synthetic")]
    assert faults({"lines": {"from_domains": ["wed"]}}, {"web": 1}) == [("synthesis", "lines", "from_domains")]
