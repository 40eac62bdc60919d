"""Law: a caisse is founded by one signed command, given to a writer that serves for that long, and never before its rehearsal.

The command line and the console found by these same steps; what serves the home takes the caisse in afterwards (adopting.py).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from clearing.authoriser.clock import SystemClock
from clearing.authoriser.founding import check_found
from clearing.events.catalogue import Event
from clearing.installation.founding_file import FoundingFile
from clearing.installation.office import Officer
from clearing.installation.opening import Installation
from clearing.installation.slips import Slips
from clearing.people import Record
from clearing.rules.book import Book
from clearing.values import CaisseCode


@dataclass(frozen=True, slots=True)
class Founding:
    """What a file comes to. account: as the bank knows it; events: of the founding command; book: that has them all.

    Only as whole as its slips are empty.
    """

    file: FoundingFile
    account: dict[str, str]
    events: tuple[Event, ...]
    book: Book


def rehearse_founding(file: FoundingFile, *, founder_kid: bytes, at_us: int, slips: Slips) -> Founding:
    """slips: gets every mistake, with its line."""
    account = dict[str, str]()
    with slips.at(file.path, file.lines.line(("caisse", "account"))):
        account = checked_account(file.account)
    events, mistakes = check_found(file.code, file.body, founder_kid=founder_kid, at_us=at_us)
    for mistake in mistakes:
        path = (mistake.part, mistake.place) if mistake.part else ()
        why = mistake.why.removeprefix("The founding, ")
        slips.add(file.path, file.lines.told(path, why), why)
    book = Book()
    for place, event in enumerate(events):
        book.apply(event, place + 1, at_us + place)
    return Founding(file, account, events, book)


async def carry_founding(
    installation: Installation, officer: Officer, founding: Founding, bring: Callable[[], Awaitable[None]] | None = None
) -> None:
    """bring: gives the lists that come with the file, while the writer serves."""
    from clearing.installation.serving import serving

    code = founding.file.code
    async with serving(installation, clock=SystemClock(), codes=[code], port=None):
        await officer.order("found", founding.file.body)
        await keep_account(installation, code, founding.account)
        if bring is not None:
            await bring()


def checked_account(account: dict[str, str]) -> dict[str, str]:
    """Raises InvalidBankDetails."""
    from clearing.settlement.bank_details import bank_details

    checked = bank_details(name=account["name"], iban=account["iban"], bic=account.get("bic"))
    return {"name": checked.name, "iban": checked.iban} | ({"bic": checked.bic} if checked.bic else {})


async def keep_account(installation: Installation, code: CaisseCode, account: dict[str, str]) -> None:
    """The account that producers are paid from: the newest entry counts."""
    from clearing.installation.payment import ACCOUNT_OF_THE_CAISSE, BANK

    async with installation.people_of(code) as people:
        await people.keep([Record(subject=ACCOUNT_OF_THE_CAISSE, kind=BANK, fields=account)])
