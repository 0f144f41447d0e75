"""A run that is stopped is shown as canceled and holds no pool; steps are tried again for good reasons only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from data_platform.assets.steps import passes, step
from data_platform.core.errors import KernelError, PlainError
from data_platform.lake.lake import ConcurrentWrite
from data_platform.resources.instance import open_instance
from tests.conftest import REPOSITORY

JOB = '''
import hashlib, sys, time
import dagster as dg
from data_platform.assets.steps import step
from data_platform.assets.stopped_runs import stoppable_in_process
from data_platform.core import stopping
from data_platform.resources.instance import open_instance

@dg.op(pool="scarce")
def work():
    with step("work"):
        print("ready", flush=True)
        {work}

@dg.op(ins={{"start": dg.In(dg.Nothing)}})
def next_one():
    print("next", flush=True)

@dg.job(executor_def=stoppable_in_process)
def job():
    next_one(work())

def made():
    return job

if __name__ == "__main__":
    with open_instance() as instance:
        result = dg.execute_job(dg.reconstructable(made), instance)
        print("success" if result.success else "no success", flush=True)
'''

COMMAND = """
import time
import dagster as dg
from data_platform.resources.command_runs import alive
from data_platform.resources.instance import open_instance

@dg.job
def job():
    pass

with open_instance() as instance, alive() as tags:
    print(instance.create_run_for_job(job, tags=tags, status=dg.DagsterRunStatus.STARTED).run_id, flush=True)
    time.sleep(600)
"""


@contextmanager
def running(folder: Path, work: str) -> Iterator[subprocess.Popen[str]]:
    """A process that executes a job of two steps, as the code server's does, once the first is at work."""
    (folder / "two_steps.py").write_text(JOB.format(work=work))
    process = subprocess.Popen(
        [sys.executable, str(folder / "two_steps.py")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        cwd=folder, env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("work", ["while True: stopping.check()",
                                  "hashlib.pbkdf2_hmac('sha512', b'', b'', 2**31 - 1)"])
def test_a_signal_ends_a_run_wherever_its_step_stands(tmp_path: Path, work: str) -> None:
    with open_instance() as instance, running(tmp_path, work) as process:
        instance.event_log_storage.set_concurrency_slots("scarce", 1)
        began = time.time()
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
        assert "next" not in output and "\nsuccess" not in output
        (run,) = instance.get_runs()
        assert run.status == dg.DagsterRunStatus.CANCELED
        assert instance.get_run_stats(run.run_id).end_time - began < 10
        assert instance.event_log_storage.get_concurrency_info("scarce").claimed_slots == []


def outcome(error: BaseException) -> BaseException:
    """What a step makes of an error."""
    with pytest.raises(BaseException) as found, step("work"):
        raise error
    return found.value


def test_only_what_is_known_to_pass_is_tried_again() -> None:
    for error in (KernelError("out of memory"), ConcurrentWrite("overtaken"), ConnectionResetError("hung up"),
                  TimeoutError("no answer"), OSError("Generic S3 error: 503 Slow Down")):
        retry = outcome(error)
        assert passes(error) and isinstance(retry, dg.RetryRequested) and retry.max_retries == 1
        assert str(error) in retry.__cause__.description
    for error in (PlainError("no such table"), ValueError("a text"), OSError(28, "No space left on device")):
        failure = outcome(error)
        assert isinstance(failure, dg.Failure) and not failure.allow_retries
    assert "a text" not in str(outcome(ValueError("a text")).description)
    caused = PlainError("cannot be read")
    caused.__cause__ = OSError("Generic S3 error: timed out")
    assert passes(caused)


def test_no_asset_has_a_retry_policy_which_would_retry_what_was_terminated() -> None:
    from data_platform.definitions import build_definitions

    made = [one for one in build_definitions().assets if isinstance(one, dg.AssetsDefinition) and one.is_executable]
    assert made and all(definition.node_def.retry_policy is None for definition in made)


def test_terminating_the_run_of_a_command_that_is_gone_ends_it_at_once(tmp_path: Path) -> None:
    script = tmp_path / "command.py"
    script.write_text(COMMAND)
    with open_instance() as instance:
        with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, cwd=tmp_path,
                              env={**os.environ, "PYTHONPATH": str(REPOSITORY)}) as process:
            run_id = process.stdout.readline().strip()
            assert instance.run_launcher.terminate(run_id)
            assert instance.get_run_by_id(run_id).status == dg.DagsterRunStatus.CANCELING, "the command looks by itself"
            process.kill()
        assert instance.run_launcher.terminate(run_id)
        assert instance.get_run_by_id(run_id).status == dg.DagsterRunStatus.CANCELED
