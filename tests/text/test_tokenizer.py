"""Token counts: known answers, texts that break tokenizers, and tokenizers from files."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_platform.text.tokenizer import PIECE_CHARACTERS, count_tokens, tokenizer_name


def counts(*texts: str | None, tokenizer: str | None = None) -> list[int]:
    return count_tokens(pa.array(texts, pa.large_string()), tokenizer).to_pylist()


@pytest.fixture
def word_tokenizer(tmp_path: Path) -> Path:
    """Whole words, with a special token, and with truncation and padding left switched on."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1, "b": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(["<s>"])
    tokenizer.enable_truncation(3)
    tokenizer.enable_padding(length=3)
    path = tmp_path / "words" / "tokenizer.json"
    path.parent.mkdir()
    tokenizer.save(str(path))
    return path


def test_tekken_counts() -> None:
    assert counts("hello world", "", None, "1234") == [2, 0, 0, 4]  # Tekken splits numbers into digits


def test_tekken_counts_as_mistral_common_does() -> None:
    from importlib.resources import files

    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    reference = Tekkenizer.from_file(str(files("mistral_common") / "data" / "tekken_240911.json"))
    texts = ["Grüße, Welt!", "def f(x):\n    return x\n", "日本語のテキスト", "🙂🙃", "a  b\t\tc\r\n"]
    assert counts(*texts) == [len(reference.encode(text, bos=False, eos=False)) for text in texts]


def test_special_tokens_in_a_text_are_text() -> None:
    assert counts("<s>")[0] > 1


def test_no_text_of_any_shape_breaks_the_count() -> None:
    size = 1_000_000
    spaces, letters, lines = counts(" " * size, "a" * size, "\n" * size)
    assert 0 < spaces < letters
    assert 0 < lines < size


def test_cutting_long_texts_does_not_change_their_count() -> None:
    """A token never reaches over " word", so the text may be counted in parts that end before one."""
    parts = [
        " word " + " ".join(random.Random(seed).choices(["word", "Wort,", "12", "(x)", "naïve\n", "日本", "\t"], k=500))
        for seed in range(80)
    ]
    assert len("".join(parts)) > 2 * PIECE_CHARACTERS
    assert counts("".join(parts)) == [sum(counts(*parts))]


@given(st.lists(st.text(max_size=50), max_size=4))
def test_rows_do_not_depend_on_each_other(texts: list[str]) -> None:
    together = counts(*texts)
    assert together == [counts(text)[0] for text in texts]
    for text, count in zip(texts, together, strict=True):
        assert (count > 0) == bool(text)
        assert count <= len(text.encode("utf-8"))


def test_a_tokenizer_json_is_used_as_it_counts_text(word_tokenizer: Path) -> None:
    assert counts("a b a b", "a", "", tokenizer=str(word_tokenizer)) == [4, 1, 0]
    assert counts("<s>", tokenizer=str(word_tokenizer)) == [3]  # "<", "s", ">"


def test_names_change_with_the_file(word_tokenizer: Path) -> None:
    before = tokenizer_name(str(word_tokenizer))
    assert before.startswith("tokenizer.json@")
    assert len(before.partition("@")[2]) == 12
    model = json.loads(word_tokenizer.read_text("utf-8"))
    model["model"]["vocab"]["c"] = 3
    word_tokenizer.write_text(json.dumps(model), "utf-8")
    assert tokenizer_name(str(word_tokenizer)) != before
    assert tokenizer_name().startswith("tekken_240911.json@")


def test_a_missing_tokenizer_is_named(tmp_path: Path) -> None:
    for call in (tokenizer_name, lambda path: counts("a", tokenizer=path)):
        with pytest.raises(FileNotFoundError, match=r"nowhere\.json"):
            call(str(tmp_path / "nowhere.json"))


def test_tekken_on_code_of_known_size(shared_data: Path) -> None:
    with gzip.open(shared_data / "eval-sets" / "HumanEval.jsonl.gz", "rt", encoding="utf-8") as lines:
        prompts = [json.loads(line)["prompt"] for line in lines]
    characters = sum(map(len, prompts))
    assert len(prompts) == 164
    assert 3 < characters / sum(counts(*prompts)) < 5  # characters per token of English and code
