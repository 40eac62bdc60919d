"""Law: a producer's papers are asked for at its statement, in two languages, add up to its transfer and name nobody."""

import re

import pytest

from clearing.people import Record
from clearing.values import BatchId, ProducerId
from tests.books.reading_pdf import words_of
from tests.console.open_house import CODE, House
from tests.console.test_books_pages import today_of
from tests.console.test_sales import buyer, sold

pytestmark = pytest.mark.asyncio(loop_scope="session")
IBANS = ("FR7630001007941234567890185", "FR1420041010050500013M02606")


async def paid_batch(house: House) -> int:
    """An approved batch that pays the field; made once."""
    book = await house.book()
    async with house.installation.people_of(CODE) as people:
        if await people.newest("caisse", "bank") is None:
            await people.keep([Record(subject="caisse", kind="bank", fields={"name": "Brume", "iban": IBANS[1]})])
    for known, one in book.settlement.batches.items():  # other tests close batches too, that pay nobody
        if one.approved is not None and ProducerId("field") in one.payouts:
            return known
    if not book.producers.producers[ProducerId("field")].details:
        await house.send("tess", "producers/field", {"holder": "The field", "iban": IBANS[0]})
        shown = await house.see("bruno", "producers/field/account")
        digest = re.search(r'name="digest" value="([0-9a-f]+)"', shown.html)
        assert digest is not None
        await house.send("bruno", "producers/field/account", {"digest": digest[1]})
    await sold(house, await buyer(house, "w-paper"), 1_357)
    await house.caught_up()
    done = await house.order("tess", "close_batch", {"closed_on": today_of(house)})
    number = int(str(done["batch"]))
    await house.order("bruno", "approve_batch", {"batch": number, "execution_on": "2099-01-05"})
    return number


async def paper(house: House, person: str, path: str) -> tuple[int, bytes]:
    async with house.browser.get(f"{house.url}/c/{CODE}/{path}", headers=await house.headers(person)) as answer:
        return answer.status, await answer.read()


async def test_a_producers_papers_hang_at_its_statement_in_two_languages(house: House) -> None:
    number = await paid_batch(house)
    await house.caught_up()
    seen = await house.see("tess", f"producers/field/statements/{number}")
    found = re.findall(rf'href="/c/{CODE}/(producers/field/papers/{number}/[a-z.-]+)"', seen.html)
    assert len(found) == 4
    line = next(one for one in (await house.book()).settlement.batches[BatchId(number)].closed.lines)
    for path in found:
        status, content = await paper(house, "audrey", path)
        text = words_of(content)
        amount = f"{line.paid_cents // 100},{line.paid_cents % 100:02d}" if "-fr." in path else f"€{line.paid_cents / 100:,.2f}"
        assert (status, content[:5], amount in text.replace("\u202f", "").replace("\u00a0", "")) == (200, b"%PDF-", True), path
        assert "w-paper" not in text, path
        assert (await paper(house, "audrey", path))[1] == content, "the same bytes each time"
    assert "Avis de virement" in words_of((await paper(house, "tess", found[0]))[1])


async def test_a_paper_of_nothing_or_for_another_office_is_refused(house: House) -> None:
    number = await paid_batch(house)
    assert (await paper(house, "dora", f"producers/field/papers/{number}/advice-fr.pdf"))[0] == 403
    assert (await paper(house, "tess", f"producers/field/papers/{number}/advice-de.pdf"))[0] == 404
    assert (await paper(house, "tess", "producers/nobody/papers/1/advice-fr.pdf"))[0] == 404
    status, content = await paper(house, "tess", "producers/field/papers/9999/advice-fr.pdf")
    assert (status, b"There is no batch 9999" in content) == (409, True)
