"""Counting tokens: what a budget is spent in.

The default is Tekken as shipped in mistral-common (byte-level BPE, 2**17 entries), so that counts need no network; a
recipe may name any Hugging Face `tokenizer.json`. Not here: tokenising for training.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa

TEKKEN = "tekken_240911.json"
# BPE is quadratic in the length of one pre-token, and a run without spaces is one. Longer texts are cut every so many
# characters, which adds at most one token per cut.
PIECE_CHARACTERS = 20_000
_THREADS = 2

Counter = Callable[[list[str]], list[int]]


def tokenizer_name(tokenizer: str | None) -> str:
    """File name of the tokenizer and the first 12 digits of the SHA-256 of its file.

    Raises:
        OSError: if there is no such file.
    """
    path = _path(tokenizer)
    return f"{path.name}@{_digest(str(path), path.stat().st_mtime_ns)}"


def count_tokens(texts: pa.Array, tokenizer: str | None = None) -> pa.Int64Array:
    """Tokens of every text, special tokens neither added nor recognised; 0 for empty and null.

    Raises:
        OSError: if there is no such tokenizer.
    """
    pieces: list[str] = []
    owners: list[int] = []
    for row, text in enumerate(texts.to_pylist()):
        for start in range(0, len(text or ""), PIECE_CHARACTERS):
            pieces.append(text[start : start + PIECE_CHARACTERS])
            owners.append(row)
    counts = _counter(str(_path(tokenizer)))(pieces)
    return pa.array(np.bincount(np.array(owners, np.int64), counts, len(texts)).astype(np.int64), pa.int64())


def _path(tokenizer: str | None) -> Path:
    if tokenizer:
        return Path(tokenizer)
    package = Path(find_spec("mistral_common").origin).parent
    return package / "data" / TEKKEN


@cache
def _digest(path: str, modified: int) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:12]


@cache
def _counter(path: str) -> Counter:
    """What counts the tokens of pieces; loaded once per process."""
    if Path(path).name.startswith("tekken"):
        return _tekken(path)
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(path)
    return lambda pieces: [len(item) for item in tokenizer.encode_batch_fast(pieces, add_special_tokens=False)]


def _tekken(path: str) -> Counter:
    import tiktoken

    data = json.loads(Path(path).read_text(encoding="utf-8"))
    size = data["config"]["default_vocab_size"] - data["config"]["default_num_special_tokens"]
    ranks = {b64decode(entry["token_bytes"]): entry["rank"] for entry in data["vocab"][:size]}
    encoding = tiktoken.Encoding(
        Path(path).stem, pat_str=data["config"]["pattern"], mergeable_ranks=ranks, special_tokens={}
    )
    return lambda pieces: [len(item) for item in encoding.encode_ordinary_batch(pieces, num_threads=_THREADS)]
