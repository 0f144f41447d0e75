"""The `data-platform` command. Each of its commands is a module beside this one, imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from data_platform.cli.stopped import ended_by_signals
from data_platform.core.errors import PlainError, describe

COMMANDS = (
    "audit", "card", "check-export", "contamination", "datastore", "diff", "duplicates", "export", "init", "lab",
    "methods", "migrate", "overlap", "plan", "refinement", "rejected", "repair", "report", "run", "schema", "show",
    "source", "status", "sweep", "takedown", "trace", "ui", "vacuum", "verify",
)
"""Names of the commands, each that of the module and of the function that make it."""


class _Commands(click.Group):
    """Finds commands by their names, turns the errors that people can mend into one line and exit status 1, and ends
    when a signal says so."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        return getattr(import_module(f"data_platform.cli.{name}"), name)

    def invoke(self, ctx: click.Context) -> Any:
        with ended_by_signals():
            try:
                return super().invoke(ctx)
            except BrokenPipeError:  # whoever reads has seen enough; click ends quietly
                raise
            except (PlainError, OSError) as error:
                raise click.ClickException(describe(error)) from None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="data-platform")
def main() -> None:
    """From raw web crawls to licensed pretraining mixtures."""


if __name__ == "__main__":
    main()
