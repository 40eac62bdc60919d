"""A snapshot says draws that wait, what shared ones were paid, the day's ceilings, and bonuses with what is owing of them."""

from clearing.authoriser.snapshot import Loaded, Restoring, parts_of
from tests.audit.solidarity_days import Days


def test_a_start_from_a_snapshot_knows_the_same_draws_and_bonuses_at_every_position() -> None:
    days, loaded, seen = Days(), Loaded(), 0
    for row, event in zip(days.log.rows, days.log.events(), strict=True):
        loaded.book.apply(event, row.position, row.at_us)
        loaded.tree.append(row.leaf)
        restoring = Restoring()
        for part in parts_of(loaded):
            restoring.take(part)
        again = restoring.finish().book
        assert again.solidarity == loaded.book.solidarity
        assert again.bonuses == loaded.book.bonuses
        assert again.settlement.owed == loaded.book.settlement.owed
        seen += bool(again.solidarity.claims)
    assert seen > 3
