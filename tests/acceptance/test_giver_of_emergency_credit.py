"""Law: who gives emergency credit needs a key and the writer's socket, and reaches neither the log nor a view with them."""

import re
from contextlib import ExitStack
from pathlib import Path

import pytest

from clearing.installation.home import Home
from clearing.values import CaisseCode
from tests.acceptance.processes import Town, town
from tests.house.sources import CLONE

pytestmark = pytest.mark.row(17)
CODE = "emergency-credit"
SPARE = re.compile(r"^(\S{9}): ", re.MULTILINE)
READING = (("sales",), ("status",), ("why", "20", "--caisse", CODE), ("member", "list", "--caisse", CODE), ("audit",))


def founding(folder: Path, public_key: str) -> Path:
    """The file of the scheme, with the key of the helper, who has no key in the caisse's home."""
    text = (CLONE / "examples/schemes/17-emergency-credit.toml").read_text(encoding="utf-8")
    giver = 'roles = ["helper"]\n'
    assert giver in text
    file = folder / "caisse.toml"
    file.write_text(text.replace(giver, f'{giver}key = "{public_key}"\n'), encoding="utf-8")
    return file


def add(place: Town, person: str) -> str:
    """The person's public key."""
    return place.ok("person", "add", person, "--passphrase-file", str(place.passphrase_file)).split("Public key: ")[1][:64]


def test_credit_is_given_with_a_key_alone_and_every_look_at_purchases_fails_with_it(tmp_path: Path) -> None:
    with ExitStack() as towns:
        caisse, drawer = towns.enter_context(town(tmp_path)), towns.enter_context(town(tmp_path))
        key = add(drawer, "sam")
        for person in ("alix", "basile"):
            add(caisse, person)
        caisse.ok("found", str(founding(tmp_path, key)), by="alix")
        with caisse.serving() as served:
            caisse.ok("money", "receive", "emergency", "100.00", "--reference", "line 1", by="alix")
            alias, other = SPARE.findall(caisse.ok("card", "spare", "2", by="basile"))
            there = ("--caisse", CODE, "--socket", str(Home(caisse.home).socket(CaisseCode(CODE))))
            said = drawer.ok("emergency", "40.00", "--card", alias, *there, by="sam")
            assert f"40.00 EUR are on the card {alias}, which pays at once" in said
            assert "--caisse" in drawer.refused("emergency", "40.00", "--card", other, *there[2:], by="sam")
            _may_nothing_else(drawer, there, other)
            assert [words for words in READING if "No caisse is founded" not in drawer.refused(*words)] == []
            assert "bank" in caisse.ok("status")  # the same words tell the caisse's own people
            assert served.end() == 0


def _may_nothing_else(drawer: Town, there: tuple[str, ...], alias: str) -> None:
    """By the rules for what is an order, by the home for what looks first."""
    for words in (("card", "bind", alias, "m-1"), ("member", "add", "m-1"), ("card", "block", alias)):
        said = drawer.run(*words, *there, by="sam")
        assert said.code != 0
        assert "sam has the roles helper" in said.err, said.err
    for looking in (("grant", "2026-05"), ("export", "1")):
        assert "in the caisse's own home" in drawer.refused(*looking, *there, by="sam")
