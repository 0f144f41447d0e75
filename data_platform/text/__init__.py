"""Text as the hot paths see it: characters, words, lines and their hashes, over Arrow buffers.

Here belongs what several stages need to know about text itself, computed by compiled kernels that release the
interpreter lock: what a letter is, where a word ends, how a word n-gram is hashed. Not here: what a count or a hash is
used for. Filters are in `filtering/` and `methods/filters/`, copies in `methods/duplicates/`.

`buffers` opens Arrow strings for kernels.

For the quality signals, `scan` runs all scans over blocks of texts: `decode` (code points and their `kinds`, which are
`bits`), `segment` (ICU, for scripts without spaces), `tokens` (words by four rules, with the lists of `english`),
`word_counts`, `repetition` (n-grams) and `lines`. For hashing, `characters` is the table of character classes,
`kernels/text_hashes.py` holds the scans, `words` the public word n-gram hashes. Modules with compiled scans need numba;
they are imported where they are called.
"""
