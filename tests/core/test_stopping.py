"""A process that is asked to stop does so: at once where it listens, else in time, and with its workers."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from data_platform.core import stopping
from tests.conftest import REPOSITORY

# Deaf: one call of C that takes hours, as a kernel does that is compiled.
DEAF = "hashlib.pbkdf2_hmac('sha512', b'', b'', 2**31 - 1)"
LISTENING = "[(stopping.check(), time.sleep(0.01)) for _ in range(10**6)]"


def started(body: str, **settings: object) -> subprocess.Popen[str]:
    """A process that says `ready` and does something."""
    text = f"""
import hashlib, subprocess, sys, time
from data_platform.core import stopping
from data_platform.cli.stopped import ended_by_signals
def say(what): print(what, flush=True)
{body}
"""
    process = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, cwd=REPOSITORY, **settings)
    assert process.stdout.readline() == "ready\n"
    return process


def stopped(process: subprocess.Popen[str], number: int) -> tuple[int, str, float]:
    """Status, output and seconds of a process that is sent a signal."""
    began = time.monotonic()
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    return process.returncode, output, time.monotonic() - began


@pytest.mark.parametrize(("work", "number"), [(LISTENING, signal.SIGINT), (DEAF, signal.SIGTERM),
                                              ("time.sleep(600)", signal.SIGTERM)])
def test_one_signal_ends_a_command_with_one_sentence(work: str, number: int) -> None:
    process = started(f"with ended_by_signals():\n    say('ready')\n    {work}\n    say('never')")
    status, output, seconds = stopped(process, number)
    assert status == 128 + number
    assert seconds < 10
    assert output.startswith(f"stopped by {signal.Signals(number).name}: ") and output.count("\n") == 1


def test_an_error_on_the_way_out_is_no_other_end() -> None:
    work = "\n".join(["with ended_by_signals():", "    try:", "        say('ready')", "        time.sleep(600)",
                      "    finally:", "        raise ValueError('cut off')"])
    status, output, _ = stopped(started(work), signal.SIGINT)
    assert status == 130 and "Traceback" not in output and "cut off" not in output


def test_a_command_in_the_background_hears_an_interrupt_that_its_shell_told_it_to_ignore() -> None:
    def ignore() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    process = started("with ended_by_signals():\n    say('ready')\n    time.sleep(600)", preexec_fn=ignore)
    assert stopped(process, signal.SIGINT)[0] == 130


def test_others_are_told_and_have_the_last_word() -> None:
    told, last = "lambda: say('told')", "lambda: say('last words')"
    deaf = "import signal; signal.signal(signal.SIGTERM, lambda *_: None)"
    body = f"{deaf}\nwith stopping.watching({told}, {last}):\n    say('ready')\n    {DEAF}"
    status, output, _ = stopped(started(body), signal.SIGTERM)
    assert (status, output.split("\n")[:2]) == (143, ["told", "last words"])


def _gone(pid: int, seconds: float = 10) -> bool:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        try:
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


def _worker(process: subprocess.Popen[str]) -> int:
    return int(process.stdout.readline())


WORKER = "\n".join([
    "worker = subprocess.Popen([sys.executable, '-c', 'import time; from data_platform.core import stopping; "
    "stopping.end_with_parent(); print(1, flush=True); time.sleep(600)'], stdout=subprocess.PIPE)",
    "worker.stdout.readline()",
])


@pytest.mark.parametrize("end", [lambda process: process.send_signal(signal.SIGTERM), lambda process: process.kill()])
def test_workers_do_not_outlive_whoever_started_them(end: Callable[[subprocess.Popen[str]], None]) -> None:
    process = started(f"{WORKER}\nwith ended_by_signals():\n    say('ready')\n    say(worker.pid)\n    {DEAF}")
    worker = _worker(process)
    try:
        end(process)
        process.wait(60)
        assert _gone(worker)
    finally:
        process.kill()


def test_nobody_is_asked_before_a_signal_comes() -> None:
    handler = signal.getsignal(signal.SIGINT)
    with stopping.watching(), stopping.raising():
        assert stopping.asked() is None
        stopping.check()
    assert signal.getsignal(signal.SIGINT) is handler
    assert signal.set_wakeup_fd(-1) == -1


def test_the_first_signal_is_the_one_that_is_told() -> None:
    work = "try: time.sleep(600)\n    finally: stopping.ask_to_stop('for another reason'); time.sleep(0.5)"
    process = started(f"with ended_by_signals():\n    say('ready')\n    {work}")
    status, output, _ = stopped(process, signal.SIGINT)
    assert status == 130 and output.startswith("stopped by SIGINT: ")
