"""Law: what the longer load tests play is what they say: a day is whole, a split leaves no cent, a charte has its payers."""

from itertools import pairwise

import pytest

from clearing.event_store.proofs import chain_hash
from loadtests.fleet import founding, funds_of
from loadtests.nation import ORDINARY_PEAK, SHAPE, WORST_PEAK, phases
from loadtests.peers_sql import QUERIES, split
from loadtests.scale import _history
from tests.loadtests.officers import two_people


def test_the_parts_of_a_day_are_a_day_and_the_peaks_are_the_countrys() -> None:
    assert sum(share for _, share, _ in SHAPE) == pytest.approx(1.0)
    day = phases(600.0)
    assert sum(seconds for seconds, _ in day) == pytest.approx(600.0)
    assert {float(ORDINARY_PEAK), float(WORST_PEAK)} <= {rate for _, rate in day}
    assert max(rate for _, rate in phases(600.0, 0.5)) == WORST_PEAK / 2


@pytest.mark.parametrize("prices", [(735, 1_249, 415), (101, 1, 3), (50, 51, 52)])
def test_the_peers_split_leaves_no_cent(prices: tuple[int, ...]) -> None:
    cents = split(prices)
    assert sum(cents) == sum(prices)
    assert min(cents) >= 0


def test_the_peers_statements_have_their_names() -> None:
    wanted = {"tables", "members", "lock_purse", "lock_funds", "take_from_purse", "take_from_fund", "sale", "lines", "shares"}
    assert set(QUERIES) == wanted | {"counted"}


@pytest.mark.parametrize("payers", [1, 2, 3, 6])
def test_a_charte_has_as_many_payers_as_it_is_asked_for(payers: int) -> None:
    body = founding(two_people(), 1_000, payers)
    charte = body["chartes"][0]  # type: ignore[index]
    assert len(charte["payers"]) == payers
    named = {payer["fund"] for payer in charte["payers"] if "fund" in payer}
    assert named == set(funds_of(payers)) - {"general"}


def test_appended_history_is_one_chain() -> None:
    rows = _history(10, b"c" * 32, 500, 4)
    assert [row.position for row in rows] == [11, 12, 13, 14]
    assert all(after.chain == chain_hash(before.chain, after.leaf) for before, after in pairwise(rows))
    assert all(before.at_us < after.at_us for before, after in pairwise(rows))
