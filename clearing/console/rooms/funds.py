"""Law: a fund's page says what is notified, received, engaged and free, what binds it, and which money is still to come."""

from typing import Final

from aiohttp import web

from clearing.console.pages import LOOKERS, Answer, Visit, page
from clearing.events.funds import UNBOUND, Earmark
from clearing.events.grants import SubsidyNotified
from clearing.rules.treasury.funds import Fund
from clearing.rules.treasury.subsidies import Step
from clearing.values import FundId

_STEPS_OPEN: Final = (Step.PROPOSED, Step.CONFIRMED)


def fund_rows(visit: Visit) -> list[dict[str, str]]:
    """Each fund as a line of a table."""
    return [_row(visit, name, fund) for name, fund in visit.book.funds.items()]


def _row(visit: Visit, name: FundId, fund: Fund) -> dict[str, str]:
    words = visit.words
    return {
        "name": fund.name,
        "kind": words.say(f"word {fund.kind}"),
        "notified": words.euros(fund.notified_cents),
        "received": words.euros(fund.received_cents),
        "engaged": words.euros(fund.engaged_cents),
        "free": words.euros(fund.free_cents()),
        "page": visit.path(f"funds/{name}"),
        "short": "yes" if fund.free_cents() < 0 else "",
    }


@page("funds", "Funds", roles=LOOKERS, menu=30)
async def every(visit: Visit) -> Answer:
    whole = visit.words.euros(sum(fund.there_cents() for fund in visit.book.funds.values()))
    late = [one for name in visit.book.funds for one in await _subsidies(visit, name, then="funds") if one["waits"]]
    return Answer("funds.html", {"funds": fund_rows(visit), "whole": whole, "to_come": late})


@page("funds/{fund}", "Fund", roles=LOOKERS)
async def one(visit: Visit) -> Answer:
    name = FundId(visit.asked("fund"))
    fund = visit.book.funds.get(name)
    if fund is None:
        raise web.HTTPNotFound(reason="There is no such fund.")
    return Answer(
        "fund.html",
        {
            "id": name,
            "fund": _row(visit, name, fund),
            "bound": bound_words(visit, fund.earmark),
            "decision": fund.decision,
            "advance": visit.words.euros(fund.advance_cents) if fund.advance_cents else "",
            "to_come": visit.words.euros(fund.to_come_cents()),
            "subsidies": await _subsidies(visit, name),
            "expects": bool(fund.to_come_cents()),
            "moves": _moves(visit, name),
        },
    )


def bound_words(visit: Visit, earmark: Earmark) -> list[str]:
    """What binds a fund, a sentence each."""
    words = visit.words
    if earmark == UNBOUND:
        return []
    found = [words.say("Only at: {names}.", names=", ".join(earmark.places))] if earmark.places else []
    found += [words.say("Only for: {names}.", names=", ".join(earmark.categories))] if earmark.categories else []
    if earmark.from_us is not None:
        found.append(words.say("Not before {instant}.", instant=words.instant(earmark.from_us)))
    if earmark.until_us is not None:
        found.append(words.say("Until {instant}.", instant=words.instant(earmark.until_us)))
    return found + ([words.say("With no other money in one sale.")] if earmark.alone else [])


async def _subsidies(visit: Visit, name: FundId, *, then: str = "") -> list[dict[str, str]]:
    """Of one fund; then: where their forms come back to, the fund's page if nothing is said."""
    words, book = visit.words, visit.book
    waiting = (await visit.console.followers.followed(visit.code)).waiting
    found = []
    for grant, one in book.subsidies.known.items():
        if one.notified.fund == name:
            since, to_come = waiting.day(book, SubsidyNotified, grant), one.to_come_cents()
            query = f"?grant={grant}&then={then or f'funds/{name}'}"
            found.append(
                {
                    "id": grant,
                    "funder": one.notified.funder,
                    "purpose": one.notified.purpose,
                    "since": words.day(since) if since else "",
                    "notified": words.euros(one.notified.cents - one.reduced_cents),
                    "received": words.euros(one.received_cents),
                    "to_come": words.euros(to_come),
                    "fund": book.funds[name].name,
                    "page": visit.path(f"funds/{name}"),
                    "waits": "yes" if to_come else "",
                    "receive": visit.path(f"do/receive_subsidy{query}") if to_come and visit.may("receive_subsidy") else "",
                    "reduce": visit.path(f"do/reduce_subsidy{query}") if to_come and visit.may("reduce_subsidy") else "",
                }
            )
    return found


def _moves(visit: Visit, name: FundId) -> list[dict[str, str]]:
    """Transfers from and to it, the newest first."""
    words = visit.words
    found = []
    for number, transfer in reversed(visit.book.subsidies.transfers.items()):
        one = transfer.proposed
        if name in (one.fund, one.to):
            found.append(
                {
                    "number": str(number),
                    "cents": words.euros(one.cents),
                    "from": one.fund,
                    "to": one.to,
                    "reason": one.reason,
                    "state": words.say(f"state {transfer.step}"),
                    "confirm": visit.path(f"do/confirm_transfer?transfer={number}")
                    if transfer.step is Step.PROPOSED
                    else "",
                }
            )
    return found
