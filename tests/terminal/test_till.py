import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from rich.console import Console

from clearing.events.codes import Code, till_code
from clearing.terminal.queue import TerminalQueue
from clearing.terminal.terminal import Ending, ReferenceTerminal, Shown, TapSource
from clearing.terminal.till import AddressTap, Ask, NoSuchCard, Till
from clearing.terminal.words import ENGLISH, FRENCH, NotALine, Words, euros, said, typed_basket, typed_line
from clearing.values import Cents, OperationId
from clearing.wire.frame import FrameType, open_envelope
from clearing.wire.requests import Op, op_of, parse_request
from clearing.wire.signature import verify
from clearing.wire.tap import BadTap
from tests.stall_world import BRUME, KEY, World
from tests.terminal.links import IDENTITY, Fate, TillClock, UncertainLink

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


class Stall:
    """A till on a file, two cards beside it, and what its screen said."""

    def __init__(self, queue: TerminalQueue, link: UncertainLink, world: World) -> None:
        self.world, self.queue, self.link = world, queue, link
        self.screen = io.StringIO()
        self.cards: dict[str, TapSource] = {"alice": world.card(1, cents=1_000), "bruno": world.card(2, cents=0)}

    def till(self, *typed: str, words: Words = FRENCH, card: str | None = None) -> Till:
        terminal = ReferenceTerminal(IDENTITY, self.queue, self.link, TillClock())
        console = Console(file=self.screen, width=200, highlight=False)
        return Till(terminal, self.cards, words, console, self.keyboard(typed), card=card)

    def keyboard(self, typed: Sequence[str]) -> Ask:
        left = list(typed)

        async def ask(prompt: str) -> str:
            self.screen.write(prompt)
            if not left:
                raise EOFError
            return left.pop(0)

        return ask

    @property
    def text(self) -> str:
        return self.screen.getvalue()


def box(card: str, rest: str) -> str:
    """What the box of a French till says, without its frame."""
    return f"{FRENCH.card_pays} {card} EUR {FRENCH.left_to_pay} {rest} EUR"


def flat(screen: str) -> str:
    return " ".join(re.sub("[│╭╮╰╯─]", " ", screen).split())


@pytest.fixture
def stall(link: UncertainLink, world: World, tmp_path: Path) -> Iterator[Stall]:
    queue = TerminalQueue.open(tmp_path / "till.sqlite")
    yield Stall(queue, link, world)
    queue.close()


async def test_one_basket_shows_the_two_amounts(stall: Stall) -> None:
    assert await stall.till().sell_once("alice", "fruit-veg 7.35") == 0
    assert stall.text == "la carte règle 7,35 EUR, reste 0,00 EUR\n"


async def test_a_declined_card_is_told_in_the_same_two_amounts(stall: Stall) -> None:
    assert await stall.till(words=ENGLISH).sell_once("bruno", "fruit-veg 12") == 0
    assert stall.text == "the card pays 0.00 EUR, 12.00 EUR left\n"


async def test_a_person_sells_undoes_and_leaves(stall: Stall) -> None:
    typed = ["fruit-veg 7,35", "soap", "oil 3", "-", "soap 2,90", "", "nobody", "", "1", "a", "a", "", "q"]
    assert await stall.till(*typed).sell_until_closed() == 0
    assert box("10,00", "0,25") in flat(stall.text)
    for once in (FRENCH.not_a_line, FRENCH.undone.format(card="10,00"), FRENCH.nothing_to_undo, FRENCH.no_lines):
        assert stall.text.count(once) == 1
    assert "pas de carte « nobody » ici ; il y a : alice, bruno" in stall.text
    assert stall.text.count("panier 7,35 EUR > ") == 3
    assert 1_000 in stall.world.writer.purses.values()


async def test_the_card_that_was_named_at_the_start_pays_every_basket(stall: Stall) -> None:
    await stall.till("fruit-veg 7,35; soap 1", "", "fruit-veg=1", "", card="alice").sell_until_closed()
    assert box("8,35", "0,00") in flat(stall.text)
    assert box("1,00", "0,00") in flat(stall.text)
    with pytest.raises(NoSuchCard):
        await stall.till(card="carla").sell_until_closed()


