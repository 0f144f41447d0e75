"""`data-platform init`: a first recipe for data that is there."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import click
from rich.markup import escape

from data_platform.cli.common import out, write_file
from data_platform.core.errors import many
from data_platform.lake.place import shown

_RULES = "gopher_quality, fineweb"
_LICENCES = ("free", "share-alike", "known", "all")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default=Path("recipe.yaml"))
@click.option("--data", "paths", multiple=True, metavar="PATH", help="File, folder, glob or URL (https://, s3://) of "
              "the data; may be repeated.")
@click.option("--name", default=None, help="Name of the recipe. Default: that of FILE.")
@click.option("--rules", default=None, metavar="NAMES", help="Rule sets, by commas, or none. "
              f"Default: {_RULES}.")
@click.option("--licences", "--licenses", type=click.Choice(_LICENCES), default=None, help="Which licences the mixture "
              "admits, each with those before it. Default: free.")
@click.option("--license", "spdx", default=None, metavar="SPDX", help="Licence of all of the data, if it has one.")
@click.option("--basis", default=None, metavar="WHY", help="Where that is stated: a URL or a sentence.")
@click.option("--text-field", default=None, help="Field of rows that holds their text. Default: found by looking.")
@click.option("--domain", default="web", show_default=True, help="Domain of the data, by which mixtures weight.")
@click.option("--tokens", type=click.IntRange(min=1), default=10**9, show_default=True, help="Tokens of the mixture.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def init(
    file: Path, paths: tuple[str, ...], name: str | None, rules: str | None, licences: str | None, spdx: str | None,
    basis: str | None, text_field: str | None, domain: str, tokens: int, force: bool,
) -> None:
    """Write a commented recipe to FILE (recipe.yaml) that reads your data, filters it and mixes it.

    On a terminal, what is not given is asked for. What the data is, archives of a crawl or rows or files, and what rows
    call their text, URL and licence, is found by looking at a few.
    """
    from data_platform.core import registry
    from data_platform.core.kinds.rule_set import RuleSet
    from data_platform.filtering.rules import rule_set_methods
    from data_platform.run.first_recipe import LICENCES, look_at, recipe_text
    from data_platform.run.recipe import load_recipe

    asking = sys.stdin.isatty() and sys.stdout.isatty()
    if file.exists() and not force:
        raise click.ClickException(f"{file} is there already; give another name, or --force to write over it")
    if bool(spdx) != bool(basis):
        raise click.UsageError("--license and --basis belong together: which licence, and where that is stated")
    if not paths:
        if not asking:
            raise click.UsageError("where is the data? data-platform init --data PATH")
        paths = (click.prompt("Where is the data (file, folder, glob or URL)"),)
    paths = tuple(path if "://" in path else os.path.abspath(os.path.expanduser(path)) for path in paths)
    data = look_at(paths, text_field)
    what = "archives of a crawl" if data.kind == "crawl" else "rows" if data.fields else "files of text or code"
    out.print(f"{what}: {many(data.files, 'file')}, {data.bytes / 1e6:,.1f} MB")
    if data.fields:
        out.print(f"text in field {escape(str(data.text_field))}, URL in {escape(str(data.url_field or 'none'))}, "
                  f"licence in {escape(str(data.license_field or 'none'))}")
    if rules is None:
        known = ", ".join(sorted(registry.methods(RuleSet)))
        rules = click.prompt(f"Rule sets, by commas, or none (there are {known})", default=_RULES) if asking else _RULES
    chosen = [one for one in re.split(r"[\s,]+", rules) if one and one != "none"]
    rule_set_methods(*chosen)
    if asking and not spdx and data.kind == "files" and not data.license_field:
        spdx = click.prompt("One licence of all of it (SPDX, as CC-BY-4.0), or nothing", default="",
                            show_default=False) or None
        basis = click.prompt("Where is that stated (a URL or a sentence)") if spdx else None
    if licences is None and asking:
        for word, (_, meaning) in LICENCES.items():
            out.print(f"  {word}: {meaning}")
        licences = click.prompt("Licences that the mixture admits", type=click.Choice(_LICENCES), default="free")
    licences = licences or "free"
    name = name or re.sub(r"[^A-Za-z0-9._-]+", "-", file.stem).strip("-._") or "mine"
    draft = file.with_name(f".{file.name}.draft")  # what is there stays if this turns out to be no recipe
    write_file(draft, recipe_text(name, data, chosen, licences, tokens=tokens, domain=domain,
                                  claim=(spdx, basis) if spdx and basis else None))
    try:
        load_recipe(str(draft))
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    if data.kind == "files" and not (data.license_field or spdx) and licences != "all":
        out.print("[yellow]nothing states a licence of these rows, and the mixture will admit none of them: if you "
                  "know it, give --license and --basis; --licences all takes what has none[/yellow]")
    out.print(f"wrote {escape(shown(str(file)))}; next: data-platform plan {escape(shown(str(file)))}, then "
              f"data-platform run {escape(shown(str(file)))}")
