"""Law: a till says two amounts: what the card pays and what is left. No word on it tells who somebody is or what they have.

Source: domain.md section 2, rule 10, and section 3, row 2.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from clearing.events.basket import Line
from clearing.events.codes import Code
from clearing.terminal.terminal import Ending, Shown
from clearing.values import ID_FORM, CategoryId, Cents
from clearing.wire.requests import Op

_SHARES: Final = {"draw": Op.DRAW, "remise": Op.DRAW, "give": Op.GIVE, "don": Op.GIVE}
_SHARE: Final = re.compile(rf"({'|'.join(_SHARES)})[ =]+([1-9][0-9]{{0,2}})(?: ?%)?")
_PRICE: Final = re.compile(r"(?:price|prix)[ =]+([1-9][0-9]{0,2})(?: ?%)?")
_AMOUNT: Final = re.compile(r"([0-9]{1,7})(?:[.,]([0-9]{1,2}))?")


class NotALine(ValueError):
    """What was typed is no line of a basket; say Words.not_a_line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Every text of a till in one language. amounts: {card} and {rest}; decimal: the sign between euros and cents.

    first_line, next_line, which_card: prompts, with the blank after them. drawn, given: of a draw ({card}: the
    reduction) and of a give ({card}: for the fund, {cash}: to take in all). notes: what a seller can do about an answer, the
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
    still_to_send="{number} messages de ce terminal attendent la caisse ; ils partent avec la prochaine vente.",
    not_a_line="écrire une catégorie et un montant, par exemple : fruit-veg 7,35",
    no_lines="panier vide : rien n'a été vendu",
    help="Taper le panier ligne par ligne, par exemple : fruit-veg 7,35   Une ligne vide appelle la carte.\n"
    "remise 20 = réduction de 20 %   don 125 = prix payé 125 %   (coupon 3 puis don 100 = vendre 3 EUR de coupons)\n"
    "prix 65 = la carte règle 65 % du prix, là où plusieurs prix sont votés   (prix 100 = de nouveau le prix entier)\n"
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
    still_to_send="{number} messages of this terminal wait for the caisse; they are sent with the next sale.",
    not_a_line="write a category and an amount, such as: fruit-veg 7.35",
    no_lines="empty basket: nothing was sold",
    help="Type the basket line by line, such as: fruit-veg 7.35   An empty line calls for the card.\n"
    "draw 20 = a reduction of 20 %   give 125 = 125 % of the price paid   (coupon 3 then give 100 = sell coupons of 3 EUR)\n"
    "price 65 = the card pays 65 % of the price, where several prices are voted   (price 100 = the whole price again)\n"
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
    """'fruit-veg 7,35' or 'fruit-veg=7.35' -> a line of a basket. Raises NotALine."""
    parts = text.lower().replace("=", " ").split()
    amount = _AMOUNT.fullmatch(parts[-1]) if len(parts) == 2 else None
    if amount is None or not ID_FORM.fullmatch(parts[0]):
        raise NotALine(text)
    amount_cents = int(amount[1]) * 100 + int((amount[2] or "").ljust(2, "0"))
    if amount_cents == 0:
        raise NotALine(text)
    return Line(category=CategoryId(parts[0]), amount_cents=Cents(amount_cents))


def typed_basket(text: str) -> tuple[Line, ...]:
    """'fruit-veg 7.35; animal 12' -> lines. Raises NotALine, also for an empty basket."""
    lines = tuple(typed_line(part) for part in text.split(";") if part.strip())
    if not lines:
        raise NotALine(text)
    return lines
