"""Text as the hot paths see it: characters, words, lines and their hashes, over Arrow buffers.

Here belongs what several stages need to know about text itself, computed by compiled kernels that release the
interpreter lock: what a letter is, where a word ends, how a word n-gram is hashed. Not here: what a count or a hash is
used for. Filters are in `filters/`, deduplication in `dedup/`.

`buffers` opens Arrow strings for kernels, `characters` is the table of character classes, `kernels` holds the compiled
scans, `words` the public word n-gram hashes. Only `kernels` needs numba; it is imported where it is called.
"""
