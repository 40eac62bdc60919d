"""Law: names and accounts lie sealed; the digest in the log proves them while they are kept, and shredding leaves nothing."""

import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from clearing import people
from clearing.people import NotKept, People, PeopleClosed, Record, make_key, open_key
from clearing.postgres import ADMIN, Embedded
from tests.postgres_server import DATABASE, TestCaisse, fresh_caisse, running_server

KEY = bytes(range(32))
ACCOUNT = Record(subject="producer:ferme", kind="bank", fields={"name": "Gisèle D'Août", "iban": "FR7630006000011234567890189"})


@pytest.fixture(scope="module")
def server() -> Iterator[Embedded]:
    with running_server() as running:
        yield running


@asynccontextmanager
async def sealed_room(
    server: Embedded, key: bytes = KEY, caisse: TestCaisse | None = None
) -> AsyncIterator[tuple[TestCaisse, People]]:
    place = caisse or await fresh_caisse(server)
    async with place.connection(ADMIN) as admin:
        await people.install(admin, place.schema)
        await people.install(admin, place.schema)  # an update runs it again
        await admin.execute(f"ALTER ROLE clearing_clerk PASSWORD '{server.password_of('clearing_clerk')}'")
    connection = await asyncpg.connect(server.dsn("clearing_clerk", DATABASE))
    try:
        yield place, People(connection, place.schema, key)
    finally:
        await connection.close()


async def test_a_record_comes_back_by_the_digest_that_events_carry(server: Embedded) -> None:
    async with sealed_room(server) as (_, room):
        [digest] = await room.keep([ACCOUNT])
        assert len(digest) == 32
        assert await room.read([digest]) == {digest: ACCOUNT}


async def test_the_same_account_entered_twice_has_two_digests(server: Embedded) -> None:
    """Else who guesses an account could look for its digest in the log."""
    async with sealed_room(server) as (_, room):
        first, second = await room.keep([ACCOUNT, ACCOUNT])
        assert first != second
        assert len(await room.read([first, second])) == 2


async def test_the_newest_version_counts_and_the_old_one_stays_readable(server: Embedded) -> None:
    async with sealed_room(server) as (_, room):
        [old] = await room.keep([ACCOUNT])
        changed = Record(subject=ACCOUNT.subject, kind="bank", fields={"name": "Ferme", "iban": "DE89370400440532013000"})
        await room.keep([changed])
        assert await room.newest(ACCOUNT.subject, "bank") == changed
        assert (await room.read([old]))[old] == ACCOUNT
        assert await room.newest("producer:other", "bank") is None


async def test_shredding_one_subject_leaves_the_others(server: Embedded) -> None:
    async with sealed_room(server) as (_, room):
        other = Record(subject="member:m-1", kind="name", fields={"name": "Ada Martin"})
        account, name = await room.keep([ACCOUNT, other])
        assert await room.shred(ACCOUNT.subject)
        assert not await room.shred(ACCOUNT.subject)
        with pytest.raises(NotKept, match="enter them again"):
            await room.read([account])
        assert (await room.read([name]))[name] == other


async def test_the_tables_hold_no_readable_byte_of_a_name_or_account(server: Embedded) -> None:
    async with sealed_room(server) as (place, room):
        await room.keep([ACCOUNT])
        async with place.connection(ADMIN) as admin:
            rows = await admin.fetch(f"SELECT * FROM {place.schema}.people_records")
            keys = await admin.fetch(f"SELECT * FROM {place.schema}.people_keys")
        stored = b"".join(bytes(row["sealed"]) for row in rows) + b"".join(bytes(row["sealed_key"]) for row in keys)
        assert b"3000600001" not in stored
        assert "Gisèle".encode() not in stored


async def test_another_installations_key_opens_nothing(server: Embedded) -> None:
    async with sealed_room(server) as (place, room):
        [digest] = await room.keep([ACCOUNT])
        async with sealed_room(server, bytes(32), place) as (_, stranger):
            with pytest.raises(PeopleClosed, match="key file of this installation"):
                await stranger.read([digest])


async def test_records_exchanged_in_the_database_are_noticed(server: Embedded) -> None:
    async with sealed_room(server) as (place, room):
        one, other = await room.keep([ACCOUNT, Record(subject=ACCOUNT.subject, kind="bank", fields={"name": "x", "iban": "y"})])
        async with place.connection(ADMIN) as admin:
            table = f"{place.schema}.people_records"
            exchange = f"UPDATE {table} SET sealed = (SELECT sealed FROM {table} WHERE digest = $1) WHERE digest = $2"
            await admin.execute(exchange, other, one)
        with pytest.raises(PeopleClosed, match="was changed"):
            await room.read([one])


async def test_the_writer_and_the_reader_see_no_personal_data(server: Embedded) -> None:
    async with sealed_room(server) as (place, room):
        await room.keep([ACCOUNT])
        for role in ("clearing_writer", "clearing_reader", "clearing_projector"):
            async with place.connection(role) as connection:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.fetch(f"SELECT * FROM {place.schema}.people_records")


def test_a_key_file_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "people.key"
    key = make_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert make_key(path) == open_key(path) == key
    path.chmod(0o444)
    with pytest.raises(PeopleClosed, match="chmod 0400"):
        open_key(path)


def test_a_missing_or_cut_key_file_says_where_its_copy_is(tmp_path: Path) -> None:
    path = tmp_path / "people.key"
    with pytest.raises(PeopleClosed, match="from the safe"):
        open_key(path)
    path.write_bytes(b"short")
    path.chmod(0o400)
    with pytest.raises(PeopleClosed, match="not a key"):
        open_key(path)


async def test_a_pseudonym_is_the_same_for_the_same_account_and_of_no_use_without_the_key(server: Embedded) -> None:
    async with sealed_room(server) as (place, room):
        first = room.pseudonym("payer DE89370400440532013000")
        assert first == room.pseudonym("payer DE89370400440532013000")
        assert first != room.pseudonym("account DE89370400440532013000")
        async with sealed_room(server, bytes(32), place) as (_, other):
            assert first != other.pseudonym("payer DE89370400440532013000")


async def test_what_was_erased_is_left_out_where_many_are_read(server: Embedded) -> None:
    async with sealed_room(server) as (_, room):
        kept, gone = await room.keep([ACCOUNT, Record(subject="payer:00ff", kind="bank-line", fields={"text": "mai"})])
        assert await room.shred("payer:00ff")
        assert await room.read_kept([kept, gone]) == {kept: ACCOUNT}
