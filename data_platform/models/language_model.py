"""Training a small causal language model on a few texts, the same bytes for the same input.

The model is a Llama (Touvron et al. 2023, "LLaMA", section 2.2: RMSNorm before each block, SwiGLU, rotary positions,
no biases) with tied embeddings, trained by AdamW as there (betas .9 and .95, weight decay .1, clipping at 1, cosine
to a tenth). Not here: the tokenizer (`tokenizer.py`), scoring (`perplexity.py`).
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from data_platform.models.perplexity import losses, no_progress_bars
from data_platform.models.placement import device
from data_platform.models.settings import LanguageModel
from data_platform.models.tokenizer import train_tokenizer

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

Texts = Sequence[str] | pa.Array | pa.ChunkedArray

HEAD_WIDTH = 32
# Best of .003, .006 and .01 at the default size on WikiText-2; large because the model is small. There, 300 steps of 4
# sequences reach 2.20 bits per byte on held-out text, 150 of 16 reach 2.28 in twice the time: steps count, not tokens.
PEAK_LEARNING_RATE = 6e-3
WARMUP_SHARE = 0.1
# Sums are split by thread, so the number of threads is a part of the result. At the default size a second thread saves
# a tenth of the time on an idle machine and doubles it on a busy one; models that need more belong on a GPU.
THREADS = 1
# Share of texts that are held out if the caller holds out none, and how many held-out texts are measured at the most.
HELD_OUT_SHARE = 0.05
MAX_MEASURED_TEXTS = 100


def train_language_model(
    texts: Texts, settings: LanguageModel, seed: int, folder: Path, held_out: Texts | None = None
) -> dict[str, Any]:
    """Train a tokenizer and a causal language model on `texts` and write both to `folder`.

    Texts are joined by the end-of-text token and cut into sequences of `settings.context` tokens. A step reads
    `settings.batch` of them, in a seeded order that visits all before one returns. On CUDA if there is a device. The
    folder is as `save_pretrained` writes it; same input, machine and library versions give the same bytes.

    Args:
        texts: the texts to train on.
        settings: sizes and steps.
        seed: seed of weights and order.
        folder: where to write; made if need be.
        held_out: texts to measure on. If none are given, about HELD_OUT_SHARE of `texts`, chosen by their hash, are
            measured on and not trained on.

    Returns:
        `parameters`, `vocabulary`, `training_texts`, `training_tokens` (in the texts), `steps`, `training_loss` (nats
        per token, mean of the last tenth of the steps), `held_out_texts`, `bits_per_byte_before`,
        `bits_per_byte_after` (on held-out texts, at most MAX_MEASURED_TEXTS of them, each over its first
        `settings.context` tokens).

    Raises:
        ValueError: if there is no text to train on or none to measure on.
    """
    trained, measured = (texts, held_out) if held_out is not None else _split(_strings(texts))
    trained, measured = _strings(trained), _strings(measured)[:MAX_MEASURED_TEXTS]
    if not any(trained) or not any(measured):
        raise ValueError(
            f"{sum(map(bool, trained))} texts to train a language model on and {sum(map(bool, measured))} to measure "
            "it on; both must be one or more"
        )
    measured_texts = pa.array(measured, pa.large_string())
    with deterministic(seed) as generator:
        tokenizer = train_tokenizer(trained, settings.vocabulary, settings.context)
        model = _model(settings, len(tokenizer), tokenizer.eos_token_id, device())

        def bits_per_byte() -> float:
            budget = settings.batch * (settings.context + 1)
            return losses(model.eval(), tokenizer, measured_texts, settings.context, budget).total_bits_per_byte

        before = bits_per_byte()
        stream = _token_stream(tokenizer, trained)
        training_losses = _train(model.train(), _sequences(stream, settings.context), settings, generator)
        after = bits_per_byte()
        folder.mkdir(parents=True, exist_ok=True)
        with no_progress_bars():
            model.to("cpu").save_pretrained(folder)
            tokenizer.save_pretrained(folder)
    return {
        "parameters": model.num_parameters(),
        "vocabulary": len(tokenizer),
        "training_texts": len(trained),
        "training_tokens": len(stream),
        "steps": settings.steps,
        "training_loss": float(np.mean(training_losses[-math.ceil(settings.steps / 10) :])),
        "held_out_texts": len(measured),
        "bits_per_byte_before": before,
        "bits_per_byte_after": after,
    }


def _strings(texts: Texts) -> list[str]:
    return texts.to_pylist() if isinstance(texts, pa.Array | pa.ChunkedArray) else list(texts)


def _split(texts: list[str]) -> tuple[list[str], list[str]]:
    """Texts to train on and to measure on: those with the least hashes are measured on, equal texts together."""
    keys = [hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts]
    distinct = sorted(set(keys))
    measured = set(distinct[: max(1, round(len(distinct) * HELD_OUT_SHARE))])
    return (
        [text for text, key in zip(texts, keys, strict=True) if key not in measured],
        [text for text, key in zip(texts, keys, strict=True) if key in measured],
    )


@contextmanager
def deterministic(seed: int) -> Iterator[torch.Generator]:
    """Torch with a seed, a fixed number of threads and deterministic algorithms alone; then as it was before.

    These are settings of the process: no other model may be in training in another thread.
    """
    import torch

    # cuBLAS reads this when it starts; without it, deterministic algorithms are refused on CUDA.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    # Strict torch also clears all new memory, for those who read it unwritten; we do not, and it takes a tenth longer.
    clears = torch.utils.deterministic.fill_uninitialized_memory
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        torch.set_num_threads(THREADS)
        torch.use_deterministic_algorithms(True)
        torch.utils.deterministic.fill_uninitialized_memory = False
        try:
            yield torch.Generator().manual_seed(seed)
        finally:
            torch.set_num_threads(threads)
            torch.use_deterministic_algorithms(strict)
            torch.utils.deterministic.fill_uninitialized_memory = clears


def _model(settings: LanguageModel, vocabulary: int, end_of_text: int, place: torch.device) -> PreTrainedModel:
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=settings.width,
        # SwiGLU has three matrices where others have two: 2/3 of 4 widths, in multiples of 8.
        intermediate_size=8 * math.ceil(settings.width / 3),
        num_hidden_layers=settings.layers,
        num_attention_heads=max(1, settings.width // HEAD_WIDTH),
        head_dim=HEAD_WIDTH,
        # One more than the texts take, for the token that precedes them.
        max_position_embeddings=settings.context + 1,
        tie_word_embeddings=True,
        bos_token_id=end_of_text,
        eos_token_id=end_of_text,
        pad_token_id=end_of_text,
        # Fused attention has a deterministic backward pass on the CPU; in float32 on CUDA it has none.
        attn_implementation="sdpa" if place.type == "cpu" else "eager",
    )
    return LlamaForCausalLM(config).to(place)


def _token_stream(tokenizer: PreTrainedTokenizerFast, texts: list[str]) -> np.ndarray:
    """All texts as one row of tokens, each preceded by the end-of-text token."""
    encoded = tokenizer.backend_tokenizer.encode_batch(texts, add_special_tokens=False)
    end = np.array([tokenizer.eos_token_id])
    return np.concatenate([part for text in encoded for part in (end, np.array(text.ids, dtype=np.int64))])


def _sequences(stream: np.ndarray, context: int) -> np.ndarray:
    """The stream cut into rows of `context + 1` tokens, each starting with the last of the row before.

    So every token is predicted once and none is predicted from nothing. What is left over at the end is dropped; a
    stream shorter than one row is repeated to fill it.
    """
    count = max(1, (len(stream) - 1) // context)
    stream = np.resize(stream, max(len(stream), context + 1))
    return np.lib.stride_tricks.sliding_window_view(stream, context + 1)[: count * context : context]


def _train(
    model: PreTrainedModel, sequences: np.ndarray, settings: LanguageModel, generator: torch.Generator
) -> list[float]:
    """Train in place; the loss of every step, in nats per token."""
    import torch

    optimizer = torch.optim.AdamW(
        [
            {"params": [weight for weight in model.parameters() if weight.dim() >= 2], "weight_decay": 0.1},
            {"params": [weight for weight in model.parameters() if weight.dim() < 2], "weight_decay": 0.0},
        ],
        lr=PEAK_LEARNING_RATE,
        betas=(0.9, 0.95),
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, settings.steps))
    result = []
    for indices in _orders(len(sequences), settings.batch, settings.steps, generator):
        tokens = torch.from_numpy(sequences[indices]).to(model.device)
        logits = model(input_ids=tokens[:, :-1], use_cache=False).logits.float()
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        result.append(loss.item())
    return result


def _rate(step: int, steps: int) -> float:
    """Share of the peak learning rate: a linear warm-up, then a cosine down to a tenth."""
    warmup = max(1, round(steps * WARMUP_SHARE))
    if step < warmup:
        return (step + 1) / warmup
    return 0.1 + 0.45 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def _orders(count: int, batch: int, steps: int, generator: torch.Generator) -> Iterator[np.ndarray]:
    """Indices of the sequences of every step: shuffled passes over all of them, one after the other."""
    import torch

    waiting = np.empty(0, dtype=np.int64)
    for _ in range(steps):
        while len(waiting) < batch:
            waiting = np.concatenate([waiting, torch.randperm(count, generator=generator).numpy()])
        yield waiting[:batch]
        waiting = waiting[batch:]
