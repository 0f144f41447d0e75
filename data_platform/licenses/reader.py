"""What a sentence on rights says, by a small model of language that reads it.

Two questions decide what a page's licence covers, and neither can be answered by a list of words: what a sentence that
names a licence puts under it (`grant`), and whether a sentence beside a licence limits it (`neighbours`). One model
answers both. It is multilingual-e5-small (Wang et al. 2024, arXiv:2402.05672; MIT), trained further
on sentences of known kinds (benchmarks/train_license_reader.py), so that it knows words, in the languages of notices,
that no sentence of ours has: a network of twelve layers of attention (Vaswani et al. 2017, arXiv:1706.03762), 384 wide,
over pieces of words (Kudo 2018, arXiv:1804.10959). The mean over a sentence, and the state at the licence, give the
answers. It is computed by NumPy, a sentence at a time and by one thread, so that what else a batch holds, or who else
computes, changes nothing: threads of BLAS that wait for each other in as many processes as there are cores take fifty
times as long.

Belongs here: one text in, numbers out. Does not: what is read and what follows (`grant`, `neighbours`, `html`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MODEL = Path(__file__).with_name("reader.npz")
"""As `benchmarks.train_license_reader` writes it: pieces and their scores, vectors in blocks of four bits, layers."""
LICENSE, OWN = "@", "◊"
"""What stands in a text for the licence that is asked about, and for what the page or its site calls itself."""
MAX_PIECES = 96
"""Pieces of a text that are read."""
HEADS = 12
BLOCK = 32
"""Weights of a vector that share a scale (the format Q4_0 of ggml: half a byte each, 8 taken away)."""
BEGIN, UNKNOWN_PIECE, END = 0, 3, 2
_EPSILON = 1e-12


class Answer(NamedTuple):
    """What the model says of a text."""

    limit: float
    """Log odds that it limits the licence that it stands beside."""
    claim: tuple[float, ...]
    """Score of each of `grant.CLASSES` for what is put under the licence at `LICENSE`."""


@lru_cache(maxsize=16_384)
def read(text: str) -> Answer:
    """What the model says of a text; of `claim` nothing is to be believed where the text has no `LICENSE`."""
    model = _model()
    ids = [BEGIN, *model.tokenizer.encode(text).ids[:MAX_PIECES], END]
    with _threads().limit(limits=1, user_api="blas"):
        states = model.states(ids)
    mean = states.mean(axis=0)
    at = ids.index(model.license) if model.license in ids else 0
    limit = model.tensors["limit.w"] @ mean + model.tensors["limit.b"]
    claim = model.tensors["claim.w"] @ np.concatenate([mean, states[at]]) + model.tensors["claim.b"]
    return Answer(float(limit[0]), tuple(claim.tolist()))


def is_piece(word: str) -> bool:
    """Whether a word is one that the model has as a whole: an ordinary word, and no name."""
    tokenizer = _model().tokenizer
    return any(tokenizer.token_to_id(f"▁{form}") is not None for form in (word, word.lower()))


class _Model:
    """The weights, made whole, and what cuts a text into pieces."""

    def __init__(self, stored: Mapping[str, np.ndarray]) -> None:
        self.tokenizer = tokenizer_of(bytes(stored["pieces"]).decode().split("\n"), stored["scores"].tolist())
        self.license: int = self.tokenizer.encode(LICENSE).ids[0]
        self.vectors = stored["vectors"]
        self.tensors = {name: _whole(stored, name) for name in stored if "." in name and not name.endswith(".scale")}
        self.depth = 1 + max(int(name.split(".")[0]) for name in self.tensors if name[0].isdigit())

    def states(self, ids: list[int]) -> np.ndarray:
        """The last layer's state of every piece: (pieces, width)."""
        tensors = self.tensors
        states = unpacked(self.vectors[ids]) + tensors["positions.w"][: len(ids)]
        states = _normed(states, tensors["norm.w"], tensors["norm.b"])
        for layer in range(self.depth):
            states = self._layer(f"{layer}.", states)
        return states

    def _layer(self, layer: str, states: np.ndarray) -> np.ndarray:
        def linear(name: str, of: np.ndarray) -> np.ndarray:
            return of @ self.tensors[f"{layer}{name}.w"] + self.tensors[f"{layer}{name}.b"]

        def normed(name: str, of: np.ndarray) -> np.ndarray:
            return _normed(of, self.tensors[f"{layer}{name}.w"], self.tensors[f"{layer}{name}.b"])

        queries, keys, values = (
            linear(name, states).reshape(len(states), HEADS, -1).swapaxes(0, 1) for name in ("q", "k", "v")
        )
        scores = queries @ keys.swapaxes(1, 2) / np.sqrt(np.float32(queries.shape[-1]))
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        attended = (shares @ values).swapaxes(0, 1).reshape(states.shape)
        states = normed("aln", states + linear("ao", attended))
        return normed("oln", states + linear("fo", _gelu(linear("fi", states))))


@cache
def _threads() -> ThreadpoolController:
    """What the libraries of this process compute by, as they are loaded with NumPy."""
    return ThreadpoolController()


@cache
def _model() -> _Model:
    with np.load(MODEL, allow_pickle=False) as stored:
        return _Model(dict(stored))


def tokenizer_of(pieces: list[str], scores: list[float]) -> Tokenizer:
    """What cuts a text into the likeliest pieces (Kudo 2018), their places in `pieces` its ids."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(models.Unigram(list(zip(pieces, scores, strict=True)), unk_id=UNKNOWN_PIECE))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" +"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme="always")
    return tokenizer


def unpacked(vectors: np.ndarray) -> np.ndarray:
    """Vectors from blocks of a scale in half precision and 16 bytes of two weights each: (rows, bytes) as uint8."""
    blocks = vectors.reshape(len(vectors), -1, 2 + BLOCK // 2)
    scales = np.ascontiguousarray(blocks[..., :2]).view(np.float16).astype(np.float32)
    halves = np.concatenate([blocks[..., 2:] & 15, blocks[..., 2:] >> 4], axis=-1)
    return ((halves.astype(np.float32) - 8) * scales).reshape(len(vectors), -1)


def _whole(stored: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    """A tensor in single precision; matrices of layers lie in whole steps of a scale by output."""
    scale = stored.get(f"{name}.scale")
    return stored[name].astype(np.float32) if scale is None else stored[name].astype(np.float32) * scale


def _normed(states: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    centred = states - states.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + _EPSILON) * weight + bias


def _gelu(inputs: np.ndarray) -> np.ndarray:
    """The Gaussian error linear unit (Hendrycks and Gimpel 2016, arXiv:1606.08415) by its approximation."""
    inner = inputs + np.float32(0.044715) * inputs * inputs * inputs
    return np.float32(0.5) * inputs * (1 + np.tanh(np.float32(np.sqrt(2 / np.pi)) * inner))
