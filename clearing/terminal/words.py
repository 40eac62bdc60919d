"""Law: a till says two amounts: what the card pays and what is left. No word on it tells who somebody is or what they have.

Source: domain.md section 2, rule 10, and section 3, row 2.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from clearing.events.basket import Line
from clearing.events.codes import Code
from clearing.terminal.held import ENDED
from clearing.terminal.terminal import Ending, Shown
from clearing.values import ID_FORM, CategoryId, Cents, ProducerId
from clearing.wire.requests import Op

_SHARES: Final = {"draw": Op.DRAW, "remise": Op.DRAW, "give": Op.GIVE, "don": Op.GIVE}
_SHARE: Final = re.compile(rf"({'|'.join(_SHARES)})[ =]+([1-9][0-9]{{0,2}})(?: ?%)?")
_PRICE: Final = re.compile(r"(?:price|prix)[ =]+([1-9][0-9]{0,2})(?: ?%)?")
_ORDER_KEYS: Final = frozenset({"p", "x", "d"})
_LINE: Final = re.compile(
    r"(?P<category>[^\s=]+)[\s=]\s*(?P<euros>[0-9]{1,7})(?:[.,](?P<cents>[0-9]{1,2}))?"
    r"(?:\s+x(?P<units>[0-9]{1,5})(?:[.,](?P<milli>[0-9]{1,3}))?)?(?:\s+@(?P<payee>[a-z0-9][a-z0-9._-]{0,39}))?"
)


class NotALine(ValueError):
    """What was typed is no line of a basket; say Words.not_a_line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Every text of a till in one language. amounts: {card} and {rest}; decimal: the sign between euros and cents.

    first_line, next_line, which_card: prompts, with the blank after them. drawn, given: of a draw ({card}: the
    reduction) and of a give ({card}: for the fund, {cash}: to take in all). order_*: of goods that are held on a card until
    they are handed over. notes: what a seller can do about an answer, the
    same for every card (docs/DECLINE_REASONS.md, column "what the till shows").
    """

    decimal: str
    amounts: str
    card_pays: str
    left_to_pay: str
    no_answer: str
    waits: str
    refused: str
    drawn: str
    given: str
    price_chosen: str
    undone_drawn: str
    undone: str
    nothing_to_undo: str
    cards: str
    more_cards: str
    first_line: str
    next_line: str
    which_card: str
    asking: str
    fetched: str
    not_fetched: str
    which_contract: str
    order_kept: str
    order_line: str
    orders: str
    no_orders: str
    no_such_order: str
    type_what_came: str
    order_done: str
    order_cancelled: str
    order_confirmed: str
    order_stays: str
    order_over: str
    still_to_send: str
    not_a_line: str
    no_lines: str
    help: str
    last: str
    no_such_card: str
    notes: Mapping[Code, str]


FRENCH: Final = Words(
    decimal=",",
    amounts="la carte règle {card} EUR, reste {rest} EUR",
    card_pays="la carte règle",
    left_to_pay="reste à régler",
    no_answer="pas de réponse de la caisse : la carte n'a rien réglé, reste {rest} EUR",
    waits="sans réponse pour l'instant : ce sera envoyé dès que la caisse répond",
    refused="non enregistré : {text}",
    drawn="réduction {card} EUR, reste à régler {rest} EUR",
    given="à encaisser {cash} EUR, dont {card} EUR pour le fonds",
    price_chosen="prix choisi : {percent} %",
    undone_drawn="annulé : {card} EUR",
    undone="vente annulée : {card} EUR rendus à la carte",
    nothing_to_undo="aucune vente à annuler ici",
    cards="Cartes",
    more_cards="et {number} autres : taper leur nom",
    first_line="nouveau panier > ",
    next_line="panier {total} EUR > ",
    which_card="carte (nom, numéro ou adresse lue ; vide = revenir au panier) > ",
    asking="la carte est lue, un instant...",
    fetched="panier du contrat {contract} : remis",
    not_fetched="panier du contrat {contract} : pas remis aujourd'hui{note}",
    which_contract="écrire le contrat, par exemple : c legumes-12   ou avec ce qui est remis : c legumes-12 legumes 2,57",
    order_kept="commande {number} : {card} EUR réservés sur la carte   (remettre : p {number}   annuler : x {number})",
    order_line="{number}   du {day} : {goods} EUR, dont {card} EUR réservés sur la carte",
    orders="Commandes à remettre",
    no_orders="aucune commande à remettre ici",
    no_such_order="pas de commande « {typed} » à remettre ici ; les voir : o",
    type_what_came="taper d'abord ce qui est remis, au poids réel, puis : p {number}   (rien n'est remis : x {number})",
    order_done="commande {number} remise",
    order_cancelled="commande {number} annulée : {card} EUR rendus à la carte",
    order_confirmed="commande {number} : la deuxième carte est d'accord, elle peut être remise",
    order_stays="commande {number} pas encore remise : ce n'est pas ce qui est réservé, ou plus que permis, ou la deuxième "
    "carte manque (d {number}) ; elle reste réservée",
    order_over="commande {number} : trop tard, elle n'est plus réservée ; noter ce qui est remis et appeler la caisse",
    still_to_send="{number} messages de ce terminal attendent la caisse ; ils partent avec la prochaine vente.",
    not_a_line="écrire une catégorie et un montant, par exemple : fruit-veg 7,35",
    no_lines="panier vide : rien n'a été vendu",
    help="Taper le panier ligne par ligne, par exemple : fruit-veg 7,35   Une ligne vide appelle la carte.\n"
    "panier 24,00 x2 = deux unités   legumes 12,00 @ferme = à payer à un autre point de vente\n"
    "remise 20 = réduction de 20 %   don 125 = prix payé 125 %   (coupon 3 puis don 100 = vendre 3 EUR de coupons)\n"
    "prix 65 = la carte règle 65 % du prix, là où plusieurs prix sont votés   (prix 100 = de nouveau le prix entier)\n"
    "h = garder le panier comme commande   o = commandes à remettre   p N = remettre la N au poids réel   "
    "x N = l'annuler   d N = deuxième carte\n"
    "- = retirer la dernière ligne   a = annuler la dernière vente   c CONTRAT = remettre un panier   q = quitter",
    last="dernière vente faite ici : {said}",
    no_such_card="pas de carte « {typed} » ici ; il y a : {names}",
    notes={
        Code.LEDGER_UNAVAILABLE: "la caisse ne peut pas répondre maintenant",
        Code.INTERNAL_ERROR: "erreur de notre côté : refaire la vente",
        Code.IMPLAUSIBLE_TIME: "l'heure de ce terminal est fausse : la mettre à l'heure, refaire la vente",
        Code.TERMINAL_SUSPENDED: "ce terminal est suspendu : appeler la caisse",
        Code.NO_CONVENTION: "pas de convention en vigueur : appeler la caisse",
        Code.TAP_VIOLATION: "présenter la carte encore une fois",
        Code.CARD_UNKNOWN: "carte inconnue",
    },
)
ENGLISH: Final = Words(
    decimal=".",
    amounts="the card pays {card} EUR, {rest} EUR left",
    card_pays="the card pays",
    left_to_pay="left to pay",
    no_answer="no answer from the caisse: the card paid nothing, {rest} EUR left",
    waits="no answer yet: it will be sent as soon as the caisse answers",
    refused="not recorded: {text}",
    drawn="reduction {card} EUR, {rest} EUR left to pay",
    given="take {cash} EUR, {card} EUR of it for the fund",
    price_chosen="price chosen: {percent} %",
    undone_drawn="undone: {card} EUR",
    undone="sale undone: {card} EUR back on the card",
    nothing_to_undo="there is no sale to undo here",
    cards="Cards",
    more_cards="and {number} more: type their name",
    first_line="new basket > ",
    next_line="basket {total} EUR > ",
    which_card="card (name, number or the address it showed; empty = back to the basket) > ",
    asking="the card is being read, a moment...",
    fetched="basket of the contract {contract}: handed over",
    not_fetched="basket of the contract {contract}: not to be handed over today{note}",
    which_contract="write the contract, such as: c veg-12   or with what is handed over: c veg-12 veg 2.57",
    order_kept="order {number} kept: {card} EUR reserved on the card   (hand over: p {number}   cancel: x {number})",
    order_line="{number}   of {day}: {goods} EUR, {card} EUR of it reserved on the card",
    orders="Orders to hand over",
    no_orders="no order to hand over here",
    no_such_order="there is no order '{typed}' to hand over here; to see them: o",
    type_what_came="type first what is handed over, as weighed, then: p {number}   (nothing is: x {number})",
    order_done="order {number} handed over",
    order_cancelled="order {number} cancelled: {card} EUR back on the card",
    order_confirmed="order {number}: the second card agrees, it can be handed over",
    order_stays="order {number} not handed over yet: it is not what is reserved, or more than allowed, or the second card is "
    "missing (d {number}); it stays reserved",
    order_over="order {number}: too late, it is reserved no more; note what is handed over and call the caisse",
    still_to_send="{number} messages of this terminal wait for the caisse; they are sent with the next sale.",
    not_a_line="write a category and an amount, such as: fruit-veg 7.35",
    no_lines="empty basket: nothing was sold",
    help="Type the basket line by line, such as: fruit-veg 7.35   An empty line calls for the card.\n"
    "basket 24.00 x2 = two units   veg 12.00 @farm = owed to another outlet\n"
    "draw 20 = a reduction of 20 %   give 125 = 125 % of the price paid   (coupon 3 then give 100 = sell coupons of 3 EUR)\n"
    "price 65 = the card pays 65 % of the price, where several prices are voted   (price 100 = the whole price again)\n"
    "h = keep the basket as an order   o = orders to hand over   p N = hand order N over as weighed   x N = cancel it   "
    "d N = second card\n"
    "- = take back the last line   u = undo the last sale   c CONTRACT = hand over a basket   q = quit",
    last="last sale at this till: {said}",
    no_such_card="there is no card '{typed}' here; there are: {names}",
    notes={
        Code.LEDGER_UNAVAILABLE: "the caisse can't answer now",
        Code.INTERNAL_ERROR: "a fault on our side: sell again",
        Code.IMPLAUSIBLE_TIME: "this terminal's clock is wrong: set it, sell again",
        Code.TERMINAL_SUSPENDED: "this terminal is suspended: call the caisse",
        Code.NO_CONVENTION: "no convention in force: call the caisse",
        Code.TAP_VIOLATION: "please tap the card again",
        Code.CARD_UNKNOWN: "card unknown",
    },
)
LANGUAGES: Final = {"fr": FRENCH, "en": ENGLISH}


def euros(amount_cents: int, words: Words) -> str:
    """Cents as people write them: 735 -> 7,35."""
    whole, part = divmod(amount_cents, 100)
    return f"{whole}{words.decimal}{part:02d}"


def noted(shown: Shown, words: Words) -> str:
    """What a seller can do about this answer; empty when the two amounts say all."""
    return words.notes.get(shown.code, "") if shown.code is not None else ""


def said(shown: Shown, words: Words) -> str:
    """The one sentence for what happened."""
    amounts = {"card": euros(shown.card_cents, words), "rest": euros(shown.rest_cents, words),
               "cash": euros(shown.card_cents + shown.rest_cents, words)}  # fmt: skip
    match shown.ending:
        case Ending.DECIDED:
            note = noted(shown, words)
            return _amounts(shown, words).format(**amounts) + (f" ({note})" if note else "")
        case Ending.NO_ANSWER:
            return words.no_answer.format(**amounts)
        case Ending.QUEUED:
            return words.waits
        case Ending.REFUSED:
            return words.refused.format(text=shown.text)


def _amounts(shown: Shown, words: Words) -> str:
    return {Op.DRAW: words.drawn, Op.GIVE: words.given}.get(shown.op, words.amounts)


def typed_share(text: str) -> tuple[Op, int] | None:
    """'draw 20', 'remise 20', 'give 125', 'don 125' -> what is asked and its percent; None for anything else."""
    found = _SHARE.fullmatch(text.strip().lower())
    return None if found is None else (_SHARES[found[1]], int(found[2]))


def typed_order(text: str) -> tuple[str, str] | None:
    """'p 12', 'x 12', 'd 12' -> the key and what was typed after it; None for anything else."""
    key, blank, rest = text.strip().partition(" ")
    return (key.lower(), rest.strip()) if blank and key.lower() in _ORDER_KEYS else None


def told_order(number: int, shown: Shown, words: Words) -> str:
    """The one sentence for an order that was handed over."""
    if shown.ending is not Ending.DECIDED:
        return said(shown, words)
    if shown.code in (Code.APPROVED, Code.PARTIAL):
        return words.order_done.format(number=number)
    note = noted(shown, words)
    text = words.order_over if shown.code in ENDED else words.order_stays
    return text.format(number=number) + (f" ({note})" if note else "")


def typed_price(text: str) -> int | None:
    """'price 65', 'prix 125 %' -> percent of the price that the customer chose; None for anything else."""
    found = _PRICE.fullmatch(text.strip().lower())
    return None if found is None else int(found[1])


def told_delivery(contract: str, shown: Shown, words: Words) -> str:
    """The one sentence for a contract's basket."""
    if shown.ending is not Ending.DECIDED:
        return said(shown, words)
    note = noted(shown, words)
    text = words.fetched if shown.code is Code.APPROVED else words.not_fetched
    return text.format(contract=contract, note=f" ({note})" if note else "")


