"""Law: a stall's folder is printed once and hangs there: what the card pays and by which vote, slips for when nothing works.

A label says what everybody's card pays: what only some groups get stands on none, so a shelf tells nobody's business.
"""

from collections.abc import Iterator
from typing import Final

from clearing.console.pages import Answer, Visit, page
from clearing.console.rooms.producers import SEERS, producer_at
from clearing.events.charte import Charte, Cover, Payer
from clearing.rules.selling.facts import OWN_PURSE
from clearing.rules.stalls.producers import Convention, Producer

SLIP_LINES: Final = 12
NUMBER_CHARS_MAX: Final = 40


@page("producers/{producer}/folder", "Stall folder", roles=SEERS)
async def folder(visit: Visit) -> Answer:
    """Made to be printed. number: whom the stall calls on a Saturday; typed here, kept nowhere."""
    producer, words, caisse = producer_at(visit), visit.words, visit.book.caisse
    charte, convention = caisse.charte_at(visit.at_us), producer.convention_at(visit.at_us)
    vote = caisse.decisions.get(charte.decision) if charte is not None else None
    labels = list(_labels(visit, charte, producer, convention)) if charte is not None and convention is not None else []
    return Answer("folder.html", {
        "id": producer.producer, "name": producer.name, "labels": labels, "slip_lines": range(SLIP_LINES),
        "vote": vote.title if vote is not None else "", "vote_day": words.day(vote.taken_on) if vote is not None else "",
        "body": words.say(f"word {vote.body}") if vote is not None else "", "sells": convention is not None,
        "since": words.day(caisse.calendar.day(charte.effective_us)) if charte is not None and charte.effective_us else "",
        "number": visit.request.query.get("number", "").strip()[:NUMBER_CHARS_MAX], "spares": len(visit.book.members.spares),
        "public": f"{visit.request.host}/p/{visit.code}",
    })  # fmt: skip


def _labels(visit: Visit, charte: Charte, producer: Producer, convention: Convention) -> Iterator[dict[str, str]]:
    """A label for each category and each product that has a rate of its own."""
    for category in charte.categories:
        if convention.categories is not None and category not in convention.categories:
            continue
        covers = [(payer, cover) for payer in charte.payers if _for_all(visit, payer, producer, convention)
                  for cover in payer.covers if cover.category == category]  # fmt: skip
        for product in dict.fromkeys(cover.product for _, cover in covers if cover.product is not None):
            known = visit.book.products.listed.get(product)
            of = [one for one in covers if one[1].product in (product, None)]
            yield {"goods": known.label if known is not None else product, **_pays(visit, of)}
        of = [one for one in covers if one[1].product is None]
        if of:
            yield {"goods": category, **_pays(visit, of)}


def _for_all(visit: Visit, payer: Payer, producer: Producer, convention: Convention) -> bool:
    """Whether it pays at this stall, today, for every member; own money is not what was voted."""
    condition = payer.condition
    places = {producer.producer, convention.convention, *producer.structures}
    begun = condition.from_us is None or condition.from_us <= visit.at_us
    over = condition.until_us is not None and condition.until_us <= visit.at_us
    return not condition.who and (not condition.where or bool(places & set(condition.where))) and begun and not over and (
        payer.purse != OWN_PURSE
    )  # fmt: skip


def _pays(visit: Visit, covers: list[tuple[Payer, Cover]]) -> dict[str, str]:
    """Rates add up to all of the price at most; a fixed amount is told by itself."""
    words = visit.words
    fixed = [words.euros(cover.unit_cents) for _, cover in covers if cover.unit_cents is not None]
    rate = min(10_000, sum(cover.rate for _, cover in covers if cover.rate is not None))
    said = [words.say("{amount} per unit", amount=amount) for amount in fixed] + ([words.percent(rate)] if rate else [])
    return {"rate": " + ".join(said) or words.percent(0)}
