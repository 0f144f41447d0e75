"""`data-platform audit`: what a mixture holds, under which licences, on which evidence; exit status 1 if not proven."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from data_platform.cli.common import JSON, RECIPE, columns, first_of, out, workspace_of, write_file
from data_platform.core.errors import many

_NAMED = 20
"""Rows that are named per finding; JSON names all."""


def share(context: click.Context, parameter: click.Parameter, value: str) -> int | None:
    """How many of something are looked at: None for all of them."""
    if value in ("all", "none"):
        return None if value == "all" else 0
    if not value.isdecimal():
        raise click.BadParameter(f"{value!r} is not all, none or a number", context, parameter)
    return int(value)


@click.command()
@click.argument("mixture")
@click.option("--version", type=int, default=None, help="Version of the mixture. Default: the latest.")
@click.option("--as-of", type=int, default=None, metavar="VERSION",
              help="Audit this version as what it was, held to the tiers that it was made with. What differs today is "
                   "told.")
@click.option("--html", "page", type=click.Path(dir_okay=False, path_type=Path), default=None,
              help="File to write the audit to as one page of HTML.")
@click.option("--files", "files", default="all", show_default=True, metavar="all|N|none", callback=share,
              help="Of how many data files, drawn by chance, the bytes are compared with what was committed.")
@click.option("--records", "records", default="300", show_default=True, metavar="all|N|none", callback=share,
              help="Of how many records, drawn by chance, payload, text and evidence are made anew and compared.")
@click.option("--head", default=None, metavar="HEX|FILE",
              help="Head of the chain of commits, or audit in JSON, that was kept elsewhere: is it of this history?")
@click.option("--top", default=10, show_default=True, help="How many values to list for each kind.")
@RECIPE
@JSON
def audit(
    mixture: str, version: int | None, as_of: int | None, page: Path | None, files: int | None, records: int | None,
    head: str | None, top: int, recipe_path: str | None, as_json: bool,
) -> None:
    """Prove of every row of MIXTURE where it came from and under which licence, and say what is in it.

    Asked is the recipe as it is today: its tiers, classes, resolver, sources and rulings. The exit status is 1 if a
    chain is broken, a licence is not what its evidence says, a row is above the tiers that the recipe admits, the
    recipe states other licences now than when the mixture was made, or does not have it, or a table on the way is not
    what the platform wrote.
    """
    from data_platform.pipeline.today import audit_of_today
    from data_platform.proof.look import Look
    from data_platform.proof.page import audit_page

    if version is not None and as_of is not None:
        raise click.UsageError("give --version to hold a version to the recipe of today, or --as-of to what it was")
    look = Look(files=files, records=records, head=head)
    report = audit_of_today(workspace_of(mixture, recipe_path), mixture, version, as_of, look)
    if page:
        write_file(page, audit_page(report))
    if as_json:
        print(json.dumps(report))  # of a large mixture, layout would take longer than the rest
    else:
        _print(report, top)
        if page:
            out.print(f"the page is in {page}")
    if not report["proven"]:
        raise click.ClickException(f"{mixture} is not proven: {first_of(report['reasons'])}")


def _print(report: Mapping[str, Any], top: int) -> None:
    mixture, chain = report["mixture"], report["chain"]
    out.print(f"[bold]{mixture['table']}[/bold] version {mixture['version']}: {many(mixture['rows'], 'document')}, "
              f"{many(mixture['tokens'], 'token')}, lake {mixture['lake']}")
    grid = columns(("tokens by", "value"), ("documents", "tokens", "share"))
    for what, items in report["tokens_by"].items():
        for place, item in enumerate(items[:top]):
            label = f"{item['value']} {item['meaning']}" if "meaning" in item else str(item["value"] or "(none)")
            grid.add_row("" if place else f"[bold]{what}[/bold]", escape(label), f"{item['documents']:,}",
                         f"{item['tokens']:,}", f"{item['tokens'] / (mixture['tokens'] or 1):.1%}")
        if len(items) > top:
            grid.add_row("", f"and {len(items) - top:,} more", "", "", "")
    out.print(grid)
    _print_contested(report, top)
    for source in report["sources"]:
        from data_platform.spdx.uses import use_in_words

        out.print(f"source [bold]{escape(source['source'])}[/bold] is known as {escape(source['known_as'])}: "
                  f"{escape(source['license_spdx'])}, tier {source['license_tier']}, {use_in_words(source['use'])}"
                  f"{_made_from(source)}")
        for flag in source["flags"][:top]:
            out.print(f"  [yellow]{escape(flag)} than traced[/yellow]" if flag.endswith("freer")
                      else f"  [yellow]{escape(flag)}[/yellow]")
    for maker in report["derived"]["makers"]:
        asked = f", models {maker['models']}" if maker["models"] else ""
        out.print(f"made of other texts by [bold]{escape(maker['method'])}[/bold] {maker['version']}{escape(asked)}: "
                  f"{many(maker['documents'], 'document')}, {many(maker['tokens'], 'token')}")
    for model in report["models"]:
        out.print(f"model [bold]{escape(model['model'])}[/bold], {escape(model['role'])}: "
                  f"{many(model['rows'], 'document')}, {escape(model['license'])}; "
                  f"no card says: {escape(', '.join(model['missing'])) or 'nothing is missing'}")
    tables, commits = len(chain["tables"]), len(report["custody"]["foreign_commits"])
    out.print(f"{many(chain['evidence_rows'], 'piece')} of evidence; {many(tables, 'table')} on the way; "
              f"{many(commits, 'commit')} by other programs")
    _print_custody(report)
    _print_today(report["today"])
    if report["proven"]:
        tiers = "all tiers" if report["admitted_tiers"] is None else f"tiers {report['admitted_tiers']}"
        use = f", all allow {escape(report['made_for'])}" if report["made_for"] else ""
        out.print(f"[green]proven: all {chain['rows']:,} rows have a chain to record and evidence, no licence is freer "
                  f"than its evidence, none is above {escape(str(tiers))}{use}[/green]")
    else:
        _print_findings(report)


def _print_today(today: Mapping[str, Any]) -> None:
    """What was asked, and what differs."""
    if today["as_of"] is None:
        asked = f"asked of recipe {today['recipe']} as it is today"
    else:
        asked = f"asked as of version {today['as_of']}, not of recipe {today['recipe']} as it is today"
    tiers = "no such mixture" if today["license_classes"] is None else f"tiers {today['tiers'] or 'all'}"
    classes = f", classes {', '.join(today['license_classes'])}" if today["license_classes"] else ""
    out.print(f"{escape(asked)}: {escape(tiers)}{escape(classes)}, {today['resolver']}")
    for difference in today["differences"]:
        out.print(f"[yellow]stale: {escape(difference['what'])}[/yellow]")


def _made_from(source: Mapping[str, Any]) -> str:
    parents = [link for link in source["chain"] if link["depth"]]
    named = ", ".join(f"{link['name']} ({link['license_spdx']})" for link in parents[:_NAMED])
    more = f" and {len(parents) - _NAMED:,} more" if len(parents) > _NAMED else ""
    return f"; made from {escape(named)}{more}" if parents else ""


def _print_contested(report: Mapping[str, Any], top: int) -> None:
    contested, opted = report["contested"], report["opt_outs"]
    by = "the strictest licence" if contested["admitted_by"] == "strictest" else "the licence that they claim"
    out.print(f"contested: {many(contested['documents'], 'document')}, {many(contested['tokens'], 'token')} by {by}; "
              f"{many(contested['rejected'], 'document')} rejected as contested")
    if copies := contested["copies"]:
        shown = ", ".join(f"{escape(item['license'])} {item['documents']:,}" for item in copies[:top])
        more = f", and {len(copies) - top:,} more licences" if len(copies) > top else ""
        out.print(f"copies that were dropped: {many(sum(item['documents'] for item in copies), 'document')} "
                  f"({shown}{more})")
    contested = report["contradictions"]
    out.print(f"evidence that does not agree: {many(contested['documents'], 'document')}, "
              f"{many(contested['tokens'], 'token')}")
    grid = columns(("  decided", "stated"), ("documents", "tokens"))
    for group in contested["groups"][:top]:
        grid.add_row(f"  {escape(str(group['license']))}", escape(" | ".join(group["stated"])),
                     f"{group['documents']:,}", f"{group['tokens']:,}")
    if contested["groups"]:
        out.print(grid)
    where = ", ".join(f"{item['location']} {item['documents']:,}" for item in opted["by_location"][:top])
    out.print(f"opted out: {many(opted['documents_met'], 'document')} met on the way{f' ({where})' if where else ''}, "
              f"{opted['in_mixture']:,} in the mixture, {opted['parents']:,} parents of its texts")


def _print_findings(report: Mapping[str, Any]) -> None:
    from data_platform.proof.audit import named_rows

    chain = report["chain"]
    broken = chain["rows"] - chain["complete"]
    out.print(f"[red]not proven: {many(broken, 'row')} of {chain['rows']:,}[/red]")
    for reason in report["today"]["against"]:
        out.print(f"[red]not what the recipe {report['today']['recipe']} makes today: {escape(reason)}[/red]")
    for reasons, doc_ids in named_rows(chain["findings"]):
        for reason in reasons:
            out.print(f"[red]{escape(reason)}[/red] ({many(len(doc_ids), 'row')})")
        for doc_id in doc_ids[:_NAMED]:
            out.print(f"  {escape(str(doc_id))}")
        if len(doc_ids) > _NAMED:
            out.print(f"  and {len(doc_ids) - _NAMED:,} more; --json names them")
    for breach in report["custody"]["breaches"]:
        out.print(f"[red]{escape(breach)}[/red]")
    for way_out in report["custody"]["ways_out"].values():
        out.print(escape(way_out))


def _print_custody(report: Mapping[str, Any]) -> None:
    """What was read of files and records, what cannot be known of old ones, and the head."""
    custody = report["custody"]
    files = custody["files"]
    if files["read"] == files["total"]:
        out.print(f"files: all {files['total']:,} read, byte for byte")
    elif files["read"]:
        out.print(f"files: {files['read']:,} of {files['total']:,} read; if one in a hundred were altered, none of "
                  f"them would be among these with a probability of {files['escapes']:.2g}")
    else:
        out.print(f"files: {files['total']:,}, of their size; none was read")
    made = report["records"]
    if made["read"]:
        chance = "" if made["read"] == made["total"] else (
            f"; if one in a hundred were altered, none of them would be among these with a probability of "
            f"{made['escapes']:.2g}")
        out.print(f"records: {made['read']:,} of {made['total']:,} made anew, evidence of {made['evidence']:,}{chance}")
    for why in made["unasked"]:
        out.print(f"evidence not detected again, {escape(why)}")
    if files["undigested"]:
        out.print(f"{many(files['undigested'], 'file')} by code that said no digests: only their rows are compared")
    for what in custody["elsewhere"]:
        out.print(f"[yellow]not on the way to this mixture: {escape(what)}[/yellow]")
    for stray in custody["strays"]:
        out.print(f"{escape(stray['table'])}: {many(len(stray['files']), 'file')} that no version names, such as a "
                  f"killed run leaves; nobody reads them")
    for removed in custody["set_aside"]:
        out.print(f"{escape(removed['table'])} was removed or set aside by the platform on "
                  f"{removed['removed_at'][:10]}")
    kept = custody["kept_elsewhere"]
    if kept and kept["beginning"]:
        at = f", as it was on {kept['at'][:19]} UTC" if kept["at"] else ""
        out.print(f"[green]the head kept elsewhere stands for the beginning of this history{at}[/green]")
    for what in kept["differs"] if kept else ():
        out.print(f"[red]the history kept elsewhere is not the beginning of this one: {escape(what)}[/red]")
    out.print(f"head of the lake: {custody['head']}")
