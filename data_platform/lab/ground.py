"""What all runs of a comparison stand on: held-out documents, one tokenizer, and texts that are apart from the former.

Held-out are the first documents of every domain in an order by the hash of their ids, of all that the whole mixture
admits: whatever a cut or a seed draws, none of them is read. Of a cluster of duplicates one copy is left here, whose id
is the cluster's, so that clusters stay together. What was made of a held-out document is not read either, and of what
is drawn, texts that are a held-out one but for case and white space, or share many runs of tokens with one, are put
aside and others drawn in their place.

The tokenizer is trained on a sample of what the whole mixture may read, and is that of all cuts: in bits per byte,
losses depend little on it, but differences should not depend on it at all.

Not here: cuts (`cuts.py`), training (`proxy/`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.errors import PlainError
from data_platform.core.order import hashed_order
from data_platform.lab.cuts import Cut, admitted, cuts_of, draw, without
from data_platform.mixing.settings import Mixture
from data_platform.models.tokenizer import train_tokenizer
from data_platform.proxy.held_out import Apart, Measured
from data_platform.proxy.ladder import Schedule
from data_platform.proxy.packing import Reading, pack
from data_platform.run.stage import Work
from data_platform.stages.plans import candidates
from data_platform.stages.shared.publishable import all_texts

if TYPE_CHECKING:
    from tokenizers import Tokenizer

VOCABULARY = 2048
CONTEXT = 256
HELD_OUT_SHARE = 0.05
"""Part of the documents of a domain that is held out, at least FEWEST, at most a quarter; no more than MOST_TOKENS."""
FEWEST = 2
MOST_TOKENS = 8_000
MEASURED_TOKENS = 2_048
"""Tokens of a held-out document that are measured, from its beginning: no single one is to decide."""
SPARE = 2
"""How many times the budget documents are drawn for."""
SAMPLE_TOKENS = 500_000
SAMPLE_CHARACTERS = 20_000
"""Tokens of the sample that the tokenizer is trained on, counted by the recipe's, and characters of one document."""
PROTOCOL = {
    "spare": SPARE, "vocabulary": VOCABULARY, "context": CONTEXT, "held_out_share": HELD_OUT_SHARE, "fewest": FEWEST,
    "most_tokens": MOST_TOKENS, "measured_tokens": MEASURED_TOKENS, "sample_tokens": SAMPLE_TOKENS,
    "sample_characters": SAMPLE_CHARACTERS,
}
"""All of these, as runs record them."""
_SALT = 0x1AB


class NothingToRead(PlainError, ValueError):
    """No document is left to train or to measure on. The message says of which part."""


