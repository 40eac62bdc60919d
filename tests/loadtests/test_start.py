"""Law: the large caisse of loadtests.start is a true one in small: it starts from its snapshot and is settled."""

from pathlib import Path

from loadtests.start import whole

CARDS, SALES, PRODUCERS = 20, 60, 3


async def test_a_small_caisse_starts_from_its_snapshot_and_is_settled(free_home: Path) -> None:
    result = await whole(free_home / "home", cards=CARDS, sales=SALES, producers=PRODUCERS)
    settled, started = result["settlement"], result["start_with_sales"]
    assert isinstance(settled, dict)
    assert isinstance(started, dict)
    assert (settled["payouts"], settled["files"], started["granted"]) == (PRODUCERS, PRODUCERS + 3, "AllocationGranted")
    assert started["ready"] == settled["ready"]
