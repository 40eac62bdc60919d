"""What weighs more than was ordered is captured within the voted tolerance; what weighs less is released."""

import pytest

from clearing.events.caisse import CharteAdopted
from clearing.events.codec import decode, encode
from tests.given_when_then import Story, given
from tests.sayings import FOUNDED, Till, card, charte, credit, line, member, pays, producer, received, terminal


def market(tolerance: int, cents: int = 5_000) -> Story:
    rules = charte(pays("credit", veg=100, cheese=70), capture_tolerance=tolerance)
    return given(*FOUNDED, received(100_000), rules, member(), card(), *producer(), terminal(), credit(cents))


@pytest.mark.row(6)
@pytest.mark.parametrize(("tolerance", "delivered", "code"), [
    (0, 1_000, "00"), (0, 1_001, "61"), (500, 1_050, "10"), (500, 1_051, "61"), (50, 1_005, "10"), (50, 1_006, "61"),
])  # fmt: skip
def test_a_capture_goes_beyond_its_hold_by_the_tolerance_and_no_further(tolerance: int, delivered: int, code: str) -> None:
    till = Till()
    hold = till.auth(line("veg", 1_000))
    story = market(tolerance).when(hold, till.tap()).when(till.capture(hold, line("veg", delivered))).then(code)
    assert story.account("owed:garden") == (0 if code == "61" else 1_000)


def test_what_the_goods_weigh_beyond_the_hold_is_between_member_and_seller() -> None:
    till = Till()
    hold = till.auth(line("cheese", 1_000))
    story = market(1_000).when(hold, till.tap()).when(till.capture(hold, line("cheese", 1_100))).then_pays("10", 700)
    assert (story.account("owed:garden"), story.account("held"), story.purse("m-1")) == (700, 0, 4_300)


def test_what_the_goods_weigh_less_is_released() -> None:
    till = Till()
    hold = till.auth(line("cheese", 1_000), line("veg", 500))
    story = market(0).when(hold, till.tap()).when(till.capture(hold, line("cheese", 900), line("veg", 450)))
    story.then_pays("10", 630, 450)
    assert (story.account("held"), story.purse("m-1")) == (0, 5_000 - 1_080)


@pytest.mark.row(6)
def test_cancelling_a_group_order_releases_all_of_it() -> None:
    till = Till()
    hold = till.auth(line("cheese", 1_000))
    story = market(500).when(hold, till.tap()).when(till.reverse(hold)).then("00", effect="released")
    assert (story.account("held"), story.purse("m-1"), story.account("owed:garden")) == (0, 5_000, 0)


def test_a_charte_of_before_tolerances_is_read_with_none() -> None:
    event = charte(pays("credit", veg=100), capture_tolerance=500)
    kind, version, public, private = encode(event)
    assert version == 2
    again = decode(kind, version, public, private)
    assert again == event
    assert isinstance(again, CharteAdopted)
    assert again.charte.capture_tolerance == 500
