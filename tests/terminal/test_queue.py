import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from clearing.events.basket import Line
from clearing.terminal.queue import CountersMoved, State, TerminalLocked, TerminalQueue
from clearing.values import CategoryId, Cents, OperationId, TerminalId
from clearing.wire.fields import TimeMs
from clearing.wire.frame import MalformedFrame, open_envelope, unpack_map
from clearing.wire.requests import Op, Request
from clearing.wire.signature import TerminalKey, payload_digest
from tests.terminal.links import IDENTITY


def capture(x: int, cents: int = 100) -> Request:
    return Request(
        op=Op.CAP, terminal=TerminalId(bytes(8)), epoch=0, n=0, x=OperationId(x.to_bytes(16, "big")), ts_ms=TimeMs(1),
        amount_cents=Cents(cents), lines=(Line(category=CategoryId("a"), amount_cents=Cents(cents)),),
        original=OperationId(bytes(16)),
    )  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    queue = TerminalQueue.open(tmp_path / "till.sqlite")
    queue.adopt(IDENTITY)
    queue.close()
    return tmp_path / "till.sqlite"


def test_only_the_tills_owner_reads_its_file(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_step_is_synced_to_disk(path: Path) -> None:
    queue = TerminalQueue.open(path)
    mode = queue._db.execute("PRAGMA journal_mode").fetchone()[0]
    synchronous = queue._db.execute("PRAGMA synchronous").fetchone()[0]
    queue.close()
    assert (mode, synchronous) == ("wal", 2)


def test_a_message_is_the_same_bytes_when_the_file_is_opened_again(path: Path) -> None:
    queue = TerminalQueue.open(path)
    message = queue.append(capture(1))
    queue.close()
    again = TerminalQueue.open(path)
    pending = again.pending()
    again.close()
    assert pending == [message]
    assert payload_digest(open_envelope(message.raw, frame_bytes_max=4_096).payload) == message.digest


def test_two_programs_on_one_queue_never_give_a_number_twice(path: Path) -> None:
    one, other = TerminalQueue.open(path), TerminalQueue.open(path)
    numbers = [queue.append(capture(x)).n for x, queue in enumerate([one, other, other, one, other])]
    one.close()
    other.close()
    assert numbers == [1, 2, 3, 4, 5]


def test_a_counter_that_was_put_back_is_refused_by_the_file_itself(path: Path) -> None:
    queue = TerminalQueue.open(path)
    queue.append(capture(1))
    queue._db.execute("UPDATE terminal SET n = 0")
    with pytest.raises((CountersMoved, sqlite3.IntegrityError)):
        queue.append(capture(2))
    kept = queue.pending()
    queue.close()
    assert [message.n for message in kept] == [1]


def test_a_basket_that_no_door_takes_uses_no_number(path: Path) -> None:
    queue = TerminalQueue.open(path)
    with pytest.raises(MalformedFrame):
        queue.append(capture(1, cents=0))
    message = queue.append(capture(2))
    queue.close()
    assert message.n == 1


def test_giving_up_and_the_reversal_are_one_step(path: Path) -> None:
    queue = TerminalQueue.open(path)
    message = queue.append(capture(1))
    with pytest.raises(MalformedFrame):
        queue.give_up(message, capture(2, cents=0))
    assert [kept.state for kept in queue.pending()] == [State.PENDING]
    undo = Request(
        op=Op.REV, terminal=TerminalId(bytes(8)), epoch=0, n=0, x=OperationId(bytes(16)), ts_ms=TimeMs(1), original=message.x
    )  # fmt: skip
    reversal = queue.give_up(message, undo)
    assert queue.pending() == [reversal]
    queue.close()


def test_an_answer_is_kept_once_and_with_the_head_it_named(path: Path) -> None:
    queue = TerminalQueue.open(path)
    message = queue.append(capture(1))
    queue.answered(message, b"first", head=b"h" * 32)
    queue.answered(message, b"second", head=b"h" * 32)
    replies = [row["reply"] for row in queue._db.execute("SELECT reply FROM messages")]
    head = queue.last_head()
    queue.close()
    assert (replies, head) == ([b"first"], b"h" * 32)


def test_a_locked_till_takes_nothing_but_a_reversal(path: Path) -> None:
    queue = TerminalQueue.open(path)
    queue.lock("Ask the treasurer.")
    with pytest.raises(TerminalLocked, match="Ask the treasurer"):
        queue.append(capture(1))
    undo = Request(
        op=Op.REV, terminal=TerminalId(bytes(8)), epoch=0, n=0, x=OperationId(bytes(16)), ts_ms=TimeMs(1),
        original=OperationId(bytes(16)),
    )  # fmt: skip
    assert queue.append(undo).n == 1
    queue.close()


def test_a_new_identity_unlocks_the_till_and_keeps_what_is_still_to_be_sent(path: Path) -> None:
    queue = TerminalQueue.open(path)
    message = queue.append(capture(1))
    queue.lock("Ask the treasurer.")
    queue.adopt(replace(IDENTITY, terminal=TerminalId(b"stall-02"), epoch=7, key=TerminalKey.from_seed(b"7" * 32)))
    fresh = queue.append(capture(2))
    pending = queue.pending()
    queue.close()
    assert (fresh.epoch, fresh.n) == (7, 1)
    assert pending == [message, fresh]


def test_an_identity_put_back_goes_on_counting_where_it_stopped(path: Path) -> None:
    queue = TerminalQueue.open(path)
    queue.append(capture(1))
    last = queue.append(capture(2))
    queue.adopt(replace(IDENTITY, terminal=TerminalId(b"stall-02")))
    other = queue.append(capture(3))
    queue.adopt(IDENTITY)
    again = queue.append(capture(4))
    queue.close()
    assert (last.n, other.n, again.n) == (2, 1, 3)
    payload = open_envelope(again.raw, frame_bytes_max=4_096).payload
    assert unpack_map(payload, items_max=100)["h"] == last.digest


def test_a_till_paired_anew_under_the_same_epoch_keeps_its_old_messages_apart(path: Path) -> None:
    queue = TerminalQueue.open(path)
    old = queue.append(capture(1))
    queue.adopt(replace(IDENTITY, terminal=TerminalId(b"stall-02")))
    new = queue.append(capture(2))
    queue.answered(new, b"reply", head=bytes(32))
    pending = queue.pending()
    queue.close()
    assert (old.epoch, old.n) == (new.epoch, new.n)
    assert pending == [old]
