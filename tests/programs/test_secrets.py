"""Secrets: what is taken out, what stays, and how a recipe asks for it."""

from __future__ import annotations

import string

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.methods.edits.secrets import Secrets, entropy
from data_platform.programs.interpreter import rebuild
from data_platform.programs.program import write

TOKEN = "a1B2c3D4" * 5


def redacted(text: str, **chosen) -> str:
    """A text without its secrets."""
    texts = pa.array([text], pa.large_string())
    calls = Secrets(Secrets.Settings(**chosen)).edits(texts).get(0, [])
    return rebuild(text, write(calls))


# Put together here, so that no scanner of this repository takes them for secrets of ours.
@pytest.mark.parametrize("secret", [
    "AKIA" + "ABCDEFGH" * 2, "ghp_" + TOKEN[:36], "github_pat_" + TOKEN[:22] + "_" + (TOKEN * 2)[:59],
    "glpat-" + TOKEN[:20], "xoxb-" + "1234567890-abcdefghij", "AIza" + TOKEN[:35], "sk_live_" + TOKEN[:24],
    "npm_" + TOKEN[:36], "pypi-AgEIcHlwaS5vcmc" + TOKEN * 2, "hf_" + "AbCdEfGhIj" * 3 + "AbCd",
    "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0In0." + TOKEN[:22],
    "-----BEGIN RSA PRIVATE" + " KEY-----\nMIIEpAIBAAKC\nAQEA+/=\n-----END RSA PRIVATE" + " KEY-----",
    "-----BEGIN OPENSSH PRIVATE" + " KEY-----\\nb3BlbnNz\\n-----END OPENSSH PRIVATE" + " KEY-----",
])
@pytest.mark.parametrize("around", ["key = {}\n", 'f("{}")', "- {}\nnext: line", "Schlüssel: {} — fertig"])
def test_published_forms_go(secret: str, around: str) -> None:
    assert redacted(around.format(secret)) == around.format("<SECRET>")


@pytest.mark.parametrize(("text", "left"), [
    ('"client_secret": "8dyfuiRyq=vVc3RRr_edRk"', '"client_secret": "<SECRET>"'),
    ("DB_PASSWORD: 'tr0ub4dor&3xKq9'", "DB_PASSWORD: '<SECRET>'"),
    ("amqp://guest:s3cr3t@[::1]:5672/", "amqp://guest:<SECRET>@[::1]:5672/"),
])
def test_what_names_and_addresses_tell_goes(text: str, left: str) -> None:
    assert redacted(text) == left


@pytest.mark.parametrize("text", [
    'password = os.environ["DB_PASSWORD_1"]', 'token = "your-token-goes-here1"', 'password = "correct horse"',
    "https://example.org:8080/a@b", 'secret_name = "production/database/key1"', "the token bucket algorithm",
    "postgres://user:${PASSWORD}@db/x", '"api_key": "<YOUR_KEY_123>"', "sk_live_short",
    "-----BEGIN PUBLIC KEY-----\nMIIE", 'tokens = ["a1b2c3d4e5f6"]',
])
def test_what_is_none_stays(text: str) -> None:
    assert redacted(text) == text


def test_names_can_be_left_alone() -> None:
    assert redacted('api_key = "q7Zk2mVx9LrT4bWn"', named=False) == 'api_key = "q7Zk2mVx9LrT4bWn"'


def test_entropy_is_shannons() -> None:
    assert entropy(b"") == 0
    assert entropy(b"aaaa") == 0
    assert entropy(b"ab") == pytest.approx(1)
    assert entropy(b"0123456789abcdef") == pytest.approx(4)


@settings(max_examples=60, deadline=None)
@given(
    before=st.text(max_size=40), after=st.text(max_size=40),
    letters=st.text(alphabet=string.ascii_letters + string.digits, min_size=36, max_size=36),
)
def test_no_token_survives_what_stands_around_it(before: str, after: str, letters: str) -> None:
    token = "ghp_" + letters
    assert token not in redacted(f"{before} {token} {after}")


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=200))
def test_a_text_is_clean_once(text: str) -> None:
    once = redacted(text)
    assert redacted(once) == once
