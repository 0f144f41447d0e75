"""Branches on labelled pages: recall and precision of both classifiers on held-out hosts, and documents per branch.

    python -m benchmarks.branches [--documentation FOLDER]

Runs the stages of recipes/branches.yaml over the two crawl samples in a temporary lake and compares them with
benchmarks/labels/branches.tsv, in which every page of the samples was labelled by reading it for this project. No
published pipeline ships labels for these pages, so there is no peer beside us: the labels are the reference.

Patterns were last changed after reading the pages of one half of the hosts (by the hash of their name); tables 3 and 5
show both halves. Neither is clean for code and questions: earlier patterns were made by reading all pages, and the
totals of the other half were seen between three variants of the last change.

The tables:

1. The cascade on held-out hosts of its labels: docstrings as pages, weakly labelled by their formulas; crawl pages,
   labelled by hand; web text of another set, all of it negative.
2. The same by host, for hosts with a text of mathematics or a mistake.
3. With --documentation: published documentation, see `benchmarks.branches_documentation`; and the same without TeX.
4. Sources that no classifier was trained on, each of one kind: how much of them is proposed and taken as mathematics.
5. Every branch against the labels of the crawl pages. Of mathematics, hosts that the cascade was trained on are left
   out.
6. Documents per branch and snapshot, with the books; and the speed of sorting.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.common import ROOT, parser, show

MATH = "math"
LEAST_CHARACTERS = 200


def main() -> None:
    """Print all tables."""
    arguments = parser(__doc__)
    arguments.add_argument("--recipe", default=str(ROOT / "recipes" / "branches.yaml"), help="default: %(default)s")
    arguments.add_argument("--documentation", type=Path, help="unpacked packages of documentation")
    options = arguments.parse_args()
    options.documentation = options.documentation and options.documentation.absolute()
    os.environ["DATA_PLATFORM_TEST_DATA"] = str(options.data.absolute())
    os.chdir(ROOT)  # the recipe names its labels from here
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATA_PLATFORM_HOME"] = folder
        _report(options.recipe, options.data, options.documentation, f"{folder}/lake")


def tuned_on(host: str) -> bool:
    """Whether a host is of the half that was looked at when patterns were changed."""
    return hashlib.blake2b(host.encode(), digest_size=8).digest()[0] % 2 == 0


HALVES = {"looked at": True, "not looked at": False}


def _report(recipe_path: str, data: Path, documentation: Path | None, lake_uri: str) -> None:
    from data_platform.branches.route import route
    from data_platform.lake.lake import Lake
    from data_platform.methods.branches.cascade import CascadeScorer
    from data_platform.pipeline.flow import stages
    from data_platform.run import engine
    from data_platform.run.recipe import load_recipe
    from data_platform.run.stage import execute
    from data_platform.run.workspace import Workspace

    recipe = load_recipe(recipe_path)
    workspace = Workspace(recipe, Lake(lake_uri))
    engine.configure(recipe.engine)
    flow, seconds = stages(recipe), {}
    for name in ("domain_labels", "domain_classifiers", "raw_crawls", "documents", "document_branches"):
        started = time.perf_counter()
        for snapshot in workspace.snapshots if flow[name].partitioned else [None]:
            execute(flow[name], workspace, snapshot)
        seconds[name] = time.perf_counter() - started
    lake = workspace.lake
    (model,) = (row for row in lake.read_table("domain_classifiers").to_pylist() if row["branch"] == MATH)
    scorer = CascadeScorer(model["uri"])
    labels = lake.read_table("domain_labels")
    _cascade_tables(recipe, scorer, json.loads(model["metrics"]), labels)
    if documentation:
        _documentation_table(recipe, scorer, documentation)
    _probe_table(recipe, scorer, data)
    trained = set(labels.filter(pc.equal(labels["split"], "train"))["origin"].to_pylist())
    _label_table(recipe, lake, trained)
    _count_table(workspace, flow)

    texts = lake.read_table("documents", ["text"])["text"].combine_chunks()
    size, domains = pc.sum(pc.binary_length(texts)).as_py(), pa.array(["web"] * len(texts))
    route(texts[:10], domains[:10], recipe.branches, {MATH: scorer})  # loads the compiled loops
    started = time.perf_counter()
    route(texts, domains, recipe.branches, {MATH: scorer})
    took = time.perf_counter() - started
    show("Seconds", ["stage", "seconds"], [
        *seconds.items(), (f"sorting {size / 1e6:.1f} MB of text in one thread, {size / took / 1e6:.0f} MB/s", took),
    ])


def _decide(recipe, scorer, texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Which texts the first step proposes as mathematics, and which the second takes; evidence from the text alone."""
    from data_platform.branches.route import findings

    seen = findings(texts, recipe.branches)
    proposed = (scorer.first(texts) >= scorer.first_threshold) | seen.proposes(MATH)
    return proposed, proposed & (scorer.second(texts, seen.features) >= scorer.second_threshold)