def typed_line(text: str) -> Line:
    """'fruit-veg 7,35' or 'fruit-veg=7.35', with 'x2' for a number of units where a price is by the unit, '@mill' for another
    payee than the stall -> a line of a basket. Raises NotALine."""
    found = _LINE.fullmatch(text.strip().lower())
    if found is None or not ID_FORM.fullmatch(found["category"]):
        raise NotALine(text)
    amount_cents = int(found["euros"]) * 100 + int((found["cents"] or "").ljust(2, "0"))
    if amount_cents == 0:
        raise NotALine(text)
    qty_milli = None
    if found["units"] is not None:
        qty_milli = int(found["units"]) * 1_000 + int((found["milli"] or "").ljust(3, "0"))
        if qty_milli == 0:
            raise NotALine(text)
    payee = None if found["payee"] is None else ProducerId(found["payee"])
    return Line(category=CategoryId(found["category"]), amount_cents=Cents(amount_cents), payee=payee, qty_milli=qty_milli)


def typed_basket(text: str) -> tuple[Line, ...]:
    """'fruit-veg 7.35; animal 12' -> lines. Raises NotALine, also for an empty basket."""
    lines = tuple(typed_line(part) for part in text.split(";") if part.strip())
    if not lines:
        raise NotALine(text)
    return lines
