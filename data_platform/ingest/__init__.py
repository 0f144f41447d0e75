"""From sources to rows of `raw_crawls`: every record of every archive becomes a row or a rejection with a reason.

What belongs here: finding archives (`sources.py`, `places.py`, `discover.py`), undoing their compression (`stream.py`),
reading their records (`crawl.py`, `http.py`, `digests.py`, `files.py`), resolving revisits (`revisits.py`), making
Arrow batches and the books of each archive (`write.py`), and the sources that come with the installation
(`environment.py`). What does not: turning payloads into text (`data_platform.extract`), writing tables
(`data_platform.lake.writer`).
"""
