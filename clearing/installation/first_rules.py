"""Law: a caisse that begins with the usual rules gets them as a founding file, which is read like any other.

What examples/caisse.toml explains at length, with what was asked: one vote, one fund, three kinds of goods, one monthly credit.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from clearing.values import PersonId

KINDS: Final = ("fruit-veg", "animal", "staple")
"""Categories of goods, as the example has them."""
_WHOLE: Final = 10_000

_TEXT: Final = """\
# The founding file of {name}, made from what was typed in the console.

[caisse]
code = {code}
name = {name}
zone = {zone}

[caisse.account]
name = {holder}
iban = {iban}
{bic}{persons}
[[decisions]]
decision = {decision}
title = {title}
body = {body}
method = "majority"
taken_on = {taken_on}
votes_for = {votes_for}
votes_against = {votes_against}
abstained = {abstained}

[[funds]]
fund = "general"
kind = "general"
name = {fund}
advance = "0.00"

[[chartes]]
decision = {decision}
effective = {taken_on}
categories = [{kinds}]

[[chartes.payers]]
id = "credit"
purse = "credit"
covers = [{covers}]
{own}
[[allocation_rules]]
rule = "monthly"
purse = "credit"
fund = "general"
amount = {amount}
months_valid = {months_valid}
decision = {decision}
"""
_OWN: Final = """
[[chartes.payers]]
id = "own-money"
purse = "own"
covers = [{covers}]
"""


def first_text(said: Mapping[str, object], persons: Sequence[tuple[PersonId, Sequence[str]]]) -> str:
    """said: code, name, zone, holder, iban, bic, title, body, taken_on, votes_for, votes_against, abstained, fund, amount in
    cents, months_valid, each of KINDS in ten-thousandths, own_money."""
    rates = {kind: said[kind] for kind in KINDS if said[kind]}  # what the card pays nothing of is no category
    written = {name: _text(said[name]) for name in ("code", "name", "zone", "holder", "iban", "title", "body", "fund")}
    listed = "".join(
        f"\n[[persons]]\nperson = {_text(person)}\nroles = [{', '.join(map(_text, roles))}]\n" for person, roles in persons
    )
    counts = {name: said[name] for name in ("taken_on", "votes_for", "votes_against", "abstained", "months_valid")}
    return _TEXT.format(
        **written, **counts, persons=listed, decision=_text(f"founding-{said['taken_on']}"),
        amount=_text(_euros(said["amount"])),
        bic=f"bic = {_text(said['bic'])}\n" if said.get("bic") else "", kinds=", ".join(map(_text, rates)),
        covers=_covers(rates), own=_OWN.format(covers=_covers(dict.fromkeys(rates, _WHOLE))) if said.get("own_money") else "",
    )


def _covers(rates: Mapping[str, object]) -> str:
    return ", ".join(f"{{ category = {_text(kind)}, rate = {_percent(rate)} }}" for kind, rate in rates.items())


def _text(value: object) -> str:
    """JSON's escapes are TOML's too."""
    return json.dumps(str(value), ensure_ascii=False)


def _euros(cents: object) -> str:
    whole, part = divmod(int(str(cents)), 100)
    return f"{whole}.{part:02d}"


def _percent(rate: object) -> str:
    whole, part = divmod(int(str(rate)), 100)
    return str(whole) if not part else f'"{whole}.{part:02d}"'
