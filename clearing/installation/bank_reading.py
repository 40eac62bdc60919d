"""Law: what the bank wrote is read beside what the book knows of a line: whose account, what it names, what it may be.

Shared by the command line and the console; nothing here changes anything.
"""

from collections.abc import Iterable

from clearing.installation.payment import BANK
from clearing.people import People, Record
from clearing.rules.book import Book
from clearing.rules.treasury.bank_matching import Proposed, proposals
from clearing.settlement.bank_details import compact


def open_payments(book: Book) -> list[str]:
    """References of cotisations that the bank may still take back."""
    return [reference for reference, one in book.cotisations.payments.items() if not one.returned_by]


def known_lines(book: Book) -> dict[int, Proposed]:
    """Lines that wait and name themselves what they are."""
    return {one.line: one for one in proposals(book.bank, book.settlement, open_payments(book))}


def match_of(one: Proposed) -> dict[str, object]:
    """As `match_lines` takes it."""
    body: dict[str, object] = {"lines": [one.line], "kind": one.kind}
    return body | ({"moves": list(one.moves)} if one.moves else {})


async def producers_by_account(book: Book, people: People) -> dict[bytes, str]:
    """Pseudonym of each producer's account -> producer."""
    names = [f"producer:{producer}" for producer in book.producers.producers]
    kept = await people.newest_of(BANK, names)
    return {
        people.pseudonym(f"payer {compact(record.fields['iban'])}"): subject.removeprefix("producer:")
        for subject, record in kept.items()
    }


async def written(book: Book, numbers: Iterable[int], people: People) -> dict[int, Record]:
    """What the bank wrote of each line; what was erased is left out."""
    digests = {
        number: book.bank.lines[number].said.details for number in numbers
        if number in book.bank.lines and book.bank.lines[number].said.details
    }
    found = await people.read_kept(list(digests.values()))
    return {number: found[digest] for number, digest in digests.items() if digest in found}
