"""Row 6, group orders: captured and released is held, cancel releases all, a late capture is never lost."""

import pytest

from tests.acceptance.schemes.row_06 import friday

pytestmark = pytest.mark.row(6)


def test_what_is_captured_and_what_is_released_is_what_was_held() -> None:
    lived = friday()
    for member in ("less", "more"):
        released = sum(part.cents for part in lived.delivered[member].event.released)
        assert lived.delivered[member].card_cents + released == lived.ordered[member].card_cents == 2_700
    assert [done.card_cents for done in lived.delivered.values()] == [2_470, 2_700, 0]


def test_beyond_the_tolerance_nothing_is_captured_and_the_hold_ends_by_itself() -> None:
    lived = friday()
    assert lived.delivered["too-much"].event.code == "61"
    assert lived.caisse.purse("too-much") == 10_000


def test_a_cancelled_order_is_released_whole() -> None:
    lived = friday()
    assert sum(part.cents for part in lived.cancelled.event.returned) == 2_700
    assert lived.caisse.purse("cancels") == 10_000


def test_a_capture_after_expiry_stood_in_the_list_until_two_people_accepted_it() -> None:
    lived = friday()
    assert lived.late.reply.rc == "84"
    assert not lived.caisse.book.exceptions.open
    assert lived.caisse.purse("forgotten") == 10_000 - 2_700


async def test_the_log_of_the_group_orders_is_proved() -> None:
    assert (await friday().caisse.proved())["payable:co-op"] == 2_470 + 2_700 + 2_700
