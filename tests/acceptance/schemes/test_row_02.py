"""Row 2, no stigma: every byte that goes to a terminal is the same for a rich and a poor card."""

import re

import pytest

from clearing.events.codes import Code, till_code
from tests.acceptance.schemes.row_02 import seen, two_stalls
from tests.house.sources import CLONE

pytestmark = pytest.mark.row(2)
STIGMA = re.compile(r"allocation|aide|bénéficiaire|beneficiary|welfare|benefit", re.IGNORECASE)


def test_two_terminals_byte_streams_for_a_poor_and_a_rich_card_are_equal_but_for_random_fields() -> None:
    both = two_stalls()
    assert both.reduced[0].paid_by() != both.full[0].paid_by()
    assert [done.card_cents for done in both.reduced] == [done.card_cents for done in both.full]
    assert [seen(done) for done in both.reduced] == [seen(done) for done in both.full]
    assert [len(done.answer) for done in both.reduced] == [len(done.answer) for done in both.full]


def test_two_cards_that_pay_other_amounts_differ_in_the_amounts_alone() -> None:
    both = two_stalls()
    poor, rich = (both.caisse.sell("left-stall", card, {"vegetables": "1.00"}) for card in ("ada", "rose"))
    assert seen(poor) == seen(rich)  # both cards are lost
    assert both.full[1].reply.al == (320, 0)
    assert {name for name in ("aa", "al", "rc") if getattr(both.full[0].reply, name) != getattr(both.full[1].reply, name)} == {
        "aa", "al", "rc",
    }  # fmt: skip


def test_no_code_tells_a_terminal_why_a_card_pays_nothing() -> None:
    assert {till_code(code) for code in (Code.LOST, Code.STOLEN, Code.BLOCKED, Code.NOT_ACTIVATED)} == {Code.CARD_UNKNOWN}
    poor = {Code.INSUFFICIENT_CREDIT, Code.CREDIT_EXPIRED, Code.NOTHING_ELIGIBLE, Code.AMOUNT_LIMIT, Code.FREQUENCY_LIMIT}
    assert {till_code(code) for code in poor} == {Code.DECLINED}


def test_the_words_on_a_till_carry_no_stigma() -> None:
    said = (CLONE / "clearing/terminal/words.py").read_text(encoding="utf-8")
    assert len(said) > 1_000
    assert not STIGMA.findall(said)
