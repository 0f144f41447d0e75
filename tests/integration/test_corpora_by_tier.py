"""The recipes for corpora by tier, over real texts and planted ones: the tables prove that no other tier is in any.

What each corpus may hold is written out here once more, apart from the code that selects.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner
from license_expression import get_spdx_licensing

from data_platform.assets.gates import pass_gates
from data_platform.cli.main import main
from data_platform.core.tables import table
from data_platform.lake.lake import Lake, Partition, Provenance
from data_platform.pipeline.flow import stages
from data_platform.proof.trace import NotFound, trace
from data_platform.run.books import books
from data_platform.run.stage import pin_inputs
from data_platform.run.workspace import Workspace
from data_platform.stages.datastores import NotRemovable, datastores, remove
from tests.conftest import REPOSITORY
from tests.ingest.archives import members, warc
from tests.integration.corpora import Corpus, prose, run

PUBLIC_DOMAIN = {"LicenseRef-public-domain", "LicenseRef-us-gov-pd", "CC0-1.0", "CC-PDM-1.0", "Unlicense"}
SOFTWARE = {
    "MIT", "MIT-0", "0BSD", "MIT-CMU", "Apache-1.1", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSD-4-Clause",
}
ATTRIBUTION_BEGINS = ("CC-BY-1", "CC-BY-2", "CC-BY-3", "CC-BY-4", "LicenseRef-cc-by")
SHARE_ALIKE_BEGINS = ("CC-BY-SA-", "LicenseRef-cc-by-sa")
RESTRICTED = ("-NC", "-ND", "-nc", "-nd", "opt-out", "unknown", "reserved", "GPL", "MPL", "EUPL", "EPL", "OSL")

PLANTED = {
    # licence as the row states it: (class of the Open License Corpus, whether The Stack takes it)
    "CC0-1.0": ("public_domain", True), "MIT": ("permissive_software", True), "CC-BY-4.0": ("attribution", True),
    "CC-BY-SA-4.0": ("attribution", False), "GPL-3.0-only": (None, False), "CC-BY-NC-4.0": (None, False),
    "CC-BY-ND-4.0": (None, False), "MIT AND GPL-3.0-only": (None, False), "MIT OR GPL-3.0-only": (
        "permissive_software", True), "MIT AND CC-BY-4.0": (None, True), "MPL-2.0": (None, False),
    "All rights reserved": (None, False), "whatever you like": (None, False), "": (None, False),
    "LGPL-2.1-or-later": (None, False), "Apache-2.0": ("permissive_software", True),
}


def _data(shared: Path, folder: Path) -> Path:
    """The real data: the beginnings of long files, and of a crawl pages that state a licence and pages that do not."""
    for path in (*(shared / "domains").glob("*/*.txt"), *(shared / "domains").glob("mixed-samples/*")):
        copy = folder / path.relative_to(shared)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".txt":
            copy.write_text(path.read_text(encoding="utf-8")[:50_000], encoding="utf-8")
        else:
            copy.symlink_to(path)
    with (shared / "html-gt" / "trafilatura-eval" / "pages.tsv").open(encoding="utf-8") as stream:
        pages = list(csv.DictReader(stream, delimiter="\t"))
    free = [page["url"] for page in pages if page["licence_norm"].lower().startswith("cc")]
    none = [page["url"] for page in pages if not page["licence_norm"]]
    wanted = {*free[:24], *none[:8]}
    from warcio.archiveiterator import ArchiveIterator

    kept = []
    with (shared / "warc" / "pages-2020.warc.gz").open("rb") as stream:
        for record in ArchiveIterator(stream, no_record_parse=True):
            if record.rec_headers.get_header("WARC-Target-URI") in wanted:
                kept.append(warc(record.raw_stream.read(), url=record.rec_headers.get_header("WARC-Target-URI")))
    assert len(kept) > 10
    (folder / "warc").mkdir()
    (folder / "warc" / "pages-2020.warc.gz").write_bytes(members(kept))
    return folder


def _repositories(shared: Path, folder: Path) -> Path:
    """Repositories with the real LICENSE files of others, and in each a file of code; and one without a licence."""
    for number, source in enumerate(sorted((shared / "LICENSES").iterdir())):
        shutil.copytree(source, folder / source.name)
        (folder / source.name / "src").mkdir()
        (folder / source.name / "src" / "main.py").write_text(f"# {prose(1_000 + number)}\nVALUE = {number}\n")
    (folder / "nobody+unlicensed").mkdir()
    (folder / "nobody+unlicensed" / "main.py").write_text(f"# {prose(999)}\n")
    header = f"# SPDX-License-Identifier: GPL-2.0-only\n# {prose(998)}\n"
    (folder / "pytorch+examples" / "src" / "copied.py").write_text(header)
    return folder


@pytest.fixture(scope="module")
def corpora(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Corpus]]:
    """The three recipes, each with planted texts of every licence beside its own sources."""
    folder = tmp_path_factory.mktemp("tiers")
    (folder / "data").mkdir()
    (folder / "code").mkdir()
    environment = {"DATA_PLATFORM_TEST_DATA": str(_data(shared_data, folder / "data")), "DATA_PLATFORM_FILES": "80",
                   "DATA_PLATFORM_CODE": str(_repositories(shared_data, folder / "code")),
                   "DATA_PLATFORM_HOME": str(folder)}
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    planted = "\n".join(
        json.dumps({"text": prose(number), "url": f"https://planted.example/{number}", "license": spdx})
        for number, spdx in enumerate(PLANTED)
    )
    (folder / "planted.jsonl.gz").write_bytes(gzip.compress(planted.encode()))
    done = {}
    for name, (snapshot, domain) in {
        "open_license_corpus": ("corpus", "conversations"), "mixture_vitae": ("corpus", "curated"),
        "the_stack": ("code", "code"),
    }.items():
        text = (REPOSITORY / "recipes" / f"{name}.yaml").read_text()
        source = (f"  - {{name: planted, kind: files, snapshot: {snapshot}, domain: {domain}, "
                  f"paths: ['{folder}/planted.jsonl.gz']}}\n")
        (folder / f"{name}.yaml").write_text(text.replace("sources:\n", f"sources:\n{source}", 1))
        done[name] = run(folder / f"{name}.yaml", folder)
    yield done
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


def _allowed(spdx: str, is_allowed) -> bool:
    """Whether some choice among the alternatives of an expression is allowed altogether."""
    licensing = get_spdx_licensing()
    node = licensing.parse(spdx)

    def holds(node) -> bool:
        if isinstance(node, licensing.AND):
            return all(holds(part) for part in node.args)
        if isinstance(node, licensing.OR):
            return any(holds(part) for part in node.args)
        return is_allowed(getattr(node, "license_symbol", node).key)

    return holds(node)


def _copied(corpus: Corpus, folder: Path) -> str:
    """A copy of the lake, for tests that change it."""
    return str(shutil.copytree(corpus.lake.uri, folder / "lake"))


def _planted_in(corpus: Corpus, name: str) -> set[str]:
    """The licences of the planted texts that are in a table."""
    licenses = list(PLANTED)
    return {licenses[int(row["url"].rpartition("/")[2])] for row in corpus.rows(name)
            if row["url"].startswith("https://planted.example/")}


def _as_resolved(corpus: Corpus, name: str) -> None:
    """Every row carries the licence that the table of licences has for it, and nobody's reservation."""
    resolved = {row["doc_id"]: row for row in corpus.rows("document_licenses")}
    for row in corpus.rows(name):
        mine = resolved[row["doc_id"]]
        assert (row["license_spdx"], row["license_tier"]) == (mine["license_spdx"], mine["license_tier"])
        assert not mine["opt_out"] and not any(part in row["license_spdx"] for part in ("opt-out", "unknown"))


