"""Law: a treasurer takes the five proofs by a command and sees which figure differs; two people go on, or a view is mended."""

from pathlib import Path

import pytest
import uvloop

from clearing.cli.desk import today
from clearing.config import Settings
from clearing.installation.home import Home
from clearing.installation.kept_figures import kept
from clearing.installation.opening import Installation
from clearing.postgres import ADMIN
from clearing.sql import schema_of
from tests.acceptance.processes import Town, town

EXAMPLE = "examples/caisse.toml"


def test_the_proofs_are_taken_recorded_mended_and_gone_on_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with town(tmp_path) as place:
        place.add_people()
        place.ok("found", EXAMPLE, by="camille")
        with place.serving() as served:
            place.ok("money", "receive", "general", "500.00", "--reference", "line 1", by="camille")
            they_hold(place)
            a_view_is_changed_by_hand(place)
            two_go_on(place)
            the_night_is_signed(place, monkeypatch)
            assert served.end() == 0


def they_hold(place: Town) -> None:
    said = place.until("500.00 EUR by the log, 500.00 EUR shown", "proofs")  # taken where the views are
    assert [line.partition(": ")[0] for line in said.splitlines() if ": holds (" in line] == [
        "credit issued = accounts", "each purse = its activity", "tills and producers = deposits",
        "batches = bank file = bank", "money in - out = what remains",
    ]  # fmt: skip
    assert "at the bank, what came less what went: 500.00 EUR by the log, 500.00 EUR shown" in said
    assert f"No proofs of {today()} are recorded" in place.refused("proofs", "--day", today().isoformat())
    assert f"Recorded for {today()}" in place.ok("proofs", "--record", by="camille")
    assert "Recorded by camille" in place.ok("proofs", "--day", today().isoformat())
    assert "No proof stops anything" in place.refused("proceed", "propose", "--reason", "r", by="camille")


def a_view_is_changed_by_hand(place: Town) -> None:
    change(place, "debit_cents = debit_cents + 1")
    assert place.run("proofs").code == 1
    assert "Proof 'money in - out = what remains' of " in place.ok("status")
    assert "clearing proofs --record" in place.ok("status")
    found = place.run("proofs", "--record", by="camille")
    assert found.code == 1
    assert "money in - out = what remains: DOES NOT HOLD" in found.out
    differs = "! left in fund general: 500.00 EUR by the log, 500.00 EUR in the book, 499.99 EUR shown"
    assert differs in " ".join(found.out.split())
    waits = place.ok("status")
    assert "does not hold" in waits
    assert f"clearing proofs --day {today()} or clearing proofs --record" in waits
    change(place, "debit_cents = debit_cents - 1")
    home = Home(place.home)
    failing = kept(home, home.caisses()[0])
    assert failing is not None
    assert list(failing.failed) == ["money"]
    place.ok("proofs", "--record", by="camille")
    assert "does not hold" not in place.ok("status")
    mended = kept(home, home.caisses()[0])
    assert mended is not None
    assert (mended.failed, mended.recorded) == ({}, True)


def two_go_on(place: Town) -> None:
    change(place, "debit_cents = debit_cents + 1")
    assert place.run("proofs", "--record", by="camille").code == 1
    place.ok("proceed", "propose", "--reason", "one cent on a page, reported", by="camille")
    assert "second person" in place.refused("proceed", "confirm", by="camille")
    assert "Batches can be approved again" in place.ok("proceed", "confirm", by="dominique")
    said = place.run("proofs", "--day", today().isoformat())
    assert "camille and dominique went on from it: one cent on a page, reported" in said.out
    change(place, "debit_cents = debit_cents - 1")


def the_night_is_signed(place: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `clearing serve` has it taken, by a person who can do nothing else."""
    place.ok("person", "add", "nightly", "--passphrase-file", str(place.passphrase_file))
    place.ok("person", "propose", "nightly", "--role", "prover", by="camille")
    place.ok("person", "confirm", "nightly", by="dominique")
    monkeypatch.setenv("CLEARING_PROOFS_BY", "nightly")
    monkeypatch.setenv("CLEARING_PROOFS_PASSPHRASE_FILE", str(place.passphrase_file))
    place.ok("proofs", "--night")
    home = Home(place.home)
    [code] = home.caisses()
    known = kept(home, code)
    assert known is not None
    assert (known.recorded, known.failed) == (True, {})
    assert "Recorded by nightly" in place.ok("proofs", "--day", known.day)
    assert "needs one of" in place.refused("close", by="nightly")


def change(place: Town, what: str) -> None:
    """In the views, past every program."""

    async def changed() -> None:
        home = Home(place.home)
        [code] = home.caisses()
        installation = Installation.open(home, Settings())
        try:
            async with installation.connected(ADMIN) as admin:
                schema = schema_of(code)
                view = await admin.fetchval("SELECT max(version) FROM " + schema + ".projections WHERE live")
                await admin.execute(f"UPDATE {schema}.ledger_totals_{view} SET {what} WHERE account = 'fund:general'")
        finally:
            installation.close()

    uvloop.run(changed())
