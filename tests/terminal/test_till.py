import argparse
import asyncio
import io
import re
import stat
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pytest
from rich.console import Console

from clearing.terminal import till as tills
from clearing.terminal.card_box import AddressTap, BoxRefused, CardBox
from clearing.terminal.queue import TerminalQueue
from clearing.terminal.terminal import Ending, Shown
from clearing.terminal.words import ENGLISH, FRENCH, NotALine, Words, euros, said, typed_basket, typed_line
from clearing.values import Cents, OperationId
from clearing.wire.tap import BadTap, card_keys, read_picc
from tests.small_writer import Slot
from tests.stall_world import BRUME, ISSUER, World
from tests.terminal.links import IDENTITY

STIGMA = {
    "allocation",
    "aide",
    "bénéficiaire",
    "benefit",
    "aid",
    "insufficient",
    "insuffisant",
    "solde",
    "balance",
    "crédit",
}
ALICE = card_keys(ISSUER, bytes([4, 1, 1, 1, 1, 1, 1]), 1)


class Stall:
    """A till program on a folder, and what its screen said."""

    def __init__(self, folder: Path, world: World) -> None:
        self.folder, self.world = folder, world
        self.screen = io.StringIO()
        box = CardBox.open(folder / "cards.json")
        box.add("alice", ALICE)
        box.add("bruno", card_keys(ISSUER, bytes([4, 2, 2, 2, 2, 2, 2]), 1))
        world.card(1, cents=1_000)
        world.card(2, cents=0)

    def own(self) -> None:
        queue = TerminalQueue.open(self.folder / "till.sqlite")
        queue.adopt(IDENTITY)
        queue.close()

    async def runs(self, *words: str, typed: Sequence[str] = ()) -> int:
        """`clearing till` with these options in a thread of its own, as a person would start it."""
        parser = argparse.ArgumentParser()
        tills.add_arguments(parser)
        async with self.world.served() as address:
            files = ["--queue", str(self.folder / "till.sqlite"), "--cards", str(self.folder / "cards.json")]
            options = parser.parse_args(["--door", address, *files, *words])
            console = Console(file=self.screen, width=200, highlight=False)
            return await asyncio.to_thread(tills.run, options, console=console, ask=self.keyboard(typed))

    def keyboard(self, typed: Sequence[str]) -> tills.Ask:
        left = list(typed)

        def ask(prompt: str) -> str:
            self.screen.write(prompt)
            if not left:
                raise EOFError
            return left.pop(0)

        return ask


@pytest.fixture
def stall(tmp_path: Path) -> Stall:
    return Stall(tmp_path, World())


async def test_one_basket_from_the_command_line_shows_the_two_amounts(stall: Stall) -> None:
    stall.own()
    assert await stall.runs("--card", "alice", "--lines", "fruit-veg 7.35") == 0
    assert stall.screen.getvalue() == "la carte règle 7,35 EUR, reste 0,00 EUR\n"


async def test_a_declined_card_is_told_in_the_same_two_amounts(stall: Stall) -> None:
    stall.own()
    assert await stall.runs("--card", "bruno", "--language", "en", "--lines", "fruit-veg 12") == 0
    assert stall.screen.getvalue() == "the card pays 0.00 EUR, 12.00 EUR left\n"


async def test_a_person_sells_undoes_and_leaves(stall: Stall) -> None:
    stall.own()
    typed = ["1", "fruit-veg 7,35", "soap", "soap 2,90", "", "a", "a", "nobody", "2", "", "q"]
    assert await stall.runs(typed=typed) == 0
    text = stall.screen.getvalue()
    assert "la carte règle 10,00 EUR, reste 0,25 EUR" in text
    assert text.count(FRENCH.not_a_line) == 1
    assert text.count(FRENCH.undone) == 1
    assert text.count(FRENCH.nothing_to_undo) == 1
    assert "there is no card 'nobody'" in text
    assert FRENCH.no_lines in text
    assert 1_000 in stall.world.writer.purses.values()


async def test_the_till_shows_its_last_sale_when_it_is_switched_on_again(stall: Stall) -> None:
    stall.own()
    await stall.runs("--card", "alice", "--lines", "fruit-veg 7.35")
    await stall.runs(typed=["q"])
    assert "dernière vente faite ici : la carte règle 7,35 EUR, reste 0,00 EUR" in stall.screen.getvalue()


