"""Law: a person registers and ends her own passkeys; two other officers let her pair anew what she lost."""

from typing import Final

from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.rules.answers import not_now
from clearing.rules.voted import factors
from clearing.values import PersonId
from clearing.wire.passkey import ED25519, ES256, KEY_BYTES, acceptable_passkey


def _add(o: Order) -> Result:
    algorithm = o.body.text("algorithm")
    key = o.body.bytes("key", KEY_BYTES[ES256], also=KEY_BYTES[ED25519])
    if not acceptable_passkey(algorithm, key):
        return not_now("This is not a usable public key of a passkey; register the passkey again.")
    return one(factors.decide_add(
        o.book.factors, passkey=o.body.bytes("passkey", 32), algorithm=algorithm, key=key, site=o.body.text("site"),
        label=o.body.text("label"), by=o.by,
    ))  # fmt: skip


def _remove(o: Order) -> Result:
    return one(factors.decide_remove(o.book.factors, passkey=o.body.bytes("passkey", 32), by=o.by))


def _propose(o: Order) -> Result:
    person, reason = PersonId(o.body.id("person")), o.body.text("reason")
    return one(factors.decide_propose(o.book.factors, o.book.caisse.persons, person=person, reason=reason, by=o.by))


def _allow(o: Order) -> Result:
    person, address = PersonId(o.body.id("person")), o.body.bytes("address_sha256", 32)
    return one(factors.decide_allow(o.book.factors, person=person, address_sha256=address, by=o.by, at_us=o.at_us))


def _pair(o: Order) -> Result:
    return one(factors.decide_pair(o.book.factors, by=o.by, at_us=o.at_us))


def _drop(o: Order) -> Result:
    return one(factors.decide_drop(o.book.factors, person=PersonId(o.body.id("person")), by=o.by))


VERBS: Final[dict[str, Verb]] = {
    "add_passkey": _add,
    "remove_passkey": _remove,
    "propose_new_factor": _propose,
    "allow_new_factor": _allow,
    "pair_new_factor": _pair,
    "drop_new_factor": _drop,
}
