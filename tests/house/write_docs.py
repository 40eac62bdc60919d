"""Law: what a document repeats from the code is written by this file, between two marks, never by hand.

    python -m tests.house.write_docs      writes the generated tables anew

A house test compares each document with what this would write.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Final

from prometheus_client import ProcessCollector
from prometheus_client.metrics import MetricWrapperBase

from clearing.authoriser.forms import FORMS
from clearing.console.ordering import STEP_UP
from clearing.console.public import OPEN_PAGES
from clearing.console.rooms import PAGES
from clearing.events.catalogue import EVENTS, Event
from clearing.rules.voted.offices import ALLOWED_ROLES, DEPUTIES, ROLES
from clearing.telemetry import Telemetry
from tests.house.sources import CLONE

OPENING: Final = "<!-- generated: python -m tests.house.write_docs -->"
CLOSING: Final = "<!-- end of generated -->"


def own_words(event_type: type[Event]) -> str:
    """What an event says of itself in one line; empty for the signature that a dataclass without words carries."""
    words = " ".join((event_type.__doc__ or "").split())
    return "" if words.startswith(f"{event_type.__name__}(") else words.replace("|", "\\|")


def listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "-"


def event_table() -> str:
    """One row per event type, by number."""
    rows = ["| type | event | schema | in its own words | public | private |", "|---|---|---|---|---|---|"]
    for event_type in sorted(EVENTS, key=lambda one: one.TYPE):
        secret: frozenset[str] = getattr(event_type, "PRIVATE", frozenset())
        names = [field.name for field in fields(event_type)]
        rows.append(
            f"| {event_type.TYPE} | {event_type.__name__} | {getattr(event_type, 'SCHEMA', 1)} | {own_words(event_type)}"
            f" | {listed([n for n in names if n not in secret])} | {listed([n for n in names if n in secret])} |"
        )
    return "\n".join(rows)


def role_tables() -> str:
    """Which office opens which page, and which gives which command: a row each, a column per role."""
    pages = {
        f"`/{one.path}` {one.title}{'' if one.shows == 'neither' else f', shows {one.shows}'}": one.roles
        for one in PAGES.values()
    }
    pages |= {f"`{path}` {what}, no log-in": ROLES for path, what in OPEN_PAGES.items()}
    commands = {f"`{verb}`{', second factor' if verb in STEP_UP else ''}": ALLOWED_ROLES[verb] for verb in FORMS}
    return "\n".join([*_by_role("page", pages), "", *_by_role("command", commands)])


def _by_role(what: str, allowed: Mapping[str, tuple[str, ...]]) -> list[str]:
    offices = [role for role in ROLES if role not in DEPUTIES]
    rows = [f"| {what} | {' | '.join(offices)} |", "|---" * (len(offices) + 1) + "|"]
    for name, roles in allowed.items():
        rows.append(f"| {name} | {' | '.join('x' if role in roles else '' for role in offices)} |")
    return rows


def metric_table() -> str:
    """One row per metric that an installation exports, by name."""
    rows = []
    for collector in Telemetry().registry._collector_to_names:
        if isinstance(collector, ProcessCollector):
            continue  # the client library's own names, which docs/METRICS.md tells in a sentence
        assert isinstance(collector, MetricWrapperBase), "telemetry.py names counters, gauges and histograms only"
        for family in collector.describe():
            suffix = "_total" if family.type == "counter" else ""
            labels = listed(list(collector._labelnames))
            rows.append(f"| `{family.name}{suffix}` | {family.type} | {labels} | {family.documentation} |")
    return "\n".join(["| metric | kind | labels | what it tells |", "|---|---|---|---|", *sorted(rows)])


TABLES: Final[dict[str, Callable[[], str]]] = {
    "docs/EVENTS.md": event_table,
    "docs/METRICS.md": metric_table,
    "docs/ROLES.md": role_tables,
}


def with_table(document: str, table: str) -> str:
    """The document with what stands between the two marks replaced. Raises ValueError where a mark is missing."""
    before, _, rest = document.partition(OPENING)
    _, closing, after = rest.partition(CLOSING)
    if not closing:
        raise ValueError(f"put these two lines where the table belongs: {OPENING} and {CLOSING}")
    return f"{before}{OPENING}\n{table}\n{CLOSING}{after}"


def main() -> int:
    for name, make_table in TABLES.items():
        path = CLONE / name
        path.write_text(with_table(path.read_text(encoding="utf-8"), make_table()), encoding="utf-8")
        print(f"wrote {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
