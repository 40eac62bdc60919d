"""An order reserves, a delivery note owes each payee, a disputed line waits alone, what is left goes back."""

from dataclasses import replace
from typing import Any

import pytest

from clearing.audit.sums import book_balances
from clearing.authoriser.bodies import Body
from clearing.authoriser.commands import decide
from clearing.authoriser.verbs.order import Order
from clearing.events.accounts import AccountOpened
from clearing.events.caisse import PersonNamed
from clearing.events.catalogue import Event
from clearing.events.charte import Ceiling, Condition, FundWeight, Short, Span, Tariff
from clearing.events.members import CardIssued
from clearing.events.orders import DeliveryNoted, OrderPlaced
from clearing.rules.answers import Declined
from clearing.rules.collective.orders import split_by_quantity
from clearing.values import Cents, FundId, MemberId, PayerId, PersonId, ProducerId
from clearing.wire.commands import person_number
from tests.given_when_then import Story, given
from tests.rules.test_accounts import ACCOUNT, LIMIT, named
from tests.sayings import AMINA, BRUNO, card_of, charte, covers, member, opened, own_money, pays, producer, received

FARMS = tuple(ProducerId(f"farm-{number:02d}") for number in range(1, 15))
HUB, LOGISTICS = ProducerId("hub"), ProducerId("logistics")
OTHER: tuple[Event, ...] = (
    member("spa"), own_money(50_000, "spa", "credit"),
    AccountOpened(account=MemberId("spa"), two_person_cents=Cents(LIMIT), opened_by=(AMINA, BRUNO)),
    *(CardIssued(card=card_of(name), key_version=1, member=MemberId("spa"), alias=name, by=BRUNO) for name in ("dora", "emil")),
    *(replace(named(name), account=MemberId("spa")) for name in ("dora", "emil")),
)  # fmt: skip
DAY = "2026-05-02 09:00:00"
PLACE = {"order": "o-1", "account": "gout", "mandatary": "aline", "seller": "hub"}


def ordering(*more: Event, rules: Event | None = None) -> Story:
    return given(
        *(event for event in ACCOUNT if rules is None or event.TYPE != rules.TYPE), *((rules,) if rules is not None else ()),
        *(event for name in (HUB, *FARMS) for event in producer(name)), *producer(LOGISTICS, categories=("transport",)), *more,
        at=DAY,
    )  # fmt: skip


def give(story: Story, verb: str, body: dict[str, Any], by: PersonId = AMINA) -> Event | Declined:
    """A command as the writer decides it; its events are applied, and the last of them is answered."""
    story.sweep()
    at_us = story._next_us()
    result = decide(verb, Order(
        book=story.book, body=Body(body, verb), by=by, at_us=at_us, details_wait_us=0, clock_step_us=0
    ))  # fmt: skip
    if isinstance(result, Declined):
        return result
    story.and_given(*result)
    balances = {name: -cents for name, cents in story.ledger.balances.items() if cents and not name.startswith("bank")}
    assert {name: cents for name, cents in balances.items() if not name.startswith(("receivable", "notified"))} == (
        book_balances(story.book)
    )
    return result[-1]


def basket(*lines: tuple[str, int, str]) -> list[dict[str, Any]]:
    return [{"category": category, "cents": cents, "payee": payee} for category, cents, payee in lines]


def owed(story: Story, who: ProducerId) -> int:
    return story.account(f"owed:{who}")


@pytest.mark.row(16)
def test_fourteen_producers_and_a_logistics_share_are_each_paid_and_make_the_invoice() -> None:
    story = ordering(rules=charte(pays("credit", veg=100, transport=100)))
    prices = [1_000 + 37 * number for number in range(14)]
    lines = basket(*(("veg", cents, farm) for cents, farm in zip(prices, FARMS, strict=True)), ("transport", 1_555, LOGISTICS))
    placed = give(story, "place_order", {**PLACE, "lines": lines})
    assert isinstance(placed, OrderPlaced)
    invoice = sum(prices) + 1_555
    assert (placed.amount_cents, placed.approved_cents, story.account("held")) == (invoice, invoice, invoice)
    give(story, "note_delivery", {"order": "o-1", "side": "buyer", "document": "bl-1"})
    assert [owed(story, farm) for farm in FARMS] == prices
    assert owed(story, LOGISTICS) == 1_555
    assert (story.account("held"), story.purse("gout")) == (0, 300_000 - invoice)


@pytest.mark.row(16)
def test_an_order_above_card_limits_waits_for_another_mandatary_and_another_person() -> None:
    story = ordering()
    placed = give(story, "place_order", {**PLACE, "lines": basket(("veg", LIMIT + 60_000, "garden"))})
    assert isinstance(placed, OrderPlaced)
    assert placed.two_people
    delivery = {"order": "o-1", "side": "buyer", "document": "bl-1"}
    assert isinstance(give(story, "note_delivery", delivery), Declined)
    assert isinstance(give(story, "confirm_order", {"order": "o-1", "mandatary": "aline"}, BRUNO), Declined)
    assert isinstance(give(story, "confirm_order", {"order": "o-1", "mandatary": "boris"}), Declined)
    assert isinstance(give(story, "confirm_order", {"order": "o-1", "mandatary": "nobody"}, BRUNO), Declined)
    give(story, "confirm_order", {"order": "o-1", "mandatary": "boris"}, BRUNO)
    assert isinstance(give(story, "note_delivery", delivery), DeliveryNoted)
    assert owed(story, ProducerId("garden")) == LIMIT + 60_000


