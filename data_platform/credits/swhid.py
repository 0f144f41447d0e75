"""SWHIDs: names of contents that hold wherever they are kept (ISO/IEC 18670).

Belongs here: the identifier of a file's bytes. Does not: directories, revisions and snapshots, which ingest does not
see.
"""

from __future__ import annotations

import hashlib


def content_id(payload: bytes) -> str:
    """The SWHID of a content: `swh:1:cnt:` and the SHA-1 that git gives a blob of these bytes.

    Software Heritage finds the content under it, in whatever repository, and so do those who look for what they wrote.
    """
    digest = hashlib.sha1(b"blob %d\0" % len(payload), usedforsecurity=False)
    digest.update(payload)
    return f"swh:1:cnt:{digest.hexdigest()}"
