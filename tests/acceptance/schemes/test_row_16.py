"""Row 16, one delivery of many producers: farms and logistics make the invoice, each is paid, a dispute waits alone."""

import pytest

from tests.acceptance.schemes.row_16 import FARMS, delivery

pytestmark = pytest.mark.row(16)


def test_fourteen_farms_and_the_lorry_are_each_paid_and_make_the_invoice() -> None:
    lived = delivery()
    lines = {line.producer: line.paid_cents for line in lived.caisse.book.settlement.batches[lived.batch].closed.lines}  # type: ignore[index]
    assert set(lines) == {*FARMS, "lorry"}
    short = lived.disputed - lived.disputed // 2
    assert sum(lines.values()) + short == lived.invoice
    assert all(lines[farm] == 12_000 + 791 * place for place, farm in enumerate(FARMS[:-1]))  # type: ignore[index]


def test_only_the_disputed_line_was_not_owed() -> None:
    lived = delivery()
    assert lived.disputed == 12_000 + 791 * 13
    assert lived.caisse.account("held") == 0


async def test_the_log_of_the_delivery_is_proved() -> None:
    lived = delivery()
    balances = await lived.caisse.proved()
    assert balances["payable:lorry"] == 9_450
