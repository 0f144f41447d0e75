"""`data-platform trace`: where a row of a mixture comes from, as a tree."""

from __future__ import annotations

import json
from typing import Any

import click
from rich.markup import escape
from rich.tree import Tree

from data_platform.cli.common import JSON, RECIPE, out, workspace_of
from data_platform.core.printing import on_one_line


@click.command()
@click.argument("mixture")
@click.argument("doc_id")
@click.option("--version", type=int, default=None, help="Version of the mixture. Default: the latest.")
@RECIPE
@JSON
def trace(mixture: str, doc_id: str, version: int | None, recipe_path: str | None, as_json: bool) -> None:
    """Print where document DOC_ID of MIXTURE came from, under which licence, on what evidence, through which code.

    The table of a branch is asked by its own name, branch_<name>. In place of DOC_ID stands the id that a row had in
    its own file, or a URL, as well.
    """
    from data_platform.proof.trace import mixture_table_name
    from data_platform.proof.trace import trace as way_back
    from data_platform.reports.identity import doc_id_of

    workspace = workspace_of(mixture, recipe_path)
    doc_id = doc_id_of(workspace.lake, doc_id, within=mixture_table_name(workspace.lake, mixture))
    workspace.lake.repair_lineage()
    answer = way_back(workspace.lake, mixture, doc_id, version)
    if as_json:
        print(json.dumps(answer, indent=2, default=str))
        return
    tree = Tree(f"[bold]{doc_id}[/bold] in {answer['mixture']['table']}")
    for title, branch in answer.items():
        _grow(tree.add(f"[bold]{title}[/bold]"), branch)
    out.print(tree, crop=False, no_wrap=True, overflow="ignore")


def _grow(tree: Tree, value: Any) -> None:
    """Nested plain values as branches, one value per line; what a list holds is numbered."""
    if isinstance(value, dict):
        for key, item in value.items():
            if item and isinstance(item, dict | list) and not isinstance(item, str) and _nested(item):
                _grow(tree.add(key), item)
            else:
                tree.add(f"{key}: {_plain(key, item)}")
    elif isinstance(value, list) and value:
        for item in value:
            _grow(tree.add(_headline(item)), {key: part for key, part in item.items() if key not in _HEADLINE})
    else:
        tree.add("none")


_HEADLINE = ("table", "partition", "version", "location", "scope", "model_id", "kind", "doc_id", "snapshot")


def _nested(item: Any) -> bool:
    return isinstance(item, dict) or any(isinstance(part, dict) for part in item)


def _headline(item: dict[str, Any]) -> str:
    """What tells an entry of a list from the others."""
    return " ".join(f"{key} {item[key]}" for key in _HEADLINE if item.get(key) not in (None, ""))


def _plain(key: str, value: Any) -> str:
    """A value as people read it: long digests are cut to what tells them apart (JSON has them whole)."""
    if key in ("recipe", "git_commit") and isinstance(value, str):
        value = value[:12] + ("+" if value.endswith("+") else "")
    return escape(f"{value:.6g}" if isinstance(value, float) else on_one_line(str(value)))