def test_no_tier_of_the_open_license_corpus_leaks(corpora: dict[str, Corpus]) -> None:
    corpus = corpora["open_license_corpus"]
    allowed = {
        "public_domain": PUBLIC_DOMAIN.__contains__,
        "permissive_software": SOFTWARE.__contains__,
        "attribution": lambda key: key.startswith((*ATTRIBUTION_BEGINS, *SHARE_ALIKE_BEGINS))
        and not any(part in key for part in ("-NC", "-ND", "-nc", "-nd")),
    }
    documents: dict[str, str] = {}
    for name, is_allowed in allowed.items():
        expressions = corpus.expressions(f"mixture_{name}")
        wrong = {spdx for spdx in expressions if not _allowed(spdx, is_allowed)}
        assert not wrong and expressions
        _as_resolved(corpus, f"mixture_{name}")
        assert _planted_in(corpus, f"mixture_{name}") == {
            spdx for spdx, (tier, _) in PLANTED.items() if tier == name
        }
        for row in corpus.rows(f"mixture_{name}"):
            assert documents.setdefault(row["doc_id"], name) == name, "a document of two tiers"
    assert set(corpus.expressions("mixture_public_domain")) >= {"LicenseRef-public-domain", "LicenseRef-us-gov-pd"}
    assert set(corpus.expressions("mixture_attribution")) >= {"CC-BY-SA-3.0", "CC-BY-SA-4.0"}


