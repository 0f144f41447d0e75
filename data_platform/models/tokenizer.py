"""Byte-level BPE tokenizers trained on a few texts.

Byte-level: every UTF-8 text has tokens and none is unknown (Radford et al. 2019, "Language Models are Unsupervised
Multitask Learners", section 2.2). Not here: the tokenizer that the platform counts tokens with, which is given.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

END_OF_TEXT = "<|endoftext|>"


def train_tokenizer(texts: Iterable[str], vocabulary: int, context: int) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer of at most `vocabulary` tokens, fewer if the texts do not hold as many merges.

    Token 0 ends one text and begins the next. It is never the reading of a text: a text that spells it out is read
    as the characters that it is. `context` is noted in the files as the longest sequence of the model. The result
    depends on the texts and their order alone.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=END_OF_TEXT,
        eos_token=END_OF_TEXT,
        pad_token=END_OF_TEXT,
        model_max_length=context,
    )
    wrapped.backend_tokenizer.encode_special_tokens = True
    return wrapped
