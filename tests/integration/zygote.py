"""A process that has imported everything and forks one `data-platform` command per line of its standard input.

Importing takes most of the time of a small run. Each child is a real process with a group of its own, so that a test
can kill it and all its workers at once. A line is a JSON list of arguments, log and status file; the answer is the pid,
on a line of its own. When a child ends, its exit status stands in the status file.
"""

from __future__ import annotations

import json
import os
import signal
import sys


def main() -> None:
    """Serve until standard input ends."""
    import data_platform.assets.launch
    import data_platform.pipeline.flow
    import data_platform.proof.trace  # noqa: F401
    from data_platform.cli.main import main as command
    from data_platform.definitions import build_definitions

    build_definitions()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children that were killed do not stay behind as zombies
    print("ready", flush=True)
    for line in sys.stdin:
        arguments, log, done = json.loads(line)
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            with open(log, "ab", buffering=0) as stream:
                os.dup2(stream.fileno(), 1)
                os.dup2(stream.fileno(), 2)
            status = 1
            try:
                command(arguments, standalone_mode=True)
            except SystemExit as stop:
                status = int(stop.code or 0)
            finally:
                sys.stdout.flush()
                with open(done, "w") as stream:
                    stream.write(str(status))
                os._exit(status)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
