"""Law: the audit trail says what happened, when and by whose order, event by event; it names no person but officers."""

import re
from typing import Final

from clearing.console.apart import SALES
from clearing.console.pages import LOOKERS, Answer, Visit, page
from clearing.events.catalogue import EVENTS, Event
from clearing.events.codec import decode
from clearing.events.factors import NewFactorPaired, PasskeyAdded, PasskeyRemoved
from clearing.wire.commands import COMMAND_BYTES_MAX
from clearing.wire.passkey import split_assertion

ROWS: Final = 100
WINDOW: Final = 20_000  # positions that one page looks through for what was asked
_OPEN_NAMES: Final = frozenset({
    "fund", "subsidy", "transfer", "producer", "terminal", "batch", "order", "exception", "unit", "person", "deposit", "season",
})  # fmt: skip
"""Streams whose name is shown; those of members, cards, contracts and papers name a person by her pseudonym."""
_CALLED: Final = {"op": "sale"}
_SIGNED_BY: Final = ("by", "named_by", "resolved_by", "entered_by", "opened_by", "revoked_by", "allowed_by")
_ROOMS: Final = tuple(dict.fromkeys(kind.__module__.rpartition(".")[2] for kind in EVENTS))
_WORD: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


@page("trail", "Audit trail", roles=LOOKERS, menu=80)
async def trail(visit: Visit) -> Answer:
    """The newest first. A page looks through so many positions and says where it goes on."""
    query = visit.request.query
    room = query.get("room", "")
    room = room if room in _ROOMS else ""
    text = query.get("before", "")
    types = [kind.TYPE for kind in EVENTS if not room or kind.__module__.endswith(f".{room}")]
    async with visit.console.installation.reading(visit.code) as log:
        end = (await log.stored_head()).position + 1
        before = min(int(text), end) if text.isascii() and text.isdecimal() and len(text) <= 10 else end
        found = await log.newest_of_types(before, WINDOW, types, ROWS)
    rows = [
        _row(visit, row.position, row.at_us, row.stream, decode(row.type, row.schema_version, row.public, row.private))
        | {"passkey": split_assertion(row.evidence, envelope_bytes_max=COMMAND_BYTES_MAX)[1] is not None}
        for row in found
    ]  # fmt: skip
    last = found[-1].position if len(found) == ROWS else max(before - WINDOW, 1)
    return Answer("trail.html", {
        "rows": rows, "room": room, "rooms": [(name, visit.words.say(f"room {name}")) for name in _ROOMS],
        "older": visit.path(f"trail?room={room}&before={last}") if last > 1 else "", "through": last,
    })  # fmt: skip


def _row(visit: Visit, position: int, at_us: int, stream: str, event: Event) -> dict[str, object]:
    kind, _, name = stream.partition("/")
    about = visit.words.say(f"stream {_CALLED.get(kind, kind)}")
    opens = kind == "op" and bool(set(visit.roles) & set(SALES))
    return {
        "number": position, "when": visit.words.instant(at_us), "what": _called(visit, event),
        "who": ", ".join(_signers(event)),
        "about": f"{about} {name}" if kind in _OPEN_NAMES else about,
        "page": visit.path(f"sales/{position}") if opens else "",
    }  # fmt: skip


def _called(visit: Visit, event: Event) -> str:
    """The event's name in words: of the catalogue, else as it is written here."""
    name = type(event).__name__
    said = visit.words.say(f"event {name}")
    return said if said != f"event {name}" else _WORD.sub(" ", name).capitalize()


def _signers(event: Event) -> list[str]:
    """Officers alone: the time, a till and a member sign no command."""
    found = [str(event.person)] if isinstance(event, PasskeyAdded | PasskeyRemoved | NewFactorPaired) else []
    for field in _SIGNED_BY:
        said = getattr(event, field, ())
        found += [said] if isinstance(said, str) and said else [str(one) for one in said] if isinstance(said, tuple) else []
    return found
