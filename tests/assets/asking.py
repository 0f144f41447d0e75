"""GraphQL as the webserver answers it, in this process: no server, no daemon."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.test_utils import InProcessTestWorkspaceLoadTarget
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster_graphql.schema import create_schema

Ask = Callable[..., dict[str, Any]]


@contextmanager
def asking(instance: dg.DagsterInstance, location: Path, name: str) -> Iterator[Ask]:
    """A function that asks GraphQL of the code location called `name` that a file at `location` defines."""
    origin = InProcessCodeLocationOrigin(
        LoadableTargetOrigin(python_file=str(location), executable_path="python"), location_name=name
    )
    schema = create_schema()
    sys.modules.pop(location.stem, None)  # Dagster keeps what it has loaded, be the file another by now
    with WorkspaceProcessContext(instance, InProcessTestWorkspaceLoadTarget(origin)) as process:

        def ask(query: str, **variables: Any) -> dict[str, Any]:
            found = asyncio.run(schema.execute_async(
                query, context_value=process.create_request_context(), variable_values=variables
            ))
            if found.errors:
                raise RuntimeError(found.errors[0].message)
            return found.data

        yield ask
