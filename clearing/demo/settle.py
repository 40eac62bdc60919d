"""Law: who closes a batch does not approve it, and the demo shows the refusal before it shows the approval."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clearing.demo.caisse import CAMILLE, DOMINIQUE, Market
from clearing.installation.office import NotAllowed
from clearing.installation.payment import BatchFiles, make_files
from clearing.settlement.calendar import next_business_day

Say = Callable[[str], None]


class SamePersonApproved(AssertionError):
    """One person closed and approved a batch: the rule that needs two people is broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What went to the bank. refusal: what the one who closed was told when trying to approve. again: made a second time."""

    files: BatchFiles
    path: Path
    refusal: str
    again: BatchFiles


async def settle(market: Market, say: Say) -> Settled:
    """Sunday morning: close, be refused, approve by another person, write the file, and write it again."""
    market.at("2017-12-24T09:00:00")
    closed = await market.order(CAMILLE, "close_batch", {"closed_on": market.day.date.isoformat()})
    batch = int(str(closed["batch"]))
    say(f"Camille closed batch {batch}")
    pay_on = next_business_day(market.day.date).isoformat()
    refusal = await _refused(market, batch, pay_on)
    say(f"Camille tries to approve it too: refused ({refusal})")
    await market.order(DOMINIQUE, "approve_batch", {"batch": batch, "execution_on": pay_on})
    say(f"Dominique approved it with her own key, to be paid on {pay_on}")
    await market.running.caught_up(market.code)
    files = await make_files(market.running.installation, market.code, batch)
    path = files.write(market.home.batch(market.code, batch))
    await market.order(CAMILLE, "export_batch", {"batch": batch, "message_id": files.message_id, "file_sha256": files.sha256})
    again = await make_files(market.running.installation, market.code, batch)
    again.write(market.home.batch(market.code, batch))
    say(f"the bank file is written, with {files.payouts} statements; written again it is the same, byte for byte")
    return Settled(files=files, path=path, refusal=refusal, again=again)


async def _refused(market: Market, batch: int, pay_on: str) -> str:
    try:
        await market.order(CAMILLE, "approve_batch", {"batch": batch, "execution_on": pay_on})
    except NotAllowed as refused:
        return str(refused)
    raise SamePersonApproved("Camille closed the batch and could approve it; stop and tell the operator")