def test_no_tier_of_mixture_vitae_leaks(corpora: dict[str, Corpus]) -> None:
    corpus = corpora["mixture_vitae"]
    far = {"registry", "distribution", "classifier", "license_file", "package"}
    seen: dict[str, set[str]] = {}
    for row in corpus.rows("mixture_tier_1"):
        assert row["license_tier"] in (0, 1) and row["license_basis"] not in far
        assert not any(part in row["license_spdx"] for part in RESTRICTED) or " OR " in row["license_spdx"]
        seen.setdefault("tier_1", set()).add(row["doc_id"])
    for row in corpus.rows("mixture_tier_2"):
        assert row["license_tier"] in (0, 1, 2)
        assert row["license_basis"] in far or _allowed(row["license_spdx"],
                                                       lambda key: key.startswith(SHARE_ALIKE_BEGINS))
        assert not any(part in row["license_spdx"] for part in RESTRICTED) or " OR " in row["license_spdx"]
        seen.setdefault("tier_2", set()).add(row["doc_id"])
    for row in corpus.rows("mixture_tier_3"):
        assert row["license_tier"] == 3
        seen.setdefault("tier_3", set()).add(row["doc_id"])
    assert seen.keys() == {"tier_1", "tier_2", "tier_3"}
    assert not (seen["tier_1"] & seen["tier_2"] or seen["tier_2"] & seen["tier_3"] or seen["tier_1"] & seen["tier_3"])
    for name in seen:
        _as_resolved(corpus, f"mixture_{name}")
    assert _planted_in(corpus, "mixture_tier_1") == {
        "CC0-1.0", "MIT", "CC-BY-4.0", "MIT AND CC-BY-4.0", "MIT OR GPL-3.0-only", "Apache-2.0"
    }
    assert _planted_in(corpus, "mixture_tier_2") == {"CC-BY-SA-4.0"}
    pages = [row for row in corpus.rows("mixture_tier_1") if row["source"] == "pages"]
    assert pages and all(row["license_spdx"].startswith(("CC-BY-", "CC0", "CC-PDM", "LicenseRef-cc-by"))
                         for row in pages), "real pages that state a free licence"


