"""Law: a tap serves once; a lower counter is taken for 60 s after a higher one, whoever else uses the card meanwhile."""

from clearing.authoriser.client import Submission, TapFacts
from clearing.events.codes import Code
from clearing.events.sales import SaleDecided
from clearing.values import CardId
from clearing.wire.requests import Op
from tests.authoriser.asking import at_once, codes, logged_of, restart
from tests.living_caisse import BRUNO, CARD, Caisse

MINUTE_US = 60_000_000


def tapped(caisse: Caisse, counter: int, *, key_version: int = 1) -> Submission:
    tap = TapFacts(genuine=True, card=CARD, key_version=key_version, counter=counter)
    return caisse.asked(Op.SALE, {"fruit-veg": 1}, tap=tap)


async def sold(caisse: Caisse, *counters: int) -> list[Code]:
    """The answers to one sale per counter, each in a group of its own."""
    return [codes([await caisse.writer.submit(tapped(caisse, counter))])[0] for counter in counters]


async def together(caisse: Caisse, *counters: int) -> list[Code]:
    return codes(await at_once(caisse, [tapped(caisse, counter) for counter in counters]))


async def test_the_same_tap_twice_is_63_the_second_time(caisse: Caisse) -> None:
    assert await sold(caisse, 5, 5) == [Code.APPROVED, Code.TAP_VIOLATION]
    events = await logged_of(caisse, SaleDecided)
    assert [event.tap and event.tap.fresh for event in events] == [True, False]


async def test_fifty_sales_with_one_tap_at_once_are_one_approval(caisse: Caisse) -> None:
    answers = await together(caisse, *[7] * 50)
    assert answers.count(Code.APPROVED) == 1
    assert answers.count(Code.TAP_VIOLATION) == 49


async def test_a_lower_counter_is_taken_within_a_minute_if_unused(caisse: Caisse) -> None:
    assert await sold(caisse, 10) == [Code.APPROVED]
    caisse.clock.us += MINUTE_US - 1_000_000
    assert await sold(caisse, 9, 9, 8) == [Code.APPROVED, Code.TAP_VIOLATION, Code.APPROVED]


async def test_a_lower_counter_is_refused_after_a_minute(caisse: Caisse) -> None:
    assert await sold(caisse, 10) == [Code.APPROVED]
    caisse.clock.us += MINUTE_US + 1_000_000
    assert await sold(caisse, 9, 11) == [Code.TAP_VIOLATION, Code.APPROVED]


async def test_a_minute_is_counted_from_the_highest_counter_after_a_restart_too(caisse: Caisse) -> None:
    assert await sold(caisse, 10) == [Code.APPROVED]
    await restart(caisse)
    caisse.clock.us += MINUTE_US - 1_000_000
    assert await sold(caisse, 9) == [Code.APPROVED]
    await restart(caisse)
    caisse.clock.us += 2_000_000
    assert await sold(caisse, 8, 9, 10) == [Code.TAP_VIOLATION] * 3


async def test_counters_below_the_window_are_looked_up_in_the_store(caisse: Caisse) -> None:
    assert await sold(caisse, 5, 100) == [Code.APPROVED] * 2
    assert await sold(caisse, 5, 6, 6) == [Code.TAP_VIOLATION, Code.APPROVED, Code.TAP_VIOLATION]
    await restart(caisse)
    assert await sold(caisse, 6, 7) == [Code.TAP_VIOLATION, Code.APPROVED]


async def test_a_used_tap_that_its_own_group_pushes_below_the_window_stays_used(caisse: Caisse) -> None:
    assert await sold(caisse, 10) == [Code.APPROVED]
    assert await together(caisse, 100, 10, 9) == [Code.APPROVED, Code.TAP_VIOLATION, Code.APPROVED]
    assert await sold(caisse, 9, 10, 101) == [Code.TAP_VIOLATION, Code.TAP_VIOLATION, Code.APPROVED]


async def test_a_tap_used_and_pushed_below_the_window_by_one_group_serves_once(caisse: Caisse) -> None:
    assert await together(caisse, 5, 100, 5, 200, 100) == [
        Code.APPROVED, Code.APPROVED, Code.TAP_VIOLATION, Code.APPROVED, Code.TAP_VIOLATION,
    ]


async def test_a_card_issued_anew_counts_from_the_start(caisse: Caisse) -> None:
    assert await sold(caisse, 5, 200) == [Code.APPROVED] * 2
    issue: dict[str, object] = {"cards": [{"card": CARD, "key_version": 2, "member": "m-1", "alias": "0001"}]}
    raws = await at_once(caisse, [
        caisse.commanded(BRUNO, "issue_cards", issue),
        *[tapped(caisse, counter, key_version=2) for counter in (100, 5, 5)],
        tapped(caisse, 201),
    ])
    assert codes(raws[1:]) == [Code.APPROVED, Code.APPROVED, Code.TAP_VIOLATION, Code.TAP_VIOLATION]


async def test_a_tap_of_a_declined_sale_is_used_up(caisse: Caisse) -> None:
    tap = TapFacts(genuine=True, card=CARD, key_version=1, counter=3)
    _, declined = await caisse.sell({"drinks": 100}, tap=tap)
    assert declined.rc is Code.DECLINED
    assert await sold(caisse, 3) == [Code.TAP_VIOLATION]


async def test_a_tap_that_is_not_genuine_or_of_no_known_card_moves_no_counter(caisse: Caisse) -> None:
    forged, stranger = TapFacts(genuine=False), TapFacts(genuine=True, card=CardId(b"?" * 16), key_version=1, counter=9)
    answers = [(await caisse.sell({"fruit-veg": 1}, tap=tap))[1].rc for tap in (forged, stranger, stranger)]
    assert answers == [Code.TAP_VIOLATION, Code.CARD_UNKNOWN, Code.CARD_UNKNOWN]
    assert await sold(caisse, 9) == [Code.APPROVED]
    assert len(await caisse.log.taps_between(0, 1_000)) == 1
