"""Law: producers are paid by a batch that one closes and another approves; what the bank does of it is in its statements."""

from datetime import date, timedelta
from random import Random
from typing import Final

from clearing.demo.caisse import CAMILLE, DOMINIQUE
from clearing.demo.month.bank import Bank, Payment, asked_to_pay
from clearing.demo.month.caisse import CODE, Caisse
from clearing.installation.payment import make_files
from clearing.rules.stalls.payouts import FAILED
from clearing.settlement.calendar import next_business_day

_COMES_BACK_EVERY: Final = 6  # batches
_BACK_AFTER: Final = timedelta(days=4)


async def close(caisse: Caisse, on: date) -> int:
    """Camille closes what was sold up to this day; the batch's number."""
    return int(str((await caisse.order(CAMILLE, "close_batch", {"closed_on": on.isoformat()}))["batch"]))


async def pay_anew(caisse: Caisse) -> int:
    """Camille makes a batch of the transfers that came back; its number, 0 when none did."""
    failed = [
        {"batch": number, "producer": producer}
        for number, batch in caisse.book.settlement.batches.items() for producer, payout in batch.payouts.items()
        if payout.state in FAILED and not payout.paid_in
    ]  # fmt: skip
    if not failed:
        return 0
    return int(str((await caisse.order(CAMILLE, "reissue_payout", {"payouts": failed}))["batch"]))


async def approve_and_send(caisse: Caisse, bank: Bank, batch: int, today: date, dice: Random) -> None:
    """Dominique approves; the file goes to the bank, which makes it on the next business day. Now and then one transfer comes
    back some days later."""
    pay_on = next_business_day(today)
    await caisse.order(DOMINIQUE, "approve_batch", {"batch": batch, "execution_on": pay_on.isoformat()})
    await caisse.running.caught_up(CODE)
    installation = caisse.running.installation
    files = await make_files(installation, CODE, batch)
    path = files.write(installation.home.batch(CODE, batch))
    await caisse.order(CAMILLE, "export_batch", {
        "batch": batch, "message_id": files.message_id, "file_sha256": files.sha256
    })
    transfers = asked_to_pay(path.read_bytes())
    bank.expect(*(
        Payment(on=pay_on, cents=-cents, name=name, iban=iban, end_to_end=given) for given, cents, name, iban in transfers
    ))  # fmt: skip
    if batch % _COMES_BACK_EVERY == 0:
        given, cents, name, iban = dice.choice(transfers)
        bank.expect(Payment(
            on=next_business_day(pay_on + _BACK_AFTER), cents=cents, name=name, iban=iban, end_to_end=given, code="AC04"
        ))  # fmt: skip
