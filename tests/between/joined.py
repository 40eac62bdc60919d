"""Two caisses of the region that pay the field together: AVAL pays, BRUME hands over, as two people of each agreed."""

from clearing.events.joint import HandoverEnded, JointProposed, PartAnswered
from clearing.rules.stalls.payouts import PayoutState
from clearing.values import CaisseCode, ProducerId
from clearing.wire.commands import CommandReply
from tests.living_caisse import AMINA, BRUNO
from tests.three_caisses import AVAL, BRUME, Region

FIELD = ProducerId("field")
DETAILS, ACCOUNT = b"d" * 32, b"the same account"
assert len(ACCOUNT) == 16


def named(**more: object) -> dict[str, object]:
    return {"ours": FIELD, "theirs": FIELD, "details": DETAILS, "account": ACCOUNT, "consent": "her letter of 2 May", **more}


def proposal(other: CaisseCode, role: str, **more: object) -> dict[str, object]:
    cap = 100_000 if role == "pays" else 0
    return {
        "other": other, "role": role, "decision": "ag-2026-04", "cap_cents": cap, "from_on": "2026-05-01",
        "producers": [named()], **more,
    }


def agree(region: Region, code: CaisseCode, body: dict[str, object]) -> CommandReply:
    """One proposes, another one agrees to that very proposal."""
    desk = region.desks[code]
    desk.order(AMINA, "propose_joint_payout", body)
    proposed = next(row.position for row in reversed(desk.log.rows) if row.type == JointProposed.TYPE)
    return desk.order(BRUNO, "agree_joint_payout", {"other": body["other"], "role": body["role"], "proposed": proposed})


def joined(**more: object) -> Region:
    """more: of what AVAL agreed to."""
    region = Region()
    agree(region, AVAL, proposal(BRUME, "pays", **more))
    agree(region, BRUME, proposal(AVAL, "hands-over"))
    return region


def approve(region: Region, code: CaisseCode) -> int:
    """All that is owed there is closed and approved; the batch."""
    desk = region.desks[code]
    batch = len(desk.book.settlement.batches) + 1
    desk.order(AMINA, "close_batch", {"closed_on": region.today()})
    desk.order(BRUNO, "approve_batch", {"batch": batch, "execution_on": region.today()})
    return batch


def state(region: Region, code: CaisseCode, batch: int = 1) -> PayoutState:
    return region.desks[code].book.settlement.batches[batch].payouts[FIELD].state  # type: ignore[index]


def told(region: Region) -> list[tuple[str, str]]:
    """What AVAL answered to parts, and what BRUME heard."""
    said = [(event.ref.hex(), event.reason) for event in region.desks[AVAL].log.events() if isinstance(event, PartAnswered)]
    heard = [(event.ref.hex(), event.reason) for event in region.desks[BRUME].log.events() if isinstance(event, HandoverEnded)]
    assert heard == said, "each is answered once, and heard as it was answered"
    return said
