"""HTML and other payloads to text: one module per engine, and how an engine is chosen.

Here belongs what turns the bytes of one record into clean Unicode text and a title, or into a rejection with a reason:
decoding (`decode`), the guard that looks at markup before any parser does (`guard`), the engines (`auto`,
`trafilatura`, `resiliparse`, `plain`) behind one protocol (`protocol`), the rules of clean text (`clean`), the choice
of an engine (`choose`) and the batch that a dataframe engine calls (`batch`). Not here: which records are captured
(`ingest/`), whether a text is any good (`filtering/`), its language (`language/`), and training (`benchmarks/`).

`auto` is the platform's own: formulas are written as TeX (`formulas`), one compiled pass reads the markup into blocks
(`scan`, by `tags` and the `keywords` in them), which are measured (`features`), judged by trained trees (`forest`,
weights in blocks.npz) and put together (`render`).

Every decision depends on the bytes of the record and on the recipe alone. There is no timeout: a timeout would drop
other documents on a loaded machine than on an idle one. Work is bounded by what is in the page instead, see `guard`.
"""
