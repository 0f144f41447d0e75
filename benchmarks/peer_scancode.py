"""Licences that ScanCode detects in files: run by `license_texts` with the Python of the peers' environment.

Reads paths from standard input, one a line, and writes for each a line of JSON: the path, the SPDX expression of all
detections, and seconds.
"""

from __future__ import annotations

import json
import sys
import time

from licensedcode.cache import get_cache, get_index
from licensedcode.detection import detect_licenses


def main() -> None:
    """Read paths, write detections."""
    get_index()
    licensing = get_cache().licensing
    for line in sys.stdin:
        path = line.rstrip("\n")
        started = time.perf_counter()
        found = [one.license_expression_spdx for one in detect_licenses(location=path)]
        seconds = time.perf_counter() - started
        spdx = " AND ".join(f"({one})" for one in dict.fromkeys(found) if one)
        spdx = str(licensing.parse(spdx, validate=False).simplify()) if spdx else ""
        print(json.dumps({"path": path, "spdx": spdx, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