def _cascade_tables(recipe, scorer, metrics: dict, labels: pa.Table) -> None:
    from data_platform.methods.branches.cascade import agreement

    headers = ["texts", "positive", "found", "missed", "wrong", "recall", "precision"]
    columns = ("true_positives", "false_negatives", "false_positives", "recall", "precision")
    texts, positive = metrics["held_out_texts"], sum(metrics["first"][name] for name in columns[:2])
    show(
        f"1. Cascade of '{MATH}' on {metrics['held_out_hosts']} held-out hosts, trained on "
        f"{metrics['training_texts']} texts ({metrics['training_positive']} positive); asked for: first recall "
        f"{recipe.branches[MATH].cascade.recall}, second precision {recipe.branches[MATH].cascade.precision}",
        ["step", *headers],
        [[step, texts, positive, *(metrics[step][name] for name in columns)] for step in ("first", "cascade")],
    )
    held_out = labels.filter(pc.and_(pc.equal(labels["split"], "held_out"),
                                             pc.equal(labels["branch"], MATH)))
    proposed, taken = _decide(recipe, scorer, held_out["text"].combine_chunks())
    wanted, origins = held_out["label"].to_numpy() == 1, np.array(held_out["origin"].to_pylist())
    rows = []
    for origin in sorted(set(origins[wanted | taken])):
        mine = origins == origin
        first, both = (agreement(decision[mine], wanted[mine]) for decision in (proposed, taken))
        rows.append([origin, int(mine.sum()), int(wanted[mine].sum()), first["recall"],
                     *(both[name] for name in columns[:3]), both["recall"], both["precision"]])
    others = ~np.isin(origins, [row[0] for row in rows])
    rows.append([f"{len(set(origins[others]))} others", int(others.sum()), 0, None, 0, 0, 0, None, None])
    show("2. By held-out host", ["host", "texts", "positive", "first recall", *headers[2:]], rows)


def _documentation_table(recipe, scorer, folder: Path) -> None:
    from benchmarks.branches_documentation import pages, without_tex
    from data_platform.extract.batch import extract_batch
    from data_platform.methods.branches.cascade import agreement

    found = list(pages(folder))
    constant = (pa.array([value] * len(found), pa.string()) for value in ("text/html", None, "", "response"))
    texts = extract_batch(pa.array([page.payload for page in found], pa.large_binary()), *constant, recipe.extraction)
    texts = pc.fill_null(texts.field("text"), "")
    wanted, hosts = np.array([page.label == 1 for page in found]), np.array([page.host for page in found])
    for title, read in (
        ("3. Published documentation, labelled by its markup", texts),
        ("3b. The same with characters in the place of TeX", pa.array(map(without_tex, texts.to_pylist()), texts.type)),
    ):
        proposed, taken = _decide(recipe, scorer, read)
        rows = []
        for name, looked in HALVES.items():
            half = np.array([tuned_on(host) == looked for host in hosts])
            for host in (None, *sorted(set(hosts[half]))):
                mine = half if host is None else hosts == host
                first, both = (agreement(decision[mine], wanted[mine]) for decision in (proposed, taken))
                rows.append([host or f"{name}: {len(set(hosts[half]))} packages", int(mine.sum()),
                             int(wanted[mine].sum()), first["recall"], *both.values()])
        show(title, ["host", "pages", "positive", "first recall", "found", "missed", "wrong", "recall", "precision"],
             rows)


def _probe_table(recipe, scorer, data: Path) -> None:
    rows = []
    for name, kind, found in _probes(data):
        texts = pa.array([text for text in found if len(text) >= LEAST_CHARACTERS], pa.large_string())
        proposed, taken = _decide(recipe, scorer, texts)
        rows.append([name, kind, len(texts), int(proposed.sum()), int(taken.sum()), float(taken.mean())])
    show(f"4. Sources never trained on, texts of {LEAST_CHARACTERS} characters and more",
         ["source", "holds", "texts", "proposed", "taken", "share taken"], rows)


