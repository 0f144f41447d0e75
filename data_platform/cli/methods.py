"""`data-platform methods`: what there is to name in a recipe, read off the declarations of methods."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import click
from rich.markup import escape

from data_platform.cli.common import JSON, out
from data_platform.cli.grid import Grid
from data_platform.core import registry
from data_platform.core.columns import Column
from data_platform.core.errors import PlainError, no_such
from data_platform.core.kinds.method import Method
from data_platform.core.kinds.rule_set import RuleSet


class UnknownKind(PlainError, LookupError):
    """A kind of method that does not exist. The message says which there are."""


@click.command()
@click.argument("kind", required=False)
@click.argument("name", required=False)
@JSON
def methods(kind: str | None, name: str | None, as_json: bool) -> None:
    """Show the methods that recipes can name: all, those of a KIND, or the one called NAME in full.

    Those of installed distributions are among them.
    """
    wanted = [_kind(kind)] if kind else list(registry.kinds().values())
    if name:
        found = _described(registry.method(wanted[0], name))
        if as_json:
            print(json.dumps(found, indent=2))
        else:
            _print_method(found)
        return
    told = [_kind_described(one) for one in wanted]
    if as_json:
        print(json.dumps(told, indent=2))
        return
    for one in told:
        _print_kind(one, in_full=bool(kind))


def _kind(named: str) -> type[Method]:
    """A kind by its name, by the section of recipes that names its methods, or by the folder that they lie in."""
    plain = named.replace("_", " ").replace("-", " ")
    for known, kind in registry.kinds().items():
        if plain == known or named in (kind.kind.section, kind.kind.folder):
            return kind
    raise UnknownKind(no_such("kind of method", named, registry.kinds()))


def _kind_described(kind: type[Method]) -> dict[str, Any]:
    fixed = kind.kind
    return {
        "kind": fixed.name, "section": fixed.section, "rows": fixed.rows, "partitioned": fixed.partitioned,
        "phase": fixed.phase, "licence": fixed.licence, "takedown": fixed.takedown,
        "methods": [
            {"name": name, "summary": _summary(method), "module": method.__module__}
            for name, method in registry.methods(kind).items()
        ],
    }


def _described(method: type[Method]) -> dict[str, Any]:
    schema = method.Settings.model_json_schema()
    return {
        "kind": method.kind.name, "section": method.kind.section, "name": method.name, "module": method.__module__,
        "version": method.version, "paper": inspect.cleandoc(method.__doc__ or ""),
        "settings": [
            {"name": name, "type": _type(field, schema), "description": field.get("description", ""),
             "required": name in schema.get("required", ()), "default": field.get("default")}
            for name, field in schema.get("properties", {}).items()
        ],
        "columns": [
            {"name": column.name, "type": str(column.type), "bounds": _bounds(column),
             "description": column.description}
            for column in method.gives
        ],
        "thresholds": _thresholds(method),
    }


def _summary(method: type[Method]) -> str:
    """The first sentence of its docstring, without the papers in brackets."""
    text = " ".join(inspect.cleandoc(method.__doc__ or "").split("\n\n")[0].split())
    return re.split(r"(?<=\.)\s+(?=[A-Z])", re.sub(r"\s\([^()]*\b(?:19|20)\d\d\b[^()]*\)", "", text))[0]


def _thresholds(method: type[Method]) -> dict[str, dict[str, float | None]]:
    """Of a rule set: the names that recipes call it by, with the thresholds of each; null where they are learned."""
    if not issubclass(method, RuleSet):
        return {}
    return {f"{method.name}@{dialect.name}": method.rules(f"{method.name}@{dialect.name}").thresholds
            for dialect in method.dialects}


def _type(field: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """The type of a setting in words, with its bounds."""
    if "$ref" in field:
        return _type(schema["$defs"][field["$ref"].rpartition("/")[2]], schema)
    if "anyOf" in field:
        return " or ".join(_type(one, schema) for one in field["anyOf"])
    if "enum" in field:
        return ", ".join(map(str, field["enum"]))
    if "const" in field:
        return str(field["const"])
    limits = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    return " ".join([
        field.get("type", "any"), *(f"{sign} {field[limit]:g}" for limit, sign in limits.items() if limit in field)
    ])


def _bounds(column: Column) -> str:
    if column.one_of:
        return ", ".join(column.one_of)
    return " to ".join("" if bound is None else f"{bound:g}" for bound in (column.minimum, column.maximum)).strip()


# -- printing ---------------------------------------------------------------------------------------------------------


def _print_kind(kind: Mapping[str, Any], in_full: bool) -> None:
    out.print(f"[bold]{kind['kind']}[/bold]: {escape(kind['section'])}")
    if in_full:
        for fixed in ("rows", "phase", "licence", "takedown"):
            out.print(f"  {fixed}: {escape(kind[fixed])}")
    _print_grid(((one["name"], one["summary"]) for one in kind["methods"]), ("", ""), indent=2)
    if not kind["methods"]:
        out.print("  none is installed")
    out.print()


def _print_method(method: Mapping[str, Any]) -> None:
    out.print(f"[bold]{method['name']}[/bold], {method['kind']} of {method['module']}, for {escape(method['section'])}")
    out.print()
    out.print(escape(method["paper"]))
    if method["settings"]:
        out.print()
        _print_grid(
            ((one["name"], "needed" if one["required"] else json.dumps(one["default"]), one["type"], one["description"])
             for one in method["settings"]), ("setting", "default", "type", ""),
        )
    for name, thresholds in method["thresholds"].items():
        out.print()
        _print_grid(((threshold, _told(value)) for threshold, value in thresholds.items()), (name, "threshold"))
    if method["columns"]:
        out.print()
        _print_grid(((one["name"], one["type"], one["bounds"], one["description"]) for one in method["columns"]),
                    ("column", "type", "bounds", ""))


def _told(value: object) -> str:
    return "learned" if value is None else json.dumps(value)


def _print_grid(rows: Iterable[tuple[str, ...]], header: tuple[str, ...], indent: int = 0) -> None:
    grid = Grid(indent=indent)
    for name in header:
        grid.add_column(name)
    for row in rows:
        grid.add_row(*map(escape, row))
    out.print(grid)
