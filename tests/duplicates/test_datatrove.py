# ruff: noqa: RUF001 - characters that look alike are among those that matter
"""MinHash with the hashes of datatrove: what datatrove 0.10.1 with spaCy 3.8 makes of the same texts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.methods.duplicates import datatrove
from data_platform.methods.duplicates.datatrove import distinct_shingles, signatures

_PLAIN = "The quick brown fox jumps over the lazy dog"
_SIGNS = "I DON'T know, dont you? It costs 3.50€ (or £10) for 12km², im sure: a≠b ©2024 ★word★"
_GREEK = "ΟΔΥΣΣΕΥΣ ΕΙΣ ΤΗΝ ΙΘΑΚΗΝ ΣΑΣ"
_KOREAN = "한국어 문장은 자모로 나뉜다 그리고 끝"
_ODD = "Cafe\u0301 naïve İstanbul ‘s ‘‘s‚‚ ١٢٣٫٤٥ x٣y ① Ⅷ"
_SHORT = "four words are few"

# `MinhashDedupSignature(config=MinhashConfig(n_grams=, seed=))` of datatrove 0.10.1: the number of n-grams, the hashes
# of the first and the last one, the first minimum of the first bucket and the last of the last.
_KNOWN = [
    (5, 1, _PLAIN, 5, 0x6C3482CE6D00F490, 0xDA6443435154FE7D, 0x12F280A6C3D7D52, 0xE14D8B0F48731),
    (5, 1, _SIGNS, 24, 0xDE26C86757EB89D7, 0x8A2E487274ECFE9D, 0x182C3D92C25FE2, 0x28333A1B3AE2506),
    (5, 1, _GREEK, 1, 0x99619A419AFA346F, 0x99619A419AFA346F, 0x13D2B3045CCDEE2, 0xFB0D40D2CFDDFF1),
    (5, 1, _KOREAN, 2, 0x6889915767EC7678, 0x4E3B4ECB242E10F3, 0x1034C3B2547A2894, 0xCC11845DD9228BD),
    (5, 1, _ODD, 8, 0x5D629123F5771AE8, 0x339CBCA8E5A47056, 0xCFC425E50459BE, 0xB55E17AD7110D03),
    (3, 7, _PLAIN, 7, 0xF7DDF37E33344503, 0x6A695DFF843EB87E, 0x8669534427A4A2, 0x1A8D32858EC928F),
    (3, 7, _SIGNS, 26, 0xC7AB6ACBF23840EC, 0xD7ED27295AC0BF91, 0xA7541756854CD, 0x28FBB25F0742A4C),
    (3, 7, _GREEK, 3, 0x24CBF207D064E15D, 0x1684F566370987B5, 0xB0B02460424C1B, 0x1419B15C1A62A428),
    (3, 7, _KOREAN, 4, 0xEC645AFDE396646B, 0x7A6B236177D59FAC, 0x50F6282C460D489, 0xA4629491A505A6B),
    (3, 7, _ODD, 10, 0xA99F3DB445CC4547, 0x21B9D9861EB4EF65, 0x54B4A17011023E, 0x5CFF11872A8C56D),
    (3, 7, _SHORT, 2, 0xAEEC7A7B2DC63DDD, 0x6879CBB758A5D987, 0x1053DEDC0049E40, 0x8DCDFE5B692A741),
]


@pytest.mark.parametrize(("ngram", "seed", "text", "count", "first", "last", "least", "last_least"), _KNOWN)
def test_hashes_are_those_of_datatrove(ngram, seed, text, count, first, last, least, last_least) -> None:
    offsets, hashes = datatrove.ngram_hashes(pa.array([text]), ngram)
    minima = datatrove.minima(offsets, hashes, 112, seed)
    assert offsets.tolist() == [0, count]
    assert (hashes[0], hashes[-1], minima[0, 0], minima[0, -1]) == (first, last, least, last_least)


def test_short_and_empty_texts_have_no_signature() -> None:
    found = signatures(pa.array([_SHORT, "", None, "?!"]))
    assert found.field("shingle_count").to_pylist() == [0, 0, 0, 0]
    assert found.field("minhash_bands").to_pylist() == [[], [], [], []]
    assert signatures(pa.array([], pa.string())).to_pylist() == []


def test_copies_that_differ_in_signs_have_the_same_bands() -> None:
    texts = [_PLAIN, "the QUICK, brown fox -- jumps over the lázy dog!", _SIGNS]
    one, two, other = signatures(pa.array(texts)).to_pylist()
    assert one["minhash_bands"] == two["minhash_bands"] and one["minhash_sketch"] == two["minhash_sketch"]
    assert not set(one["minhash_bands"]) & set(other["minhash_bands"]) and one["exact_hash"] != two["exact_hash"]
    shingles = distinct_shingles(pa.array([_PLAIN]), 5)
    assert sorted(datatrove.ngram_hashes(pa.array([_PLAIN]))[1]) == shingles.flatten().to_pylist()


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.text(st.sampled_from("aZ0 ٣.,Σσ·‘s€km\u0301İ가힣≠©\U0001f600"), max_size=40), max_size=4))
def test_a_text_does_not_depend_on_those_around_it(texts: list[str]) -> None:
    offsets, hashes = datatrove.ngram_hashes(pa.array(texts, pa.string()), 2)
    for place, text in enumerate(texts):
        assert datatrove.ngram_hashes(pa.array([text]), 2)[1].tolist() == (
            hashes[offsets[place] : offsets[place + 1]].tolist()
        )


def test_minima_are_those_of_the_formula() -> None:
    values = np.array([1, 2**61 - 1, 2**61, 2**63 + 5, 2**64 - 1, 0], np.uint64)
    offsets = np.array([0, 2, 5, 6])
    generator = np.random.RandomState(3)
    factors = generator.randint(1, 2**61 - 1, dtype=np.uint64, size=(1, 20))
    summands = generator.randint(0, 2**61 - 1, dtype=np.uint64, size=(1, 20))
    images = (values[:, None] * factors + summands) % np.uint64(2**61 - 1)
    expected = [images[first:last].min(axis=0).tolist() for first, last in ((0, 2), (2, 5), (5, 6))]
    assert datatrove.minima(offsets, values, 20, 3).tolist() == expected


def test_no_character_grows_more_than_there_is_room_for() -> None:
    assert datatrove.tables().growth == 3