async def test_an_unpaired_till_says_what_to_do(stall: Stall) -> None:
    assert await stall.runs("--card", "alice", "--lines", "fruit-veg 7.35") == 1
    assert "pair it first" in stall.screen.getvalue()


async def test_a_till_pairs_and_sells_in_one_go(stall: Stall) -> None:
    stall.world.writer.slots["brume-1"] = Slot(code="AB12-CD34")
    assert await stall.runs("--pair", "brume-1", typed=["ab12cd34", "1", "fruit-veg 1", "", "q"]) == 0
    assert "la carte règle 1,00 EUR, reste 0,00 EUR" in stall.screen.getvalue()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--card", "carla", "--lines", "fruit-veg 1"], "there is no card 'carla'"),
        (["--card", "alice", "--lines", "fruit-veg"], "fruit-veg 7,35"),
        (["--card", "alice", "--lines", ";"], "fruit-veg 7,35"),
    ],
)
async def test_a_mistyped_command_says_what_to_write(stall: Stall, words: list[str], told: str) -> None:
    stall.own()
    assert await stall.runs(*words) == 1
    assert told in stall.screen.getvalue()
    assert stall.world.writer.submissions == []


def test_a_box_keeps_its_counters_on_disk_before_a_tap_is_used(tmp_path: Path) -> None:
    box = CardBox.open(tmp_path / "cards.json")
    box.add("alice", ALICE)
    counters = []
    for _ in range(3):
        p, _c = CardBox.open(tmp_path / "cards.json").source("alice").tap()
        counters.append(read_picc(ALICE.k1, p)[1])
    assert counters == [1, 2, 3]
    assert stat.S_IMODE((tmp_path / "cards.json").stat().st_mode) == 0o600


def test_a_box_refuses_what_it_cannot_hold(tmp_path: Path) -> None:
    box = CardBox.open(tmp_path / "cards.json")
    box.add("alice", ALICE)
    with pytest.raises(BoxRefused, match="another name"):
        box.add("alice", ALICE)
    (tmp_path / "other.json").write_text('{"a": 1}')
    with pytest.raises(BoxRefused, match="not a box"):
        CardBox.open(tmp_path / "other.json")


def test_an_address_read_by_a_telephone_serves_once() -> None:
    address = World().card().url("caisse.example", BRUME)
    source = AddressTap(address)
    assert len(source.tap()[0]) == 16
    with pytest.raises(BadTap, match="paste the new one"):
        source.tap()


@pytest.mark.parametrize(
    ("typed", "cents"), [("a 7.35", 735), ("a 7,3", 730), ("a 7", 700), ("a 0.01", 1), ("a 9999999.99", 999_999_999)]
)
def test_amounts_are_read_to_the_cent(typed: str, cents: int) -> None:
    assert typed_line(typed).amount_cents == cents


@pytest.mark.parametrize(
    "typed", ["", "a", "7.35", "a 7.355", "a -1", "a 0", "a 1e3", "a b 1", "a ١", "a 7.", "a 99999999"]
)
def test_what_is_no_line_is_not_guessed_at(typed: str) -> None:
    with pytest.raises(NotALine):
        typed_line(typed)


def test_a_basket_on_the_command_line_has_lines_between_semicolons() -> None:
    assert [(line.category, line.amount_cents) for line in typed_basket("a 1; b 2.50;")] == [("a", 100), ("b", 250)]


@pytest.mark.parametrize("ending", Ending)
def test_each_ending_has_words_in_each_language(ending: Ending) -> None:
    shown = Shown(ending=ending, x=OperationId(bytes(16)), card_cents=Cents(0), rest_cents=Cents(1_205), text="why")
    french, english = said(shown, FRENCH), said(shown, ENGLISH)
    assert french != english
    assert "{" not in french + english
    assert (euros(1_205, FRENCH), euros(5, ENGLISH)) == ("12,05", "0.05")


@pytest.mark.parametrize("words", [FRENCH, ENGLISH])
def test_no_word_on_the_screen_carries_a_stigma(words: Words) -> None:
    spoken = set(re.findall(r"\w+", " ".join(str(text) for text in asdict(words).values()).lower()))
    assert spoken.isdisjoint(STIGMA)
