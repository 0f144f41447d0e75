"""Small language models: the same bytes twice, loaded by transformers alone, and better for their training."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from data_platform.models.language_model import train_language_model
from data_platform.models.settings import LanguageModel
from data_platform.models.store import model_digest

TINY = LanguageModel(layers=1, width=32, vocabulary=300, context=32, steps=3, batch=4)
TEXTS = [f"The {animal} sat on the mat. Größe: {number} <|endoftext|>\n" for animal in ("cat", "dog", "ox")
         for number in range(9)]  # fmt: skip


def test_same_input_and_seed_give_the_same_bytes(tmp_path):
    metrics = [train_language_model(texts, TINY, 7, tmp_path / name)
               for name, texts in (("a", TEXTS), ("b", pa.array(TEXTS)))]  # fmt: skip
    assert metrics[0] == metrics[1]
    assert model_digest(tmp_path / "a") == model_digest(tmp_path / "b")
    train_language_model(TEXTS, TINY, 8, tmp_path / "c")
    assert model_digest(tmp_path / "c") != model_digest(tmp_path / "a")


def test_settings_of_torch_are_as_before(tmp_path):
    import torch

    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled(), torch.get_rng_state()
    train_language_model(TEXTS, TINY, 7, tmp_path)
    assert before[:2] == (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled())
    assert torch.equal(before[2], torch.get_rng_state())


def test_transformers_loads_the_folder_and_text_goes_round(tmp_path):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    metrics = train_language_model(TEXTS, TINY, 7, tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    model = AutoModelForCausalLM.from_pretrained(tmp_path, local_files_only=True)
    assert len(tokenizer) == model.config.vocab_size == metrics["vocabulary"] <= 300
    assert model.num_parameters() == metrics["parameters"]
    assert json.loads((tmp_path / "tokenizer.json").read_text())["truncation"] is None
    for text in ("  two  spaces\r\n\ttab", "日本語 🙂 naïve", "\x00\x7f"):
        assert tokenizer.decode(tokenizer(text)["input_ids"], clean_up_tokenization_spaces=False) == text


def test_held_out_texts_are_measured_and_not_trained_on(tmp_path):
    given = train_language_model(TEXTS, TINY, 7, tmp_path / "a", held_out=["Another text.", "One more."])
    assert (given["training_texts"], given["held_out_texts"]) == (27, 2)
    chosen = train_language_model(TEXTS, TINY, 7, tmp_path / "b")
    assert (chosen["training_texts"], chosen["held_out_texts"]) == (26, 1)
    assert json.loads(json.dumps(chosen)) == chosen


def test_texts_longer_than_one_sequence_are_read_to_their_end(tmp_path):
    metrics = train_language_model(["ab " * 500], TINY, 7, tmp_path, held_out=["ab " * 500])
    # Learnt merges shorten it, but never below one token for every "ab " and the ones at the ends.
    assert metrics["training_tokens"] >= 500


def test_texts_shorter_than_one_sequence_are_enough(tmp_path):
    metrics = train_language_model(["a"], TINY, 7, tmp_path, held_out=["b"])
    assert metrics["training_tokens"] == 2  # the end of the text before, and the letter


@pytest.mark.parametrize(("texts", "held_out"), [([], None), (["one"], None), (["one"], []), ([""], ["one"])])
def test_nothing_to_train_or_measure_on_is_refused(tmp_path, texts, held_out):
    with pytest.raises(ValueError, match="to train a language model on and"):
        train_language_model(texts, TINY, 7, tmp_path, held_out)


def test_training_on_prose_pays(tmp_path: Path, shared_data):
    text = (shared_data / "domains/cc-by-sa-3.0/wikitext-2-valid.txt").read_text("utf-8")
    paragraphs = [line for line in text.splitlines() if len(line) > 100][:200]
    settings = LanguageModel(layers=1, width=64, vocabulary=512, context=64, steps=40, batch=8)
    metrics = train_language_model(paragraphs, settings, 0, tmp_path)
    # 4.0 and 3.0 when this was written.
    assert metrics["bits_per_byte_before"] > 3.8
    assert metrics["bits_per_byte_after"] < 3.3
