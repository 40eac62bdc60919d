"""Law: sales are seen by card alias and explained to the cent and the vote; the words of no page name whose they are."""

import pytest

from clearing.values import MemberId
from tests.console.open_house import CODE, House

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def buyer(house: House, member: str, cents: int = 10_000) -> str:
    """A member with a card that has credit; its alias."""
    await house.send("dora", "members/new", {"member": member, "groups": "", "name": ""})
    await house.send("dora", f"members/{member}/issue", {})
    await house.order("dora", "credit_purse", {
        "member": member, "purse": "credit", "fund": "general", "cents": cents, "reference": "once",
    })
    return next(one.alias for one in (await house.book()).members.cards_of(MemberId(member)))


async def sold(house: House, alias: str, cents: int) -> int:
    """A sale's number."""
    shown = await house.sell(alias, cents)
    assert shown.card_cents == cents, shown
    await house.caught_up()
    async with house.installation.asking(CODE) as views:
        return (await views.sale(shown.x))[0].row.position


async def test_a_sale_is_found_by_alias_number_and_operation_id(house: House) -> None:
    alias = await buyer(house, "s-find")
    number = await sold(house, alias, 1_234)
    listed = await house.see("tess", f"sales?alias={alias}")
    assert f"{alias} Sale, " in listed.text
    assert "€12.34" in listed.text
    assert (await house.see("tess", f"sales?q={number}")).path.endswith(f"/sales/{number}")
    async with house.installation.asking(CODE) as views:
        x = (await views.sale(number))[0].row.x.hex()
    assert (await house.see("tess", f"sales?q={x[:11]}")).path.endswith(f"/sales/{number}")
    assert "No sale has an operation id that begins so." in (await house.see("tess", "sales?q=ffffffffffff")).text


async def test_one_sale_is_explained_line_by_line_down_to_its_vote(house: House) -> None:
    alias = await buyer(house, "s-why")
    number = await sold(house, alias, 735)
    seen = await house.see("audrey", f"sales/{number}")
    assert "€7.35 in all: the card pays €7.35, the rest is €0.00." in seen.text
    assert "credit (purse credit) pays €7.35 : 100% of €7.35" in seen.text
    assert "a single credit from fund general" in seen.text
    assert "Judged by the rules of version 1, in force since the founding." in seen.text
    assert "Decision ag-2026-04 of 2026-04-20: What the caisse pays." in seen.text
    vote = await house.see("audrey", "votes/ag-2026-04")
    assert "31 4 2" in vote.text


async def test_a_refund_stands_on_the_page_of_its_sale(house: House) -> None:
    alias = await buyer(house, "s-back")
    shown = await house.sell(alias, 900)
    from clearing.events.basket import Line
    from clearing.values import CategoryId, Cents

    await house.stall.refund(shown.x, [Line(category=CategoryId("fruit-veg"), amount_cents=Cents(400))])
    await house.caught_up()
    async with house.installation.asking(CODE) as views:
        number = (await views.sale(shown.x))[0].row.position
    seen = await house.see("tess", f"sales/{number}")
    assert "Refund" in seen.text.partition("What came later")[2]
    assert "€4.00" in seen.text.partition("What came later")[2]