class Ground:
    """Documents of a mixture for training and for measuring. Texts are read when they are first asked for.

    Args:
        work: the stage of the mixture's plan, with its inputs at pinned versions.
        mixture: the mixture.
    """

    def __init__(self, work: Work, mixture: Mixture) -> None:
        self._work, self._mixture = work, mixture
        self.whole = cuts_of(mixture)[-1]
        every = candidates(work, mixture)
        self.held_out = _first_by_hash(admitted(every, self.whole))
        if not self.held_out.num_rows:
            raise NothingToRead(f"mixture {work.stage.declared.entry} has no domain with two documents or more, of "
                                "which one could be held out to measure on")
        self._trainable = without(every, [*self.held_out["doc_id"].to_pylist(), *self._made_of_held_out()])
        self._near: dict[str, bool] = {}
        self._tokens: dict[str, np.ndarray] = {}

    @property
    def tier(self) -> str:
        """The column of documents with the licence tier by which the mixture admits."""
        return self._mixture.terms[1]

    @property
    def held_out_digest(self) -> str:
        """SHA-256 of the ids of the held-out documents."""
        return hashlib.sha256("\n".join(sorted(self.held_out["doc_id"].to_pylist())).encode()).hexdigest()

    def admitted(self, cut: Cut) -> pa.Table:
        """What may be read for a cut. Texts too near to held-out ones are among it until they are drawn."""
        return admitted(self._trainable, cut)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer of all runs."""
        texts = self._texts(self._sample["doc_id"].to_pylist())
        starts = (text[:SAMPLE_CHARACTERS] for text in texts.values())
        return train_tokenizer(starts, VOCABULARY, CONTEXT).backend_tokenizer

    @cached_property
    def tokenizer_digest(self) -> str:
        """SHA-256 of the tokenizer."""
        return hashlib.sha256(self.tokenizer.to_str().encode()).hexdigest()

    @cached_property
    def vocabulary(self) -> int:
        """Tokens of the tokenizer."""
        return self.tokenizer.get_vocab_size()

    @cached_property
    def measured(self) -> dict[str, Measured]:
        """What is measured on, by domain."""
        texts = self._texts(self.held_out["doc_id"].to_pylist())
        domains = self.held_out["domain"].to_pylist()
        measured = {}
        for domain in sorted(set(domains)):
            own = [texts[doc_id] for doc_id, of in zip(self.held_out["doc_id"].to_pylist(), domains, strict=True)
                   if of == domain]
            beginnings = [self._beginning(text) for text in own]
            measured[domain] = Measured.of(*zip(*beginnings, strict=True), context=CONTEXT)
        return measured

    def reading(self, cut: Cut, seed: int, schedule: Schedule) -> tuple[pa.Table, Reading]:
        """The documents that are read for a cut under a seed, and what a run reads of them.

        Domains have the shares of a draw at the budget. Documents are drawn for SPARE times as much: a draw passes over
        what is larger than a share and leaves the rest of the share open, which else would be filled by repetition.

        Raises:
            NothingToRead: if no document is admitted, or none is small enough for the budget.
        """
        budget = max(1, round(schedule.tokens / self._tokens_per_token))
        there, near = self._trainable, [""]
        while near:
            drawn = draw(there, cut, SPARE * budget, seed)
            near = self._too_near(drawn)
            there = without(there, near)
        if not drawn.num_rows:
            raise NothingToRead(f"{cut.name} of mixture {self._work.stage.declared.entry} has no document that is "
                                f"smaller than its domain's share of {budget:,} tokens; give more tokens")
        ids = drawn["doc_id"].combine_chunks()
        reading = pack(
            ids.to_pylist(), [self._tokens[doc_id] for doc_id in ids.to_pylist()], drawn["domain"].to_pylist(),
            {**_shares(drawn), **_shares(draw(there, cut, budget, seed))}, schedule.steps * schedule.sequences, CONTEXT,
            lambda number: hashed_order(ids, (seed << 32) + number + 1), drawn["repeats"].to_numpy(),
        )
        read = reading.seen > 0
        return drawn.filter(pa.array(read)), replace(reading, seen=reading.seen[read])

    def tokens_of(self, ids: Sequence[str]) -> np.ndarray:
        """How many tokens documents have that were drawn."""
        return np.array([len(self._tokens[doc_id]) for doc_id in ids], np.int64)

    @cached_property
    def _sample(self) -> pa.Table:
        """Documents that may be read, in an order by hash, as many as SAMPLE_TOKENS."""
        there = self.admitted(self.whole)
        there = there.take(pa.array(hashed_order(there["doc_id"].combine_chunks(), _SALT)))
        return there.slice(0, 1 + int(np.searchsorted(np.cumsum(there["token_count"].to_numpy()), SAMPLE_TOKENS)))

    @cached_property
    def _tokens_per_token(self) -> float:
        """Tokens of the proxies for every token of the recipe's tokenizer, in the sample."""
        ids = self._sample["doc_id"].to_pylist()
        self._tokenize(ids)
        return (self.tokens_of(ids).sum() + len(ids)) / max(1, pc.sum(self._sample["token_count"]).as_py())

    @cached_property
    def _apart(self) -> Apart:
        texts = list(self._texts(self.held_out["doc_id"].to_pylist()).values())
        return Apart(texts, [self._encoded(text) for text in texts])

    def _too_near(self, drawn: pa.Table) -> list[str]:
        """Those of the drawn documents that are too near to held-out ones; each is asked once."""
        drawn_ids = drawn["doc_id"].to_pylist()
        ids = [doc_id for doc_id in drawn_ids if doc_id not in self._near]
        texts = self._tokenize(ids)
        near = self._apart.too_near([texts[doc_id] for doc_id in ids], [self._tokens[doc_id] for doc_id in ids])
        self._near |= dict(zip(ids, near.tolist(), strict=True))
        return [doc_id for doc_id in drawn_ids if self._near[doc_id]]

    def _tokenize(self, ids: Sequence[str]) -> dict[str, str]:
        """Read the texts of documents, and keep their tokens."""
        texts = self._texts(ids)
        self._tokens |= {doc_id: self._encoded(text) for doc_id, text in texts.items() if doc_id not in self._tokens}
        return texts

    def _encoded(self, text: str) -> np.ndarray:
        return np.array(self.tokenizer.encode(text, add_special_tokens=False).ids, np.int32)

    def _beginning(self, text: str) -> tuple[np.ndarray, int]:
        """The first MEASURED_TOKENS tokens of a text, and the UTF-8 bytes that they cover."""
        encoded = self.tokenizer.encode(text, add_special_tokens=False)
        if len(encoded.ids) > MEASURED_TOKENS:
            text = text[:encoded.offsets[MEASURED_TOKENS - 1][1]]
        return np.array(encoded.ids[:MEASURED_TOKENS], np.int32), len(text.encode())

    def _texts(self, ids: Sequence[str]) -> dict[str, str]:
        """Texts by id, in the order of `ids`."""
        wanted, found = pa.array(ids, pa.string()), {}
        for name in all_texts(self._work.recipe):
            for pin in self._work.pins_of(name):
                for rows in self._work.lake.read_documents(pin, ["doc_id", "text"], wanted):
                    found.update(zip(rows["doc_id"].to_pylist(), rows["text"].to_pylist(), strict=True))
        return {doc_id: found[doc_id] for doc_id in ids}

    def _made_of_held_out(self) -> list[str]:
        if not self._work.recipe.synthesis or not self._work.lake.exists("parents"):
            return []
        where = pc.field("parent_id").isin(self.held_out["doc_id"].combine_chunks())
        return self._work.lake.read_table("parents", ["derived_id"], where=where)["derived_id"].to_pylist()


def _shares(drawn: pa.Table) -> dict[str, float]:
    return dict(zip(drawn["domain"].to_pylist(), drawn["share"].to_pylist(), strict=True))


def _first_by_hash(documents: pa.Table) -> pa.Table:
    """The documents of every domain that are held out. Texts that were made of others are not among them."""
    documents = documents.filter(pc.invert(documents["derived"]))
    documents = documents.take(pa.array(hashed_order(documents["doc_id"].combine_chunks(), _SALT)))
    domains, tokens = documents["domain"].to_numpy(), documents["token_count"].to_numpy()
    places = []
    for domain in sorted(set(domains)):
        members = np.flatnonzero(domains == domain)
        count = min(max(FEWEST, round(HELD_OUT_SHARE * len(members))), -(-len(members) // 4), len(members) - 1)
        enough = 1 + np.searchsorted(np.cumsum(np.minimum(tokens[members], MEASURED_TOKENS)), MOST_TOKENS)
        places.append(members[:min(count, enough)])
    return documents.take(pa.array(np.concatenate([np.zeros(0, np.int64), *places])))
