"""Being asked to stop, by a signal or by whoever terminates a run, and stopping in time wherever the work stands.

Python tells the main thread of a signal once that runs Python again: after a batch, a kernel that is compiled, a query
that sorts a table. Here a thread is told at once, by the file descriptor that the interpreter's own handler writes to.
What works in threads and loops asks `asked` or `check` between two batches; and if the process is not gone in time, it
is ended as it stands, with all that it started. The lake bears that at any moment.

Here belongs how a process learns that it is to stop, and its end. Not here: what a stopped run is shown as
(`assets/stopped_runs.py`), what a command says (`cli/stopped.py`), files that nobody needs any more (`lake/writer.py`).
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SIGNALS = (signal.SIGINT, signal.SIGTERM)
GRACE_SECONDS = 4.0
"""How long what is at work may take to notice and to tidy up; then the process ends as it stands."""
_LAST_WORDS_SECONDS = 2.0
_PARENT_SECONDS = 1.0


class Stopped(KeyboardInterrupt):
    """The process was asked to stop. What is at work ends here, with nothing half written."""


class _Watch:
    """What one process knows of being asked to stop."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self.reason = ""
        self._countdown: threading.Timer | None = None
        self._told: list[Callable[[], None]] = []
        self._last_words: list[Callable[[], None]] = []
        self._telling: threading.Thread | None = None
        self._lock = threading.Lock()

    def ask(self, number: int) -> None:
        """Note the first signal, tell who wants to know, and count down. Later ones change nothing."""
        with self._lock:
            if self._telling:
                return
            self._telling = threading.Thread(target=self._tell, name="stopping", daemon=True)
        self.signal = self.signal or number
        self.count_down()
        self._telling.start()

    def count_down(self) -> None:
        """Begin to count the seconds, or begin anew, until the process ends as it stands."""
        if self._countdown:
            self._countdown.cancel()
        self._countdown = threading.Timer(GRACE_SECONDS, self._end)
        self._countdown.daemon = True
        self._countdown.start()

    @contextmanager
    def listening(self, told: Callable[[], None], last_words: Callable[[], None]) -> Iterator[None]:
        self._told.append(told)
        self._last_words.append(last_words)
        try:
            yield
        finally:
            if self._telling and self._telling.ident:
                self._telling.join(GRACE_SECONDS)
            self._told.remove(told)
            self._last_words.remove(last_words)

    def _tell(self) -> None:
        for told in self._told[::-1]:
            told()

    def _end(self) -> None:
        # Whatever fails on the way, nobody would hear of it, and the process must not live on.
        try:
            for words in self._last_words[::-1]:
                speaker = threading.Thread(target=words, daemon=True)
                speaker.start()
                speaker.join(_LAST_WORDS_SECONDS)
            kill_descendants()
            sys.stdout.flush()
        finally:
            os._exit(128 + (self.signal or 0))


_watch: _Watch | None = None


def asked() -> int | None:
    """The number of the signal by which this process was asked to stop; None if it was not."""
    return _watch.signal if _watch else None


def check() -> None:
    """Go on, or end here.

    Raises:
        Stopped: if the process was asked to stop.
    """
    if asked():
        raise Stopped


def _nothing() -> None:
    pass


@contextmanager
def watching(told: Callable[[], None] = _nothing, last_words: Callable[[], None] = _nothing) -> Iterator[None]:
    """Learn of signals the moment they come, for as long as the context lasts. Contexts may be nested.

    Whatever handlers there are stay in place. In a thread other than the main one nothing can be learnt.

    Args:
        told: called at once, in a thread of its own, when the process is asked to stop; the context waits for it.
        last_words: called, in a thread of its own, before a process that did not stop in time is ended.
    """
    global _watch
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    if _watch is not None:
        with _watch.listening(told, last_words):
            yield
        return
    watch = _watch = _Watch()
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    before = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_listen, args=(watch, reading), name="signals", daemon=True).start()
    loud = _be_quiet()
    try:
        with watch.listening(told, last_words):
            yield
    finally:
        if watch.signal:
            watch.count_down()  # for what is left to do until the process is gone
        else:
            signal.set_wakeup_fd(before)
            writing.close()
            _watch = None
            loud()


def _listen(watch: _Watch, reading: socket.socket) -> None:
    with reading:
        while numbers := reading.recv(64):
            for number in numbers:
                if number in SIGNALS:
                    watch.ask(number)


def ask_to_stop(reason: str) -> None:
    """Ask this process to stop, as if from outside, unless it was asked already.

    Args:
        reason: what is told of it, behind the word "stopped".
    """
    if asked():
        return
    if _watch:
        _watch.reason = reason
    os.kill(os.getpid(), signal.SIGTERM)


def reason() -> str:
    """Why this process stops, to be said behind the word "stopped"."""
    number = asked()
    return (_watch.reason if _watch else "") or (f"by {signal.Signals(number).name}" if number else "by itself")


@contextmanager
def raising() -> Iterator[None]:
    """Let the first signal raise `Stopped` in the main thread, later ones do nothing: they find it tidying up.

    A shell that starts a command in the background has it ignore SIGINT; whoever sends one nevertheless means it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    raised = False

    def raise_once(number: int, frame: object) -> None:
        nonlocal raised
        if not raised:
            raised = True
            if _watch:
                _watch.signal = _watch.signal or number  # the thread that listens may have had no time yet
            raise Stopped

    before = {number: signal.signal(number, raise_once) for number in SIGNALS}
    try:
        yield
    finally:
        if not raised:
            for number, handler in before.items():
                signal.signal(number, handler)


def _be_quiet() -> Callable[[], None]:
    """Let nobody complain of being cut off in destructors, threads and logs; what is returned undoes that.

    An interrupt that is raised there is lost, and told in a traceback. It comes before anything else knows of it.
    """
    unraisable, excepthook, last = sys.unraisablehook, threading.excepthook, logging.lastResort

    def cut_off(kind: type[BaseException] | None) -> bool:
        return asked() is not None or (kind is not None and not issubclass(kind, Exception))

    def of_record(record: logging.LogRecord) -> bool:
        return not cut_off(record.exc_info[0] if record.exc_info else None)

    sys.unraisablehook = lambda found: None if cut_off(found.exc_type) else unraisable(found)
    threading.excepthook = lambda found: None if cut_off(found.exc_type) else excepthook(found)
    if last:
        last.addFilter(of_record)

    def loud() -> None:
        sys.unraisablehook, threading.excepthook = unraisable, excepthook
        if last:
            last.removeFilter(of_record)

    return loud


# -- processes that this one started ----------------------------------------------------------------------------------


def kill_descendants() -> None:
    """SIGKILL to all processes that this one started, and to theirs, but for what tidies up once they are gone."""
    for pid in _descendants(os.getpid()):
        with suppress(OSError):
            if b"multiprocessing.resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)


def _descendants(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError):  # it ends as it is read
            # The name stands in brackets and may hold anything; behind it come the state and the parent.
            parent = int(entry.read_text(errors="replace").rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.parent.name))
    found, todo = [], [root]
    while todo:
        todo.extend(some := children.get(todo.pop(), []))
        found.extend(some)
    return found


@contextmanager
def workers_deaf_to_interrupts() -> Iterator[None]:
    """Processes that are started in this context do not take SIGINT: a terminal sends it to all, and the one that
    started them ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with_parent() -> None:
    """End this process, a worker, as soon as the one that started it is gone, however that died."""
    parent = os.getppid()

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT_SECONDS)
        os._exit(1)

    threading.Thread(target=look, name="parent", daemon=True).start()
