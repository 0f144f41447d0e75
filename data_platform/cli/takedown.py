"""`data-platform takedown`: what is to be removed, its removal, and the proof that it is gone."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from data_platform.cli.common import JSON, KEY, RECIPE, columns, out, workspaces_of
from data_platform.core.errors import faults_of, many
from data_platform.core.settings import home
from data_platform.run.workspace import Workspace

_SHOWN = 20


@click.command()
@click.option("--url", "urls", multiple=True, help="Every capture of this URL, however it is spelt.")
@click.option("--host", "hosts", multiple=True, help="Everything of this host and the hosts below it.")
@click.option("--doc", "documents", multiple=True, help="The document or record with this id.")
@click.option("--source", "sources", multiple=True, help="Everything of this source of the recipe.")
@click.option("--license", "licenses", multiple=True,
              help="What is under this licence now. It does not keep out what will come under it: tiers do.")
@click.option("--text-hash", "text_hashes", multiple=True,
              help="Texts by documents.text_hash (32 digits), or payloads by SHA-256 (64 digits).")
@click.option("--returned", is_flag=True,
              help="Records that came back and were known again by their extracted text alone.")
@click.option("--keep-near-copies", is_flag=True, help="List near-copies and leave them. Default: they go, too.")
@click.option("--reason", default=None, help="Why. Needed to execute; it is shown to whoever asks for a document.")
@click.option("--by", "requested_by", default=None, help="Who asks for it. Needed to execute.")
@click.option("--execute", "carry_out", is_flag=True, help="Do it. Default: show the plan and do nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before it is done.")
@click.option("--exports", type=click.Choice(["report", "rewrite", "delete"]), default="report", show_default=True,
              help="What becomes of exports that are where they were written.")
@click.option("--resume", "resumed", default=None, metavar="ID",
              help="Finish a takedown that was killed; of one that is done, mend what is left, such as exports.")
@click.option("--verify", "verified", default=None, metavar="RECEIPT",
              help="Search again: the id of a takedown, or a receipt as JSON file.")
@click.option("--list", "listed", is_flag=True, help="List the takedowns and where they stand.")
@click.option("--receipt", "receipt_path", type=click.Path(dir_okay=False, path_type=Path), default=None,
              help="Write the receipt to this file, too. Default: takedowns/<id>.json in the platform's home.")
@KEY
@RECIPE
@JSON
def takedown(
    urls: tuple[str, ...], hosts: tuple[str, ...], documents: tuple[str, ...], sources: tuple[str, ...],
    licenses: tuple[str, ...], text_hashes: tuple[str, ...], returned: bool, keep_near_copies: bool,
    reason: str | None, requested_by: str | None, carry_out: bool, yes: bool, exports: str, resumed: str | None,
    verified: str | None, listed: bool, receipt_path: Path | None, key_path: Path | None, recipe_path: str | None,
    as_json: bool,
) -> None:
    """Show what would be taken down, or take it down from every table, version and log, and prove that it is gone.

    Without --execute nothing is changed. What was taken down stays out of later crawls. Exports that are rewritten are
    signed again if --key is given.
    """
    from data_platform.takedown.execute import Order
    from data_platform.takedown.execute import returned as came_back
    from data_platform.takedown.plan import Selectors

    workspaces = workspaces_of(recipe_path, complete=True)
    if listed:
        _print_list(workspaces, as_json)
        return
    if verified:
        _verify(workspaces, verified, receipt_path, as_json)
        return
    if resumed:
        _resume(workspaces, resumed, exports, receipt_path, as_json, key_path)
        return
    if returned:
        documents += tuple(id_ for workspace in workspaces for id_ in came_back(workspace.lake))
        if not documents:
            out.print("no record has come back whose payload is still there")
            return
    documents = tuple(doc_id for asked in documents for doc_id in _meant(workspaces, asked))
    selectors = Selectors.of(
        urls=urls, hosts=hosts, documents=documents, sources=sources, licenses=licenses, text_hashes=text_hashes
    )
    if carry_out and not (reason and requested_by):
        raise click.ClickException("a takedown is recorded with who asked and why: give --by and --reason")
    order = Order(selectors, reason or "", requested_by or "", not keep_near_copies)
    plans = [(workspace, _plan(workspace, order)) for workspace in workspaces]
    if not (urls or hosts or text_hashes or any(plan["documents"] for _, plan in plans)
            or any(_unfinished(workspace, order) for workspace in workspaces)):
        if carry_out and (done := [id_ for workspace in workspaces for id_ in _carried_out(workspace, order)]):
            # Killed between its last step and its end, or given twice.
            out.print(f"carried out already, as takedown {', '.join(done)}: nothing of it is left to take down")
            return
        # Addresses and hashes may be kept out before they come; of what has no row, nothing can be kept out.
        raise click.ClickException(_nothing_is(workspaces, documents, sources, licenses))
    if as_json and not carry_out:
        print(json.dumps([plan for _, plan in plans], indent=2))
        return
    for workspace, plan in plans:
        if not as_json:
            _print_plan(workspace, plan)
    if not carry_out:
        out.print("nothing was changed; add --execute, --by and --reason to take it down")
        return
    if not yes:
        click.confirm("Rows and old versions cannot be brought back. Take this down?", abort=True, err=True)
    receipts = []
    for workspace, plan in plans:
        standing = urls or hosts or sources or text_hashes
        if len(plans) > 1 and not (plan["files"] or standing or _unfinished(workspace, order)):
            continue
        receipts.append(_execute(workspace, order, exports, as_json, key_path))
    _hand_out(receipts, receipt_path, as_json)


def _nothing_is(
    workspaces: list[Workspace], documents: tuple[str, ...], sources: tuple[str, ...], licenses: tuple[str, ...]
) -> str:
    named = [f"document {id_}" for id_ in documents] + [f"source {name!r}" for name in sources]
    named += [f"licence {name}" for name in licenses]
    known = sorted({source.name for workspace in workspaces for source in workspace.recipe.sources})
    there = f"; sources: {', '.join(known)}" if sources else ""
    return f"no lake has anything of {', '.join(named)}, or has it no more{there}"


def _places(workspace: Workspace, key_path: Path | None = None) -> Any:
    from functools import partial

    from data_platform.definitions import dagster_home
    from data_platform.publish.accompany import accompany_again
    from data_platform.publish.signing import load_private_key
    from data_platform.takedown.execute import Places

    elsewhere = {
        "DAGSTER_POSTGRES_URL": "Dagster's runs and events: they are in Postgres",
        "DAGSTER_S3_LOG_BUCKET": "what steps printed: it is in a bucket",
    }
    unsearched = [words for variable, words in elsewhere.items() if os.environ.get(variable)]
    if "://" in workspace.lake.uri:
        unsearched.append("old versions of objects, if the bucket of the lake keeps any")
    key = load_private_key(key_path) if key_path else None
    accompany = partial(accompany_again, workspace.lake, key=key)
    return Places((home() / "exports",), dagster_home(), tuple(unsearched), accompany)


def _plan(workspace: Workspace, order: Any) -> dict[str, Any]:
    from data_platform.takedown.execute import plan_takedown

    return plan_takedown(workspace.lake, order, _places(workspace))[0]


def _unfinished(workspace: Workspace, order: Any) -> bool:
    from data_platform.takedown.execute import unfinished

    return any(row["takedown_id"].startswith(order.name) for row in unfinished(workspace.lake))


def _carried_out(workspace: Workspace, order: Any) -> list[str]:
    from data_platform.takedown.execute import takedowns

    return [row["takedown_id"] for row in takedowns(workspace.lake) if row["takedown_id"].startswith(order.name)]


def _nobody_else() -> None:
    """Refuse while a run is at work: it would write what it has read before."""
    from data_platform.definitions import runs_at_work

    if running := runs_at_work():
        raise click.ClickException(
            f"{many(len(running), 'run')} at work: {', '.join(running[:3])}; wait for the end, or end them, then repeat"
        )


def _flow(workspace: Workspace) -> list[str]:
    from data_platform.pipeline.flow import stages

    return list(stages(workspace.recipe))


def _execute(
    workspace: Workspace, order: Any, exports: str, as_json: bool, key_path: Path | None
) -> dict[str, Any]:
    from data_platform.definitions import observe_takedowns
    from data_platform.takedown.execute import execute

    _nobody_else()
    places = _places(workspace, key_path)
    made = execute(workspace.lake, order, places, _flow(workspace), exports, _teller(as_json))
    observe_takedowns(workspace)
    return made


def _teller(as_json: bool) -> Any:
    return (lambda step: None) if as_json else (lambda step: out.print(f"  {step}"))


def _resume(
    workspaces: Iterable[Workspace], takedown_id: str, exports: str, receipt_path: Path | None, as_json: bool,
    key_path: Path | None,
) -> None:
    from data_platform.definitions import observe_takedowns
    from data_platform.takedown.execute import resume, takedowns

    for workspace in workspaces:
        for row in takedowns(workspace.lake):
            if row["takedown_id"] == takedown_id:
                _nobody_else()
                places = _places(workspace, key_path)
                made = resume(workspace.lake, row, places, _flow(workspace), exports, _teller(as_json))
                observe_takedowns(workspace)
                _hand_out([made], receipt_path, as_json)
                return
    raise click.ClickException(f"no takedown {takedown_id!r}; see --list")


def _verify(workspaces: list[Workspace], which: str, receipt_path: Path | None, as_json: bool) -> None:
    from data_platform.takedown.execute import takedowns
    from data_platform.takedown.receipt import stored_receipt, verify

    path = Path(which)
    stated = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    takedown_id = stated["takedown_id"] if stated else which
    having = [w for w in workspaces if any(row["takedown_id"] == takedown_id for row in takedowns(w.lake))]
    if not having:
        raise click.ClickException(f"no takedown {takedown_id!r} in any lake of the recipes; see --list")
    made = verify(having[0].lake, stated or stored_receipt(having[0].lake, takedown_id), _places(having[0]))
    _hand_out([made], receipt_path, as_json, keep=False)


def _hand_out(receipts: list[dict[str, Any]], path: Path | None, as_json: bool, keep: bool = True) -> None:
    """Print receipts and write them to files; exit status 1 if anything was found."""
    for made in receipts:
        target = path or (home() / "takedowns" / f"{made['takedown_id']}.json" if keep else None)
        if target is not None:
            with faults_of(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
        if not as_json:
            _print_receipt(made, target)
    if as_json:
        print(json.dumps(receipts, indent=2))
    if not all(made["absent"] for made in receipts):
        raise click.ClickException("not all of it is gone: see what was found")


def _print_plan(workspace: Workspace, plan: dict[str, Any]) -> None:
    out.print(f"recipe [bold]{workspace.recipe.name}[/bold], lake {workspace.lake.uri}")
    why: dict[str, int] = {}
    for document in plan["documents"]:
        why[document["why"]] = why.get(document["why"], 0) + 1
    reasons = ", ".join(f"{name} {count:,}" for name, count in sorted(why.items()))
    out.print(f"{many(len(plan['documents']), 'document')}" + (f" ({reasons})" if reasons else ""))
    copies = [document for document in plan["documents"] if document["why"] in ("near_copy", "containment", "holds")]
    for copy in [*copies, *plan["near_copies_that_stay"]][:_SHOWN]:
        stays = "" if copy in copies else ", stays"
        out.print(f"  {copy['id']} {copy['why']} of {copy['copy_of']} at {copy['similarity']:.2f}{stays}")
    if plan["documents_that_share_passages"]:
        sharing = many(plan["documents_that_share_passages"], "other document")
        out.print(f"  {sharing} with passages in common: they stay")
    grid = columns(("table", "partition"), ("rows", "in old versions", "in leftovers", "files", "versions"))
    for row in plan["tables"]:
        grid.add_row(
            row["table"], row["partition"], f"{row['rows']:,}", f"{row['rows_in_old_versions']:,}",
            f"{row['rows_in_leftovers']:,}", f"{row['files']:,}", _ranges(row["versions"]),
        )
    out.print(grid)
    for mixture in plan["mixtures"]:
        out.print(f"{mixture['mixture']} version {mixture['version']}: {many(mixture['rows'], 'row')}")
    for export in plan["exports"]:
        rows = "rows unknown" if export["rows"] is None else many(export["rows"], "row")
        there = "" if export["there"] else ", not there any more"
        out.print(f"export of {export['mixture']} version {export['version']} in {export['path']}: {rows}{there}")
    if plan["exports"]:
        out.print("  copies of exports elsewhere are out of reach: who has them must be told")
    for name, rows in plan["labels"].items():
        out.print(f"{name}: {many(rows, 'text')}; the models trained on it go: {', '.join(plan['models'])}")
    for archive in plan["archives_out_of_reach"][:_SHOWN]:
        out.print(f"archive {archive['archive']}: {many(archive['records'], 'record')}; archives are left as they are")
    if (more := len(plan["archives_out_of_reach"]) - _SHOWN) > 0:
        out.print(f"and {more:,} more archives")


def _ranges(versions: list[int]) -> str:
    """1, 2, 3, 7 as 1-3, 7."""
    parts: list[list[int]] = []
    for version in versions:
        if parts and version == parts[-1][-1] + 1:
            parts[-1][1:] = [version]
        else:
            parts.append([version])
    return ", ".join("-".join(map(str, part)) for part in parts) or "none"


def _print_receipt(made: dict[str, Any], target: Path | None) -> None:
    verdict = "[green]absent[/green]" if made["absent"] else "[red]found[/red]"
    wanted = made["searched_for"]
    probes = sum(len(some) for some in wanted["probes"].values())
    out.print(f"[bold]{made['takedown_id']}[/bold] {made['occasion']} {made['made_at']}: {verdict}")
    out.print(f"  searched for {many(len(wanted['ids']), 'id')}, {len(wanted['hashes']):,} hashes of texts "
              f"and payloads, {many(probes, 'probe')} of 64 bytes")
    lake, logs = made["searched"]["lake"], made["searched"]["logs"]
    files, size = (sum(folder[what] for folder in lake.values()) for what in ("files", "bytes"))
    out.print(f"  in {many(files, 'file')} of {many(len(lake), 'folder')} of the lake ({size / 1e6:,.1f} MB), "
              f"{many(made['searched']['exports']['exports'], 'export')}, {many(logs['files'], 'file')} of Dagster")
    if made["texts_without_probes"]:
        alone = many(made["texts_without_probes"], "text")
        out.print(f"  {alone} without a piece that is its own: searched for by hash alone")
    for words in made["not_searched"]:
        out.print(f"  not searched: {words}")
    for found in made["found"][:_SHOWN]:
        out.print(f"  [red]{found['what']} in {found['place']}: {many(found['rows'], 'row')}[/red]")
    if made["named"]:
        out.print(f"  ids are named, without any text, in {many(len(made['named']), 'file')} of logs")
    for export in made["exports"]:
        note = f" ({export['note']})" if export.get("note") else ""
        out.print(f"  export {export['path']}: {export['done']}{note}")
    gone = {name: versions for name, versions in made["versions_that_cannot_be_read"].items() if versions}
    if gone:
        out.print(f"  old versions of {many(len(gone), 'table')} cannot be read any more; "
                  f"{len(made['files_deleted']):,} files deleted, {len(made['files_written']):,} written")
    for left in made.get("remains_elsewhere", ())[:_SHOWN]:
        out.print(f"  may remain: {left['where']}: {left['what']}; {left['todo']}")
    if (more := len(made.get("remains_elsewhere", ())) - _SHOWN) > 0:
        out.print(f"  and {more:,} more places where something may remain: see the receipt")
    out.print(f"  digest {made['sha256']}" + (f", written to {target}" if target else ""))


def _meant(workspaces: list[Workspace], asked: str) -> list[str]:
    """The doc_ids that `asked` means, in every snapshot: it may be the id that a row had in its own file. Itself if no
    row is called so."""
    from data_platform.reports.identity import find

    found = [one.doc_id for workspace in workspaces for one in find(workspace.lake, asked)]
    return list(dict.fromkeys(found)) or [asked]


def _print_list(workspaces: Iterable[Workspace], as_json: bool) -> None:
    from data_platform.takedown.execute import takedowns

    rows = [
        {"recipe": workspace.recipe.name, **{key: value for key, value in row.items() if key != "plan"}}
        for workspace in workspaces for row in takedowns(workspace.lake)
    ]
    if as_json:
        print(json.dumps(rows, indent=2, default=str))
        return
    grid = columns(("takedown", "recipe", "state", "since", "by", "reason"), ("documents",))
    for row in rows:
        grid.add_row(row["takedown_id"], row["recipe"], row["state"], f"{row['reported_at']:%Y-%m-%d %H:%M}",
                     row["requested_by"], row["reason"], f"{row['documents']:,}")
    out.print(grid)
