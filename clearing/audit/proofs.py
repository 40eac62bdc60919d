"""Law: proofs that were recorded are proved again: each sum by the log is added up anew at the position where it was taken."""

from typing import Final

from clearing.audit.findings import BadEvent, Checked
from clearing.audit.sums import TwoRoads
from clearing.events.catalogue import Event
from clearing.events.proofs import ProofsTaken
from clearing.rules.treasury.proofs import LOOK_BACK_EVENTS, by_log, holds, named
from clearing.values import money

TAKEN: Final = "daily proofs, each sum by the log added up again"


def check_proofs(event: Event, position: int, roads: TwoRoads, checked: Checked) -> None:
    """roads: before the event. Raises BadEvent."""
    if not isinstance(event, ProofsTaken):
        return
    if not 0 <= position - event.up_to <= LOOK_BACK_EVENTS + 1:
        raise BadEvent(position, f"its proofs were taken at event {event.up_to}, which is too long ago")
    balances = roads.balances_at(event.up_to)
    for result in event.results:
        for figure in result.figures:
            true = by_log(balances, figure.name)
            if true is not None and figure.log_cents not in (None, true):
                raise BadEvent(
                    position,
                    f"at event {event.up_to} the log says {money(true)} for {named(figure.name)}, not "
                    f"{money(figure.log_cents or 0)}",
                )
    if event.ok != all(map(holds, event.results)):
        raise BadEvent(position, "it says of its proofs what their figures do not")
    checked.add(TAKEN)
