"""Law: who was at the vote recognises her rules: what may be sold where, who pays how much of it, until when, and who voted.

One set of data for the screen, for JSON and for a public page. Amounts are cents and rates ten-thousandths beside their words.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from clearing.events.caisse import DecisionRecorded
from clearing.events.charte import Ceiling, Charte, Condition, Cover, FundWeight, Payer, Short, Tariff
from clearing.events.products import Product
from clearing.rules.calendar import local_text
from clearing.rules.stalls.producers import Producer
from clearing.values import WHOLE, DecisionId, FundId, money

Data = dict[str, Any]

_SPANS: Final = {"sale": "per sale", "day": "a day", "month": "a month", "year": "a year"}


def rules_in_words(
    charte: Charte, decisions: Mapping[DecisionId, DecisionRecorded], *, zone: str, at_us: int,
    products: Mapping[str, Product] | None = None, producers: Iterable[Producer] = (),
    funds: Mapping[FundId, str] | None = None,
) -> Data:
    """The rules of a charte: plain values and sentences, ready for JSON. products, funds: for their names. producers:
    those under a convention at at_us are the outlets."""
    named, called = products or {}, funds or {}
    vote = decisions.get(charte.decision)
    return {
        "version": charte.version, "effective": local_text(zone, charte.effective_us) if charte.effective_us else None,
        "decision": None if vote is None else decision_in_words(vote),
        "framework": _framework(charte, named, producers, at_us),
        "tariffs": [_tariff(one, zone, named, called) for one in charte.tariffs],
        "payers": [_payer(one, zone, named, called) for one in charte.payers],
        "hold_days": charte.hold_days, "refund_lot_days": charte.refund_lot_days, "capture_tolerance": charte.capture_tolerance,
        "order_accepted": charte.order_accepted,
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
    yield from _orders(rules)


def rule_sentences(rules: Data) -> Iterable[str]:
    """The same without the vote and the outlets, where those are told by themselves."""
    yield f"These goods: {', '.join(rules['framework']['categories']) or 'none'}."
    yield from (one["sentence"] for one in (*rules["tariffs"], *rules["payers"]))
    yield "What nobody here pays is between the member and the seller."
    yield from _orders(rules)


def _orders(rules: Data) -> Iterable[str]:
    if rules["order_accepted"]:
        yield "The vote saw an example of this order of payers and accepted it."
    yield (f"An order is held for {days(rules['hold_days'])}; what comes back to credit that has lapsed can be spent for "
           f"{days(rules['refund_lot_days'])} more.")  # fmt: skip
    if rules["capture_tolerance"]:
        yield f"Weighed goods may come to {percent(rules['capture_tolerance'])} more than was ordered."


def decision_in_words(vote: DecisionRecorded, *, heads_min: int = 0) -> Data:
    """heads_min: where fewer voted, how they did is not said, and of no college where fewer did in one."""
    heads = vote.drawn if vote.method == "draw" else vote.votes_for + vote.votes_against + vote.abstained
    few = heads < heads_min
    colleges = [] if any(sum(one[1:]) < heads_min for one in vote.tallies) else list(vote.tallies)
    told = [f"Decision {vote.decision} of {vote.taken_on}: {vote.title}.", f"Taken by {vote.body} {_how(vote, few)}."]
    told += [
        f"  {one.college}: {_tally(one.votes_for, one.votes_against, one.abstained)}." for one in colleges
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
    numbers = ("votes_for", "votes_against", "abstained", "drawn")
    return {
        "decision": vote.decision, "title": vote.title, "body": vote.body, "method": vote.method, "taken_on": vote.taken_on,
        **{name: None if few else getattr(vote, name) for name in numbers},
        "colleges": [one._asdict() for one in colleges], "scope": vote.scope, "minutes_link": vote.minutes_link,
        "minutes_sha256": vote.minutes_sha256.hex(), "effective_on": vote.effective_on, "ends_on": vote.ends_on,
        "sentences": told,
    }  # fmt: skip


def _how(vote: DecisionRecorded, few: bool) -> str:
    if few:
        return f"({vote.method}) by a few persons"
    if vote.method == "draw":
        return f"by {vote.drawn} persons drawn by lot"
    return f"({vote.method}): {_tally(vote.votes_for, vote.votes_against, vote.abstained)}"


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


def _tariff(tariff: Tariff, zone: str, named: Mapping[str, Product], called: Mapping[FundId, str]) -> Data:
    funds = [{"fund": one.fund, "weight": one.weight} for one in tariff.funds]
    prices = _prices(tariff.covers, named)
    carried = ""
    if tariff.funds:
        carried = " The difference is carried by " + _shared(tariff.funds, called) + "."
    if tariff.surplus_fund is not None:
        carried += f" What is paid above the price goes to {fund_called(tariff.surplus_fund, called)}."
    short = " If the fund is short, the line is not sold at that price." if tariff.short is Short.DECLINE else ""
    return {
        "id": tariff.id, "covers": [_cover(cover) for cover in tariff.covers], "funds": funds,
        "surplus_fund": tariff.surplus_fund, "short": str(tariff.short), **_when(tariff.condition, zone),
        "sentence": f"{tariff.id}: {prices}{limits(tariff.condition, zone)}.{carried}{short if tariff.funds else ''}",
    }


def _payer(payer: Payer, zone: str, named: Mapping[str, Product], called: Mapping[FundId, str]) -> Data:
    source = f"the purse {payer.purse}" if payer.fund is None else fund_called(payer.fund, called)
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
        "sentence": f"{payer.id}: {source} pays {what}{limits(payer.condition, zone)}.{ceilings}{rank}{short}",
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


def _prices(covers: Iterable[Cover], named: Mapping[str, Product]) -> str:
    """Goods of one price are told together."""
    alike: dict[tuple[int | None, int | None], list[str]] = {}
    for cover in covers:
        alike.setdefault((cover.rate, cover.unit_cents), []).append(_goods(cover, named))
    return "; ".join(_price(goods, rate, unit_cents) for (rate, unit_cents), goods in alike.items())


def _price(goods: list[str], rate: int | None, unit_cents: int | None) -> str:
    told, one = " and ".join((", ".join(goods[:-1]), goods[-1])) if goods[1:] else goods[0], not goods[1:]
    if rate is None:
        return f"one unit of {told} costs {money(unit_cents or 0)}"
    if rate > WHOLE:
        return f"{told} {'is' if one else 'are'} paid {percent(rate - WHOLE)} more"
    if rate == WHOLE:
        return f"{told} {'costs its' if one else 'cost their'} price"
    return f"{told} {'costs' if one else 'cost'} {percent(rate)} of {'its' if one else 'their'} price"


def limits(condition: Condition, zone: str) -> str:
    told = f", for members of {any_of(condition.who)}" if condition.who else ""
    told += f", at {any_of(condition.where)}" if condition.where else ""
    told += f", from {local_text(zone, condition.from_us)}" if condition.from_us is not None else ""
    return told + (f", until {local_text(zone, condition.until_us)}" if condition.until_us is not None else "")


def _when(condition: Condition, zone: str) -> Data:
    return {
        "who": list(condition.who), "where": list(condition.where),
        "from": None if condition.from_us is None else local_text(zone, condition.from_us),
        "until": None if condition.until_us is None else local_text(zone, condition.until_us),
    }  # fmt: skip


def any_of(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]


def fund_called(fund: FundId, called: Mapping[FundId, str]) -> str:
    """By its name where it is known, else by its id."""
    return f"the fund {called.get(fund, fund)}"


def _shared(parts: Sequence[FundWeight], called: Mapping[FundId, str]) -> str:
    if len(parts) == 1:
        return fund_called(parts[0].fund, called)
    return "the funds " + ", ".join(
        f"{called.get(one.fund, one.fund)} ({one.weight} {'part' if one.weight == 1 else 'parts'})" for one in parts
    )


def _ceiling(ceiling: Ceiling) -> str:
    shared = "each purse" if ceiling.per_purse else "all members together"
    return f"{money(ceiling.cents)} {_SPANS[ceiling.span]} for {shared}"


def days(number: int) -> str:
    return f"{number} day" if number == 1 else f"{number} days"


def percent(rate: int) -> str:
    whole, part = divmod(rate, 100)
    return f"{whole} %" if not part else f"{whole}.{part:02d}".rstrip("0") + " %"
