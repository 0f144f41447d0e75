"""A proxy in front of an S3 endpoint that does what stores and networks do at their worst, at a rate that is told.

Here belong the faults. Not here: what is run against them (`faults.py`).
"""

from __future__ import annotations

import http.client
import json
import random
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

FAULTS = ("slow down", "throttled", "internal error", "reset before", "reset after", "half answer", "half upload",
          "late")
"""What a store answers (503, 429, 500), or does not: broken off before and after it did what it was asked, half answers
and half uploads, and answers that come when nobody waits any more."""
_ERROR = '<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
_SLOW_DOWN = _ERROR.format(code="SlowDown", message="Please reduce your request rate.").encode()
_THROTTLED = _ERROR.format(code="TooManyRequests", message="Please try again later.").encode()
_INTERNAL = _ERROR.format(code="InternalError", message="We encountered an internal error.").encode()
_LATE_SECONDS = 3.0
_CONTROL = "/_faults"
_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class FaultyStore:
    """The proxy, serving on `url` as long as the context lasts: in a process of its own, for delta-rs holds the
    interpreter's lock while it waits for answers."""

    def __init__(self, behind: str, seed: int = 0, faults: tuple[str, ...] = FAULTS) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        root = Path(__file__).resolve().parents[1]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.faulty_store", behind, str(port), str(seed), *faults], cwd=root
        )

    def __enter__(self) -> FaultyStore:
        for _ in range(600):
            with suppress(ConnectionError):
                self.met()
                return self
            time.sleep(0.1)
        raise RuntimeError("the proxy did not start")

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def set_rate(self, rate: float) -> None:
        """Which share of requests meets a fault from now on."""
        self._ask(f"{_CONTROL}?{rate}")

    def met(self) -> dict[str, int]:
        """How often each fault was met."""
        return json.loads(self._ask(_CONTROL))

    def _ask(self, path: str) -> bytes:
        link = http.client.HTTPConnection("127.0.0.1", int(self.url.rpartition(":")[2]), timeout=30)
        try:
            link.request("GET", path)
            return link.getresponse().read()
        finally:
            link.close()


class _Proxy:
    """What passes requests on, or not quite."""

    def __init__(self, behind: str, port: int, seed: int, faults: tuple[str, ...]) -> None:
        self._rate, self._met = 0.0, Counter[str]()
        self._dice, self._lock, self._faults = random.Random(seed), threading.Lock(), faults
        self._behind = urlsplit(behind)
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            """One connection."""

            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments: object) -> None:
                """Nothing is printed."""

            def _serve(self) -> None:
                proxy.serve(self)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve

        class Server(ThreadingHTTPServer):
            """Connections that break off are meant to."""

            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """Nothing is printed."""

        self.server = Server(("127.0.0.1", port), Handler)

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        """Answer a request, with or without a fault."""
        if request.path.startswith(_CONTROL):
            if rate := urlsplit(request.path).query:
                self._rate = float(rate)
            return self._answer(request, 200, [], json.dumps(self._met).encode())
        with self._lock:
            fault = self._dice.choice(self._faults) if self._dice.random() < self._rate else ""
            if fault:
                self._met[fault] += 1
        length = int(request.headers.get("Content-Length") or 0)
        if fault == "half upload":
            request.rfile.read(length // 2)
            return self._reset(request)
        body = request.rfile.read(length)
        if fault == "reset before":
            return self._reset(request)
        if fault == "slow down":
            return self._answer(request, 503, [], _SLOW_DOWN)
        if fault == "throttled":
            return self._answer(request, 429, [], _THROTTLED)
        if fault == "internal error":
            return self._answer(request, 500, [], _INTERNAL)
        if fault == "late":
            time.sleep(_LATE_SECONDS)
        status, headers, content = self._passed_on(request, body)
        if fault == "reset after":  # done, and nobody is told
            return self._reset(request)
        self._answer(request, status, headers, content, half=fault == "half answer")
        return None

    def _passed_on(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        link = http.client.HTTPConnection(self._behind.hostname or "", self._behind.port, timeout=60)
        try:
            headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
            link.request(request.command, request.path, body=body, headers=headers)
            answer = link.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            link.close()

    @staticmethod
    def _answer(
        request: BaseHTTPRequestHandler, status: int, headers: list[tuple[str, str]], content: bytes, half: bool = False
    ) -> None:
        request.send_response(status)
        stated = {name.lower(): value for name, value in headers}
        for name, value in headers:
            if name.lower() not in _HOP:
                request.send_header(name, value)
        length = stated.get("content-length", str(len(content))) if request.command == "HEAD" else str(len(content))
        if status not in (204, 304):
            request.send_header("Content-Length", length)
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(content[: len(content) // 2] if half else content)
        if half:
            _Proxy._reset(request)

    @staticmethod
    def _reset(request: BaseHTTPRequestHandler) -> None:
        request.wfile.flush()
        request.close_connection = True
        # With no time to linger, closing sends a reset.
        request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        request.connection.close()


if __name__ == "__main__":
    _Proxy(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), tuple(sys.argv[4:])).server.serve_forever()
