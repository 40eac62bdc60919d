"""Row 15, collective accounts: a two-signature purchase, and a revoked mandatary who is refused."""

import pytest

from tests.acceptance.schemes.row_15 import month
from tests.acceptance.schemes.village import Op

pytestmark = pytest.mark.row(15)


def test_a_large_purchase_needs_two_signatures() -> None:
    lived = month()
    assert [done.event.code for done in (lived.small, lived.refused, lived.alone)] == ["00", "12", "12"]
    assert (lived.confirmed.event.code, lived.captured.card_cents) == ("00", 35_000)
    assert lived.caisse.purse("canteen") == 100_000 - 8_000 - 35_000


def test_a_revoked_mandatary_is_refused_and_the_stall_learns_nothing() -> None:
    lived = month()
    assert (lived.revoked.event.code, lived.revoked.reply.rc, lived.revoked.card_cents) == ("62", "14", 0)


def test_limits_bind_each_mandatary() -> None:
    caisse = month().caisse
    beyond = caisse.ask(Op.AUTH, "market-garden", {"vegetables": "500.01"}, card="boris")
    assert (beyond.event.code, beyond.reply.rc) == ("61", "05")
    assert caisse.ask(Op.AUTH, "market-garden", {"vegetables": "500.00"}, card="boris").event.code == "00"
    assert caisse.sell("market-garden", "boris", {"vegetables": "70.00"}).event.code == "00"


async def test_the_log_of_the_canteen_is_proved() -> None:
    assert (await month().caisse.proved())["payable:market-garden"] == 43_000