def test_only_permissive_code_is_in_the_stack(corpora: dict[str, Corpus]) -> None:
    corpus = corpora["the_stack"]
    copyleft = ("GPL", "MPL", "EPL", "SA-", "-NC", "-ND", "unknown", "reserved", "opt-out")
    for spdx in corpus.expressions("mixture_permissive"):
        assert _allowed(spdx, lambda key: not any(part in key for part in copyleft)), spdx
    _as_resolved(corpus, "mixture_permissive")
    assert _planted_in(corpus, "mixture_permissive") == {spdx for spdx, (_, taken) in PLANTED.items() if taken}

    def code(name: str) -> dict[str, str]:
        return {row["url"].partition(":")[2]: row["license_spdx"] for row in corpus.rows(name)
                if row["source"] == "repositories"}

    taken, others = code("mixture_permissive"), code("datastore_others")
    mains = {path.split("/")[0]: spdx for path, spdx in taken.items() if path.endswith("main.py")}
    apart = {path.split("/")[0]: spdx for path, spdx in others.items() if path.endswith("main.py")}
    assert mains["pytorch+examples"] == "BSD-3-Clause" and mains["rust-lang+book"] == "Apache-2.0 OR MIT"
    assert mains["adbar+trafilatura"] == "Apache-2.0" and mains["openai+human-eval"] == "MIT"
    assert apart["webrecorder+pywb"].startswith("GPL-3.0") and apart["OWASP+CheatSheetSeries"] == "CC-BY-SA-4.0"
    # Its LICENSE says more than the licence, of which nobody knows what it means.
    assert apart["openstax+osbooks-introduction-philosophy"] == "CC-BY-NC-SA-4.0 AND LicenseRef-unknown"
    assert apart["nobody+unlicensed"] == "LicenseRef-unknown", "no licence"
    assert apart["webrecorder+warcio"] == "Apache-2.0 AND LicenseRef-unknown", "with a notice that is not understood"
    assert "pytorch+examples/src/copied.py" in others, "its own header speaks louder than the LICENSE above it"
    assert len(mains) + len(apart) == len(list(Path(os.environ["DATA_PLATFORM_CODE"]).iterdir()))


def test_a_planted_row_of_another_class_is_seen(corpora: dict[str, Corpus], tmp_path: Path) -> None:
    corpus = corpora["open_license_corpus"]
    recipe, flow = corpus.workspace.recipe, stages(corpus.workspace.recipe)
    copy = Lake(_copied(corpus, tmp_path))
    wanted = ("license_classes", "apart_from_datastores")

    def outcomes(name: str) -> dict[str, bool]:
        asked = pass_gates(Workspace(recipe, copy), flow[name], "corpus" if "data" in name else None)
        found = {outcome.name: outcome for outcome in asked}
        return {gate: found[gate].passed for gate in wanted}

    for name in recipe.mixtures:
        assert outcomes(f"mixture_{name}") == dict.fromkeys(wanted, True)
    assert outcomes("datastore_high_risk") == dict.fromkeys(wanted, True)
    rows = copy.read_table("mixture_attribution")
    foreign = copy.read_table("mixture_permissive_software").slice(0, 1)
    made = Provenance("mixture_attribution", "planted", {}, pin_inputs(flow["mixture_attribution"], corpus.workspace,
                                                                       None))
    copy.write("mixture_attribution", Partition(), pa.concat_tables([rows, foreign]), made)
    assert outcomes("mixture_attribution") == {"license_classes": False, "apart_from_datastores": True}
    stored = copy.read_table("datastore_high_risk", ["doc_id"]).slice(0, 1)["doc_id"]
    both = rows.slice(0, 1).set_column(0, rows.schema.field("doc_id"), stored)
    copy.write("mixture_attribution", Partition(), pa.concat_tables([rows, both]),
               Provenance("mixture_attribution", "planted again", {}, made.inputs))
    assert outcomes("mixture_attribution") == {"license_classes": True, "apart_from_datastores": False}


def test_what_no_mixture_may_hold_is_in_the_store_and_nowhere_else(corpora: dict[str, Corpus]) -> None:
    corpus = corpora["open_license_corpus"]
    stored = {row["doc_id"] for row in corpus.rows("datastore_high_risk")}
    mixed = {row["doc_id"] for name in corpus.workspace.recipe.mixtures for row in corpus.rows(f"mixture_{name}")}
    documents = {row["doc_id"] for row in corpus.rows("deduplicated_documents")}
    assert stored and not stored & mixed and stored | mixed == documents
    assert _planted_in(corpus, "datastore_high_risk") == {spdx for spdx, (tier, _) in PLANTED.items() if tier is None}
    stage = stages(corpus.workspace.recipe)["datastore_high_risk"]
    entry = books(corpus.lake, stage, "corpus")
    assert entry.missing == 0 and entry.dropped == {"for_mixtures": len(mixed)}
    assert not any("datastore" in name for other in stages(corpus.workspace.recipe).values() for name in other.inputs)


