"""Perplexity: against hand-computed values, against the loss of transformers, and never depending on company."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from data_platform.methods.scores.perplexity import Perplexity
from data_platform.models.language_model import train_language_model
from data_platform.models.perplexity import ModelError, parameter_count
from data_platform.models.settings import LanguageModel

CONTEXT = 32
TEXTS = ["", "a", "The cat sat.", "x" * 90, "Größe 🙂 日本", "the " * 40, " \n\t ", "<|endoftext|>", "Dogs at night."]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A language model that learned a little."""
    folder = tmp_path_factory.mktemp("model")
    settings = LanguageModel(layers=2, width=32, vocabulary=400, context=CONTEXT - 1, steps=30, batch=8)
    sentences = [f"The {noun} {verb} at night, {count} times." for noun in ("cat", "dog", "owl", "bat")
                 for verb in ("sat", "barks", "sings") for count in range(5)]  # fmt: skip
    train_language_model(sentences, settings, 0, folder)
    return folder


def loaded(folder: Path, max_tokens: int = 512, batch_tokens: int = 2_048) -> Perplexity:
    """The scorer with the model in a folder."""
    settings = Perplexity.Settings(max_tokens=max_tokens, batch_tokens=batch_tokens)
    return Perplexity(settings, {"language_model": folder})


@pytest.fixture(scope="module")
def scorer(folder) -> Perplexity:
    return loaded(folder, max_tokens=100)


def scores(scorer: Perplexity, texts: list[str]) -> list[dict[str, float]]:
    found = scorer.score(pa.array(texts, pa.large_string()))
    return [dict(zip(found, row, strict=True)) for row in zip(*map(list, found.values()), strict=True)]


