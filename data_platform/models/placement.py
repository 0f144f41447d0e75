"""Where a model runs and in which precision. Not here: batches (`batching.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def device() -> torch.device:
    """The first CUDA device if there is one, else the CPU."""
    import torch

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def inference_precision(place: torch.device) -> torch.dtype:
    """float32 on the CPU, where bfloat16 is slow and saves nothing; bfloat16 on CUDA devices that compute in it."""
    import torch

    return torch.bfloat16 if place.type == "cuda" and torch.cuda.is_bf16_supported() else torch.float32
