"""Digests as archives declare them: `algorithm:value`, the value in base32, hexadecimal or base64.

WARC leaves the form open; wget, Heritrix and warcio write base32, warcprox hexadecimal, others base64.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

_SIZES = {"md5": 16, "sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}


def parse_digest(declared: str) -> tuple[str, bytes] | None:
    """Algorithm and digest of a declared value; None if the algorithm or the form is not known."""
    algorithm, _, value = declared.strip().partition(":")
    algorithm = algorithm.strip().lower().replace("-", "")
    size = _SIZES.get(algorithm)
    value = value.strip()
    if size is None or not value.isascii():
        return None
    bare = value.rstrip("=")
    try:
        if len(value) == size * 2:
            return algorithm, bytes.fromhex(value)
        if len(bare) == -(-size * 8 // 5):
            return algorithm, base64.b32decode(bare.upper() + "=" * (-len(bare) % 8))
        if len(bare) == -(-size * 8 // 6):
            standard = bare.replace("-", "+").replace("_", "/")
            return algorithm, base64.b64decode(standard + "=" * (-len(bare) % 4), validate=True)
    except (ValueError, binascii.Error):
        return None
    return None


def canonical(declared: str) -> str:
    """The digest as `algorithm:hex`, so that two ways to write one digest are equal; unknown ones as they are."""
    parsed = parse_digest(declared)
    return f"{parsed[0]}:{parsed[1].hex()}" if parsed else declared.strip()


def matches(declared: str, *candidates: bytes | memoryview) -> bool:
    """Whether any of `candidates` has the declared digest. A digest that cannot be read rules nothing out."""
    parsed = parse_digest(declared)
    if parsed is None:
        return True
    algorithm, digest = parsed
    return any(hashlib.new(algorithm, data).digest() == digest for data in candidates)
