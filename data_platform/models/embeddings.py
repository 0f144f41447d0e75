"""Embeddings of texts: what a causal language model makes of them, as vectors of length 1.

The embedding is the mean of the last hidden states over the tokens of the text, as far as `max_tokens` and the model's
context go. Of the small models that are trained here it tells topic and wording more than meaning; a model made for
embeddings, in the same layout, tells more. Not here: perplexity (`perplexity.py`), and what is done with embeddings
(`methods/duplicates/semantic.py`).
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.kinds.method import strings
from data_platform.models.batching import batches
from data_platform.models.perplexity import CHARACTERS_PER_TOKEN, load_language_model
from data_platform.models.placement import device, inference_precision


class Embedder:
    """Embeds texts with the causal language model in a directory, as written by `save_pretrained`.

    Args:
        folder: the directory.
        max_tokens: tokens of a text that are read.
        batch_tokens: tokens of a forward pass, padding included.

    Raises:
        ModelError: if the directory is missing, or holds no causal language model with a fast tokenizer.
    """

    def __init__(self, folder: str | os.PathLike[str], max_tokens: int = 512, batch_tokens: int = 8_192) -> None:
        place = device()
        self.model, self.tokenizer = load_language_model(Path(folder), inference_precision(place))
        self.model.to(place)
        context = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        self.max_tokens = min(max_tokens, context or max_tokens)
        self.batch_tokens = batch_tokens

    def embed(self, texts: pa.Array) -> pa.ListArray:
        """One list of float32 per text. A text without tokens is embedded as the token that precedes texts.

        Raises:
            ValueError: if a text is null.
            FloatingPointError: if the model's output is not a number.
        """
        sequences = self._tokens(strings(texts))
        width = self.model.config.get_text_config().hidden_size
        vectors = np.zeros((len(sequences), width), np.float32)
        for rows in batches([len(sequence) for sequence in sequences], self.batch_tokens):
            vectors[rows] = self._means([sequences[row] for row in rows])
        if not np.isfinite(vectors).all():
            raise FloatingPointError(f"{(~np.isfinite(vectors).all(axis=1)).sum()} embeddings are not finite")
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        offsets = np.arange(0, len(vectors) * width + 1, width, dtype=np.int32)
        return pa.ListArray.from_arrays(pa.array(offsets), pa.array(vectors.reshape(-1)))

    def _tokens(self, texts: pa.LargeStringArray) -> list[list[int]]:
        if not len(texts):
            return []
        starts = pc.utf8_slice_codeunits(texts, 0, self.max_tokens * CHARACTERS_PER_TOKEN).to_pylist()
        encoded = self.tokenizer.backend_tokenizer.encode_batch(starts, add_special_tokens=False)
        begin = self.tokenizer.bos_token_id
        prefix = self.tokenizer.eos_token_id if begin is None else begin
        return [tokens.ids[: self.max_tokens] or [prefix] for tokens in encoded]

    def _means(self, rows: list[list[int]]) -> np.ndarray:
        import torch

        shape = len(rows), max(map(len, rows))
        ids, mask = torch.zeros(shape, dtype=torch.long), torch.zeros(shape, dtype=torch.long)
        for place, row in enumerate(rows):
            ids[place, : len(row)] = torch.tensor(row)
            mask[place, : len(row)] = 1
        ids, mask = ids.to(self.model.device), mask.to(self.model.device)
        with torch.inference_mode():
            # Padding is on the right, where a causal model does not see it.
            states = self.model.base_model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
            weights = mask.unsqueeze(-1).float()
            means = (states.float() * weights).sum(dim=1) / weights.sum(dim=1)
        return means.cpu().numpy()
