"""Law: whatever waits for a person leads to the page where it is done, with what is known already filled in.

What waits is told by rules/telling/waiting.py with the command line's words; here they become a verb and its fields.
"""

import shlex
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode

from clearing.authoriser.forms import FORMS
from clearing.console.inputs import as_typed
from clearing.console.pages import Visit
from clearing.rules.book import Book
from clearing.values import CaisseCode, MemberId, OperationId, PersonId, Position

Body = dict[str, object]


class Way(NamedTuple):
    """verb: of the form that does it. fields: what the words after the command name, in order; options: by their option."""

    verb: str
    fields: tuple[str, ...] = ()
    options: Mapping[str, str] = {}


WAYS: Final[Mapping[str, Way]] = {
    "decision approve": Way("approve_decision", ("decision",)),
    "person confirm": Way("confirm_person", ("person",)),
    "opening accept": Way("accept_opening"), "contract list": Way("pay_instalment"),
    "caisse own-paid": Way("own_money_paid", ("member",)),
    "caisse rest-paid": Way("rest_paid", ("fund",)),
    "collective open": Way("open_account", ("account",)),
    "collective name": Way("name_mandatary", ("account", "mandatary")),
    "collective revoke": Way("revoke_mandatary", ("account", "mandatary")),
    "producer bank-approve": Way("approve_bank_details"),
    "grant": Way("grant", ("period",), {"--rule": "rule"}),
    "fund transfer-confirm": Way("confirm_transfer", ("transfer",)),
    "subsidy return-confirm": Way("confirm_repayment", ("repayment",)),
    "subsidy paid": Way("repayment_paid", ("repayment",)),
    "taxreceipt enter": Way("enter_legal_basis"),
    "deposit confirm": Way("confirm_deposit", ("deposit",)),
    "deposit count": Way("count_deposit", ("account",)),
    "member paid-back": Way("confirm_pay_back", ("member",)),
    "member pay-back": Way("propose_pay_back", ("member",)),
    "contract refund": Way("refund_contract", ("contract",)),
    "contract takeover": Way("take_over_fund_part", ("contract",)),
    "contract shrink": Way("shrink_contract", ("contract",)),
    "order settle": Way("propose_dispute_end", ("order", "line")),
    "order agree": Way("resolve_dispute", ("order", "line")),
    "order confirm": Way("confirm_order", ("order",)),
    "order cancel": Way("cancel_order", ("order",)),
    "order deliver": Way("note_delivery", ("order",)),
    "exception resolve": Way("resolve_exception", ("exception",)),
    "correct confirm": Way("confirm_correction", ("kind", "reference"), {"--contract": "contract"}),
    "interchange write-off-confirm": Way("confirm_write_off", ("ref",)),
    "interchange paid": Way("pay_netting", ("day",)), "proceed confirm": Way("confirm_going_on"),
}  # fmt: skip
PLACES: Final[Mapping[str, str]] = {
    "exceptions": "exceptions", "cotisations": "cotisations", "caisse status": "closing", "subsidy receive": "funds#to-come",
    "joint list": "joint",
    "bank lines": "bank/waiting", "bank import": "bank", "mandate list": "mandates", "mandate sign": "mandates/new?member={0}",
    "mandate account": "mandates?q={0}", "collection approve": "collections/{0}", "collection announce": "collections/{0}",
    "collection export": "collections/{0}", "collection leave-out": "collections/{0}", "collection count": "collections/{0}",
    "collection answer": "collections/{0}/answers", "cotisation receive": "collections/returned",
}  # fmt: skip
"""Commands that are a page of their own: where that is; {0} is the first word after the command."""
ROLES_OF: Final[Mapping[str, str]] = {
    "bank lines": "match_lines", "bank import": "import_statement", "mandate list": "sign_mandates",
    "mandate sign": "sign_mandates", "mandate account": "change_mandate", "collection approve": "approve_collection",
    "collection announce": "announce_collection", "collection export": "export_collection",
    "collection leave-out": "leave_out_debit", "collection count": "count_collection",
    "collection answer": "answer_collection", "subsidy receive": "receive_subsidy",
    "cotisation receive": "receive_cotisation", "caisse status": "propose_closure",
}  # fmt: skip
"""Pages on which a command is given: which, so that it waits for who may give it."""
DOORS: Final[Mapping[str, tuple[str, str]]] = {
    "approve": ("approve_batch", "batches/{0}"), "export": ("export_batch", "batches/{0}"),
    "payout asked": ("close_payout_question", "transfers/{0}/{1}"), "payout reissue": ("reissue_payout", "batches/{0}"),
    "payout release-confirm": ("release_payout", "producers/{0}/payments"),
    "contest answer": ("answer_contest", "contests/{0}"), "contest decide": ("decide_contest", "contests/{0}"),
    "contest close": ("close_contest", "contests/{0}"), "adjust make": ("make_adjustment", "adjustments/{0}"),
    "adjust propose": ("propose_adjustment", "adjustments"), "producer repaid": ("propose_adjustment", "adjustments"),
    "books propose": ("propose_month_close", "books"), "books confirm": ("confirm_month_close", "books"),
    "proofs": ("take_proofs", "proofs"), "caisse close-confirm": ("confirm_closure", "closing"),
    "caisse own": ("release_own_money", "closing"), "caisse rest": ("release_rests", "closing"),
    "caisse seal": ("seal_caisse", "closing"), "joint agree": ("agree_joint_payout", "joint"),
}  # fmt: skip
"""Commands that are a button of a page: the verb, and the page by the words after the command."""


