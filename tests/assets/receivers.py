"""Receivers of messages for tests: a web server that takes webhooks and a server that takes mail, both real ones."""

from __future__ import annotations

import base64
import ipaddress
import json
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "lake", "hidden word"


@contextmanager
def webhook(status: int = 200) -> Iterator[tuple[str, list[dict]]]:
    """The address of a webhook that answers with `status`, and what was posted to it so far."""
    posted: list[dict] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}/services/T0/SECRET", posted


def certificate(folder: Path) -> Path:
    """A file with a key, and with a certificate of 127.0.0.1 that is signed by that key and good for an hour."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))
    return path


@contextmanager
def mailbox(security: str = "none", certified: Path | None = None) -> Iterator[tuple[int, list[EmailMessage]]]:
    """The port of a mail server (RFC 5321, as much as a client needs), and the messages that it took.

    Args:
        security: tls from the first byte (RFC 8314), starttls (RFC 3207), or none. With either of the first two, it
            takes mail on an encrypted way alone, and from `USER` with `PASSWORD` alone (RFC 4954).
        certified: file with its key and certificate.
    """
    taken: list[EmailMessage] = []
    context = None
    if certified:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certified)

    class Handler(socketserver.StreamRequestHandler):
        encrypted = known = False

        def _encrypt(self) -> None:
            self.request = context.wrap_socket(self.request, server_side=True)
            self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", buffering=0)
            self.encrypted = True

        def handle(self) -> None:
            with suppress(ssl.SSLError):  # of a client that does not trust the certificate
                self._serve()

        def _serve(self) -> None:
            if security == "tls":
                self._encrypt()
            self._say("220 here")
            while line := self.rfile.readline().strip():
                word = line.upper()
                if word.startswith(b"EHLO") and security != "none":
                    self._say("250-here\r\n250 AUTH PLAIN" if self.encrypted else "250-here\r\n250 STARTTLS")
                    continue
                if word.startswith(b"STARTTLS"):
                    self._say("220 go on")
                    self._encrypt()
                    continue
                if word.startswith(b"AUTH PLAIN"):
                    self.known = base64.b64decode(line.split()[2]).decode().split("\0")[1:] == [USER, PASSWORD]
                    self._say("235 welcome" if self.known else f"535 not {PASSWORD}")
                    continue
                if word.startswith(b"MAIL") and security != "none" and not self.known:
                    self._say("530 who are you")
                    continue
                line = word
                if line.startswith(b"DATA"):
                    self._say("354 go on")
                    content = b""
                    while (part := self.rfile.readline()) != b".\r\n":
                        content += part
                    taken.append(message_from_bytes(content, policy=policy.default))
                elif line.startswith(b"QUIT"):
                    self._say("221 bye")
                    return
                self._say("250 fine")

        def _say(self, words: str) -> None:
            self.wfile.write(f"{words}\r\n".encode())

    with _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        yield port, taken


@contextmanager
def _serving(server: socketserver.TCPServer) -> Iterator[int]:
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
