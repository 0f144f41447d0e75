"""Secrets of programs: keys, tokens and passwords that stand in code and configuration, by their published forms."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from math import log2
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from data_platform.core.kinds.editor import SECRET, Editor, Redact
from data_platform.core.kinds.method import Example, Section


class _Form(NamedTuple):
    """A secret by what it looks like, in the syntax of RE2; the group `secret`, if there is one, is what goes."""

    name: str
    pattern: str


_FORMS = (
    # Prefixes of unique identifiers, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    _Form("aws_access_key", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"),
    # https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
    _Form("github", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})\b"),
    # https://docs.gitlab.com/security/tokens/#token-prefixes
    _Form("gitlab", r"\bgl(?:pat|oas|dt|rt|cbt|ptt|ft|imt|agent|soat)-[A-Za-z0-9_.\-]{20,}"),
    # https://docs.slack.dev/authentication/tokens
    _Form("slack", r"\b(?:xox[abeoprs]|xapp)-[0-9A-Za-z\-]{10,}|hooks\.slack\.com/services/T\w{8,}/B\w{8,}/\w{24}"),
    # https://cloud.google.com/docs/authentication/api-keys
    _Form("google", r"\bAIza[0-9A-Za-z_\-]{35}|\bGOCSPX-[0-9A-Za-z_\-]{28}|\bya29\.[0-9A-Za-z_\-]{20,}"),
    # https://docs.stripe.com/keys
    _Form("stripe", r"\b(?:[sr]k_(?:live|test)|whsec)_[0-9A-Za-z]{16,}"),
    # https://docs.npmjs.com/about-access-tokens, https://pypi.org/help/#apitoken
    _Form("package_index", r"\bnpm_[A-Za-z0-9]{36}\b|\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_\-]{50,}"),
    # What gives models away: Hugging Face, OpenAI, Anthropic.
    _Form("models", r"\bhf_[A-Za-z]{34}\b|\bsk-ant-[A-Za-z0-9_\-]{24,}"
                    r"|\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_\-]{20,}T3BlbkFJ[A-Za-z0-9_\-]{20,}"),
    # SendGrid, DigitalOcean, Shopify, Telegram, Azure Storage: rules of the same services in gitleaks 8 (MIT).
    _Form("services", r"\bSG\.[\w\-]{22}\.[\w\-]{43}|\bdo[opr]_v1_[a-f0-9]{64}\b|\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b"
                      r"|\b[0-9]{8,10}:AA[\w\-]{33}\b|AccountKey=[A-Za-z0-9+/]{86}=="),
    # RFC 7519: header and payload are JSON objects, so both begin with the base64 of '{"'.
    _Form("json_web_token", r"\beyJ[\w\-]{8,}\.eyJ[\w\-]{8,}\.[\w\-]{16,}"),
    # RFC 7468, section 10, and what OpenSSL, OpenSSH and PGP write; to the end, or as far as lines of base64 go.
    _Form("private_key", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\\r|\\n|[A-Za-z0-9+/=,:\-\s\"'])*?"
                         r"(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|\z)"),
    # RFC 3986, section 3.2.1: what follows the colon of userinfo.
    _Form("address", r"\b[a-zA-Z][a-zA-Z0-9+.\-]*://[^\s/?#@:'\"<>{}$]{0,64}:(?P<secret>[^\s/?#@'\"<>{}$%]{3,128})@[\w\[]"),
)

_NAMED = _Form("named", (
    r"(?i)\b[\w.\-]*(?:secret|token|passw(?:or)?d|passphrase|pwd|api_?key|access_?key|auth_?key|private_?key|credential)"
    r"[\w.\-]{0,24}['\"\]]{0,2}\s{0,4}(?:=>|:=|=|:)\s{0,4}[bfru]?['\"`](?P<secret>[^\s'\"`<>{}$]{8,160})['\"`]"
))
"""What is assigned to a name that speaks of a secret, in quotation marks; its entropy decides."""

_PLACEHOLDER = re.compile(rb"(?i)example|sample|your|change.?me|placeholder|dummy|redacted|x{4}|\*{3}|\.{3}|_here\b")
_PLAIN = re.compile(rb"[()\[\];,]|^[a-z0-9_.\-]*(?:/[a-z0-9_.\-]*)+$")
"""Calls, lists and paths, which are no values."""


class Secrets(Editor, name="secrets"):
    """Keys, tokens, passwords and private keys, by their published forms.

    The code of The Stack v2 was rid of them before it was trained on (Lozhkov et al. 2024, arXiv:2402.19173, section
    4.3; by the model of StarCoder, Li et al. 2023, arXiv:2305.06161, section 4.1). Here forms decide: what services
    print as the form of their keys; private keys in PEM; passwords within addresses; and what is assigned in quotation
    marks to a name that speaks of a secret, if it has a letter and a digit and its characters have an entropy of
    `least_entropy` bits, as detect-secrets and gitleaks judge such strings. Values that are plain stand-ins
    ("your-token-here") stay.

    Rows that have none of the forms are told by RE2 over Arrow's buffers; only the others are read in Python. Not here:
    personal data, and secrets that a sentence tells.
    """

    class Settings(Section):
        """What counts as a secret."""

        least_entropy: float = Field(
            default=3.5, ge=0, le=8, description="Shannon entropy in bits per byte from which on what is assigned to a "
            "name such as api_key or password is a secret; detect-secrets has 3 for hexadecimal digits, 4.5 for base64."
        )
        named: bool = Field(default=True, description="Judge what is assigned to names that speak of secrets.")

    examples = (
        Example("id = AKIAIOSFODNN7EXAMPLE", "id = <SECRET>", {}, "the key that the documentation of AWS shows"),
        Example("git clone https://user:hunter2@git.example.org/x", "git clone https://user:<SECRET>@git.example.org/x",
                {}, "RFC 3986, section 3.2.1"),
        Example('api_key = "q7Zk2mVx9LrT4bWn"', 'api_key = "<SECRET>"', {}, "by hand: 16 different characters, 4 bits"),
        Example('api_key = "your-api-key-here"', 'api_key = "your-api-key-here"', {}, "by hand: a stand-in"),
        Example('password = "aaaaaaa1"', 'password = "aaaaaaa1"', {}, "by hand: .54 bits"),
    )

    def edits(self, texts: pa.LargeStringArray) -> dict[int, list[Redact]]:
        """Redactions, in order, without overlap."""
        forms = [*_FORMS, _NAMED] if self.settings.named else list(_FORMS)
        found: dict[int, list[Redact]] = {}
        for form in forms:
            # RE2 tells rows apart; where in them something stands is told by `re`.
            rows = pc.indices_nonzero(pc.fill_null(pc.match_substring_regex(texts, form.pattern), False))
            compiled = re.compile(form.pattern.replace(r"\z", r"\Z").encode())
            for row in rows.to_pylist():
                spans = self._spans(form, compiled, texts[row].as_py().encode())
                found.setdefault(row, []).extend(Redact(start, end, SECRET) for start, end in spans)
        return {row: _apart(calls) for row, calls in sorted(found.items()) if calls}

    def _spans(self, form: _Form, compiled: re.Pattern[bytes], text: bytes) -> Iterator[tuple[int, int]]:
        group = "secret" if "secret" in compiled.groupindex else 0
        for match in compiled.finditer(text):
            value = match.group(group)
            if form is _NAMED and not self._is_secret(value):
                continue
            if group and _PLACEHOLDER.search(value):
                continue
            yield match.span(group)

    def _is_secret(self, value: bytes) -> bool:
        """Whether what is assigned to a name is told apart from words, paths and calls."""
        mixed = re.search(rb"[0-9]", value) and re.search(rb"[A-Za-z]", value)
        return bool(mixed) and not _PLAIN.search(value) and entropy(value) >= self.settings.least_entropy


def entropy(value: bytes) -> float:
    """Shannon entropy of the bytes of a value, in bits per byte; 0 of none."""
    return -sum(count / len(value) * log2(count / len(value)) for count in Counter(value).values())


def _apart(calls: list[Redact]) -> list[Redact]:
    """The calls in order; of two that overlap, the longer."""
    kept: list[Redact] = []
    for call in sorted(calls, key=lambda call: (call.start - call.end, call.start)):
        if all(call.end <= other.start or other.end <= call.start for other in kept):
            kept.append(call)
    return sorted(kept, key=lambda call: call.start)
