"""`data-platform show`: all that is known of one document, with its text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from data_platform.cli.common import JSON, RECIPE, WIDTH, document_of, pairs
from data_platform.cli.rules import broken, drop_lines, number, rule_lines
from data_platform.core.errors import many
from data_platform.core.printing import on_one_line, printable

_BEGINNING = 1_500
_MOST = 10


@click.command()
@click.argument("document", metavar="ID")
@click.option("--text", "shown", type=click.Choice(["beginning", "all", "none"]), default="beginning",
              show_default=True, help="How much of the text to print.")
@click.option("--stage", default=None, metavar="TABLE", help="Table whose text is printed. Default: the last that has "
              "one, before mixtures.")
@click.option("--signals", is_flag=True, help="Print all signals, not only those that rules read.")
@RECIPE
@JSON
def show(
    document: str, shown: str, stage: str | None, signals: bool, recipe_path: str | None, as_json: bool
) -> None:
    """Show document ID: its text, signals beside thresholds, verdicts, scores, licence and duplicates.

    ID is a doc_id, the id that a row had in its own file, or a URL. Unlike `trace`, it shows what was dropped, too,
    and as the tables stand now.
    """
    from data_platform.reports.document import account
    from data_platform.reports.texts import CAPTURED, text_of

    workspace, known = document_of(document, recipe_path)
    lake = workspace.lake
    found = account(lake, known)
    on_the_way = [name for name in found["texts"] if not name.startswith(("mixture_", "branch_"))]
    place = stage or (on_the_way or [""])[-1]
    text = text_of(lake, known.doc_id, known.snapshot, place) if place and (shown != "none" or stage) else None
    if as_json:
        whole = None if text is None or shown == "none" else {"table": place, "text": text}
        print(json.dumps({"recipe": workspace.recipe.name, **found, "text": whole}, indent=2, default=str))
        return
    for line in _lines(found, signals):
        click.echo(line)
    if text is not None and shown != "none":
        what = "payload as captured" if place == CAPTURED else f"text in {place}"
        click.echo("\n" + click.style(f"{what}, {many(len(text), 'character')}", bold=True))
        cut = shown == "beginning" and len(text) > _BEGINNING
        click.echo(printable(text[:_BEGINNING] if cut else text))
        if cut:
            click.echo(f"... {many(len(text) - _BEGINNING, 'character')} more: --text all")


def _lines(found: Mapping[str, Any], signals: bool) -> Iterator[str]:
    yield click.style(f"document {found['doc_id']}", bold=True)
    yield from pairs(_identity(found))
    for title, lines in (
        ("dropped", [line for drop in found["dropped"] for line in drop_lines(drop)]),
        ("rules", rule_lines(found["rules"])),
        ("signals", pairs((name, number(value)) for name, value in found["signals"].items()) if signals else []),
        ("licence", [*pairs(_license(found)), *_evidence(found["evidence"])]),
        ("duplicates", list(_copies(found))),
        ("scores", pairs(_scores(found["scores"]))),
        ("mixtures", pairs((name, ", ".join(f"{key} {number(row[key])}" for key in ("epochs", "position", "phase")))
                           for name, row in found["mixtures"].items())),
    ):
        if lines:
            yield ""
            yield click.style(title, bold=True)
            yield from lines


def _identity(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    record, document = found["record"] or {}, found["document"] or {}
    if own := found["own_id"]:
        yield "own id", f"{own['value']} ({own['field']})"
    yield "source", ", ".join(filter(None, (found["source"], f"snapshot {found['snapshot']}")))
    if record:
        yield "record", f"{record['record_type']} in {record['archive']} at {record['offset']:,}, {record['mime']}"
    yield "url", found["url"]
    yield "title", document.get("title") or ""
    if document:
        yield "language", f"{document['language']}, confidence {number(document['language_confidence'])}"
        yield "domain", (found["branch"] or document)["domain"]
        yield "size", f"{many(document['byte_count'], 'byte')}, {many(document['token_count'], 'token')} as extracted"
    if (refined := found["refinement"]) and refined["outcome"] != "unchanged":
        yield "refinement", (f"{refined['outcome']}, {refined['bytes_before']:,} to "
                             f"{many(refined['bytes_after'], 'byte')}")
    if (cut := found["cuts"]) and cut["outcome"] != "unchanged":
        yield "cut", f"{cut['outcome']}, {cut['bytes_before']:,} to {many(cut['bytes_after'], 'byte')}"
    yield "texts in", ", ".join(found["texts"]) or "no table: it was not read"
    verdict = found["verdict"]
    if verdict:
        count = broken(found["rules"])
        yield "verdict", "every rule holds" if verdict["kept"] else f"{many(count, 'broken rule')}"


def _license(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    stated, terms = found["license"], found["terms"]
    if stated:
        yield "stated", f"{stated['license_spdx']}, tier {stated['license_tier']}, by {stated['license_basis']}"
    if terms and (terms["license_spdx"], terms["license_tier"]) != (
        (stated or {}).get("license_spdx"), (stated or {}).get("license_tier")
    ):
        yield "holds", f"{terms['license_spdx']}, tier {terms['license_tier']}, after its copies and all evidence"
    for name in ("opt_out", "contradicted"):
        if stated and stated[name]:
            yield name, "yes"
    if stated and stated["attribution"]:
        yield "credit", stated["attribution"]
    for held in found.get("held_since_takedowns", ()):
        yield "held", f"{held['license_spdx']}, since takedowns {held['takedowns']}"


def _evidence(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    told = [(row["location"], f"{row['license_spdx']}, {row['scope']}, confidence {number(row['confidence'])}: "
             f"{row['raw_value'][:200]}") for row in rows[:_MOST]]
    more = [f"  and {len(rows) - _MOST:,} more observations: --json"] if len(rows) > _MOST else []
    return [*pairs(told), *more]


def _copies(found: Mapping[str, Any]) -> Iterator[str]:
    own = found["duplicates"]
    if own and own["cluster_size"] > 1:
        kept = "this one stays" if own["kept"] else f"{own['cluster_id']} stays"
        yield f"  cluster of {own['cluster_size']:,}: {kept}"
        for row in own["others"][:_MOST]:
            alike = "" if row["similarity"] is None else f" {row['similarity']:.3f}"
            what = "stays" if row["kept"] else f"{row['kind']}{alike}"
            yield f"  {row['doc_id']}  {on_one_line(row['snapshot'])}  {what}  {row['license_spdx']}"[:WIDTH]
        if (more := own["cluster_size"] - 1 - min(len(own["others"]), _MOST)) > 0:
            yield f"  and {more:,} more"
    for row in found["redundant"]:
        yield f"  {row['kind']} {number(row['similarity'])} of {row['matched_doc_id']}"
    for row in found["contamination"]:
        yield (f"  evaluation item {on_one_line(row['item_id'])} of {row['evaluation_set']}, {row['method']}, overlap "
               f"{number(row['overlap'])}: {row['decision']}")
    if count := len(found["repeated_passages"]):
        yield f"  {many(count, 'passage')} that others have, too: --json"


def _scores(scores: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for entry, row in scores.items():
        for column, value in row.items():
            if column != "model":
                yield (column if column == entry else f"{entry}.{column}"), number(value)
