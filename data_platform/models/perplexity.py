"""Perplexity and bits per byte of texts under a causal language model from a local directory.

Every token of a text is predicted, the first one from a prefix: the model's begin-of-text token, or its end-of-text
token where it has none, which is what precedes a text in training. A text that has no token at all (possible where a
tokenizer strips white space) is scored as what it says: the prefix, once more. So every text has a finite score.

Perplexity is exp(nats / tokens) and depends on the tokenizer. Bits per byte is nats / ln 2 / bytes, over the UTF-8
bytes that the scored tokens cover, and compares across tokenizers (Gao et al. 2020, "The Pile", section 3.1).

Not here: which device and precision (`placement.py`), windows and batches (`batching.py`), training (`methods/train/`).
"""

from __future__ import annotations

import json
import math
import os
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.errors import PlainError, faults_of
from data_platform.models.batching import batches, windows

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# Tokenizers read a whole text before they cut it, so long texts are cut first. English has some 4 characters a token.
CHARACTERS_PER_TOKEN = 16
# Logits of one forward pass: 1 GiB in float32. What a large vocabulary would make of `batch_tokens` stays below it.
LOGITS_PER_PASS = 2**28
# exp(709.8) is the largest double. A model this wrong is wrong enough.
MAX_NATS_PER_TOKEN = 700.0
_UNCOUNTED = -100
_ZIP = b"PK\x03\x04"
"""How weights begin that PyTorch has written since 1.6."""


class ModelError(PlainError, ValueError):
    """A directory that holds no usable model. The message names the directory and what is wrong with it."""


@dataclass(frozen=True)
class Losses:
    """Negative log-likelihood in nats of every text, and the tokens and UTF-8 bytes that it was summed over."""

    nats: np.ndarray
    tokens: np.ndarray
    bytes: np.ndarray

    @property
    def bits_per_byte(self) -> np.ndarray:
        """Bits per UTF-8 byte of every text; a text without bytes counts as one byte."""
        return self.nats / math.log(2) / np.maximum(self.bytes, 1)

    @property
    def perplexity(self) -> np.ndarray:
        """Perplexity per token of every text."""
        return np.exp(np.minimum(self.nats / self.tokens, MAX_NATS_PER_TOKEN))

    @property
    def total_bits_per_byte(self) -> float:
        """Bits per byte of all texts together."""
        return float(self.nats.sum() / math.log(2) / max(1, self.bytes.sum()))


def losses(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    texts: pa.LargeStringArray,
    max_tokens: int,
    batch_tokens: int,
) -> Losses:
    """Loss of every text under `model`, over its first `max_tokens` tokens, in passes of about `batch_tokens` tokens.

    The model is used where it is and as it is: put it into evaluation mode first. Texts longer than the model's
    context are read in overlapping windows. A text is also cut at `max_tokens` x CHARACTERS_PER_TOKEN characters. Safe
    to call from several threads.

    Raises:
        FloatingPointError: if the model's output is not a number.
    """
    sequences, byte_counts = _tokens(tokenizer, texts, max_tokens)
    config = model.config.get_text_config()
    spans = windows([len(sequence) for sequence in sequences], getattr(config, "max_position_embeddings", None))
    lengths = [span.stop - span.start for span in spans]
    budget = min(batch_tokens, LOGITS_PER_PASS // config.vocab_size)
    nats = np.zeros(len(sequences))
    for indices in batches(lengths, budget):
        batch = [spans[index] for index in indices]
        rows = [sequences[span.sequence][span.start : span.stop] for span in batch]
        firsts = [span.first_target - span.start for span in batch]
        # Windows of one text may share a batch: add, do not assign.
        np.add.at(nats, [span.sequence for span in batch], _window_nats(model, rows, firsts))
    if not np.isfinite(nats).all():
        raise FloatingPointError(
            f"the model's loss is not finite for {int((~np.isfinite(nats)).sum())} of {len(nats)} texts; "
            "its weights are damaged or overflow in this precision"
        )
    return Losses(nats, np.array([len(sequence) - 1 for sequence in sequences]), byte_counts)


def _tokens(
    tokenizer: PreTrainedTokenizerBase, texts: pa.LargeStringArray, max_tokens: int
) -> tuple[list[list[int]], np.ndarray]:
    """Prefix and tokens of every text, and the UTF-8 bytes that the tokens cover."""
    prefix = _prefix(tokenizer)
    if not len(texts):
        return [], np.zeros(0, dtype=np.int64)
    starts = pc.utf8_slice_codeunits(texts, 0, max_tokens * CHARACTERS_PER_TOKEN).to_pylist()
    # Cut here and not by the tokenizer: its own truncation is a state that threads would share.
    encoded = tokenizer.backend_tokenizer.encode_batch(starts, add_special_tokens=False)
    byte_counts = [
        len((text[: tokens.token_to_chars(max_tokens - 1)[1]] if len(tokens) > max_tokens else text).encode())
        for text, tokens in zip(starts, encoded, strict=True)
    ]
    return [[prefix, *(tokens.ids[:max_tokens] or [prefix])] for tokens in encoded], np.array(byte_counts)


def _prefix(tokenizer: PreTrainedTokenizerBase) -> int:
    return tokenizer.eos_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id


def _window_nats(model: PreTrainedModel, rows: Sequence[Sequence[int]], first_targets: Sequence[int]) -> np.ndarray:
    """Summed loss of the positions of every row from its first target on.

    Padding is on the right, where a causal model does not see it; what it predicts there is not counted.
    """
    import torch

    shape = len(rows), max(len(row) for row in rows)
    ids, mask = torch.zeros(shape, dtype=torch.long), torch.zeros(shape, dtype=torch.long)
    targets = torch.full(shape, _UNCOUNTED, dtype=torch.long)  # of the position before
    for index, (row, first) in enumerate(zip(rows, first_targets, strict=True)):
        ids[index, : len(row)] = torch.tensor(row)
        mask[index, : len(row)] = 1
        targets[index, first - 1 : len(row) - 1] = ids[index, first : len(row)]
    ids, mask, targets = (tensor.to(model.device) for tensor in (ids, mask, targets))
    with torch.inference_mode():
        logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits.float()
        nats = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), ignore_index=_UNCOUNTED, reduction="none"
        )
    return nats.view(shape).sum(dim=1, dtype=torch.float64).cpu().numpy()


