"""Law: this is the closed list of all events; a type number is given once and never used again.

Each room of events ends with the union of its own; who adds a room adds it here.
"""

from typing import Final, get_args

from clearing.events import caisse, funds, interchange, members, producers, sales, settlement

Event = (
    caisse.Event | funds.Event | members.Event | producers.Event | sales.Event | settlement.Event | interchange.Event
)

EVENTS: Final[tuple[type[Event], ...]] = get_args(Event)
