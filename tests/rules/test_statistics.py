"""Statistics of a territory: anonymous, and the ledger's own cents."""

from collections import defaultdict
from random import Random

import pytest

from clearing.events.catalogue import Event
from clearing.events.interchange import InterchangeCaptured, InterchangeReleased
from clearing.events.sales import CaptureDecided, RefundDecided, ReversalDecided, SaleDecided
from clearing.rules.calendar import CivilCalendar
from clearing.rules.ledger.postings import Ledger
from clearing.rules.telling.statistics import ABROAD, REST, Figure, Purchases, published, together
from clearing.values import Position, TerminalId
from clearing.wire.requests import Request
from tests.given_when_then import Story, given
from tests.living_caisse import CARD
from tests.sayings import (
    CADENET,
    FOUNDED,
    GARDEN,
    STALL,
    Till,
    card,
    credit,
    line,
    member,
    producer,
    received,
    terminal,
)
from tests.three_caisses import AVAL, BRUME, Region

pytestmark = pytest.mark.row(20)
SALES = (SaleDecided, CaptureDecided, RefundDecided, ReversalDecided, InterchangeCaptured, InterchangeReleased)


def purchases(events: list[Event], instants: list[int]) -> Purchases:
    found = Purchases()
    for event, at_us in zip(events, instants, strict=True):
        found.take(event, at_us)
    return found


def by_ledger(events: list[Event], instants: list[int], zone: str = "Europe/Paris") -> dict[str, int]:
    """Per month, what double entry says sales added to what is owed to producers and other caisses."""
    ledger, calendar, sums = Ledger(), CivilCalendar(zone), defaultdict[str, int](int)
    for position, (event, at_us) in enumerate(zip(events, instants, strict=True), 1):
        legs = ledger.post(event, Position(position))
        if isinstance(event, SALES):
            owed = sum(cents for account, cents in legs.items() if account.startswith(("owed:", "interchange:")))
            sums[calendar.day(at_us).isoformat()[:7]] -= owed
    return {month: cents for month, cents in sums.items() if cents}


def in_all(found: Purchases) -> dict[str, int]:
    sums = {month: sum(tally.card_cents for tally in cells.values()) for month, cells in found.months.items()}
    return {month: cents for month, cents in sums.items() if cents}


def test_months_reconcile_with_the_ledger_to_the_cent() -> None:
    for seed in range(12):
        story = lived(Random(seed))
        found = in_all(purchases(story.history, story.instants))
        assert found == by_ledger(story.history, story.instants)
        assert len(found) > 1


def test_two_tills_of_one_producer_may_give_two_sales_the_same_name() -> None:
    other = TerminalId(b"stall-99")
    tills = (terminal(), terminal(other))
    story = given(*FOUNDED, received(1_000_000), CADENET, member(), card(), *producer(), *tills, credit(50_000))
    till, second = Till(), Till(other)
    first = till.sale(line("veg", 3_000))
    same = second.sale(line("cheese", 100), x=first.x)
    story.when(first, till.tap()).when(same, till.tap()).when(till.reverse(first)).then("00", effect="undone")
    found = purchases(story.history, story.instants)
    assert in_all(found) == by_ledger(story.history, story.instants)
    cells = {path[1]: tally.card_cents for cells in found.months.values() for path, tally in cells.items()}
    assert cells["veg"] == 0 < cells["cheese"]


def lived(dice: Random) -> Story:
    """Sales, holds, captures, refunds and reversals over three months, each decided by the rules."""
    story, till, done = market(3), Till(TerminalId(b"stall-02")), list[Request]()
    story.and_given(terminal(till.number))
    for n in range(80):
        story.at(f"2026-0{5 + n // 30}-{1 + n % 28:02d} 12:00:00")
        lines = [line(name, dice.randrange(1, 300)) for name in dice.sample(["veg", "cheese", "flour", "soap"], 2)]
        act = dice.randrange(6)
        if act < 3 or not done:
            done.append(till.sale(*lines) if act else till.auth(*lines))
            story.when(done[-1], till.tap(f"m-{dice.randrange(3)}"))
        elif act == 3:
            story.when(till.reverse(dice.choice(done)))
        elif act == 4:
            story.when(till.capture(dice.choice(done), *lines))
        else:
            about = dice.choice(done)
            story.when(till.refund(about, about.lines[0]))
    return story


async def test_purchases_at_other_caisses_are_counted_once_where_the_member_belongs() -> None:
    region = Region()
    request, _ = region.sell(BRUME, AVAL, fruit_veg=735, animal=1_249)
    region.sell(AVAL, AVAL, fruit_veg=200)
    await region.sweep()
    for code, paid in ((BRUME, 0), (AVAL, 735 + 874 + 200)):
        rows = region.desks[code].log.rows
        found = purchases(region.desks[code].log.events(), [row.at_us for row in rows])
        assert sum(in_all(found).values()) == paid
        sold_here = dict(by_ledger(
                list(region.desks[code].log.events()), [row.at_us for row in rows]
            ).items())
        assert sum(sold_here.values()) == paid
    assert request.caisse == AVAL
    assert any(path[2] == ABROAD for path in purchases(
        region.desks[AVAL].log.events(), [row.at_us for row in region.desks[AVAL].log.rows]
    ).months["2026-05"])


def market(buyers: int) -> Story:
    """So many members buy vegetables, and one of them cheese."""
    story = given(
        *FOUNDED, received(1_000_000), CADENET, *producer(), terminal(),
        *(event for n in range(buyers) for event in (member(f"m-{n}"), card(f"m-{n}"), credit(5_000, owner=f"m-{n}"))),
    )  # fmt: skip
    till = Till(STALL)
    for n in range(buyers):
        story.when(till.sale(line("veg", 100 + n)), till.tap(f"m-{n}")).then("00")
    return story.when(till.sale(line("cheese", 1_000)), till.tap("m-0")).then("10")


def figures(story: Story, before: str = "2026-06") -> list[Figure]:
    return published(purchases(story.history, story.instants).months, before=before)


def test_four_people_are_not_told_of_and_five_are() -> None:
    assert figures(market(4)) == []
    assert [one.path for one in figures(market(5))] == [(), ("all",)]


def test_a_single_purchase_can_not_be_found_by_subtraction() -> None:
    """One person's cheese is hidden, and the vegetables with it: the month less the vegetables would be the cheese."""
    found = figures(market(12))
    assert {one.path: (one.members, one.card_cents) for one in found} == {
        (): (12, 1_266 + 700),
        ("all",): (10, 1_266 + 700),
    }
    assert not any("cheese" in one.path or REST in one.path for one in found)


def test_a_month_is_told_when_it_is_over() -> None:
    assert figures(market(12), before="2026-05") == []


def test_a_report_of_several_caisses_adds_up_what_each_one_publishes() -> None:
    one, other = figures(market(6)), figures(market(9))
    both = together([one, other, figures(market(4))])
    assert both[0].card_cents == one[0].card_cents + other[0].card_cents
    assert both[0].members == 15


def test_no_member_or_card_is_in_a_figure() -> None:
    said = repr(figures(market(12)))
    assert "m-" not in said
    assert CARD.hex() not in said
    assert GARDEN not in said
