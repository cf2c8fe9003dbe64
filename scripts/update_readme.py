"""Write the generated parts of `README.md`: options, sinks, columns, libraries, networks, figures.

python scripts/update_readme.py          # rewrite what stands between the markers
python scripts/update_readme.py --check  # exit 1 when a part is stale; writes nothing
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from readme.columns import COLUMNS, columns_table
from readme.facts import benchmarks_text, libraries_table, live_text, networks_table
from readme.markdown import replaced
from readme.options import options_table, sinks_table

README = Path(__file__).resolve().parent.parent / "README.md"

PARTS = {
    "options": options_table,
    "sinks": sinks_table,
    **{name: partial(columns_table, name) for name in COLUMNS},
    "libraries": libraries_table,
    "networks": networks_table,
    "benchmarks": benchmarks_text,
    "live": live_text,
}


def updated(text: str) -> str:
    """Return the text with every generated part made anew. Raises: ValueError, KeyError."""
    for name, make in PARTS.items():
        text = replaced(text, name, make())
    return text


def main() -> int:
    """Run the command line; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, only tell")
    options = parser.parse_args()
    text = README.read_text(encoding="utf-8")
    current = updated(text)
    if options.check:
        if current != text:
            print("README.md is stale: run python scripts/update_readme.py", file=sys.stderr)
        return int(current != text)
    README.write_text(current, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
