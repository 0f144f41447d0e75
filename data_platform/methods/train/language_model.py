"""A causal language model: one that is there, or a small one trained on the wanted labelled texts."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.kinds.trainer import Trained, Trainer
from data_platform.core.settings import Part
from data_platform.models.settings import LanguageModel


class CausalLanguageModel(Trainer, name="language_model"):
    """A Llama (Touvron et al. 2023, arXiv:2302.13971, section 2.2) of a few hundred thousand parameters, trained as
    there (section 2.3) on the wanted texts that are not held out; or the model in the directory at `path`, used where
    it is."""

    Settings = LanguageModel
    pool = "gpu"

    @classmethod
    def given(cls, settings: Part) -> tuple[Path, str] | None:
        """The directory at `path` and its licence."""
        return (Path(settings.path), settings.license) if settings.path else None

    @classmethod
    def parameters(cls, folder: Path) -> int:
        """Number of parameters of the model in `folder`.

        Raises:
            ModelError: if it holds no causal language model.
        """
        from data_platform.models.perplexity import parameter_count

        return parameter_count(folder)

    def train(self, labels: pa.Table, folder: Path) -> Trained:
        """Train a tokenizer and a model, and measure bits per byte on the wanted texts that are held out."""
        from data_platform.models.language_model import train_language_model

        wanted = labels.filter(pc.equal(labels["label"], 1))
        train, held_out = (wanted.filter(pc.equal(wanted["split"], split))["text"] for split in ("train", "held_out"))
        metrics = train_language_model(train, self.settings, self.settings.seed, folder, held_out)
        return Trained(metrics["parameters"], metrics["training_texts"], metrics)