def test_a_trace_knows_the_store(corpora: dict[str, Corpus]) -> None:
    corpus = corpora["open_license_corpus"]
    row = next(row for row in corpus.rows("datastore_high_risk") if row["license_spdx"] == "GPL-3.0-only")
    answer = trace(corpus.lake, "datastore_high_risk", row["doc_id"])
    assert answer["license"]["license_spdx"] == "GPL-3.0-only" and answer["license"]["evidence"]
    with pytest.raises(NotFound, match="it is in datastore_high_risk, apart from all mixtures"):
        trace(corpus.lake, "attribution", row["doc_id"])


def test_the_store_is_removed_alone(corpora: dict[str, Corpus], tmp_path: Path) -> None:
    corpus = corpora["open_license_corpus"]
    folder = tmp_path / "lake"
    lake = Lake(_copied(corpus, tmp_path))
    texts = [row["text"] for row in corpus.rows("datastore_high_risk")]
    before = {name: [(row["table_id"], row["version"]) for row in lake.history(name)]
              for name in lake.tables() if name not in ("datastore_high_risk", "lineage", "removed_tables")}
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(corpus.path.read_text().replace("name: open_license_corpus",
                                                      f"name: open_license_corpus\nlake: {folder}", 1))

    def command(*arguments: str):
        return CliRunner().invoke(main, ["datastore", "high_risk", "--recipe", str(recipe), *arguments])

    shown = json.loads(command("--json").output)
    assert shown["rows"] == len(texts) and shown["read_by"] == []
    gpl = next(one for one in shown["licenses"] if one["spdx"] == "GPL-3.0-only")
    assert (gpl["tier"], gpl["tokens"] > 0) == (2, True) and sum(one["rows"] for one in shown["licenses"]) == len(texts)
    said = command("--remove")
    assert said.exit_code == 0, said.output
    assert "none is left" in said.output and "the next run makes it again" in said.output
    assert not (folder / "datastore_high_risk").exists() and datastores(lake) == []
    (row,) = lake.read_table("removed_tables").to_pylist()
    assert (row["table"], row["rows"], row["table_id"]) == ("datastore_high_risk", len(texts), shown["table_id"])
    assert before == {name: [(row["table_id"], row["version"]) for row in lake.history(name)] for name in before}
    again = command("--remove")
    assert again.exit_code == 1 and "no datastore 'high_risk'" in again.output


def test_a_removal_that_was_killed_is_taken_up(corpora: dict[str, Corpus], tmp_path: Path) -> None:
    lake = Lake(_copied(corpora["open_license_corpus"], tmp_path))
    from data_platform.stages import datastores as datastore

    found = datastore.holdings(lake, "high_risk")
    datastore._note(lake, found, datastore._files(lake, "datastore_high_risk"))
    next((tmp_path / "lake" / "datastore_high_risk").rglob("*.parquet")).unlink()
    receipt = remove(lake, "high_risk")
    assert receipt["rows"] == found["rows"] and receipt["files_left"] == 0
    assert lake.read_table("removed_tables").num_rows == 1 and not lake.exists("datastore_high_risk")
    with pytest.raises(NotRemovable, match="datastores: none"):
        remove(lake, "high_risk")


def test_a_store_that_something_was_made_of_stays(corpora: dict[str, Corpus], tmp_path: Path) -> None:
    lake = Lake(_copied(corpora["open_license_corpus"], tmp_path))
    made = Provenance("quality_labels", "x", {}, (lake.pin("datastore_high_risk", "corpus"),))
    lake.write("quality_labels", Partition(), table("quality_labels").schema.empty_table(), made)
    with pytest.raises(NotRemovable, match="was read by quality_labels"):
        remove(lake, "high_risk")
    assert lake.exists("datastore_high_risk")
