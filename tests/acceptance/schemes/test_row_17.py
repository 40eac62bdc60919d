"""Row 17, emergency credit on a spare card: what domain.md section 3 says that one sees.

With processes and a key alone: tests/acceptance/test_giver_of_emergency_credit.py.
"""

from typing import Any

import pytest

from clearing.events.codes import Code
from clearing.events.crediting import EmergencyGiven
from clearing.events.members import MemberAdmitted
from clearing.events.sales import SaleDecided
from clearing.rules.voted.offices import ALLOWED_ROLES
from clearing.wire.frame import FrameType, open_envelope
from clearing.wire.requests import encode_request
from clearing.wire.signature import BadSignature, verify
from tests.acceptance.schemes.row_02 import seen
from tests.acceptance.schemes.row_17 import BASKET, GIVER, SPARES, give, morning, refusals, spare, with_spares
from tests.acceptance.schemes.village import Village, key_of

pytestmark = pytest.mark.row(17)
MINUTE_US = 60_000_000


async def test_a_spare_card_pays_nothing_until_credit_is_given_on_it_and_in_under_a_minute_it_pays() -> None:
    lived = morning()
    assert (lived.before.card_cents, lived.after.card_cents, lived.after.left_cents) == (0, 1_870, 270)
    assert 0 < lived.passed_us < MINUTE_US
    assert lived.after.position == lived.caisse.log.events().index(lived.after.event) + 1
    assert lived.caisse.purse("e-1") == 4_000 - 1_870 - 2_130
    await lived.caisse.proved()


def test_one_signed_command_is_all_it_takes() -> None:
    caisse = with_spares()
    before = len(caisse.log.rows)
    assert give(caisse, "drawer-1", 4_000, "e-1") == {"events": 4}
    assert [bool(row.evidence) for row in caisse.log.rows[before:]] == [True, False, False, False]
    assert caisse.sell("market-garden", "drawer-1", {"vegetables": "40.00"}).card_cents == 4_000


def test_what_is_kept_of_it_names_no_person() -> None:
    lived = morning()
    (given,) = lived.caisse.events(EmergencyGiven)
    assert (given.rule, given.member, given.cents, given.by) == ("emergency", "e-1", 4_000, GIVER)
    admitted = next(one for one in lived.caisse.events(MemberAdmitted) if one.member == "e-1")
    assert (admitted.groups, admitted.by) == (("emergency-credit",), GIVER)


def test_the_stall_sees_no_difference_between_a_spare_card_and_a_members() -> None:
    lived = morning()
    assert seen(lived.after) == seen(lived.neighbour)


def test_credit_stays_within_what_was_voted_on_one_card_and_in_one_day_and_the_fund_is_never_negative() -> None:
    caisse = with_spares()
    order: dict[str, Any] = {"rule": "emergency", "alias": "drawer-4", "member": "e-4"}
    assert "up to 50.00 EUR" in caisse.refused("give_emergency", by=GIVER, cents=5_001, **order)
    for number, alias in enumerate(SPARES[:3], start=1):
        give(caisse, alias, 5_000, f"e-{number}")
    assert "0.00 EUR are left today" in caisse.refused("give_emergency", by=GIVER, cents=1, **order)
    caisse.at("2026-05-03 00:00:00")
    give(caisse, "drawer-4", 5_000, "e-4")
    assert caisse.free("emergency") == caisse.account("fund:emergency") == 0


async def test_what_is_not_spent_in_its_days_goes_back_to_the_fund() -> None:
    caisse = with_spares()
    give(caisse, "drawer-1", 4_000, "e-1")
    caisse.sell("market-garden", "drawer-1", BASKET)
    caisse.at("2026-06-01 23:59:59")
    assert (caisse.purse("e-1"), caisse.free("emergency")) == (2_130, 16_000)
    caisse.at("2026-06-02 00:00:00")
    assert (caisse.purse("e-1"), caisse.free("emergency")) == (0, 18_130)
    await caisse.proved()


def words_of_purchases(caisse: Village) -> set[str]:
    """What would tell of a purchase: where, what, how much of it, on which card, and its names in the log."""
    found = {"market-garden", "vegetables", "cheese", "1870", "18.70", "2140", "270", "ada"}
    for sale in caisse.events(SaleDecided):
        found |= {sale.op.x.hex(), sale.op.terminal.hex()}
    return found


def all_orders(caisse: Village) -> list[str]:
    """Every order there is, given by the helper with a body that names what was bought; what is read in return."""
    sold = caisse.events(SaleDecided)[-1]
    body: dict[str, Any] = {"member": "e-1", "card": spare("drawer-1"), "original": sold.op.x, "batch": 1}
    own = {"give_emergency", "add_passkey", "remove_passkey", "pair_new_factor"}  # her work, and her own second factor
    replies = [caisse.command(verb, by=GIVER, **body) for verb in ALLOWED_ROLES if verb not in own]
    assert {reply.rc for reply in replies} == {Code.NOT_ALLOWED_NOW}
    return [f"{reply.why} {reply.out}" for reply in replies]


def test_the_role_of_the_giver_reads_no_purchase_by_any_order_that_there_is() -> None:
    lived = morning()
    assert lived.after.card_cents  # there is something to be read
    said = all_orders(lived.caisse) + [why for _, why in refusals(lived.caisse)] + [str(lived.told)]
    assert len(said) > 100
    assert not [one for one in said if any(word in one for word in words_of_purchases(lived.caisse))]


def test_the_answer_to_the_giver_is_the_same_whatever_was_bought_in_between() -> None:
    def read_by_the_giver(*baskets: dict[str, str]) -> list[str]:
        caisse = with_spares()
        told = [give(caisse, "drawer-1", 4_000, "e-1")]
        for basket in baskets:
            caisse.sell("market-garden", "drawer-1", basket)
        return [str(told), *(why for _, why in refusals(caisse)), str(give(caisse, "drawer-3", 1_000, "e-3"))]

    assert read_by_the_giver() == read_by_the_giver(BASKET) == read_by_the_giver({"vegetables": "39.00"}, {"cheese": "1.00"})


def test_the_key_of_the_giver_opens_no_door_of_terminals() -> None:
    lived = morning()
    raw = key_of(GIVER).sign_envelope(FrameType.TERM_REQ, encode_request(lived.after.request))
    envelope = open_envelope(raw, frame_bytes_max=4_096)
    for known in lived.caisse.book.producers.terminals.values():
        with pytest.raises(BadSignature):
            verify(envelope, FrameType.TERM_REQ, known.key)
    with pytest.raises(BadSignature):  # nor is a terminal's frame taken for an order of hers
        verify(envelope, FrameType.PERSON_CMD, key_of(GIVER).public)