async def test_a_decline_looks_like_any_other_sale(stall: Stall) -> None:
    await stall.till("fruit-veg 12", "", "alice", "fruit-veg 9", "", "bruno").sell_until_closed()
    assert box("10,00", "2,00") in flat(stall.text)
    assert box("0,00", "9,00") in flat(stall.text)
    assert len(set(re.findall("╭─+╮", stall.text))) == 1


async def test_a_basket_is_kept_when_its_card_cannot_be_read(stall: Stall) -> None:
    stall.cards["worn"] = AddressTap("https://elsewhere.example/")
    await stall.till("fruit-veg 2", "", "worn", "", "alice").sell_until_closed()
    assert "this is not a card of a food caisse" in stall.text
    assert box("2,00", "0,00") in flat(stall.text)


async def test_the_last_sale_can_be_undone_after_the_till_was_switched_off(stall: Stall) -> None:
    await stall.till().sell_once("alice", "fruit-veg 7.35")
    await stall.till("a").sell_until_closed()
    assert FRENCH.undone.format(card="7,35") in stall.text
    assert 1_000 in stall.world.writer.purses.values()


async def test_undoing_never_reaches_behind_the_last_sale(stall: Stall) -> None:
    await stall.till("fruit-veg 2", "", "alice", "fruit-veg 2", "", "bruno", "a").sell_until_closed()
    assert FRENCH.nothing_to_undo in stall.text


async def test_of_many_cards_the_first_nine_are_listed(stall: Stall) -> None:
    stall.cards |= {f"card-{number}": stall.cards["alice"] for number in range(20)}
    await stall.till("fruit-veg 2", "", "12", "", "card-19").sell_until_closed()
    assert "et 13 autres" in stall.text
    assert "pas de carte « 12 » ici" in stall.text
    assert box("2,00", "0,00") in flat(stall.text)


async def test_the_till_shows_its_last_sale_when_it_is_switched_on_again(stall: Stall) -> None:
    await stall.till().sell_once("alice", "fruit-veg 7.35")
    await stall.till().sell_until_closed()
    assert "dernière vente faite ici : la carte règle 7,35 EUR, reste 0,00 EUR" in stall.text


async def test_a_refused_message_is_told_with_what_to_do(stall: Stall) -> None:
    stall.world.directory._terminals.clear()
    assert await stall.till().sell_once("alice", "fruit-veg 7.35") == 1
    assert "non enregistré : This key is not accepted here. Pair the terminal again" in stall.text


async def test_the_address_that_a_telephone_read_pays_once(stall: Stall) -> None:
    address = stall.world.card(3, cents=500).url("caisse.example", BRUME)
    typed = ["fruit-veg 2", "", address, "fruit-veg 3", "", "https://elsewhere.example/"]
    await stall.till(*typed).sell_until_closed()
    assert box("2,00", "0,00") in flat(stall.text)
    assert "this is not a card of a food caisse" in stall.text


@pytest.mark.parametrize(
    ("card", "basket", "fault"),
    [("carla", "fruit-veg 1", NoSuchCard), ("alice", "fruit-veg", NotALine), ("alice", ";", NotALine)],
)
async def test_a_mistyped_command_sells_nothing(stall: Stall, card: str, basket: str, fault: type[Exception]) -> None:
    with pytest.raises(fault):
        await stall.till().sell_once(card, basket)
    assert stall.world.writer.submissions == []


def test_an_address_serves_once() -> None:
    source = AddressTap(World().card().url("caisse.example", BRUME))
    assert len(source.tap()[0]) == 16
    with pytest.raises(BadTap, match="paste the new one"):
        source.tap()


@pytest.mark.parametrize(
    ("typed", "cents"), [("a 7.35", 735), ("a 7,3", 730), ("a 7", 700), ("A=0.01", 1), ("a 9999999.99", 999_999_999)]
)
def test_amounts_are_read_to_the_cent(typed: str, cents: int) -> None:
    assert typed_line(typed).amount_cents == cents


