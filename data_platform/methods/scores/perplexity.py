"""How surprising a document is to a causal language model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import Field

from data_platform.core.columns import Column
from data_platform.core.kinds.method import Section, strings
from data_platform.core.kinds.scorer import Scorer
from data_platform.core.settings import Part


class Perplexity(Scorer, name="perplexity"):
    """Perplexity per token and bits per byte under a causal language model, over the first tokens of a document.

    Perplexity sorts web text by likeness to what the model was trained on (Wenzek et al. 2020, CCNet, arXiv:1911.00359,
    section 3, filtering by a language model). Bits per byte compares across tokenizers (Gao et al. 2020, The Pile,
    arXiv:2101.00027, section 3.1). On the CPU scores depend on the other texts of a batch by rounding alone (below
    1e-4, relative).
    """

    class Settings(Section):
        """The model, and how much of a document it reads."""

        model: str = Field(default="language_model", description="Entry of `models`: a causal language model.")
        max_tokens: int = Field(default=512, ge=2, description="Tokens of a document that the language model reads.")
        batch_tokens: int = Field(
            default=2_048, ge=2, description="Tokens per forward pass, padding included: 2,048 fit a CPU's cache, a "
            "GPU wants many more."
        )

    pool = "gpu"
    gives = (
        Column("perplexity", pa.float64(), "Perplexity per token under the language model.", minimum=0),
        Column("bits_per_byte", pa.float64(), "Bits per UTF-8 byte under the language model.", minimum=0),
    )

    def __init__(self, settings: Part, models: Mapping[str, Path] | None = None) -> None:
        """Load the model.

        Raises:
            ModelError: if its folder is missing, or holds no causal language model with a fast tokenizer.
        """
        from data_platform.models.perplexity import load_language_model
        from data_platform.models.placement import device, inference_precision

        super().__init__(settings, models)
        place = device()
        self.model, self.tokenizer = load_language_model(self.folders[settings.model], inference_precision(place))
        self.model.to(place)

    @classmethod
    def models(cls, settings: Part) -> tuple[str, ...]:
        """The language model."""
        return (settings.model,)

    def score(self, texts: pa.Array) -> Mapping[str, Any]:
        """Both scores of every text, over its first `max_tokens` tokens.

        Raises:
            ValueError: if a text is null.
            FloatingPointError: if the model's output is not a number.
        """
        from data_platform.models.perplexity import losses

        wanted = self.settings
        found = losses(self.model, self.tokenizer, strings(texts), wanted.max_tokens, wanted.batch_tokens)
        return {"perplexity": found.perplexity, "bits_per_byte": found.bits_per_byte}