@pytest.mark.row(16)
def test_a_disputed_line_is_held_alone_and_two_people_end_it() -> None:
    story = ordering()
    give(story, "place_order", {**PLACE, "lines": basket(("veg", 4_000, "garden"), ("veg", 2_500, "farm-01"))})
    give(story, "dispute_line", {"order": "o-1", "line": 1, "reason": "two crates were rotten"})
    give(story, "note_delivery", {"order": "o-1", "side": "producer", "document": "bl-2"})
    assert (owed(story, ProducerId("garden")), owed(story, FARMS[0]), story.account("held")) == (4_000, 0, 2_500)
    agreed = {"order": "o-1", "line": 1, "cents": 1_500}
    assert isinstance(give(story, "resolve_dispute", agreed, BRUNO), Declined)
    give(story, "propose_dispute_end", {**agreed, "reason": "half of it was eaten"})
    assert isinstance(give(story, "resolve_dispute", agreed), Declined)
    assert isinstance(give(story, "resolve_dispute", {**agreed, "cents": 1_400}, BRUNO), Declined)
    give(story, "resolve_dispute", agreed, BRUNO)
    assert (owed(story, FARMS[0]), story.account("held"), story.purse("gout")) == (1_500, 0, 300_000 - 5_500)


def test_what_weighs_less_is_owed_by_its_quantity_and_the_rest_is_released() -> None:
    story = ordering()
    lines = [{"category": "veg", "cents": 999, "payee": "garden", "qty_milli": 3_000, "product": "leek"}]
    give(story, "place_order", {**PLACE, "lines": lines})
    note = {"order": "o-1", "side": "buyer", "document": "bl-3", "lines": [{"line": 0, "qty_milli": 2_000}]}
    noted = give(story, "note_delivery", note)
    assert isinstance(noted, DeliveryNoted)
    assert (noted.lines[0].amount_cents, owed(story, ProducerId("garden")), story.purse("gout")) == (666, 666, 299_334)
    assert isinstance(give(story, "note_delivery", note), Declined)


def test_lines_may_come_on_different_days_and_the_rest_is_cancelled() -> None:
    story = ordering()
    give(story, "place_order", {**PLACE, "lines": basket(("veg", 400, "garden"), ("veg", 500, "farm-01"), ("veg", 600, "hub"))})
    give(story, "note_delivery", {"order": "o-1", "side": "buyer", "document": "a", "lines": [{"line": 1, "cents": 450}]})
    give(story, "note_delivery", {"order": "o-1", "side": "buyer", "document": "b", "lines": [{"line": 0}]})
    give(story, "cancel_order", {"order": "o-1"})
    assert (owed(story, ProducerId("garden")), owed(story, FARMS[0]), owed(story, HUB)) == (400, 450, 0)
    assert (story.account("held"), story.purse("gout")) == (0, 300_000 - 850)
    assert isinstance(give(story, "cancel_order", {"order": "o-1"}), Declined)


def test_more_than_was_ordered_is_taken_within_the_tolerance_and_paid_from_what_is_held() -> None:
    rules = charte(pays("credit", veg=100, cheese=70), capture_tolerance=500)
    story = ordering(rules=rules)
    give(story, "place_order", {**PLACE, "lines": basket(("veg", 1_000, "garden"))})
    note = {"order": "o-1", "side": "buyer", "document": "a", "lines": [{"line": 0, "cents": 1_051}]}
    answer = give(story, "note_delivery", note)
    assert isinstance(answer, Declined)
    assert answer.code == "61"
    give(story, "note_delivery", {**note, "lines": [{"line": 0, "cents": 1_050}]})
    assert (owed(story, ProducerId("garden")), story.account("held")) == (1_000, 0)


def test_an_order_that_is_not_wholly_carried_says_what_is_missing() -> None:
    story = ordering()
    lines = basket(("cheese", 1_000, "garden"))
    answer = give(story, "place_order", {**PLACE, "lines": lines})
    assert isinstance(answer, Declined)
    assert (answer.code, "3.00 EUR are missing" in answer.why) == ("51", True)
    give(story, "place_order", {**PLACE, "lines": lines, "in_part": True})
    give(story, "note_delivery", {"order": "o-1", "side": "buyer", "document": "a"})
    assert owed(story, ProducerId("garden")) == 700


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mandatary": "carla"}, "no mandatary"), ({"account": "m-1"}, "no collective account"),
        ({"seller": "nobody"}, "convention"),
        ({"lines": basket(("veg", 100, "stranger"))}, "convention"), ({"lines": []}, "1 to"),
        ({"lines": basket(("veg", 100, "garden"), ("veg", 5, "garden"))}, "same good"),
        ({"lines": basket(("soap", 100, "garden"))}, "pays nothing"),
        ({"lines": basket(("veg", 0, "garden"))}, "costs nothing"),
    ],
)  # fmt: skip
def test_what_can_not_be_ordered_is_said_in_a_sentence(change: dict[str, Any], words: str) -> None:
    answer = give(ordering(), "place_order", {**PLACE, "lines": basket(("veg", 100, "garden")), **change})
    assert isinstance(answer, Declined)
    assert words in answer.why