@pytest.mark.parametrize(
    "typed", ["", "a", "7.35", "a 7.355", "a -1", "a 0", "a 1e3", "a b 1", "a ١", "é 1", "a=1=2", "a 7.", "a 99999999"]
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


def test_a_seller_is_told_what_to_do_when_the_two_amounts_do_not_say_it() -> None:
    shown = Shown(ending=Ending.DECIDED, x=OperationId(bytes(16)), card_cents=Cents(0), rest_cents=Cents(100))
    assert said(replace(shown, code=Code.DECLINED), FRENCH) == "la carte règle 0,00 EUR, reste 1,00 EUR"
    assert said(replace(shown, code=Code.CARD_UNKNOWN), FRENCH).endswith("(carte inconnue)")
    assert FRENCH.notes.keys() == ENGLISH.notes.keys()
    assert all(till_code(code) is code for code in FRENCH.notes)


@pytest.mark.parametrize("words", [FRENCH, ENGLISH])
def test_no_word_on_the_screen_carries_a_stigma(words: Words) -> None:
    spoken = set(re.findall(r"\w+", " ".join(str(text) for text in asdict(words).values()).lower()))
    assert spoken.isdisjoint(STIGMA)


async def test_a_contracts_basket_is_fetched_by_a_tap_and_costs_nothing(stall: Stall) -> None:
    await stall.till("c legumes-12", "alice", "c legumes-12 fruit-veg 2,57", "alice").sell_until_closed()
    assert stall.text.count("panier du contrat legumes-12 : remis") == 2
    assert stall.link.paths() == ["/v1/deliver", "/v1/deliver"]
    assert sorted(stall.world.writer.purses.values()) == [0, 1_000]


async def test_a_basket_that_is_not_to_be_handed_over_is_said_with_its_note(stall: Stall) -> None:
    stall.cards["stranger"] = stall.world.card(9, cents=None)
    await stall.till("c veg-12", "stranger", words=ENGLISH).sell_until_closed()
    assert "not to be handed over today (card unknown)" in stall.text


async def test_a_mistyped_contract_costs_a_line_and_no_tap(stall: Stall) -> None:
    await stall.till("c ", "c Légumes 12", "alice", "c veg-12 two", "alice", "c veg-12", "zoe").sell_until_closed()
    assert stall.link.sent == []
    assert "c legumes-12 legumes 2,57" in stall.text
    assert "zoe" in stall.text


async def test_a_basket_without_an_answer_is_sent_again_later_with_the_same_bytes(stall: Stall) -> None:
    stall.link.fates[:] = [Fate.REQUEST_LOST] * 40
    await stall.till("c veg-12", "alice").sell_until_closed()
    assert FRENCH.waits in stall.text
    stall.link.fates.clear()
    before = set(stall.link.sent)
    terminal = ReferenceTerminal(IDENTITY, stall.queue, stall.link, TillClock())
    assert await terminal.resume() == 0
    assert set(stall.link.sent) == before


def asked_prices(link: UncertainLink) -> list[int | None]:
    """The price in each sale that was sent."""
    frames = [verify(open_envelope(raw, frame_bytes_max=4_096), FrameType.TERM_REQ, KEY.public) for _, raw in link.sent]
    return [parse_request(one, Op.SALE).price_choice for one in frames if op_of(one.payload) is Op.SALE]


@pytest.mark.row(21)
async def test_the_price_that_a_customer_chose_goes_with_her_sale_and_with_no_other(stall: Stall) -> None:
    first, second = ("prix 125", "fruit-veg 2", "", "alice"), ("fruit-veg 1", "", "alice")
    await stall.till(*first, *second, "fruit-veg 1", "price 65 %", "prix 0", "", "alice").sell_until_closed()
    await stall.till(words=ENGLISH).sell_once("alice", "fruit-veg 1", price=65)
    assert "prix choisi : 125 %" in stall.text
    assert stall.text.count(FRENCH.not_a_line) == 1
    assert asked_prices(stall.link) == [125, None, 65, 65]


async def test_the_price_chosen_is_kept_with_a_basket_whose_card_cannot_be_read(stall: Stall) -> None:
    stall.cards["worn"] = AddressTap("https://elsewhere.example/")
    await stall.till("fruit-veg 2", "price 65", "", "worn", "", "alice").sell_until_closed()
    assert asked_prices(stall.link) == [65]
