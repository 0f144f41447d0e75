"""Compiled loops over Arrow buffers and NumPy arrays, with one cache for all of them.

Here belongs machine code that computes and knows nothing of tables. What is compiled for one scan alone stays beside
it (`text/`, `extract/`). Not here: what the numbers mean.

`compiled` says how a function is compiled, `cache` where its code is kept. What loops share: `arrays`, `ascii`, `utf8`
with the classes of `characters`, `hashing`, `hash_table`, `sorting`. Loops over texts: `text_hashes`, `words`,
`substrings`, `datatrove`, `probes`, `line_measures`, `personal_data`, `broken_unicode`, `edits`, `fasttext`; over URLs:
`urls`, `escapes`; over hashes and rows: `minhash`, `jaccard`, `pairs`, `links`, `components`, `ngrams`, `ids`.
"""
