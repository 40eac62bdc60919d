"""Law: producers, their conventions, accounts and terminals."""

from typing import Final

from clearing.authoriser.bodies import Body
from clearing.authoriser.verbs.order import Order, Result, Verb, all_of, one
from clearing.events.producers import (
    BankDetailsApproved,
    ConventionSigned,
    ProducerAdmitted,
    TerminalEnrolled,
    TerminalSlotOpened,
)
from clearing.rules.answers import Declined, not_now
from clearing.rules.stalls import producers
from clearing.values import CategoryId, ConventionId, ProducerId, TerminalId
from clearing.wire.signature import acceptable_public_key


def _admit_producers(o: Order) -> Result:
    return all_of(o.body.bodies("producers"), lambda e: getattr(e, "producer", None), lambda b: producers.decide_admit(
        o.book.producers,
        ProducerAdmitted(producer=ProducerId(b.id("producer")), name=b.text("name"), structures=b.ids("structures"), by=o.by),
    ))


def _sign_conventions(o: Order) -> Result:
    return all_of(o.body.bodies("conventions"), lambda e: getattr(e, "convention", None), lambda b: producers.decide_sign(
        o.book.producers,
        ConventionSigned(
            convention=ConventionId(b.id("convention")), producer=ProducerId(b.id("producer")), from_us=b.instant("from_us"),
            until_us=b.optional("until_us", b.instant),
            categories=tuple(CategoryId(c) for c in b.ids("categories")) if b.has("categories") else None, by=o.by,
        ),
    ))


def _suspend_convention(o: Order) -> Result:
    return one(producers.decide_suspend(o.book.producers, convention=ConventionId(o.body.id("convention")), by=o.by))


def _resume_convention(o: Order) -> Result:
    return one(producers.decide_resume(o.book.producers, convention=ConventionId(o.body.id("convention")), by=o.by))


def _propose_bank_details(o: Order) -> Result:
    return all_of(o.body.bodies("details"), lambda e: getattr(e, "producer", None), lambda b: producers.decide_propose_details(
        o.book.producers, producer=ProducerId(b.id("producer")), details=b.bytes("digest", 32), by=o.by
    ))


def _approve_bank_details(o: Order) -> Result:
    def approved(b: Body) -> BankDetailsApproved | Declined:
        producer, digest = ProducerId(b.id("producer")), b.bytes("digest", 32)
        return producers.decide_approve_details(
            o.book.producers, producer=producer, details=digest, wait_us=o.details_wait_us, by=o.by, at_us=o.at_us
        )

    return all_of(o.body.bodies("producers"), lambda e: getattr(e, "producer", None), approved)


def _open_slot(o: Order) -> Result:
    b = o.body
    return one(producers.decide_open_slot(o.book.producers, TerminalSlotOpened(
        slot=b.id("slot"), producer=ProducerId(b.id("producer")), secret_sha256=b.bytes("secret_sha256", 32),
        expires_us=b.instant("expires_us"), by=o.by,
    )))


def _enrol_terminals(o: Order) -> Result:
    def enrolled(b: Body) -> TerminalEnrolled | Declined:
        event = TerminalEnrolled(
            terminal=TerminalId(b.bytes("terminal", 8)), epoch=b.number("epoch", lowest=1),
            producer=ProducerId(b.id("producer")), key=b.bytes("key", 32), slot=None, by=o.by,
        )
        if not acceptable_public_key(event.key):
            return not_now("This is not a usable Ed25519 public key; let the terminal make a new one.")
        if event.terminal in o.book.caisse.by_number:
            return not_now("This terminal id is a person's number; give the terminal another id.")
        return producers.decide_enrol(o.book.producers, event, at_us=o.at_us)

    return all_of(o.body.bodies("terminals"), lambda e: getattr(e, "terminal", None), enrolled)


def _suspend_terminal(o: Order) -> Result:
    terminal = TerminalId(o.body.bytes("terminal", 8))
    return one(producers.decide_suspend_terminal(o.book.producers, terminal=terminal, by=o.by))


def _resume_terminal(o: Order) -> Result:
    terminal = TerminalId(o.body.bytes("terminal", 8))
    return one(producers.decide_resume_terminal(o.book.producers, terminal=terminal, by=o.by))


VERBS: Final[dict[str, Verb]] = {
    "admit_producers": _admit_producers,
    "sign_conventions": _sign_conventions,
    "suspend_convention": _suspend_convention,
    "resume_convention": _resume_convention,
    "propose_bank_details": _propose_bank_details,
    "approve_bank_details": _approve_bank_details,
    "open_slot": _open_slot,
    "enrol_terminals": _enrol_terminals,
    "suspend_terminal": _suspend_terminal,
    "resume_terminal": _resume_terminal,
}