async def test_an_operation_id_without_a_letter_is_no_sales_number(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    alias = await buyer(house, "s-digits")
    monkeypatch.setattr(house.stall, "_random", lambda size: bytes.fromhex("11979065" + "ab" * 12)[:size])
    number = await sold(house, alias, 321)
    for asked in ("11979065", "1197 90", str(number)):
        assert (await house.see("tess", f"sales?q={asked}")).path.endswith(f"/sales/{number}"), asked
    assert (await house.see("tess", "sales?q=99999999")).status == 404


async def test_the_page_of_a_sale_leads_to_what_puts_it_right(house: House) -> None:
    number = await sold(house, await buyer(house, "s-wrong"), 1_500)
    seen = await house.see("tess", f"sales/{number}")
    assert "When something is wrong with it" in seen.text
    where = seen.html.partition(f'href="/c/{CODE}/contests?operation=')[2].partition('"')[0]
    assert f'value="{where}"' in (await house.see("tess", f"contests?operation={where}")).html
    assert '<option value="field" selected>' in (await house.see("tess", "adjustments?producer=field")).html
    assert "When something is wrong with it" not in (await house.see("audrey", f"sales/{number}")).text


async def test_a_declined_sale_tells_the_code_and_what_to_do(house: House) -> None:
    alias = await buyer(house, "s-none", 100)
    await house.order("dora", "block_card", {"alias": alias, "code": "41"})
    shown = await house.sell(alias, 500)
    assert shown.card_cents == 0
    await house.caught_up()
    async with house.installation.asking(CODE) as views:
        number = (await views.sale(shown.x))[0].row.position
    seen = await house.see("tess", f"sales/{number}")
    assert "Code 41." in seen.text
    assert "unblock it if it was found" in seen.text


async def test_no_page_about_sales_names_whose_they_are(house: House) -> None:
    alias = await buyer(house, "s-secret")
    number = await sold(house, alias, 321)
    for path in ("sales", f"sales?alias={alias}", f"sales/{number}", "exceptions", "trail", "trail?room=members", "orders"):
        seen = await house.see("tess", path)
        assert seen.status == 200, path
        assert "s-secret" not in seen.html, path


async def test_a_page_of_a_person_shows_no_purchase(house: House) -> None:
    alias = await buyer(house, "s-person")
    number = await sold(house, alias, 777)
    for officer in ("dora", "tess", "cleo"):
        seen = await house.see(officer, "members/s-person")
        assert "€7.77" not in seen.text
        assert f"sales/{number}" not in seen.html


async def test_sales_go_on_page_by_page_without_missing_one(house: House) -> None:
    alias = await buyer(house, "s-pages")
    numbers = {await sold(house, alias, 10 + place) for place in range(3)}
    async with house.installation.asking(CODE) as views:
        first = await views.find_sales(producer="field", limit=2)
        rest = await views.find_sales(producer="field", limit=100, before=first[-1].position)
        every = await views.find_sales(limit=100)
    assert [*first, *rest] == [row for row in every if row.producer == "field"]
    assert numbers <= {row.position for row in every}


@pytest.mark.parametrize("officer", ["dora", "cleo", "otto", "hana", "basil"])
async def test_sales_are_closed_to_offices_that_see_persons_or_need_none(house: House, officer: str) -> None:
    for path in ("sales", "sales/1", "producers/field/statements/1"):
        assert (await house.see(officer, path)).status == 403, path


async def test_a_wrong_filter_is_told_and_stays_typed(house: House) -> None:
    seen = await house.see("tess", "sales?alias=NOBODY-S")
    assert seen.status == 422
    assert 'value="NOBODY-S"' in seen.html
    assert "There is no card of that alias" in seen.text
    assert (await house.see("tess", "sales/99999999")).status == 404


async def test_a_statement_holds_what_the_batch_pays_sale_by_sale(house: House) -> None:
    alias = await buyer(house, "s-batch")
    number = await sold(house, alias, 1_500)
    closed = await house.order("tess", "close_batch", {"closed_on": "2026-11-26"})
    await house.caught_up()
    seen = await house.see("bruno", f"producers/field/statements/{closed['batch']}")
    assert f"{number} €15.00 €15.00" in seen.text
    assert f"/sales/{number}" in seen.html
    producer = await house.see("dora", "producers/field")
    assert "Batch" in producer.text
    assert "/statements/" not in producer.html


async def test_the_trail_says_who_ordered_what(house: House) -> None:
    await buyer(house, "s-trail")
    seen = await house.see("audrey", "trail?room=members")
    assert "Card issued card dora" in seen.text
    assert "Member admitted member dora" in seen.text
