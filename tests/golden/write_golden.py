"""Law: a golden entry is written once, when a type or a version is new, and never changed: the log holds such bytes for ever.

    python -m tests.golden.write_golden
"""

import json
from pathlib import Path
from typing import Any

from clearing.events.catalogue import EVENTS
from clearing.events.codec import encode
from tests.events.making import example_of, plain

GOLDEN = Path(__file__).with_name("events.json")


def stored() -> dict[str, Any]:
    return dict(json.loads(GOLDEN.read_text(encoding="utf-8"))) if GOLDEN.exists() else {}


def missing(known: dict[str, Any]) -> dict[str, Any]:
    """Entries for the current version of every type that has none yet."""
    found: dict[str, Any] = {}
    for event_type in EVENTS:
        event = example_of(event_type)
        form = encode(event)
        name = f"{event_type.__name__} {form.schema_version}"
        if name not in known:
            found[name] = {
                "type": form.type, "schema_version": form.schema_version, "public": form.public.hex(),
                "private": form.private.hex(), "fields": plain(event),
            }
    return found


def write() -> int:
    """How many entries were added."""
    known = stored()
    new = missing(known)
    text = json.dumps(known | new, ensure_ascii=False, indent=1)
    GOLDEN.write_text(text + "\n", encoding="utf-8")
    return len(new)


if __name__ == "__main__":
    added = write()
    print(f"{added} new entries in {GOLDEN.name}; the others are as they were")
