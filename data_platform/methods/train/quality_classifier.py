"""A linear classifier that tells wanted texts from others."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.kinds.trainer import Trained, Trainer
from data_platform.models.settings import QualityClassifier


class LinearClassifier(Trainer, name="quality_classifier"):
    """Logistic regression on hashed word n-grams (Brown et al. 2020, arXiv:2005.14165, appendix A; Weinberger et al.
    2009, arXiv:0902.2206, for the hashing), trained on the labelled texts that are not held out."""

    Settings = QualityClassifier

    def train(self, labels: pa.Table, folder: Path) -> Trained:
        """Fit the classifier, and measure it on the texts that are held out."""
        from data_platform.models.linear_classifier import train_quality_classifier

        held_out = pc.equal(labels["split"], "held_out").to_numpy()
        metrics = train_quality_classifier(
            labels["text"], labels["label"].to_numpy(), self.settings, 0, folder, held_out
        )
        return Trained(self.settings.buckets + 1, labels.num_rows - int(held_out.sum()), metrics)