def changed(folder: Path, to: Path, change) -> Path:
    """A copy of the model with other weights."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder)
    change(model)
    model.save_pretrained(to)
    AutoTokenizer.from_pretrained(folder).save_pretrained(to)
    return to


def reference_loss(scorer: Perplexity, text: str, max_tokens: int) -> tuple[float, int]:
    """Mean loss as transformers computes it, and tokens, of a text that fits into the context."""
    import torch

    ids = scorer.tokenizer(text, add_special_tokens=False)["input_ids"][:max_tokens]
    row = torch.tensor([[scorer.tokenizer.bos_token_id, *ids]])
    with torch.no_grad():
        return scorer.model(input_ids=row, labels=row).loss.item(), len(ids)


def test_columns_are_those_that_it_declares(scorer):
    found = scorer.score(pa.array(TEXTS))
    assert list(found) == [column.name for column in scorer.gives]
    assert all(len(values) == len(TEXTS) for values in found.values())


@pytest.mark.parametrize("text", ["a", "The cat sat.", "Größe 🙂 日本"])
def test_scores_are_the_loss_of_transformers(scorer, text):
    loss, tokens = reference_loss(scorer, text, 100)
    (found,) = scores(scorer, [text])
    assert found["perplexity"] == pytest.approx(math.exp(loss), rel=1e-5)
    assert found["bits_per_byte"] == pytest.approx(loss * tokens / math.log(2) / len(text.encode()), rel=1e-5)


def test_a_model_that_knows_nothing_has_the_perplexity_of_its_vocabulary(folder, tmp_path):
    uniform = loaded(changed(folder, tmp_path, lambda model: model.lm_head.weight.data.zero_()), 200)
    vocabulary = uniform.model.config.vocab_size
    for text, found in zip(TEXTS, scores(uniform, TEXTS), strict=True):
        assert found["perplexity"] == pytest.approx(vocabulary, rel=1e-5)
        tokens = len(uniform.tokenizer.backend_tokenizer.encode(text).ids)
        expected = max(tokens, 1) * math.log2(vocabulary) / max(len(text.encode()), 1)
        assert found["bits_per_byte"] == pytest.approx(expected, rel=1e-5)


def test_a_score_does_not_depend_on_company_or_order(scorer, folder):
    alone = [scores(scorer, [text])[0] for text in TEXTS]
    together = scores(scorer, TEXTS)
    backward = scores(loaded(folder, 100, batch_tokens=40), TEXTS[::-1])[::-1]
    for column in ("perplexity", "bits_per_byte"):
        expected = [row[column] for row in alone]
        np.testing.assert_allclose([row[column] for row in together], expected, rtol=1e-4)
        np.testing.assert_allclose([row[column] for row in backward], expected, rtol=1e-4)
    assert scores(scorer, TEXTS) == together


def test_threads_may_share_a_scorer(scorer):
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: scores(scorer, TEXTS), range(8)))
    assert all(result == found[0] for result in found)


def test_a_text_is_read_up_to_max_tokens(folder):
    text = "Größe 🙂 The cat sat at night."
    short = loaded(folder, max_tokens=6)
    loss, tokens = reference_loss(short, text, 6)
    (found,) = scores(short, [text])
    assert found["perplexity"] == pytest.approx(math.exp(loss), rel=1e-5)
    ids = short.tokenizer(text, add_special_tokens=False)["input_ids"][:6]
    covered = len(short.tokenizer.decode(ids).encode())
    assert found["bits_per_byte"] == pytest.approx(loss * tokens / math.log(2) / covered, rel=1e-5)
    assert scores(short, [text + " More, " * 9_000])[0] == pytest.approx(found)


def test_a_text_longer_than_the_context_is_read_in_windows(scorer):
    import torch

    text = "".join(chr(33 + 7 * number % 90) for number in range(80))
    ids = [scorer.tokenizer.bos_token_id, *scorer.tokenizer(text, add_special_tokens=False)["input_ids"]]
    assert len(ids) > 2 * CONTEXT
    nats, done = 0.0, 1
    for stop in [*range(CONTEXT, len(ids), CONTEXT // 2), len(ids)]:
        row = torch.tensor([ids[max(0, stop - CONTEXT) : stop]])
        with torch.no_grad():
            steps = torch.log_softmax(scorer.model(input_ids=row).logits[0, :-1], dim=-1)
        nats -= steps.gather(1, row[0, 1:, None])[done - stop :].sum().item()
        done = stop
    (found,) = scores(scorer, [text])
    assert found["perplexity"] == pytest.approx(math.exp(nats / (len(ids) - 1)), rel=1e-5)


def test_texts_without_tokens_and_sure_models_have_finite_scores(folder, tmp_path):
    # Weights a thousand times too large: the wrong token is all but impossible.
    sure = loaded(changed(folder, tmp_path, lambda model: model.lm_head.weight.data.mul_(1_000)), 100)
    for found in scores(sure, TEXTS):
        assert all(math.isfinite(value) and value >= 0 for value in found.values())


def test_damaged_weights_are_found(folder, tmp_path):
    damaged = loaded(changed(folder, tmp_path, lambda model: model.lm_head.weight.data.fill_(math.nan)), 100)
    with pytest.raises(FloatingPointError, match="not finite for 1 of 1 texts"):
        scores(damaged, ["SECRET"])


def test_learned_text_is_less_surprising_than_unlearned(scorer):
    learned, unlearned = scores(scorer, ["The owl sings at night, 3 times.", "Zq9 #!v Wx; 77 jkk ~~ Hmp."])
    assert learned["bits_per_byte"] < unlearned["bits_per_byte"] / 2


def test_no_texts_and_null_texts(scorer):
    assert scores(scorer, []) == []
    with pytest.raises(ValueError, match="1 of 2 texts are null"):
        scorer.score(pa.array(["a", None]))


def test_any_causal_language_model_of_transformers_will_do(tmp_path, folder):
    from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

    tokenizer = AutoTokenizer.from_pretrained(folder)
    config = GPT2Config(vocab_size=len(tokenizer), n_positions=16, n_embd=32, n_layer=1, n_head=2, bos_token_id=0,
                        eos_token_id=0)  # fmt: skip
    GPT2LMHeadModel(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    scorer = loaded(tmp_path)
    loss, _ = reference_loss(scorer, "The cat", 100)
    assert scores(scorer, ["The cat"])[0]["perplexity"] == pytest.approx(math.exp(loss), rel=1e-5)
    assert parameter_count(tmp_path) == scorer.model.num_parameters()


def test_parameters_are_counted_without_loading(folder, scorer):
    assert parameter_count(folder) == scorer.model.num_parameters()


def test_a_directory_that_holds_no_model_is_named(tmp_path, folder):
    with pytest.raises(ModelError, match="nowhere is not a directory"):
        loaded(tmp_path / "nowhere")
    with pytest.raises(ModelError, match=f"{tmp_path} holds no config.json"):
        loaded(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "no such thing"}))
    with pytest.raises(ModelError, match=f"{tmp_path} holds no causal language model"):
        loaded(tmp_path)
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    with pytest.raises(ModelError, match=f"{tmp_path} holds no causal language model"):
        loaded(tmp_path)
    (tmp_path / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
    with pytest.raises(ModelError, match=f"{tmp_path}"):
        loaded(tmp_path)
