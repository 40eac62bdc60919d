"""Law: a treasurer takes the proofs, records the plan, makes a month's books and papers from pages, as a terminal would."""

import re
from datetime import UTC, datetime

import pytest

from clearing.installation.books_made import books_made
from clearing.installation.home import write_private
from clearing.installation.kept_figures import kept
from clearing.installation.plan_file import default_plan, plan_text, read_plan
from tests.books.reading_pdf import words_of
from tests.console.open_house import CODE, House, Seen
from tests.console.test_exports import rows_of, taken
from tests.console.test_sales import buyer, sold

pytestmark = pytest.mark.asyncio(loop_scope="session")
SIREN = "732829320"


async def proved(house: House) -> Seen:
    await house.caught_up()
    return await house.send("tess", "proofs", {})


async def planned(house: House) -> None:
    """The plan that is offered, with a SIREN, recorded once."""
    if (await house.book()).books.plan is None:
        text = default_plan().replace('siren = ""', f'siren = "{SIREN}"')
        seen = await house.send("tess", "books/plan", {"text": text})
        assert (seen.status, "Plan 1, recorded by tess" in seen.text) == (200, True), seen.text[:400]


def today_of(house: House) -> str:
    return datetime.fromtimestamp(house.console.now_us() // 1_000_000, UTC).date().isoformat()


def this_month(house: House) -> str:
    return today_of(house)[:7]


async def test_proofs_are_taken_from_their_page_told_figure_by_figure_and_signed_there(house: House) -> None:
    await sold(house, await buyer(house, "w-proof"), 1_234)
    seen = await proved(house)
    assert (seen.path.endswith("/proofs"), "The proofs are taken." in seen.text) == (True, True), seen.text[:500]
    assert seen.html.count('<section class="card" id=') == 5
    assert "credit given = accounts: holds" in seen.text
    known = kept(house.installation.home, CODE)
    assert known is not None
    assert known.public is not None
    assert (known.months[-1][0], len(known.months)) == (known.day[:7], 13)
    recorded = await house.send("tess", "proofs", {"record": "yes"})
    assert "The proofs are recorded with their figures." in recorded.text
    day = (await house.book()).proofs.day
    await house.caught_up()
    assert (await house.see("audrey", f"proofs/{day}")).text.count("The same") > 5
    assert (await house.see("audrey", "proofs/2001-01-01")).status == 404
    assert (await house.see("audrey", "proofs/yesterday")).status == 404


async def test_who_signs_no_proofs_may_look_and_take_them_only(house: House) -> None:
    await proved(house)
    seen = await house.see("audrey", "proofs")
    assert "Sign and record" not in seen.text
    assert (await house.send("audrey", "proofs", {"record": "yes"})).status == 403


async def test_a_proof_that_fails_is_told_first_at_home_and_says_what_to_do(house: House) -> None:
    await proved(house)
    path = house.installation.home.daily_proofs(CODE)
    before = path.read_bytes()
    wrong = re.sub(rb'(\{"name": "bank", "log": )(-?\d+)', lambda found: found[1] + b"%d" % (int(found[2]) + 1), before)
    wrong = wrong.replace(b'"failed": {}', b'"failed": {"money": "at the bank differs"}')
    assert wrong != before
    write_private(path, wrong)
    try:
        home, proofs = await house.see("tess", ""), await house.see("tess", "proofs")
        assert "The proof does not hold: money in - out = what remains" in home.text
        assert "money in - out = what remains: does not hold" in proofs.text
        assert "Import the bank's last statement" in proofs.text
    finally:
        write_private(path, before)


async def test_each_figure_at_home_leads_to_where_it_comes_from(house: House) -> None:
    await proved(house)
    seen = await house.see("tess", "")
    for place in ("proofs", "batches", "funds"):
        assert f'<dd><a href="/c/{CODE}/{place}">' in seen.html, place
    assert "It takes 28 days of purchases to say how long the money lasts." in seen.text
    assert "of €1,000,000.00" in seen.text
    assert '<svg class="chart"' in seen.html
    assert "style=" not in seen.html
    _, _, content = await taken(house, "tess", "")
    assert ["In and out by month"] in rows_of(content)
    cents = sum(one.net_cents() for one in (await house.book()).settlement.owed.values())
    assert f"€{cents // 100:,}.{cents % 100:02d}" in seen.text
    desk = await house.see("dora", "")
    assert "<dd>€" in desk.html.replace("\n", ""), "the desk sees the figures and no links to what it may not open"
    assert f'<dd><a href="/c/{CODE}/proofs">' not in desk.html


async def test_the_plan_is_recorded_from_its_text_and_a_wrong_line_is_told(house: House) -> None:
    wrong = await house.send("tess", "books/plan", {"text": default_plan().replace('bank = "512', 'bank = "912')})
    assert (wrong.status, "line" in wrong.text) == (422, True)
    await planned(house)
    again = await house.send("tess", "books/plan", {"text": default_plan().replace('siren = ""', f'siren = "{SIREN}"')})
    assert (again.status, "word for word" in again.text) == (422, True)
    assert (await house.send("audrey", "books/plan", {"text": default_plan()})).status == 403
    recorded = (await house.book()).books.plan
    assert recorded is not None
    said = read_plan(plan_text(recorded))
    assert (said.siren, said.year_starts, sorted(said.rows)) == (recorded.siren, recorded.year_starts, sorted(recorded.rows))
    status, _, content = await taken(house, "audrey", "books/plan")
    assert (status, ["accounts", "bank", "'512"] in rows_of(content)) == (200, True)


async def test_a_month_is_made_read_entry_by_entry_and_taken_away_as_three_files(house: House) -> None:
    await planned(house)
    await sold(house, await buyer(house, "w-books"), 777)
    period = this_month(house)
    before = await house.see("tess", "books")
    assert f"/c/{CODE}/books/{period}" in before.html
    seen = await house.send("tess", f"books/{period}", {"make": "yes"})
    made = books_made(house.installation.home, CODE, period)
    assert (seen.status, made is not None) == (200, True), seen.text[:500]
    assert made is not None
    assert f"{made.entries} entries" in seen.text
    assert f"/c/{CODE}/sales?day={period}" in seen.html, "an entry of sales leads to the sales of its day"
    assert f"/c/{CODE}/producers/field" in seen.html
    for name in ("journal.csv", "paheko.csv", "balance.csv"):
        assert (await house.see("audrey", f"books/{period}/{name}")).status == 200, name
    assert (await house.see("audrey", f"books/{period}/made.json")).status == 404
    assert (await house.see("audrey", "books/2026-13")).status == 404
    declined = await house.send("tess", f"books/{period}", {"propose": "yes"})
    assert (declined.status, "is not over yet" in declined.text) == (422, True), declined.text[:400]
    nothing = await house.send("bruno", f"books/{period}", {"confirm": "yes"})
    assert (nothing.status, "Nobody proposed to close" in nothing.text) == (422, True), nothing.text[:400]
    assert (await house.send("audrey", f"books/{period}", {"drop": "yes"})).status == 403


async def test_a_month_before_any_event_says_that_nothing_is_there(house: House) -> None:
    await planned(house)
    seen = await house.send("tess", "books/2019-01", {"make": "yes"})
    assert (seen.status, "nothing of 2019-01" in seen.text) == (422, True)


async def test_the_file_of_a_year_is_made_from_the_page_and_read_by_an_auditor(house: House) -> None:
    await planned(house)
    seen = await house.send("tess", "books", {"year": this_month(house)[:4], "draft": "yes"})
    found = re.search(rf"/books/fec/({SIREN}FEC[0-9]{{8}}\.txt)", seen.html)
    assert found is not None, seen.text[:500]
    content = (await house.see("audrey", f"books/fec/{found[1]}")).html
    assert content.startswith("JournalCode\tJournalLib\tEcritureNum")
    assert (await house.send("tess", "books", {"year": "26"})).status == 422
    assert (await house.see("audrey", "books/fec/../proofs.json")).status == 404


@pytest.mark.parametrize("kind", ["meeting", "auditor"])
async def test_a_report_is_a_page_a_sheet_and_a_paper_with_the_same_figures(house: House, kind: str) -> None:
    await planned(house)
    today = today_of(house)
    typed = {"kind": kind, "first": f"{today[:4]}-01-01", "last": today, "language": "en"}
    seen = await house.send("tess", "reports", typed)
    name = f"{kind}-{today[:4]}-01-01-{today}-en"
    assert seen.path.endswith(f"/reports/{name}"), seen.text[:500]
    async with house.browser.get(f"{house.url}/c/{CODE}/reports/{name}/pdf", headers=await house.headers("audrey")) as answer:
        paper = words_of(await answer.read())
    async with house.browser.get(f"{house.url}/c/{CODE}/reports/{name}/csv", headers=await house.headers("audrey")) as answer:
        sheet = rows_of((await answer.read()).decode("utf-8-sig"))
    amounts = {cell for row in sheet for cell in row if re.fullmatch(r"[1-9][0-9]*,[0-9]{2}", cell)}
    assert amounts
    for cell in amounts:
        euros, cents = cell.split(",")
        assert f"€{int(euros):,}.{cents}" in seen.text, cell
        assert f"€{int(euros):,}.{cents}" in paper, cell
    assert "w-books" not in seen.text + paper + str(sheet)


async def test_a_funders_account_has_its_page(house: House) -> None:
    await planned(house)
    if "town-1" not in (await house.book()).subsidies.known:
        await house.order("tess", "notify_subsidy", {
            "grant": "town-1", "fund": "general", "funder": "The town", "purpose": "vegetables", "cents": 500_000,
            "reference": "agreement 1",
        })
    seen = await house.send("tess", "reports", {"kind": "funder", "grant": "town-1", "language": "fr"})
    assert (seen.path.endswith("/reports/compte-rendu-town-1-fr"), "€5,000.00" in seen.text) == (True, True), seen.text[:500]
    assert (await house.see("tess", "reports/funder-town-1-fr")).status == 200


async def test_days_the_wrong_way_round_and_names_that_lead_elsewhere_are_refused(house: House) -> None:
    wrong = await house.send("tess", "reports", {"kind": "meeting", "first": "2026-05-02", "last": "2026-05-01"})
    assert wrong.status == 422
    assert (await house.send("tess", "reports", {"kind": "funder", "grant": "../x"})).status == 422
    assert (await house.see("tess", "reports/..%2fproofs")).status == 404


async def test_no_export_of_a_month_a_report_or_a_year_names_a_member(house: House) -> None:
    await planned(house)
    alias = await buyer(house, "w-nameless")
    await sold(house, alias, 2_468)
    period = this_month(house)
    await house.send("tess", f"books/{period}", {"make": "yes"})
    folder = house.installation.home.files / CODE
    files = [*(folder / "books").rglob("*.*"), *(folder / "reports").glob("*.csv")]
    assert len(files) > 3
    for path in files:
        content = path.read_bytes()
        assert b"w-nameless" not in content, path
        assert alias.encode() not in content, path


async def test_the_stall_folder_says_what_everybodys_card_pays_and_by_which_vote(house: House) -> None:
    seen = await house.see("dora", "producers/field/folder?number=06+12+34+56+78")
    charte = (await house.book()).caisse.charte_at(house.console.now_us())
    assert charte is not None
    assert seen.html.count('class="label"') >= len(charte.categories) > 0
    vote = (await house.book()).caisse.decisions[charte.decision]
    assert f"Voted: {vote.title}" in seen.text
    assert "06 12 34 56 78" in seen.text
    assert (await house.see("dora", "producers/nobody/folder")).status == 404
