"""Random corpora under random recipes, random takedowns of them, and what has to hold after any of them.

A world is a function of its seed: texts of several sources, hosts and licences in one to three snapshots, with copies,
near-copies and containers among them, and a recipe with mixtures that reject, derived texts, scores, selections, rules,
repetition, datastores and plans without a mixture; and in some worlds (`more_of`) crawls with robots.txt, reservations
and revisits, trees of files with LICENSE and NOTICE, branches, and models that were trained on texts of the corpus. So
is an order of its: by document, of the corpus or derived, host, URL, source, licence, or hash of a text or payload.

Belongs here: worlds, orders, and the law that every takedown has to obey. Not here: how many are tried, and what kills
them (`test_worlds.py`, `benchmarks/takedown_worlds.py`).
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.columns import Column
from data_platform.core.kinds.method import Entry
from data_platform.core.kinds.scorer import Scorer
from data_platform.core.kinds.synthesiser import Synthesiser
from data_platform.core.kinds.trainer import Trained, Trainer
from data_platform.core.tables import PUBLISHED, kind_of
from data_platform.lake.custody import Custody
from data_platform.lake.lake import Lake
from data_platform.pipeline.flow import stages
from data_platform.run.recipe import Recipe
from data_platform.run.stage import execute as execute_stage
from data_platform.run.workspace import Workspace
from data_platform.takedown.execute import Order, Places, execute, takedowns, unfinished
from data_platform.takedown.plan import Selectors, TakedownError
from tests.ingest.archives import members, response, warc
from tests.synthesis.makers import Couples, Lines
from tests.takedown.lakes import essay

HOSTS = ("a.example", "news.a.example", "b.example", "c.example", "")
LICENSES = ("CC0-1.0", "MIT", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "GPL-3.0-only", "none of these")
DOMAINS = ("web", "code", "books")
_TEXTS = ("raw_crawls", "documents", "filtered_documents", "deduplicated_documents")


class Length(Scorer, name="length"):
    """How long a text is; a test."""

    gives = (Column("length", pa.float64(), "Bytes of the text.", minimum=0),)

    def score(self, texts: pa.Array) -> Mapping[str, Any]:
        """Bytes, as a fraction."""
        return {"length": pc.binary_length(texts).cast(pa.float64()).to_numpy(False)}


class Words(Trainer, name="words"):
    """The words of labelled texts; a test."""

    def train(self, labels: pa.Table, folder: Path) -> Trained:
        """One file of words."""
        words = sorted({word for text in labels["text"].to_pylist() for word in text.split()})
        (folder / "words.json").write_text(json.dumps(words))
        return Trained(len(words), labels.num_rows)


class Familiar(Scorer, name="familiar"):
    """Which share of a text's words a model knows; a test."""

    gives = (Column("familiar", pa.float64(), "Share of its words.", minimum=0, maximum=1),)

    @classmethod
    def models(cls, settings: Any) -> tuple[str, ...]:
        """The words."""
        return ("words",)

    def score(self, texts: pa.Array) -> Mapping[str, Any]:
        """Shares."""
        known = set(json.loads((self.folders["words"] / "words.json").read_text()))
        split = [text.split() for text in texts.to_pylist()]
        return {"familiar": np.array([sum(word in known for word in one) / max(len(one), 1) for one in split])}


# -- worlds -----------------------------------------------------------------------------------------------------------


def texts_of(dice: random.Random) -> dict[str, list[dict[str, str]]]:
    """Rows of JSON Lines by source: texts with addresses and licences, copies among them."""
    sources = {f"source{number}": [] for number in range(dice.randint(1, 4))}
    texts: list[str] = []
    for number in range(dice.randint(5, 12)):
        name = f"{dice.choice(('alpha', 'beta', 'gamma'))}{number}x"
        new = essay(name, number)
        old = dice.choice(texts) if texts else new
        text = dice.choices(
            (new, old.upper(), old.replace("plus 0", "plus 1", 1), f"{new}\n{old}", old,
             "One short line alone, of few words.", "\n".join([*old.split("\n")[:5], *new.split("\n")])),
            (9, 1, 1, 1, 1, 1, 1),
        )[0]
        texts.append(text)
        row = {"text": text}
        if host := dice.choice(HOSTS):
            row["url"] = f"https://{host}/{number % 9}?utm_source=feed"
        if dice.random() < 0.7:
            row["license"] = dice.choice(LICENSES)
        sources[dice.choice(list(sources))].append(row)
    for rows in sources.values():
        rows or rows.append({"text": essay("omega", len(texts)), "license": "CC0-1.0"})
    return sources


