"""How many tokens a text has.

Here belongs counting with one tokenizer: by default Tekken, the byte-level BPE of 130,072 tokens that mistral-common
ships (Apache-2.0), run by tiktoken; or any Hugging Face tokenizer.json. Not here: training a tokenizer, packing tokens.

No beginning or end tokens are added, and what looks like a special token in a text is counted as the text it is.
Tekken counts 10 MB/s on one core.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from base64 import b64decode
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

import pyarrow as pa

from data_platform.core.errors import PlainError

PIECE_CHARACTERS = 50_000
"""tiktoken's regular expression engine gives up, and its Rust code panics, within a run of some hundred thousand
spaces. Longer texts are cut before a single space, where Tekken begins a token anyway, so that the count does not
change; only where there is no such space in the last 5,000 characters of a piece may a cut add a token or two."""

_CUT_WITHIN = 5_000
_TEKKEN = "mistral_common/data/tekken_240911.json"
_DIGEST_DIGITS = 12


class TokenizerError(PlainError, ValueError):
    """A file that is no tokenizer, or not the whole of one. The message names it."""


def count_tokens(texts: pa.Array, tokenizer: str | None = None) -> pa.Int64Array:
    """Tokens of each text.

    Args:
        texts: string or large_string; null counts as empty.
        tokenizer: path of a Hugging Face tokenizer.json, or of a tekken*.json; default: Tekken.

    Raises:
        FileNotFoundError: if there is no file at `tokenizer`.
        TokenizerError: if it cannot be loaded.
    """
    file = _file(tokenizer)
    count = _counter(file, _digest(file))
    return pa.array([count(text) if text else 0 for text in texts.to_pylist()], pa.int64())


def tokenizer_name(tokenizer: str | None = None) -> str:
    """File name of a tokenizer and the first 12 digits of the SHA-256 of its bytes, as `name@digest`.

    Raises:
        FileNotFoundError: if there is no file at `tokenizer`.
    """
    file = _file(tokenizer)
    return f"{file.name}@{_digest(file)}"


def _file(tokenizer: str | None) -> Path:
    if tokenizer is None:
        return Path(str(importlib.metadata.distribution("mistral-common").locate_file(_TEKKEN)))
    if not (file := Path(tokenizer)).is_file():
        raise FileNotFoundError(f"no tokenizer at {file}; set tokenizer to a tokenizer.json, or leave it out")
    return file


def _digest(file: Path) -> str:
    status = file.stat()
    return _content_digest(file, status.st_size, status.st_mtime_ns)


@cache
def _content_digest(file: Path, size: int, changed: int) -> str:
    """Digest of the file's bytes; read again only if its size or time has changed."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:_DIGEST_DIGITS]


@cache
def _counter(file: Path, digest: str) -> Callable[[str], int]:
    """The tokenizer in `file`, loaded once per process and content."""
    try:
        return _load_tekken(file) if file.name.startswith("tekken") else _load_hugging_face(file)
    except MemoryError:
        raise
    except Exception as error:  # what `tokenizers` raises has no other kind
        cause = error.strerror if isinstance(error, OSError) and error.strerror else f"{type(error).__name__}: {error}"
        raise TokenizerError(f"{file} is no tokenizer that can be loaded, or is cut: {cause}") from error


def _load_tekken(file: Path) -> Callable[[str], int]:
    import json

    import tiktoken

    data = json.loads(file.read_bytes())
    config = data["config"]
    size = config["default_vocab_size"] - config["default_num_special_tokens"]
    encoding = tiktoken.Encoding(
        file.stem,
        pat_str=config["pattern"],
        mergeable_ranks={b64decode(token["token_bytes"]): token["rank"] for token in data["vocab"][:size]},
        special_tokens={},
    )
    return partial(_count_pieces, lambda piece: len(encoding.encode_ordinary(piece)))


def _load_hugging_face(file: Path) -> Callable[[str], int]:
    from tokenizers import Tokenizer

    model = Tokenizer.from_file(str(file))
    model.no_truncation()
    model.no_padding()
    model.encode_special_tokens = True  # as the text they are
    return lambda text: len(model.encode(text, add_special_tokens=False))


def _count_pieces(count: Callable[[str], int], text: str) -> int:
    return sum(map(count, _pieces(text)))


def _pieces(text: str) -> Iterator[str]:
    """`text` in pieces of at most `PIECE_CHARACTERS`, see there for where it is cut."""
    start = 0
    while len(text) - start > PIECE_CHARACTERS:
        end = cut = start + PIECE_CHARACTERS
        while (cut := text.rfind(" ", end - _CUT_WITHIN, cut)) > 0:
            if not text[cut - 1].isspace() and not text[cut + 1].isspace():
                end = cut
                break
        yield text[start:end]
        start = end
    yield text[start:]
