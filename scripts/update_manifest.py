"""Write what is measured into the list of models: sha256, size and time of what is shipped.

    python scripts/update_manifest.py            # after a file in models/weights changed
    python scripts/update_manifest.py --measure  # also time each network, on one thread
    python scripts/update_manifest.py --check    # exit 1 when a figure is stale; writes nothing

Only these figures are touched; the rest of the file, comments too, is kept as it was written. The
sha256 of a file to be fetched is what its publisher names, never what lies here.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from pathlib import Path

from affectstream.models import zoo
from affectstream.models.trial import fastest_ms

RUNS = 50


def milliseconds(entry: zoo.Entry, part: str, manifest: Path) -> float:
    """Return the fastest of `RUNS` runs on one picture."""
    net = zoo.open_net(entry, part, "cpu", manifest)
    return fastest_ms(net, entry.files[part].input.shape, RUNS)


def with_figures(text: str, path: str, figures: dict[str, str]) -> str:
    """Return the list with the figures of the file `path` replaced."""
    start = text.index(f"path: {path}\n")
    end = text.index("input:", start)
    block = text[start:end]
    for key, value in figures.items():
        block = re.sub(rf"(\b{key}: ).*", rf"\g<1>{value}", block)
    return text[:start] + block + text[end:]


def updated(manifest: Path, measure: bool) -> str:
    """Return the text of the list with current figures; absent files keep theirs."""
    text = manifest.read_text(encoding="utf-8")
    for entry in zoo.listed(manifest):
        if entry.way != "shipped":
            continue
        for part, file in entry.files.items():
            target = zoo.path(entry, part, manifest)
            if not target.is_file():
                print(f"absent: {target}", file=sys.stderr)
                continue
            data = target.read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            figures = {"sha256": f'"{digest}"', "size_bytes": str(len(data))}
            if measure:
                figures["ms_1_thread"] = str(milliseconds(entry, part, manifest))
            text = with_figures(text, file.path, figures)
    return text


def main() -> int:
    """Run the command line; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--manifest", type=Path, default=zoo.MANIFEST)
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    text = updated(options.manifest, options.measure)
    if options.check:
        return int(text != options.manifest.read_text(encoding="utf-8"))
    options.manifest.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
