"""Signatures over statements: Ed25519 (RFC 8032) in envelopes of DSSE (https://github.com/secure-systems-lab/dsse).

What is signed is the pre-authentication encoding of payload type and payload, so that a signature over one kind of
thing is none over another. A key is known by the SHA-256 of its public half in DER (SubjectPublicKeyInfo), as
`openssl pkey -pubin -in KEY -outform DER | sha256sum` prints it.

Belongs here: keys, signing, verifying. Not here: what a statement says (`attestation.py`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from data_platform.core.errors import PlainError

PAYLOAD_TYPE = "application/vnd.in-toto+json"
"""The type of payload that statements of in-toto have in an envelope."""
PASSPHRASE = "DATA_PLATFORM_KEY_PASSPHRASE"
"""Variable of the environment that holds the passphrase of a private key."""
_LONGEST_KEY = 2**16


class KeyUnusable(PlainError, ValueError):
    """A key that cannot be used. The message names the file and why, and nothing of the key."""


class EnvelopeUnreadable(PlainError, ValueError):
    """An envelope that is none of a statement of in-toto. The message says why."""


class Signature(NamedTuple):
    """One signature of an envelope. `key_id` is a hint that nothing vouches for."""

    key_id: str
    value: bytes


class Envelope(NamedTuple):
    """A payload, and the signatures over it."""

    payload: bytes
    signatures: tuple[Signature, ...]


def key_id(key: Ed25519PublicKey | Ed25519PrivateKey) -> str:
    """By what a key is known: SHA-256 of its public half, 64 hexadecimal digits."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def public_pem(key: Ed25519PrivateKey) -> str:
    """The public half of a key, as PEM."""
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return pem.decode("ascii")


def parse_public_pem(text: str) -> Ed25519PublicKey | None:
    """The public key that a statement says it was signed by; None if the text is none."""
    try:
        key = serialization.load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, Ed25519PublicKey) else None


def load_private_key(path: Path) -> Ed25519PrivateKey:
    """The key to sign with: PEM (PKCS#8) or OpenSSH, with a passphrase if the environment has one.

    Raises:
        KeyUnusable: if it is none, is of another kind, or is encrypted and the passphrase is missing or wrong.
    """
    content = _content(path)
    passphrase = os.environ.get(PASSPHRASE, "").encode() or None
    ssh = content.lstrip().startswith(b"-----BEGIN OPENSSH")
    load = serialization.load_ssh_private_key if ssh else serialization.load_pem_private_key
    try:
        key = load(content, passphrase)
    except TypeError:
        if passphrase is None:
            raise KeyUnusable(f"{path}: the key is encrypted; its passphrase belongs in ${PASSPHRASE}") from None
        key = load(content, None)  # a key that is not encrypted needs none
    except UnsupportedAlgorithm:
        raise KeyUnusable(f"{path}: keys that are encrypted like this cannot be read; `openssl pkcs8 -topk8` or "
                          f"`ssh-keygen -p -m PKCS8` writes one that can") from None
    except ValueError:
        other = f", or not of the passphrase in ${PASSPHRASE}" if passphrase else ""
        raise KeyUnusable(f"{path}: no private key in PEM or OpenSSH format{other}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(f"{path}: not an Ed25519 key; `openssl genpkey -algorithm ed25519` makes one")
    return key


def load_public_key(path: Path) -> Ed25519PublicKey:
    """The key to check with: PEM or a line of OpenSSH.

    Raises:
        KeyUnusable: if it is none, or of another kind.
    """
    content = _content(path)
    if b"PRIVATE KEY-----" in content:
        raise KeyUnusable(f"{path}: a private key; checking needs the public one, which `openssl pkey -in KEY -pubout` "
                          f"prints")
    ssh = content.lstrip().startswith((b"ssh-", b"ecdsa-", b"sk-"))
    try:
        key = (serialization.load_ssh_public_key(content.strip()) if ssh
               else serialization.load_pem_public_key(content))
    except (ValueError, UnsupportedAlgorithm):
        raise KeyUnusable(f"{path}: no public key in PEM or OpenSSH format") from None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnusable(f"{path}: not an Ed25519 key")
    return key


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(_LONGEST_KEY + 1)
    except OSError as error:
        raise KeyUnusable(f"{path}: cannot be read: {error.strerror}") from None
    if len(content) > _LONGEST_KEY:
        raise KeyUnusable(f"{path}: too long for a key")
    return content


def encoded(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """The pre-authentication encoding (PAE) of DSSE v1: what is signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def envelope(payload: bytes, key: Ed25519PrivateKey) -> bytes:
    """A signed envelope around a payload, as JSON."""
    document = {
        "payload": base64.b64encode(payload).decode("ascii"), "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": key_id(key), "sig": base64.b64encode(key.sign(encoded(payload))).decode("ascii")}],
    }
    return (json.dumps(document) + "\n").encode()


def read_envelope(document: Mapping[str, Any]) -> Envelope:
    """The payload and signatures of an envelope.

    Raises:
        EnvelopeUnreadable: if it is none, or of another type.
    """
    if document.get("payloadType") != PAYLOAD_TYPE:
        raise EnvelopeUnreadable(f"its payload is not of type {PAYLOAD_TYPE}")
    signatures = document.get("signatures")
    if not isinstance(signatures, list) or not signatures:
        raise EnvelopeUnreadable("it has no signatures")
    found = []
    for signature in signatures:
        if not isinstance(signature, dict) or not isinstance(signature.get("keyid", ""), str):
            raise EnvelopeUnreadable("its signatures are not as DSSE has them")
        found.append(Signature(signature.get("keyid", ""), _bytes(signature.get("sig"))))
    return Envelope(_bytes(document.get("payload")), tuple(found))


def _bytes(text: Any) -> bytes:
    """Base64 of either alphabet, as DSSE allows."""
    if not isinstance(text, str):
        raise EnvelopeUnreadable("it lacks a payload or a signature")
    standard = text.replace("-", "+").replace("_", "/")
    try:
        found = base64.b64decode(standard, validate=True)
    except (binascii.Error, ValueError):
        raise EnvelopeUnreadable("its payload or a signature is not Base64") from None
    if base64.b64encode(found).decode("ascii") != standard:
        # Bits that no byte is made of may be anything, so that two texts would be the same signature.
        raise EnvelopeUnreadable("its payload or a signature is not in the one form of Base64")
    return found


def faults_of(signed: Envelope, key: Ed25519PublicKey) -> list[str]:
    """Why an envelope is not signed by a key; empty if it is."""
    named = [signature.key_id for signature in signed.signatures]
    own = key_id(key)
    for signature in signed.signatures:
        try:
            key.verify(signature.value, encoded(signed.payload))
        except InvalidSignature:
            continue
        return [] if signature.key_id == own else [f"the signature of key {own} is said to be of another key"]
    if own in named:
        return [f"the signature of key {own} is not of this statement: one of them was changed"]
    others = ", ".join(name or "that is not named" for name in named)
    return [f"signed by key {others}, and not by the key that was given, {own}"]
