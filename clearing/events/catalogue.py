"""Law: this is the closed list of all events; a type number is given once and never used again.

Each room of events ends with the union of its own; who adds a room adds it here.
"""

from typing import Final, TypeAlias, get_args

from clearing.events import (
    accounts,
    adjustments,
    bank,
    bonus,
    books,
    caisse,
    closing,
    contests,
    contracts,
    corrections,
    cotisations,
    crediting,
    debits,
    factors,
    funds,
    grants,
    households,
    interchange,
    joining,
    joint,
    members,
    opening,
    orders,
    producers,
    products,
    proofs,
    sales,
    settlement,
    solidarity,
    units,
)
from clearing.events.recorded import Recorded

_KNOWN = (
    caisse.Event
    | funds.Event
    | members.Event
    | producers.Event
    | products.Event
    | sales.Event
    | settlement.Event
    | contests.Event
    | adjustments.Event
    | crediting.Event
    | households.Event
    | grants.Event
    | closing.Event
    | solidarity.Event
    | bonus.Event
    | contracts.Event
    | cotisations.Event
    | debits.Event
    | corrections.Event
    | accounts.Event
    | orders.Event
    | units.Event
    | opening.Event
    | interchange.Event
    | joint.Event
    | joining.Event
    | proofs.Event
    | bank.Event
    | books.Event
    | factors.Event
)

Event: TypeAlias = Recorded
EVENTS: Final[tuple[type[Event], ...]] = get_args(_KNOWN)