def named_buyer(who: str) -> PersonNamed:
    person = PersonId(who)
    return PersonNamed(
        person=person, number=person_number(person), epoch=1, key=who.encode().ljust(32, b"."), roles=("buyer",), named_by=()
    )


def test_a_buyer_with_a_key_of_their_own_acts_in_their_own_name_only() -> None:
    story = ordering(named_buyer("aline"), named_buyer("boris"), named_buyer("eve"))
    lines = basket(("veg", LIMIT + 1, "garden"))
    place = {**PLACE, "lines": lines}
    for body, by in (({**place, "mandatary": "boris"}, "aline"), ({**place, "mandatary": "eve"}, "eve"), (place, "eve")):
        answer = give(story, "place_order", body, PersonId(by))
        assert isinstance(answer, Declined)
        assert "may only act as the mandatary" in answer.why
    assert isinstance(give(story, "place_order", place, PersonId("aline")), OrderPlaced)
    assert isinstance(give(story, "confirm_order", {"order": "o-1", "mandatary": "boris"}, PersonId("aline")), Declined)
    give(story, "confirm_order", {"order": "o-1", "mandatary": "boris"}, PersonId("boris"))
    assert isinstance(give(story, "cancel_order", {"order": "o-1"}, PersonId("eve")), Declined)
    note = {"order": "o-1", "side": "buyer", "document": "a"}
    assert isinstance(give(story, "note_delivery", note, PersonId("boris")), DeliveryNoted)


def test_the_parts_of_a_joint_purchase_find_a_fund_that_the_first_one_emptied() -> None:
    tier = Tariff(id=PayerId("tier"), covers=covers(veg=50), funds=(FundWeight(fund=FundId("tier")),), short=Short.NEXT)
    rules = charte(pays("credit", veg=100), tariffs=(tier,))
    story = ordering(*OTHER, opened("tier"), received(600, "tier"), rules=rules)
    joint = {
        "joint": "j", "seller": "garden", "category": "veg", "cents": 2_000, "product": "potato",
        "parts": [{"account": name, "mandatary": "aline" if name == "gout" else "dora", "qty_milli": 5_000}
                  for name in ("gout", "spa")],
    }  # fmt: skip
    give(story, "place_joint_order", joint)
    orders = story.book.orders.orders
    assert set(orders) == {"j.1", "j.2"}
    taken = [sum(share.cents for share in orders[name].placed.shares if share.source == "fund:tier") for name in ("j.1", "j.2")]
    assert (taken, story.account("fund:tier"), story.account("held")) == ([500, 0], 100, 2_000)


def test_a_ceiling_that_all_share_holds_over_the_parts_of_a_joint_purchase() -> None:
    rules = charte(pays("credit", Ceiling(span=Span.DAY, cents=Cents(1_500), per_purse=False), veg=100))
    story = ordering(*OTHER, rules=rules)
    parts = [{"account": "gout", "mandatary": "aline", "qty_milli": 1}, {"account": "spa", "mandatary": "dora", "qty_milli": 1}]
    body = {"joint": "j", "seller": "garden", "category": "veg", "cents": 2_000, "parts": parts}
    answer = give(story, "place_joint_order", body)
    assert isinstance(answer, Declined)
    assert answer.why.startswith("Part 2, spa: 5.00 EUR of 10.00 EUR")
    assert not story.book.orders.orders


def test_a_fund_and_a_purse_share_an_order_as_they_share_a_sale() -> None:
    tier = Tariff(
        id=PayerId("tier"), covers=covers(veg=60), funds=(FundWeight(fund=FundId("tier")),), short=Short.NEXT,
        condition=Condition(where=("hub",)),
    )  # fmt: skip
    story = ordering(opened("tier"), received(10_000, "tier"), rules=charte(pays("credit", veg=100), tariffs=(tier,)))
    give(story, "place_order", {**PLACE, "lines": basket(("veg", 1_000, "garden"))})
    assert (story.account("fund:tier"), story.purse("gout")) == (9_600, 299_400)
    give(story, "note_delivery", {"order": "o-1", "side": "buyer", "document": "a", "lines": [{"line": 0, "cents": 500}]})
    assert (story.account("fund:tier"), story.purse("gout"), owed(story, ProducerId("garden"))) == (9_800, 299_700, 500)


@pytest.mark.row(13)
def test_a_purchase_is_split_by_quantity_to_the_cent() -> None:
    assert split_by_quantity(100, [1_000, 1_000, 1_000]) == (34, 33, 33)
    with pytest.raises(ValueError, match="weights"):
        split_by_quantity(100, [0])
