"""Why a step failed, in one line, of what Dagster keeps of it."""

from __future__ import annotations

from dagster._utils.error import SerializableErrorInfo


def first_cause(error: SerializableErrorInfo) -> str:
    """The message of what failed first: behind "Exceeded max_retries" stands the failure itself."""
    while error.cause:
        error = error.cause
    return error.message.strip().removeprefix("dagster._core.definitions.events.Failure: ").splitlines()[0]
