"""The `data-platform` command. Each of its commands is a module beside this one."""

from __future__ import annotations

from typing import Any

import click

from data_platform.cli.audit import audit
from data_platform.cli.card import card
from data_platform.cli.check_export import check_export
from data_platform.cli.contamination import contamination
from data_platform.cli.datastore import datastore
from data_platform.cli.duplicates import duplicates
from data_platform.cli.export import export
from data_platform.cli.methods import methods
from data_platform.cli.overlap import overlap
from data_platform.cli.refinement import refinement
from data_platform.cli.repair import repair
from data_platform.cli.report import report
from data_platform.cli.run import run
from data_platform.cli.schema import schema
from data_platform.cli.source import source
from data_platform.cli.status import status
from data_platform.cli.sweep import sweep
from data_platform.cli.takedown import takedown
from data_platform.cli.trace import trace
from data_platform.cli.ui import ui
from data_platform.core.errors import PlainError


class _Commands(click.Group):
    """Turns the errors that people can mend into one line and exit status 1."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except PlainError as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="data-platform")
def main() -> None:
    """From raw web crawls to licensed pretraining mixtures."""


for _command in (
    audit, card, check_export, contamination, datastore, duplicates, export, methods, overlap, refinement, repair,
    report, run, schema, source, status, sweep, takedown, trace, ui,
):
    main.add_command(_command)

if __name__ == "__main__":
    main()
