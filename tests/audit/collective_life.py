"""Law: one caisse in which collective accounts, orders, exceptions and second units all happened, for who reads its log."""

from dataclasses import dataclass, field
from typing import Any

from clearing.authoriser.client import TapFacts
from clearing.values import CardId
from clearing.wire.requests import CardUrl, Op, Request
from tests.living_caisse import AMINA, BRUNO
from tests.memory_log import Desk, MemoryLog, furnished

FIRST, SECOND = CardId(b"gout-card-first."), CardId(b"gout-card-second")
ALIASES = {"aline": (FIRST, "g-1"), "boris": (SECOND, "g-2")}


@dataclass
class Life:
    desk: Desk
    counters: dict[CardId, int] = field(default_factory=dict)

    @property
    def log(self) -> MemoryLog:
        return self.desk.log

    def tap(self, card: CardId) -> TapFacts:
        self.counters[card] = self.counters.get(card, 0) + 1
        return TapFacts(genuine=True, card=card, key_version=1, counter=self.counters[card])

    def confirm(self, hold: Request, card: CardId) -> None:
        """The second card's tap on a hold."""
        lines = {line.category: line.amount_cents for line in hold.lines}
        self.desk.ask(
            Op.DLV, lines, tap=self.tap(card), original=hold.x, card=CardUrl(bytes(16), bytes(8))  # type: ignore[arg-type]
        )


def collective_life() -> Life:
    desk = furnished()
    desk.pass_time()
    life = Life(desk)
    collective_accounts(desk)
    _at_the_till(life)
    _orders(desk)
    _units(desk)
    desk.log.sign_head()
    return life


def collective_accounts(desk: Desk) -> None:
    desk.order(BRUNO, "admit_members", {"members": [{"member": "gout", "groups": []}, {"member": "spa", "groups": []}]})
    desk.order(AMINA, "open_fund", {"fund": "safety", "kind": "guarantee", "name": "Guarantee", "advance_cents": 0})
    desk.order(AMINA, "receive_money", {"fund": "safety", "cents": 50_000, "reference": "line 7"})
    for number, account in enumerate(("gout", "spa")):
        desk.order(AMINA, "propose_account", {"account": account, "two_person_cents": 20_000})
        desk.order(BRUNO, "open_account", {"account": account, "two_person_cents": 20_000})
        desk.order(BRUNO, "credit_purse", {
            "member": account, "purse": "credit", "fund": "general", "cents": 200_000, "reference": "subsidy"
        })  # fmt: skip
        for mandatary, (card, alias) in ALIASES.items():
            name, own = f"{alias}-{account}", CardId(card if not number else card[:-1] + b"!")
            desk.order(BRUNO, "issue_cards", {
                "cards": [{"card": own, "key_version": 1, "member": account, "alias": name}]
            })  # fmt: skip
            mandate: dict[str, object] = {
                "account": account, "mandatary": mandatary, "alias": name, "purchase_cents": 50_000, "month_cents": 90_000,
            }  # fmt: skip
            desk.order(AMINA, "propose_mandatary", mandate)
            desk.order(BRUNO, "name_mandatary", mandate)


def _at_the_till(life: Life) -> None:
    desk = life.desk
    desk.ask(Op.SALE, {"fruit-veg": 5_000}, tap=life.tap(FIRST))
    desk.ask(Op.SALE, {"fruit-veg": 25_000}, tap=life.tap(FIRST))  # too much for one tap
    hold, _ = desk.ask(Op.AUTH, {"fruit-veg": 25_000}, tap=life.tap(FIRST))
    desk.ask(Op.CAP, {"fruit-veg": 25_000}, original=hold.x)  # nobody confirmed it yet
    life.confirm(hold, FIRST)  # the same mandatary
    life.confirm(hold, SECOND)
    desk.ask(Op.CAP, {"fruit-veg": 24_000}, original=hold.x)
    late, _ = desk.ask(Op.AUTH, {"animal": 1_000})
    desk.pass_time(days=9)
    desk.tick()
    desk.ask(Op.CAP, {"animal": 900}, original=late.x)  # stands in the list
    desk.ask(Op.CAP, {"animal": 900}, original=late.x)  # so does this
    places = sorted(desk.book.exceptions.open)
    for place, how, consent in zip(places, ("accepted", "refused"), (False, False), strict=True):
        end: dict[str, object] = {"exception": place, "how": how, "consent": consent}
        desk.order(BRUNO, "propose_exception_end", {**end, "reason": "the goods had left"})
        desk.order(AMINA, "resolve_exception", end)
    desk.order(AMINA, "propose_revocation", {"account": "spa", "mandatary": "boris"})
    desk.order(BRUNO, "revoke_mandatary", {"account": "spa", "mandatary": "boris"})


def _orders(desk: Desk) -> None:
    place: dict[str, Any] = {"account": "gout", "mandatary": "aline", "seller": "field"}
    lines = [
        {"category": "fruit-veg", "cents": 20_000, "product": "leek", "qty_milli": 10_000},
        {"category": "fruit-veg", "cents": 9_000, "product": "kale"}, {"category": "fruit-veg", "cents": 100},
    ]  # fmt: skip
    desk.order(AMINA, "place_order", {**place, "order": "o-1", "lines": lines})
    desk.order(BRUNO, "confirm_order", {"order": "o-1", "mandatary": "boris"})
    desk.order(BRUNO, "dispute_line", {"order": "o-1", "line": 1, "reason": "wilted"})
    desk.order(BRUNO, "note_delivery", {
        "order": "o-1", "side": "buyer", "document": "bl-1", "lines": [{"line": 0, "qty_milli": 9_500}]
    })  # fmt: skip
    end: dict[str, object] = {"order": "o-1", "line": 1, "cents": 4_500}
    desk.order(BRUNO, "propose_dispute_end", {**end, "reason": "half was good"})
    desk.order(AMINA, "resolve_dispute", end)
    desk.order(AMINA, "cancel_order", {"order": "o-1"})
    spa = {"account": "spa", "mandatary": "aline", "qty_milli": 25_000}
    joint: dict[str, object] = {
        "joint": "j-1", "seller": "field", "category": "fruit-veg", "product": "potato", "cents": 10_000,
        "parts": [{"account": "gout", "mandatary": "boris", "qty_milli": 50_000}, spa],
    }  # fmt: skip
    assert "Part 2, spa" in desk.command(AMINA, "place_joint_order", joint).why  # one mandatary is left
    mandate = {"account": "spa", "mandatary": "boris", "alias": "g-2-spa", "purchase_cents": 1, "month_cents": 1}
    desk.order(AMINA, "propose_mandatary", dict(mandate))
    desk.order(BRUNO, "name_mandatary", dict(mandate))
    desk.order(AMINA, "place_joint_order", joint)
    desk.order(BRUNO, "note_delivery", {"order": "j-1.2", "side": "producer", "document": "bl-2"})


def _units(desk: Desk) -> None:
    desk.order(AMINA, "open_unit", {"unit": "gemme", "name": "Gemme"})
    desk.order(BRUNO, "issue_unit", {"unit": "gemme", "pieces": 12, "holder": "member:m-1", "reference": "help in the garden"})
    desk.order(BRUNO, "move_units", {"unit": "gemme", "moves": [
        {"giver": "member:m-1", "taker": "producer:field", "pieces": 5, "reference": "market"},
        {"giver": "member:m-1", "taker": "member:m-2", "pieces": 7, "reference": "gift"},
    ]})  # fmt: skip
    desk.order(BRUNO, "take_back_unit", {"unit": "gemme", "pieces": 5, "holder": "producer:field", "reference": "June"})
