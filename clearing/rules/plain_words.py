"""Law: who was at the vote recognises her rules: what may be sold where, who pays how much of it, until when, and who voted.

One set of data for the screen, for JSON and for a public page. Amounts are cents and rates ten-thousandths beside their words.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from clearing.events.caisse import DecisionRecorded
from clearing.events.charte import Ceiling, Charte, Condition, Cover, Payer, Short, Tariff
from clearing.events.products import Product
from clearing.rules.calendar import local_text
from clearing.rules.producers import Producer
from clearing.values import WHOLE, DecisionId, money

Data = dict[str, Any]

_SPANS: Final = {"sale": "per sale", "day": "a day", "month": "a month", "year": "a year"}


def rules_in_words(
    charte: Charte, decisions: Mapping[DecisionId, DecisionRecorded], *, zone: str, at_us: int,
    products: Mapping[str, Product] | None = None, producers: Iterable[Producer] = (),
) -> Data:
    """The rules of a charte: plain values and sentences, ready for JSON. products: listed ones, for their names. producers:
    those under a convention at at_us are the outlets."""
    named = products or {}
    vote = decisions.get(charte.decision)
    return {
        "version": charte.version, "effective": local_text(zone, charte.effective_us) if charte.effective_us else None,
        "decision": None if vote is None else decision_in_words(vote),
        "framework": _framework(charte, named, producers, at_us),
        "tariffs": [_tariff(one, zone, named) for one in charte.tariffs],
        "payers": [_payer(one, zone, named) for one in charte.payers],
        "hold_days": charte.hold_days, "refund_lot_days": charte.refund_lot_days,
    }


def sentences(rules: Data) -> Iterable[str]:
    """The same, to be read."""
    since = f"in force since {rules['effective']}" if rules["effective"] else "in force since the founding"
    yield f"Charte {rules['version']}, {since}."
    if rules["decision"]:
        yield from rules["decision"]["sentences"]
    yield "What may be sold where (cadre de conventionnement):"
    yield from (f"  {line}" for line in rules["framework"]["sentences"])
    if rules["tariffs"]:
        yield "Prices (prise en charge, first step):"
        yield from (f"  {number}. {one['sentence']}" for number, one in enumerate(rules["tariffs"], start=1))
    yield "Who pays (prise en charge), asked in this order:"
    yield from (f"  {number}. {one['sentence']}" for number, one in enumerate(rules["payers"], start=1))
    yield "  What nobody here pays is between the member and the seller."
    yield (f"An order is held for {_days(rules['hold_days'])}; what comes back to credit that has lapsed can be spent for "
           f"{_days(rules['refund_lot_days'])} more.")  # fmt: skip


def decision_in_words(vote: DecisionRecorded) -> Data:
    told = [f"Decision {vote.decision} of {vote.taken_on}: {vote.title}."]
    if vote.method == "draw":
        told.append(f"Taken by {vote.body} by {vote.drawn} persons drawn by lot.")
    else:
        told.append(f"Taken by {vote.body} ({vote.method}): {_tally(vote.votes_for, vote.votes_against, vote.abstained)}.")
    told += [
        f"  {one.college}: {_tally(one.votes_for, one.votes_against, one.abstained)}." for one in vote.tallies
    ]
    if vote.scope != "caisse":
        told.append(f"It is about {vote.scope.replace(':', ' ')} only.")
    if vote.effective_on or vote.ends_on:
        begins = f" from {vote.effective_on}" if vote.effective_on else ""
        told.append(f"It holds{begins}{f' until the day before {vote.ends_on}' if vote.ends_on else ''}.")
    if vote.minutes_link:
        told.append(f"Minutes: {vote.minutes_link}")
    if vote.minutes_sha256:
        told.append(f"The minutes have the SHA-256 {vote.minutes_sha256.hex()}.")
    return {
        "decision": vote.decision, "title": vote.title, "body": vote.body, "method": vote.method, "taken_on": vote.taken_on,
        "votes_for": vote.votes_for, "votes_against": vote.votes_against, "abstained": vote.abstained, "drawn": vote.drawn,
        "colleges": [one._asdict() for one in vote.tallies], "scope": vote.scope, "minutes_link": vote.minutes_link,
        "minutes_sha256": vote.minutes_sha256.hex(), "effective_on": vote.effective_on, "ends_on": vote.ends_on,
        "sentences": told,
    }  # fmt: skip


def _tally(votes_for: int, against: int, abstained: int) -> str:
    return f"{votes_for} for, {against} against, {abstained} abstained"


def _framework(charte: Charte, named: Mapping[str, Product], producers: Iterable[Producer], at_us: int) -> Data:
    outlets = []
    for producer in producers:
        convention = producer.convention_at(at_us)
        if convention is not None:
            kept = None if convention.categories is None else sorted(convention.categories)
            outlets.append({"producer": producer.producer, "name": producer.name, "convention": convention.convention,
                            "structures": sorted(producer.structures), "categories": kept})  # fmt: skip
    told = [f"These goods: {', '.join(charte.categories) or 'none'}. Anything else is the member's own to pay."]
    for outlet in outlets:
        limited = "" if outlet["categories"] is None else f", for {', '.join(outlet['categories'])} only"
        told.append(f"{outlet['name']} (convention {outlet['convention']}){limited}")
    listed = [product._asdict() for product in named.values() if product.category in charte.categories]
    return {"categories": list(charte.categories), "outlets": outlets, "products": listed, "sentences": told}


def _tariff(tariff: Tariff, zone: str, named: Mapping[str, Product]) -> Data:
    funds = [{"fund": one.fund, "weight": one.weight} for one in tariff.funds]
    prices = "; ".join(_price(cover, named) for cover in tariff.covers)
    carried = ""
    if tariff.funds:
        carried = " The difference is carried by " + _shared([(one.fund, one.weight) for one in tariff.funds]) + "."
    if tariff.surplus_fund is not None:
        carried += f" What is paid above the price goes to the fund {tariff.surplus_fund}."
    short = " If the fund is short, the line is not sold at that price." if tariff.short is Short.DECLINE else ""
    return {
        "id": tariff.id, "covers": [_cover(cover) for cover in tariff.covers], "funds": funds,
        "surplus_fund": tariff.surplus_fund, "short": str(tariff.short), **_when(tariff.condition, zone),
        "sentence": f"{tariff.id}: {prices}{_limits(tariff.condition, zone)}.{carried}{short if tariff.funds else ''}",
    }


def _payer(payer: Payer, zone: str, named: Mapping[str, Product]) -> Data:
    source = f"the purse {payer.purse}" if payer.purse is not None else f"the fund {payer.fund}"
    what = ", ".join(f"{_share(cover)} of {_goods(cover, named)}" for cover in payer.covers)
    ceilings = "".join(f" At most {_ceiling(one)}." for one in payer.ceilings)
    short = " A line that it can't carry whole is not sold." if payer.short is Short.DECLINE else ""
    rank = "" if payer.rank is None else f" Shares rank {payer.rank} with weight {payer.weight}."
    return {
        "id": payer.id, "purse": payer.purse, "fund": payer.fund, "covers": [_cover(cover) for cover in payer.covers],
        "ceilings": [
            {"span": str(one.span), "cents": one.cents, "per": "purse" if one.per_purse else "caisse"} for one in payer.ceilings
        ],
        "short": str(payer.short), "rank": payer.rank, "weight": payer.weight, **_when(payer.condition, zone),
        "sentence": f"{payer.id}: {source} pays {what}{_limits(payer.condition, zone)}.{ceilings}{rank}{short}",
    }  # fmt: skip


def _cover(cover: Cover) -> Data:
    return {"category": cover.category, "product": cover.product, "rate": cover.rate, "unit_cents": cover.unit_cents}


def _goods(cover: Cover, named: Mapping[str, Product]) -> str:
    if cover.product is None:
        return cover.category
    known = named.get(cover.product)
    return f"{cover.category}, product {cover.product}" + (f" ({known.label})" if known else "")


def _share(cover: Cover) -> str:
    return percent(cover.rate) if cover.rate is not None else f"{money(cover.unit_cents or 0)} per unit"


def _price(cover: Cover, named: Mapping[str, Product]) -> str:
    goods = _goods(cover, named)
    if cover.unit_cents is not None:
        return f"one unit of {goods} costs {money(cover.unit_cents)}"
    above = " more" if (cover.rate or 0) > WHOLE else ""
    share = percent(abs((cover.rate or 0) - WHOLE)) if above else percent(cover.rate or 0)
    return f"{goods} is paid {share}{above}" if above else f"{goods} costs {share} of its price"


def _limits(condition: Condition, zone: str) -> str:
    told = f", for members of {_any_of(condition.who)}" if condition.who else ""
    told += f", at {_any_of(condition.where)}" if condition.where else ""
    told += f", from {local_text(zone, condition.from_us)}" if condition.from_us is not None else ""
    return told + (f", until {local_text(zone, condition.until_us)}" if condition.until_us is not None else "")


def _when(condition: Condition, zone: str) -> Data:
    return {
        "who": list(condition.who), "where": list(condition.where),
        "from": None if condition.from_us is None else local_text(zone, condition.from_us),
        "until": None if condition.until_us is None else local_text(zone, condition.until_us),
    }  # fmt: skip


def _any_of(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]


def _shared(parts: list[tuple[str, int]]) -> str:
    if len(parts) == 1:
        return f"the fund {parts[0][0]}"
    return "the funds " + ", ".join(f"{fund} ({weight} parts)" for fund, weight in parts)


def _ceiling(ceiling: Ceiling) -> str:
    shared = "each purse" if ceiling.per_purse else "all members together"
    return f"{money(ceiling.cents)} {_SPANS[ceiling.span]} for {shared}"


def _days(number: int) -> str:
    return f"{number} day" if number == 1 else f"{number} days"


def percent(rate: int) -> str:
    whole, part = divmod(rate, 100)
    return f"{whole} %" if not part else f"{whole}.{part:02d}".rstrip("0") + " %"