def load_language_model(
    folder: Path, precision: torch.dtype | None = None
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The causal language model and the tokenizer in `folder`, from local files alone, in evaluation mode.

    Weights are loaded in `precision` (default float32). The tokenizer reads texts that spell out special tokens as
    plain characters.

    Raises:
        ModelError: if the directory is missing, or holds no causal language model with a fast tokenizer.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    _require_model_folder(folder)
    with _loading(folder), no_progress_bars():
        model, told = AutoModelForCausalLM.from_pretrained(
            folder, local_files_only=True, dtype=precision or torch.float32, output_loading_info=True
        )
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, split_special_tokens=True)
    if missing := sorted(told["missing_keys"]):
        # transformers fills them with random numbers.
        raise ModelError(f"{folder}: its weights lack {', '.join(missing[:3])} and {len(missing)} in all; "
                         "is it a causal language model?")
    if not tokenizer.is_fast:
        raise ModelError(f"{folder}: the tokenizer tells no offsets; a tokenizer.json (fast tokenizer) is needed")
    if _prefix(tokenizer) is None:
        raise ModelError(f"{folder}: the tokenizer has neither a begin-of-text nor an end-of-text token")
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    return model.eval(), tokenizer


def parameter_count(folder: str | os.PathLike[str]) -> int:
    """Number of parameters of the causal language model in `folder`, shared ones once, told from its configuration.

    Files of weights are looked at as far as their headers go, which say how long they are; the tokenizer is loaded.

    Raises:
        ModelError: if the directory is missing, its configuration is not one of a causal language model, or one of its
            files is cut.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    _require_model_folder(place := Path(folder))
    with _loading(place):
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        AutoTokenizer.from_pretrained(folder, local_files_only=True)
        with torch.device("meta"):
            count = AutoModelForCausalLM.from_config(config).num_parameters()
    return count


@contextmanager
def _loading(place: Path) -> Iterator[None]:
    """Turn whatever libraries raise on a damaged file of a model into `ModelError`; each has kinds of its own."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:
        if type(error).__name__ == "OutOfMemoryError":  # of the device
            raise
        cause = error.strerror if isinstance(error, OSError) and error.strerror else " ".join(str(error).split())
        raise ModelError(f"{place} holds no causal language model that transformers can load, or a file of it is cut: "
                         f"{cause}") from error


@contextmanager
def no_progress_bars() -> Iterator[None]:
    """Keep transformers from drawing progress bars into the logs of a run."""
    from transformers.utils import logging

    enabled = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if enabled:
            logging.enable_progress_bar()


def _require_model_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise ModelError(f"{folder} is not a directory; give one as written by save_pretrained")
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder} holds no config.json; give a directory as written by save_pretrained")
    _require_whole_files(folder)


def _require_whole_files(folder: Path) -> None:
    """Refuse a folder with a file that is cut: libraries name the folder at the most, and some cut files in no way.

    Files of weights are looked at as far as their headers go, which say how long they are.
    """
    from safetensors import safe_open

    safe = sorted(folder.glob("*.safetensors"))
    for file in safe:
        with _loading(file), safe_open(file, "pt"):
            pass
    weights = [] if safe else sorted(folder.glob("pytorch_model*.bin"))
    for file in [*sorted(folder.glob("*.json")), *weights]:
        with faults_of(file, "read"), file.open("rb") as stream:
            if not (start := stream.read(len(_ZIP))):
                raise ModelError(f"{file} is empty; fetch it again")
            if file in weights:
                if start == _ZIP and not zipfile.is_zipfile(file):
                    raise ModelError(f"{file} is cut: it begins as an archive, and ends as none; fetch it again")
                continue
            try:
                json.loads(start + stream.read())
            except ValueError as error:
                raise ModelError(f"{file} is cut or no JSON; fetch it again: {error}") from None