def settings_of(dice: random.Random, folder: Path, sources: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe over the sources, as plain values and entries."""
    chance = dice.random
    recipe: dict[str, Any] = {
        "name": "world", "filters": {"rule_sets": {}},
        "sources": [
            {"name": name, "kind": "files", "snapshot": f"s{number % dice.randint(1, 3)}",
             "domain": dice.choice(DOMAINS), "paths": [str(folder / f"{name}.jsonl")],
             **({"license": {"spdx": dice.choice(LICENSES[:5]), "basis": "by letter"}} if chance() < 0.6 else {})}
            for number, name in enumerate(sources)
        ],
        "deduplication": {"guards": {"max_cluster_share": 1.0, "max_removal_rate": 1.0}},
        "rules": {}, "scores": {}, "synthesis": {}, "selections": {}, "datastores": {}, "repetition": {},
    }
    if chance() < 0.4:
        recipe["rules"]["enough"] = {"signal": "token_count", "min": 20}
    if scored := chance() < 0.6:
        recipe["scores"]["length"] = Entry("length", Length, Length.Settings())
        if chance() < 0.4:
            recipe["rules"]["long_enough"] = {"signal": "length", "min": 500}
        if chance() < 0.5:
            fraction = dice.choice((0.3, 0.7))
            recipe["selections"]["longest"] = {"method": "top_fraction", "score": "length", "fraction": fraction}
    makers: tuple[type[Synthesiser], ...] = (Couples, Lines)
    for maker in makers:
        if chance() < 0.4:
            recipe["synthesis"][maker.name] = Entry(maker.name, maker, maker.Settings())
    if chance() < 0.3:
        recipe["repetition"] |= {"lines": {"cut": True}, "min_words": dice.choice((0, 30))}
    if chance() < 0.3:
        recipe["repetition"] |= {"containment": {"drop": True}}
    if chance() < 0.3:
        recipe["datastores"]["apart"] = {"tiers": [2, 3, 4, 5]}
    if chance() < 0.3:
        recipe["refinement"] = {"lines": {"c4": {}}, "min_words": 5}
    recipe["mixtures"] = {
        f"mix{number}": {
            "tokens": dice.choice((300, 2_000, 100_000)), "seed": dice.randint(0, 3),
            "tiers": sorted(dice.sample(range(2) if recipe["datastores"] else range(6), 2)),
            "weights": {name: dice.choice((0, 1, 2)) for name in dice.sample(DOMAINS, 2)} | {"web": 1, "synthetic": 1},
            "publish": chance() < 0.75,
            **({"select": "longest"} if recipe["selections"] and chance() < 0.6 else {}),
            **({"scores": ["length"]} if scored and chance() < 0.5 else {}),
        }
        for number in range(dice.randint(1, 3))
    }
    return recipe


def crawls_of(dice: random.Random, texts: Sequence[str]) -> dict[str, list[bytes]]:
    """Two crawls of the same hosts by snapshot: pages, some of them captured twice, and what their sites reserve."""
    hosts, crawls = [host for host in HOSTS if host], {}
    pages = [(f"https://{dice.choice(hosts)}/p{number}", dice.choice([*texts, essay(f"page{number}", number)]))
             for number in range(dice.randint(2, 4))]
    for snapshot, date in (("s0", "2023-01-10T00:00:00Z"), ("s1", "2023-09-10T00:00:00Z")):
        records = []
        for host in hosts[:2]:
            rules = dice.choice((b"", b"User-agent: GPTBot\nDisallow: /\n", b"User-agent: *\nAllow: /\n"))
            if rules:
                records.append(warc(response(rules, "Content-Type: text/plain"), url=f"https://{host}/robots.txt",
                                    date=date))
        for url, text in pages:
            if dice.random() < 0.7:
                head = dice.choice(("", '<meta name="robots" content="noai">', *(
                    f'<link rel="license" href="https://creativecommons.org/licenses/{name}/4.0/">'
                    for name in ("by", "by", "by-nc"))))
                body = "".join(f"<p>{line}</p>" for line in text.split("\n"))
                html = f"<html><head><title>t</title>{head}</head><body><article>{body}</article></body></html>"
                records.append(warc(response(html.encode()), url=url, date=date))
        crawls[snapshot] = records
    return crawls


def more_of(dice: random.Random, folder: Path, recipe: dict[str, Any], texts: Sequence[str]) -> None:
    """Add crawls, trees of files, branches and models to a recipe, and write what they are made of."""
    if dice.random() < 0.5:
        recipe["extraction"] = {"engine": "resiliparse"}
        for snapshot, records in crawls_of(dice, texts).items():
            (folder / f"{snapshot}.warc.gz").write_bytes(members(records))
            recipe["sources"].append({"name": f"crawl-{snapshot}", "snapshot": snapshot, "domain": "web",
                                      "paths": [str(folder / f"{snapshot}.warc.gz")]})
    if dice.random() < 0.5:
        tree = folder / "tree"
        (tree / "part").mkdir(parents=True, exist_ok=True)
        license_ = dice.choice(LICENSES[:5])
        (tree / "LICENSE").write_text(f"SPDX-License-Identifier: {license_}\nCopyright 2020 The Authors of Trees\n")
        (tree / "part" / "NOTICE").write_text("A part of a tree\nCopyright 2021 Some Body\n")
        for name in ("one.txt", "part/two.txt"):
            (tree / name).write_text(dice.choice([*texts, essay(name, 1)]))
        recipe["sources"].append({"name": "tree", "kind": "files", "snapshot": "s0", "domain": "code",
                                  "paths": [str(tree)]})
    if dice.random() < 0.4:
        some = {"pattern": dice.choice(("alpha", "beta", "harbour of p")), "at_least": 1}
        recipe["branches"] = {"named": {"evidence": {"some": some}}, "rest": {}}
    if dice.random() < 0.4:
        labelled = [*dice.sample(texts, min(2, len(texts))), *(essay(f"label{number}") for number in range(3))]
        rows = [{"text": text, "label": number % 2} for number, text in enumerate(labelled)]
        (folder / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        recipe["labels"] = {"kind": "files", "paths": [str(folder / "labels.jsonl")], "held_out": 0.01}
        recipe["models"] = {"words": Entry("words", Words, Words.Settings())}
        recipe["scores"]["familiar"] = Entry("familiar", Familiar, Familiar.Settings())
        for mixture in recipe["mixtures"].values():
            mixture.setdefault("scores", []).append("familiar")


def make_world(seed: int, folder: Path) -> Recipe:
    """Write the texts of a world below `folder` and return its recipe."""
    dice = random.Random(seed)
    sources = texts_of(dice)
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in sources.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    recipe = settings_of(dice, folder, sources)
    texts = [row["text"] for rows in sources.values() for row in rows]
    more_of(random.Random(f"more of {seed}"), folder, recipe, texts)
    return Recipe.model_validate(recipe)


# -- orders -----------------------------------------------------------------------------------------------------------


def order_of(dice: random.Random, workspace: Workspace) -> Order:
    """A random order that hits something, or names something that may come."""
    lake = workspace.lake
    ids = {name: lake.read_table(name, ["doc_id"])["doc_id"].to_pylist() for name in ("documents", *derived(lake))}
    everyone = [id_ for some in ids.values() for id_ in some]
    rejected = lake.read_table("rejections", ["id"])["id"].to_pylist() if lake.exists("rejections") else []
    urls = [url for url in lake.read_table("raw_crawls", ["url"])["url"].to_pylist() if url]
    hashes = [*lake.read_table("documents", ["text_hash"])["text_hash"].to_pylist(),
              *lake.read_table("raw_crawls", ["payload_digest"])["payload_digest"].to_pylist()]
    stated = lake.read_table("document_licenses", ["license_spdx"])["license_spdx"].to_pylist()
    names = [source.name for source in workspace.recipe.sources] + list(workspace.recipe.synthesis)
    given: dict[str, list[str]] = {}
    for what in dice.sample(("documents", "rejected", "hosts", "urls", "sources", "licenses", "text_hashes"),
                            dice.choice((1, 1, 1, 2))):
        if what == "rejected":
            given.setdefault("documents", []).extend(dice.sample(rejected or everyone, 1))
        elif what == "hosts":
            given[what] = [dice.choice([host for host in HOSTS if host])]
        else:
            among = {
                "documents": everyone, "urls": urls, "sources": names, "licenses": stated, "text_hashes": hashes,
            }[what]
            given.setdefault(what, []).extend(dice.sample(among, min(len(among), dice.choice((1, 1, 2)))))
    given["documents"] = [id_ for id_ in given.get("documents", ()) if len(id_) == 32]
    given = {key: values for key, values in given.items() if values} or {"sources": names[:1]}
    return Order(Selectors.of(**given), "asked for", "A. Uthor", near_copies=dice.random() < 0.7)


def derived(lake: Lake) -> list[str]:
    """Tables of derived texts."""
    return lake.tables("synthesiser")


# -- what has to hold -------------------------------------------------------------------------------------------------


def run(workspace: Workspace) -> list[str]:
    """Every stage that is not up to date, in order; returns what was written."""
    written = []
    for stage in stages(workspace.recipe).values():
        for snapshot in workspace.snapshots if stage.partitioned else [None]:
            if execute_stage(stage, workspace, snapshot).written:
                written.append(f"{stage.name}/{snapshot}" if snapshot else stage.name)
    return written


def take_down(workspace: Workspace, order: Order) -> dict[str, Any] | None:
    """Carry an order out, or on; None if it was carried out and nothing is left to do."""
    try:
        return execute(workspace.lake, order, Places(), list(stages(workspace.recipe)))
    except TakedownError:
        if any(row["takedown_id"].startswith(order.name) for row in unfinished(workspace.lake)):
            raise
        return None


def faults(workspace: Workspace) -> Iterator[str]:
    """What is wrong with a lake after a run: empty if it ended clean and another run has nothing to do."""
    from data_platform.assets.gates import pass_gates

    lake = workspace.lake
    if again := run(workspace):
        yield f"a second run wrote {', '.join(again)}"
    custody = Custody(lake)
    for name in lake.tables():
        for breach in custody.breaches(name):
            yield f"custody: {breach}"
    for stage in stages(workspace.recipe).values():
        for snapshot in workspace.snapshots if stage.partitioned else [None]:
            for outcome in pass_gates(workspace, stage, snapshot):
                if not outcome.passed and outcome.severity == "critical":
                    yield f"{stage.name}/{snapshot or ''} {outcome.name}: {outcome.description[:400]}"
    gone = pa.array([document["id"] for row in takedowns(lake) for document in row["plan"]["documents"]], pa.string())
    for name in lake.tables():
        columns = lake.table(name).column_names
        if kind_of(name) in (*PUBLISHED, "synthesiser") or name in _TEXTS:
            column = "doc_id" if "doc_id" in columns else "record_id"
            if pc.any(pc.is_in(lake.read_table(name, [column])[column], gone)).as_py():
                yield f"{name} has rows of what was taken down"


def audit_faults(workspace: Workspace) -> Iterator[str]:
    """What an audit says of mixtures right after a takedown, before the next run, but that they are stale."""
    from data_platform.proof.gate import prove
    from data_platform.proof.reading import CannotExamine

    for name in workspace.lake.tables(*PUBLISHED):
        try:
            reasons = prove(workspace.lake, name, workspace=workspace).reasons()
        except CannotExamine as error:
            reasons = [] if "run the recipe again" in str(error) else [str(error)]
        yield from (f"audit before the run: {reason}" for reason in reasons if "stale since takedown" not in reason)


def left_of(workspace: Workspace) -> Iterator[str]:
    """What the receipts' search finds of anything that was taken down."""
    from data_platform.takedown.receipt import stored_receipt, verify

    for row in takedowns(workspace.lake):
        made = verify(workspace.lake, stored_receipt(workspace.lake, row["takedown_id"]), Places())
        for found in made["found"]:
            yield f"{row['takedown_id']}: {found['what']} in {found['place']}"
