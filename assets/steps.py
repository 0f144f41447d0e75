"""What becomes of a step that does not come to its end: stopped, tried again, or failed.

Dagster's own retry policy, where it is set, also retries a step that somebody terminated, and the run goes on to its
end (dagster#15026). So no asset has one: a step asks for another attempt by itself, after a failure that is known to
pass. Not here: what steps do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from data_platform.core import stopping
from data_platform.core.errors import KernelError, describe
from data_platform.lake.lake import ConcurrentWrite

RETRIES = 1
RETRY_SECONDS = 5
_STORES = ("Generic S3 error", "Generic GCS error", "Generic MicrosoftAzure error", "Generic HTTP error")


@contextmanager
def step(what: str) -> Iterator[None]:
    """Run the work of a step; `what` names it in the message of its failure.

    Raises:
        data_platform.core.stopping.Stopped: if the process was asked to stop: Dagster ends the run.
        dagster.RetryRequested: if it failed in a way that is known to pass.
        dagster.Failure: if it failed otherwise; the message holds no row of any table.
    """
    try:
        yield
    except Exception as error:
        # From None or a new failure: the chain of causes would carry the messages that `describe` leaves out.
        if stopping.asked():
            raise stopping.Stopped from None
        failure = dg.Failure(f"{what}: {describe(error)}", allow_retries=False)
        if passes(error):
            raise dg.RetryRequested(RETRIES, RETRY_SECONDS) from failure
        raise failure from None
    stopping.check()


def passes(error: BaseException) -> bool:
    """Whether a failure is of a kind that is known to pass: overtaken by another run, or a hiccup of network or store.

    A function that failed on a batch counts, since it may have failed for want of memory.
    """
    from daft.exceptions import DaftTransientError  # heavy, and not needed before something fails
    from deltalake.exceptions import DeltaError

    if isinstance(error, ConcurrentWrite | KernelError | ConnectionError | TimeoutError | DaftTransientError):
        return True
    if isinstance(error, OSError | DeltaError) and any(store in str(error) for store in _STORES):
        return True
    return error.__cause__ is not None and passes(error.__cause__)
