"""The models that decide licences and come with the platform: what each is, and the digest of its file.

Commits of evidence name them with their digests, so that audits and attestations say which ones were asked, and
whether those that are installed are the same. Not here: loading them (a module each).
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

FILES = {
    "grants.npz": "votes of words on what a licence covers",
    "neighbours.npy": "votes of words on sentences that cannot limit a licence",
    "reader.npz": "language model that reads sentences on rights, multilingual-e5-small trained further (MIT)",
    "reprint.npz": "votes of words on lines that say whose a text is",
    "known_texts.npz.xz": "licence texts of the SPDX list and of ScanCode (CC-BY-4.0), as numbers of words",
}
"""By file: what it is."""
KEY = "license_models"
"""Under which the settings of a commit say their digests."""


@cache
def digests() -> dict[str, str]:
    """SHA-256 of the files that are installed, by name."""
    return {name: hashlib.sha256(Path(__file__).with_name(name).read_bytes()).hexdigest() for name in FILES}