def way_of(command: str) -> tuple[str, str] | None:
    """(verb, address below the caisse's) for the words of a command; verb "": whoever opens the page may act. None where there
    is neither."""
    words = shlex.split(command)
    for length in (2, 1):
        name = " ".join(words[:length])
        if (way := WAYS.get(name)) is not None:
            known = dict(_known(way, words[length:]))
            return way.verb, f"do/{way.verb}?{urlencode(known)}" if known else f"do/{way.verb}"
        if name in PLACES:
            first = words[length] if len(words) > length else ""
            return ROLES_OF.get(name, ""), PLACES[name].format(quote(first, safe=""))
        if name in DOORS:
            verb, address = DOORS[name]
            return verb, address.format(*words[length:])
    return None


def _known(way: Way, words: list[str]) -> list[tuple[str, str]]:
    found, fields, rest = list[tuple[str, str]](), iter(way.fields), iter(words)
    for word in rest:
        if word.startswith("--"):
            name, word = way.options.get(word, ""), next(rest, "")
        else:
            name = next(fields, "")
        if name and word and not word.isupper():  # "EUROS": what a person has to say
            found.append((name, str(int(word) - 1) if name == "line" else word))
    return found


def _person(book: Book, named: Mapping[str, str]) -> Body | None:
    seen = book.caisse.proposed.get(PersonId(named.get("person", "")))
    return None if seen is None else {"person": seen.person, "key": seen.key, "roles": list(seen.roles)}


def _closure(book: Book, _named: Mapping[str, str]) -> Body | None:
    seen = book.closing.proposed
    if seen is None:
        return None
    heirs = [{"fund": one.fund, "body": one.body} for one in seen.heirs]
    return {"last_day": seen.last_day, "heirs": heirs, "decision": seen.decision}


def _account(book: Book, named: Mapping[str, str]) -> Body | None:
    seen = book.accounts.proposed.get(MemberId(named.get("account", "")))
    return None if seen is None else {"account": seen.account, "two_person_cents": seen.two_person_cents}


def _mandate(book: Book, named: Mapping[str, str]) -> Body | None:
    seen = book.accounts.naming.get((MemberId(named.get("account", "")), named.get("mandatary", "")))
    if seen is None:
        return None
    return {
        "account": seen.account, "mandatary": seen.mandatary, "alias": book.members.cards[seen.card].alias,
        "purchase_cents": seen.purchase_cents, "month_cents": seen.month_cents,
    }  # fmt: skip


def _basis(book: Book, _named: Mapping[str, str]) -> Body | None:
    seen = book.gifts.proposed
    return None if seen is None else {"text": seen.text, "articles": seen.articles, "over_contribution": seen.over_contribution}


def _accounts(book: Book, _named: Mapping[str, str]) -> Body | None:
    waiting = [
        {"producer": name, "digest": one.proposed.details}
        for name, one in book.producers.producers.items() if one.proposed is not None
    ]  # fmt: skip
    return {"producers": waiting} if waiting else None


def _exception(book: Book, named: Mapping[str, str]) -> Body | None:
    number = named.get("exception", "")
    seen = book.exceptions.proposed.get(Position(int(number))) if number.isdecimal() else None
    return None if seen is None else {"exception": seen.exception, "how": seen.how, "consent": seen.consent}


def _write_off(book: Book, named: Mapping[str, str]) -> Body | None:
    try:
        seen = book.interchange.write_offs.get(OperationId(bytes.fromhex(named.get("ref", ""))))
    except ValueError:
        return None
    return None if seen is None else {"ref": seen.ref, "fund": seen.fund, "cents": seen.cents}


def _joint(book: Book, named: Mapping[str, str]) -> Body | None:
    seen = book.interchange.joint_proposed.get((CaisseCode(named.get("other", "")), named.get("role", "")))
    return None if seen is None else {"other": seen.said.other, "role": seen.said.role, "proposed": seen.position}


def _correction(book: Book, named: Mapping[str, str]) -> Body | None:
    for entry, seen in book.corrections.proposed.items():
        asked = tuple(named.get(one, "") for one in ("kind", "reference", "contract"))
        if (entry.kind, entry.reference, entry.contract) == asked:
            right = None if seen.right is None else {
                name: value for name, value in seen.right._asdict().items() if value != ""
            }  # fmt: skip
            return {"kind": entry.kind, "contract": entry.contract or None, "reference": entry.reference, "right": right}
    return None


def _going_on(book: Book, _named: Mapping[str, str]) -> Body | None:
    seen = book.proofs.going_on
    return None if seen is None else {"taken": seen.taken}


PROPOSED: Final[Mapping[str, Callable[[Book, Mapping[str, str]], Body | None]]] = {
    "confirm_person": _person, "confirm_closure": _closure, "open_account": _account, "name_mandatary": _mandate,
    "enter_legal_basis": _basis, "approve_bank_details": _accounts, "resolve_exception": _exception,
    "confirm_write_off": _write_off, "confirm_correction": _correction, "confirm_going_on": _going_on,
    "agree_joint_payout": _joint,
}  # fmt: skip
"""Commands that say again what another person proposed: the whole of it, from the book."""


def filled_in(visit: Visit, verb: str) -> Mapping[str, tuple[str, ...]]:
    """What a form shows before anything was typed: what was proposed, or what the address names."""
    query = visit.request.query
    named = {name: query[name] for name in query}
    proposed = PROPOSED[verb](visit.book, named) if verb in PROPOSED else None
    if proposed is not None:
        return as_typed(FORMS[verb], proposed, visit.book.caisse.calendar.zone)
    return {name: tuple(query.getall(name)) for name in query if name != "then"}
