"""Law: what somebody who left leaves open is told on her page until it is done, each with the page that does it."""

from clearing.console.apart import mandate_tag
from clearing.console.pages import Visit
from clearing.rules.treasury.cotisations import standings
from clearing.rules.treasury.debits import MandateState
from clearing.values import MemberId


def still_to_do(visit: Visit, member: MemberId) -> list[tuple[str, str]]:
    """(page or "", sentence) of what somebody who left leaves open, but own money, which her page tells first."""
    words, book, found = visit.words, visit.book, list[tuple[str, str]]()
    for one in standings(book.cotisations, member, until=visit.book.caisse.calendar.day(visit.at_us).isoformat()[:7]):
        if one.open_cents() > 0:
            where = f"do/write_off_cotisation?member={member}&period={one.period}&then=members/{member}"
            text = "{amount} of the cotisation of {month} are open: ask for them, or give them up."
            said = words.say(text, amount=words.euros(one.open_cents()), month=words.month(one.period))
            found.append((visit.path(where) if visit.may("write_off_cotisation") else "", said))
    for key in book.debits.of_member.get(member, ()):
        mandate = book.debits.mandates[key]
        if mandate.state is not MandateState.REVOKED:
            said = words.say("The mandate {mandate} still stands: revoke it.", mandate=mandate.signed.mandate)
            found.append((visit.path(f"mandates/{mandate_tag(mandate.signed.mandate)}"), said))
    for name, contract in book.contracts.contracts.items():
        if contract.member == member and contract.ended_on is None:
            where = f"do/end_contract?contract={name}&leaving=member&then=members/{member}"
            text = "The contract {contract} runs on: end it; what was paid and not delivered goes back."
            said = words.say(text, contract=name)
            found.append((visit.path(where) if visit.may("end_contract") else "", said))
    return found
