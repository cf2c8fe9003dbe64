"""Write `docs/messages-1.schema.json` from the types that are sent; --check only tells."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from affectstream.sinks._wire import VERSION, schema

PATH = Path(__file__).resolve().parent.parent / "docs" / f"messages-{VERSION}.schema.json"


def text() -> str:
    """Return the schema as it stands in the file."""
    return json.dumps(schema(), indent=1, sort_keys=True) + "\n"


def main() -> int:
    """Write the file, or with --check tell by the exit code whether it is current."""
    if "--check" in sys.argv[1:]:
        return int(PATH.read_text(encoding="utf-8") != text())
    PATH.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
