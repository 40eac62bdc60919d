"""Reports: sums that are the ledger's, and no person together with what she bought, in any file that leaves."""

from datetime import date

import pytest
from hypothesis import given, strategies as st

from clearing.books.auditor import Auditor
from clearing.books.fec import fec
from clearing.books.funder import financial_account, statement
from clearing.books.meeting import Meeting
from clearing.books.report import Money, Report, Section, as_paper, as_sheet
from clearing.books.sheets import balance_sheet, journal_sheet, paheko_sheet
from clearing.books.two_roads import roads
from clearing.books.words import LANGUAGES, Words
from clearing.events.contracts import InstalmentReceived, InstalmentReturned
from clearing.events.cotisations import CotisationReceived, CotisationReturned, GiftReceived
from clearing.events.funds import MoneyReceived, PurseCredited
from clearing.events.opening import OpeningAccepted
from clearing.events.solidarity import CouponsSold
from clearing.installation.fonts import find_fonts
from clearing.rules.ledger.tracing import Trace
from tests.books.keeping import PLAN, held_of_funds_cents, kept, planned
from tests.books.reading_pdf import words_of
from tests.given_when_then import Story, given as given_story
from tests.lives.life import Life
from tests.lives.world import MEMBERS
from tests.sayings import CADENET, FOUNDED, Till, card, credit, line, member, producer, received, terminal

SEEDS, ACTS = st.integers(0, 2**32), st.integers(0, 120)
FIRST, LAST = date(2026, 5, 1), date(2026, 12, 31)
FR = Words("fr")


def meeting(story: Story) -> Meeting:
    found = Meeting()
    for position, (event, at_us) in enumerate(zip(story.history, story.instants, strict=True), 1):
        found.take(event, position, at_us)
    return found


def auditor(story: Story, plan: object = PLAN) -> Auditor:
    found = Auditor()
    found.kept.take(plan, 0, story.instants[0])  # type: ignore[arg-type]
    for position, (event, at_us) in enumerate(zip(story.history, story.instants, strict=True), 1):
        found.take(event, position, at_us)
    return found


def trace(story: Story) -> Trace:
    found = Trace()
    for position, (event, at_us) in enumerate(zip(story.history, story.instants, strict=True), 1):
        found.take(event, position, at_us)
    return found


def reports(story: Story, words: Words = FR) -> list[Report]:
    traced = trace(story)
    found = [auditor(story).report(FIRST, LAST, words), meeting(story).report(FIRST, LAST, words)]
    for grant in traced.subsidies:
        found.append(statement(traced.of(grant), "Caisse", LAST, words))
        found.append(financial_account(
            traced.of(grant), {}, "Caisse", LAST, words, account="741", spending="6571", products_cents=100_000
        ))  # fmt: skip
    return found


def section(report: Report, heading: str) -> Section:
    return next(one for one in report.sections if one.heading.startswith(heading))


def cents(cell: object) -> int:
    assert isinstance(cell, Money)
    return cell.cents


@given(SEEDS, ACTS)
def test_every_fund_goes_from_its_opening_to_what_the_ledger_has(seed: int, acts: int) -> None:
    story = Life(seed).to_its_end(acts).story
    middle = date.fromisoformat(meeting(story).gathered.last).replace(day=1)
    ledger = -sum(cents for account, cents in story.ledger.balances.items() if account.startswith("fund:"))
    for first in (FIRST, middle):
        funds = section(meeting(story).report(first, LAST, FR), "Les fonds")
        for row in funds.rows:
            assert sum(cents(cell) for cell in row[1:7]) == cents(row[7])
        told = sum(cents(row[7]) for row in funds.rows)
        assert told == ledger - held_of_funds_cents(story)


@given(SEEDS, ACTS, st.booleans())
def test_both_roads_of_the_auditor_meet_in_every_kind(seed: int, acts: int, off_balance: bool) -> None:
    story = Life(seed).to_its_end(acts).story
    plan = planned(6, {"purse:*": "6571"}) if off_balance else planned(6)
    found = auditor(story, plan)
    told = roads(found.kept, found.ledger.balances)
    assert [one.gap_cents for one in told] == [0] * len(told)
    assert sum(one.ledger_cents for one in told) == sum(found.ledger.balances.values())
    assert {one.kinds for one in told} >= {("bank",), ("receivable",)}


def test_a_gap_between_the_roads_is_seen() -> None:
    found = auditor(Life(1).live(60).story)
    found.ledger.balances["bank"] += 7
    assert next(one for one in roads(found.kept, found.ledger.balances) if one.kinds == ("bank",)).gap_cents == 7


@given(SEEDS, ACTS)
def test_money_in_by_source_is_what_the_bank_and_the_boxes_took_in(seed: int, acts: int) -> None:
    story = Life(seed).to_its_end(acts).story
    sources = section(meeting(story).report(FIRST, LAST, FR), "Argent reçu")
    outside = 0
    for event in story.history:
        match event:
            case MoneyReceived() | CotisationReceived() | GiftReceived() | CouponsSold():
                outside += event.cents
            case PurseCredited(fund=None):
                outside += event.cents
            case CotisationReturned() | InstalmentReturned(through=True):
                outside -= event.cents
            case InstalmentReceived(fund=None):
                outside += event.cents if event.into else 0
            case OpeningAccepted():
                outside += event.totals.bank_cents
            case _:
                pass
    assert cents(sources.sums[1]) == outside