def _probes(data: Path) -> Iterator[tuple[str, str, list[str]]]:
    """(name, what it holds, texts) of sources of one kind each."""
    samples, domains = data / "domains" / "mixed-samples", data / "domains"

    def lines(path: Path, field: str = "text") -> list[str]:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        return [json.loads(line)[field] for line in data.splitlines()]

    def members(path: Path, suffix: str) -> list[str]:
        with tarfile.open(path) as archive:
            return [archive.extractfile(member).read().decode("utf-8", "replace") for member in archive
                    if member.isfile() and member.name.endswith(suffix)]

    # Four are full of formulas; acknowledgements, a table of molecules and a paper on dialogue are not.
    yield "arXiv sources", "4 of 9 mathematics", lines(samples / "arxiv.jsonl")
    yield "GSM8K test (a benchmark: never train on it)", "word problems", [
        f"{question}\n{answer}" for question, answer in zip(
            lines(data / "eval-sets" / "gsm8k-test.jsonl", "question"),
            lines(data / "eval-sets" / "gsm8k-test.jsonl", "answer"), strict=True)]
    yield "Stack Overflow in Spanish", "code", lines(samples / "stack_exchange.jsonl")
    yield "Rust book", "code", members(domains / "mit-or-apache-2.0" / "rust-book.tar.xz", ".md")
    yield "OWASP cheat sheets", "code, prose", members(domains / "cc-by-sa-4.0" / "owasp-cheatsheets-2024-12-31.tar.xz",
                                                       ".md")
    for name in ("redpajama-c4-refined", "redpajama-cc-2023-06-refined", "the-pile-nih-refined",
                 "the-pile-uspto-refined"):
        yield name, "general", lines(samples / f"{name}.jsonl")
    for number in ("0091", "0174"):
        yield f"dolma-cc_en_head-{number}", "general", lines(samples / f"dolma-cc_en_head-{number}.jsonl.gz")
    wiki = (domains / "cc-by-sa-3.0" / "wikitext-2-test.txt").read_text()
    yield "WikiText-2 test, by paragraph", "general", wiki.split("\n")


def _label_table(recipe, lake, trained: set[str]) -> None:
    from data_platform.branches.labels import host_of, url_labels
    from data_platform.methods.branches.cascade import agreement

    stated = url_labels(next(part.urls for part in recipe.branches[MATH].cascade.labels if part.urls))
    documents = lake.read_table("documents", ["doc_id", "url"])
    urls = dict(zip(documents["doc_id"].to_pylist(), documents["url"].to_pylist(), strict=True))
    rows = [(stated[urls[row["doc_id"]]], row["branch"], host_of(urls[row["doc_id"]]))
            for row in lake.read_table("document_branches", ["doc_id", "branch"]).to_pylist()
            if urls[row["doc_id"]] in stated]
    table = []
    for name in recipe.branches:
        kept = [row for row in rows if name != MATH or row[2] not in trained]
        for half, looked in {"all": None, **HALVES}.items():
            mine = [(label, branch) for label, branch, host in kept if looked is None or tuned_on(host) == looked]
            found = agreement(*(np.array([pair[part] == name for pair in mine]) for part in (1, 0)))
            table.append([name, half, len(mine), *found.values()])
    show("5. Branches against the hand labels of the crawl pages (math: hosts alone that it was not trained on)",
         ["branch", "hosts", "pages", "found", "missed", "wrong", "recall", "precision"], table)


def _count_table(workspace, flow) -> None:
    from data_platform.run.books import books

    table = []
    for snapshot in workspace.snapshots:
        branches = workspace.lake.read_table("document_branches", ["branch"], partition=snapshot)["branch"].to_pylist()
        entry = books(workspace.lake, flow["document_branches"], snapshot)
        counts = [branches.count(name) for name in workspace.recipe.branches]
        table.append([snapshot, entry.incoming, *counts, branches.count(""), entry.missing])
    show("6. Documents per branch", ["snapshot", "documents", *workspace.recipe.branches, "none", "unaccounted"], table)


if __name__ == "__main__":
    main()
