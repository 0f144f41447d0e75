"""`data-platform migrate`: what Dagster recorded before recipes had names of their own, carried over to them."""

from __future__ import annotations

import click

from data_platform.cli.common import out


@click.command()
def migrate() -> None:
    """Carry over what Dagster recorded before recipes were apart; `run` and `ui` do it by themselves."""
    from data_platform.definitions import carry_over

    for line in carry_over() or ["nothing to carry over"]:
        out.print(line)