@pytest.mark.row(14)
@given(SEEDS, ACTS)
def test_a_funders_account_adds_up_and_its_payouts_are_behind_it(seed: int, acts: int) -> None:
    story = Life(seed).to_its_end(acts).story
    traced = trace(story)
    for grant in traced.subsidies:
        of = traced.of(grant)
        report = financial_account(of, {}, "C", LAST, FR, account="741", spending="6571", products_cents=1)
        charges, products = section(report, "Charges"), section(report, "Produits")
        assert cents(charges.sums[2]) == cents(products.sums[2])
        assert cents(charges.sums[1]) == of.promised_cents - of.reduced_cents
        paid = section(report, "Les virements")
        producers = section(report, "Points de vente")
        assert cents(paid.sums[3]) == cents(producers.sums[1])
        assert cents(producers.sums[4]) == of.spent_cents
        where = section(statement(of, "C", LAST, FR), "Où en est")
        assert cents(where.sums[1]) == of.received_cents


def every_file(story: Story) -> dict[str, str]:
    """All that leaves: texts of sheets and papers, by what they are."""
    books, found = kept(story), dict[str, str]()
    months, plan, names = list(books.months()), books.newest(), books.gathered.names
    for name, make in (("journal", journal_sheet), ("paheko", paheko_sheet), ("balance", balance_sheet)):
        found[name] = make(months, plan, names).decode("utf-8-sig")
    found["fec"] = fec(books, 2026, draft=True)[1].decode()
    for language in LANGUAGES:
        words = Words(language)
        for report in reports(story, words):
            found[f"{report.title} {language} csv"] = as_sheet(report, words).decode("utf-8-sig")
    for report in reports(story)[:3]:
        found[f"{report.title} pdf"] = words_of(as_paper(report, find_fonts(), FR))
    return found


def test_no_file_that_leaves_names_a_member_or_a_card_beside_purchases() -> None:
    story = Life(11).to_its_end(400).story
    people = {*MEMBERS, *story.book.members.members, *story.book.contracts.contracts}
    cards = {card.hex() for card in story.book.members.cards} | {
        str(card.alias) for card in story.book.members.cards.values() if len(str(card.alias)) > 3
    }  # fmt: skip
    files = every_file(story)
    assert len(files) > 15
    for name, text in files.items():
        said = {word.strip("'\"") for line in text.splitlines() for cell in line.split(";") for word in cell.split()}
        said |= {cell for line in text.splitlines() for cell in line.split("\t")}
        assert not said & people, f"{name} names {said & people}"
        assert not said & cards, f"{name} names a card"


def test_the_search_for_members_finds_one_that_is_planted() -> None:
    text = "2026-05-01;m-1;veg;12,00"
    assert "m-1" in {word for cell in text.split(";") for word in cell.split()}


@pytest.mark.row(20)
def test_the_meeting_reads_of_few_people_only_that_they_are_few() -> None:
    report = meeting(Life(2).live(200).story).report(FIRST, LAST, FR)
    assert section(report, "Adhérents").heading == "Adhérents à la clôture : moins de 5"
    assert section(report, "Dépensé").rows == ()


@pytest.mark.row(20)
def test_what_was_bought_is_told_by_category_where_five_people_bought_it() -> None:
    people = [f"p-{number}" for number in range(6)]
    events = [one for name in people for one in (member(name), card(name), credit(5_000, owner=name))]
    story, till = given_story(*FOUNDED, received(100_000), CADENET, *producer(), terminal(), *events), Till()
    for number, name in enumerate(people):
        lines = [line("veg", 1_000 + number)] + ([line("cheese", 500)] if number < 2 else [])
        story.when(till.sale(*lines), till.tap(name)).then("00" if number > 1 else "10")
    story.at("2026-06-02 09:00:00").when(till.sale(line("veg", 5)), till.tap("p-0"))
    spent = section(meeting(story).report(FIRST, LAST, FR), "Dépensé")
    assert [(row[0], cents(row[2])) for row in spent.rows] == [("moins de cinq personnes, ensemble", 6_715)]
    for name in people[2:]:
        story.at("2026-06-03 09:00:00").when(till.sale(line("veg", 100)), till.tap(name))
    story.when(till.sale(line("veg", 100)), till.tap("p-1")).at("2026-07-01 09:00:00")
    story.when(till.sale(line("veg", 100)), till.tap("p-1"))
    spent = section(meeting(story).report(date(2026, 6, 1), LAST, FR), "Dépensé")
    assert [(row[0], row[1], cents(row[2])) for row in spent.rows] == [("veg", "autre", 505)]
    told = section(meeting(story).report(date(2026, 6, 1), LAST, FR), "Adhérents")
    assert (told.heading, told.rows) == ("Adhérents à la clôture : 6", (("juin 2026", 6, 6),))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_is_the_same_bytes_whenever_it_is_printed(language: str) -> None:
    words, fonts = Words(language), find_fonts()
    first, again = (
        [as_paper(one, fonts, words) + as_sheet(one, words) for one in reports(Life(4).live(80).story, words)[:3]]
        for _ in range(2)
    )
    assert first == again
