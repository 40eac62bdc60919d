"""Law: a second road to every cent: domain.md section 2 read aloud in dicts and fractions, slow, with no code of rules in it.

It imports only the shapes of its inputs. Where it and clearing.rules disagree, one of them misreads the domain.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from typing import Any

from clearing.events.basket import Line, Share
from clearing.events.charte import Charte, Cover, Payer, Tariff
from clearing.rules.selling.facts import Facts, Held

Key = tuple[str, str | None, str]  # category, product, payee
Paid = dict[tuple[Key, str, str, str], list[Any]]  # (line, step, payer, source) -> [cents, [[lot, cents] ...], payee, rate]


def half(x: Fraction) -> int:
    return floor(x + Fraction(1, 2))


def by_largest_remainder(total: int, weights: list[int]) -> list[int]:
    exact = [Fraction(total * w, sum(weights)) for w in weights]
    parts = [floor(x) for x in exact]
    while sum(parts) < total:
        behind = [x - p if p == floor(x) else Fraction(-1) for x, p in zip(exact, parts, strict=True)]
        parts[behind.index(max(behind))] += 1
    return parts


@dataclass
class Outcome:
    paid: Paid = field(default_factory=dict)
    unsold: dict[Key, int] = field(default_factory=dict)
    price: dict[Key, int] = field(default_factory=dict)
    eligible: bool = False
    limited: bool = False
    other: int = 0


def keys_in_order(lines: Sequence[Line], charte: Charte, producer: str) -> dict[Key, dict[str, Any]]:
    """Add up equal lines, then stand them in the charte's order, product, payee."""
    basket: dict[Key, dict[str, Any]] = {}
    for line in lines:
        key = (line.category, line.product, line.payee or producer)
        entry = basket.setdefault(key, {"amount": 0, "qtys": []})
        entry["amount"] += line.amount_cents
        entry["qtys"].append(line.qty_milli)
    for entry in basket.values():
        entry["qty"] = None if None in entry["qtys"] else sum(entry["qtys"])
    listed: list[str] = list(charte.categories)
    place = {key: listed.index(key[0]) if key[0] in listed else len(listed) for key in basket}
    return {key: basket[key] for key in sorted(basket, key=lambda k: (place[k], k[0], k[1] is not None, k[1] or "", k[2]))}


def cover_for(rule: Tariff | Payer, key: Key, qty: int | None, choice: int | None) -> Cover | None:
    for product in (key[1], None):
        for cover in rule.covers:
            if cover.category == key[0] and cover.product == product:
                usable = bool(qty) if cover.rate is None else choice in (None, Fraction(cover.rate, 100))
                if usable:
                    return cover
                break
    return None


def in_force(rule: Tariff | Payer, facts: Facts) -> bool:
    c = rule.condition
    return (
        (not c.who or bool(set(c.who) & facts.groups))
        and (not c.where or bool(set(c.where) & facts.places))
        and (c.from_us is None or c.from_us <= facts.at_us)
        and (c.until_us is None or facts.at_us < c.until_us)
    )


class Money:
    """Lots by source, or by holder once an authorisation has told them apart. A fund is one lot without a name."""

    def __init__(self, facts: Facts | None, held: Sequence[Share]) -> None:
        self.lots: dict[Any, list[list[Any]]] = {}
        self.by_holder = facts is None
        for share in held:
            mine = self.lots.setdefault((share.step, share.payer, share.source), [])
            mine += [[use.lot, use.cents] for use in share.lots] or [[None, share.cents]]
        if facts is not None:
            for fund, cents in facts.funds.items():
                self.lots[f"fund:{fund}"] = [[None, max(0, cents)]]
            for kind, lots in facts.purses.items():
                alive = [lot for lot in lots if lot.expires_us is None or lot.expires_us > facts.at_us]
                dated = sorted((lot for lot in alive if lot.expires_us is not None), key=lambda lot: lot.expires_us or 0)
                self.lots[f"purse:{kind}"] = [[x.id, x.cents] for x in dated + [y for y in alive if y.expires_us is None]]

    def mine(self, step: str, rule: str, source: str) -> list[list[Any]]:
        return self.lots.get((step, rule, source) if self.by_holder else source, [])

    def left(self, step: str, rule: str, source: str) -> int:
        return sum(cents for _, cents in self.mine(step, rule, source))

    def give(self, step: str, rule: str, source: str, cents: int) -> list[list[Any]]:
        uses: list[list[Any]] = []
        for lot in self.mine(step, rule, source):
            taken = min(cents, lot[1])
            lot[1] -= taken
            cents -= taken
            if taken and lot[0] is not None:
                if uses and uses[-1][0] == lot[0]:
                    uses[-1][1] += taken
                else:
                    uses.append([lot[0], taken])
        assert cents == 0
        return uses


@dataclass
class Sale:
    lines: dict[Key, dict[str, Any]]
    charte: Charte
    money: Money
    rules: set[str]
    choice: int | None
    own: str
    categories: set[str]
    facts: Facts | None
    delivered: bool
    outcome: Outcome

    def take(self, key: Key, step: str, rule: str, source: str, cents: int, payee: str, rate: int) -> None:
        if cents:
            lots = self.money.give(step, rule, source, cents)
            so_far = self.outcome.paid.get((key, step, rule, source), [0, []])
            self.outcome.paid[(key, step, rule, source)] = [so_far[0] + cents, so_far[1] + lots, payee, rate]


def fund(lines: Sequence[Line], charte: Charte, facts: Facts) -> Outcome:
    outcome, dropped = Outcome(), set[Key]()
    every: list[Tariff | Payer] = [*charte.tariffs, *charte.payers]
    rules = {rule.id for rule in every if in_force(rule, facts)}
    while True:
        basket = keys_in_order(lines, charte, facts.producer)
        open_for = set(charte.categories) & (set(charte.categories) if facts.eligible is None else set(facts.eligible))
        outcome = Outcome(eligible=outcome.eligible, limited=outcome.limited)
        kept = {key: entry for key, entry in basket.items() if key not in dropped}
        sale = Sale(kept, charte, Money(facts, ()), set(rules), facts.price_choice, facts.own_purse, set(open_for), facts,
                    False, outcome)  # fmt: skip
        declined = go(sale)
        if declined is None:
            for key in dropped:
                outcome.unsold[key], outcome.price[key] = basket[key]["amount"], 0
            total = sum(entry["amount"] for entry in basket.values())
            outcome.other = total - sum(outcome.unsold.values()) - goods_paid(outcome)
            return outcome
        dropped.add(declined)


def capture(lines: Sequence[Line], held: Held) -> Outcome:
    rules = set(held.applied) if held.applied is not None else {share.payer for share in held.shares}
    open_for = set(held.charte.categories) & set(held.eligible or held.charte.categories)
    sale = Sale(keys_in_order(lines, held.charte, held.producer), held.charte, Money(None, held.shares), set(rules),
                held.price_choice, held.own_purse, set(open_for), None, True, Outcome())  # fmt: skip
    go(sale)
    return sale.outcome


def goods_paid(outcome: Outcome) -> int:
    return sum(entry[0] for (_, step, _, _), entry in outcome.paid.items() if step != "surplus")


def go(sale: Sale) -> Key | None:
    surpluses = price_step(sale)
    declined = payer_step(sale)
    if declined is None:
        for key, tariff, rate in surpluses:
            sold = sale.lines[key]["amount"] - sale.outcome.unsold.get(key, 0)
            owed = half(Fraction(sold * (rate - 10_000), 10_000))
            cents = min(owed, sale.money.left("surplus", tariff.id, f"purse:{sale.own}"))
            sale.take(key, "surplus", tariff.id, f"purse:{sale.own}", cents, f"fund:{tariff.surplus_fund}", rate - 10_000)
    return declined


def price_step(sale: Sale) -> list[tuple[Key, Tariff, int]]:
    surpluses: list[tuple[Key, Tariff, int]] = []
    lacking: list[tuple[Key, Tariff, int, list[int]]] = []
    for key, entry in sale.lines.items():
        entry["units"] = entry["qty"]
        sale.outcome.price[key] = entry["amount"]
        found = [
            (tariff, cover)
            for tariff in sale.charte.tariffs
            if tariff.id in sale.rules and key[0] in sale.categories
            and (cover := cover_for(tariff, key, entry["qty"], sale.choice))
        ]  # fmt: skip
        if found:
            tariff, cover = found[0]
            if cover.rate is not None and cover.rate > 10_000:
                surpluses.append((key, tariff, cover.rate))
            elif cover.rate is None or cover.rate < 10_000:
                lacking += lower_price(sale, key, entry, tariff, cover)
    for key, tariff, rate, missing in lacking if sale.delivered else ():
        for weight, part in zip(tariff.funds, missing, strict=True):
            source = f"fund:{weight.fund}"
            more = max(0, min(part, sale.money.left("tariff", tariff.id, source)))
            sale.take(key, "tariff", tariff.id, source, more, key[2], rate)
            sale.outcome.price[key] -= more
    return surpluses


def lower_price(
    sale: Sale, key: Key, entry: dict[str, Any], tariff: Tariff, cover: Cover
) -> list[tuple[Key, Tariff, int, list[int]]]:
    """Let the funds carry what they can; returns what each lacks of the whole reduction."""
    amount, qty = entry["amount"], entry["qty"]
    weights = [w.weight for w in tariff.funds]
    names = [f"fund:{w.fund}" for w in tariff.funds]
    rate = 0 if cover.rate is None else 10_000 - cover.rate

    def goods(milli: int) -> int:
        return amount if milli == qty else half(Fraction(amount * milli, qty))

    def reduction(milli: int) -> int:
        if cover.rate is not None:
            return half(amount * (1 - Fraction(cover.rate, 10_000)))
        return max(0, goods(milli) - half(Fraction(cover.unit_cents or 0) * Fraction(milli, 1000)))

    def carried(milli: int) -> list[int] | None:
        parts = by_largest_remainder(reduction(milli), weights)
        fits = all(p <= sale.money.left("tariff", tariff.id, n) for p, n in zip(parts, names, strict=True))
        return parts if fits else None

    whole = qty if cover.rate is None else 0
    sale.outcome.eligible |= reduction(whole) > 0
    full = by_largest_remainder(reduction(whole), weights)
    parts = carried(whole)
    if parts is None:
        some = 0
        if cover.rate is None:
            some = next((k * 1000 for k in range(qty // 1000, 0, -1) if carried(k * 1000) is not None), 0)
        parts = (carried(some) or []) if some else []
        if tariff.short == "decline" and not sale.delivered:
            kept = goods(some) if some else 0
            sale.outcome.unsold[key] = amount - kept
            sale.outcome.price[key] = kept
            entry["units"] = some
    sale.outcome.price[key] -= sum(parts)
    for name, part in zip(names, parts, strict=False):
        sale.take(key, "tariff", tariff.id, name, part, key[2], rate)
    had = parts or [0] * len(full)
    return [(key, tariff, rate, [f - p for f, p in zip(full, had, strict=True)])]


def ranks_of(charte: Charte) -> list[list[Payer]]:
    ranks: list[list[Payer]] = []
    for payer in charte.payers:
        if ranks and payer.rank is not None and ranks[-1][-1].rank == payer.rank:
            ranks[-1].append(payer)
        else:
            ranks.append([payer])
    return ranks


def of_line(sale: Sale, rank: list[Payer], key: Key) -> list[Payer]:
    qty = sale.lines[key]["qty"]
    return [p for p in rank if p.id in sale.rules and key[0] in sale.categories and cover_for(p, key, qty, None)]


def payer_step(sale: Sale) -> Key | None:
    rest = {key: sale.outcome.price[key] for key in sale.lines}
    cut: set[Key] = set()
    room = {payer.id: rooms(sale, payer) for payer in sale.charte.payers}
    ranks = ranks_of(sale.charte)

    def rate_of(rank: list[Payer], key: Key) -> Cover | None:
        mine = of_line(sale, rank, key)
        return cover_for(mine[0], key, sale.lines[key]["qty"], None) if mine else None

    for rank in ranks:
        for key, entry in sale.lines.items():
            cover, members = rate_of(rank, key), of_line(sale, rank, key)
            if cover is None:
                continue
            if cover.rate is None:
                own = (cover.unit_cents or 0) * ((entry["units"] or 0) // 1000)
            else:
                own = half(Fraction(sale.outcome.price[key] * cover.rate, 10_000))
            covering = [c for r in ranks if reaches(c := rate_of(r, key))]
            is_last = not any(reaches(rate_of(r, key)) for r in ranks[ranks.index(rank) + 1 :])
            takes_the_rest = is_last and key not in cut and sum(c.rate or 0 for c in covering if c) >= 10_000
            if own == 0 and takes_the_rest and cover.rate:
                own = rest[key]
            if own == 0:
                continue
            sale.outcome.eligible |= sale.outcome.price[key] > 0
            weights = [p.weight if len(members) > 1 else 1 for p in members]
            parts = by_largest_remainder(min(own, rest[key]), weights)
            promised: dict[object, int] = {}
            for payer, part in zip(members, parts, strict=True):
                pot = payer.id if sale.money.by_holder else src(payer)
                left = sale.money.left("payer", payer.id, src(payer)) - promised.get(pot, 0)
                can = min(part, left, room[payer.id])
                promised[pot] = promised.get(pot, 0) + can
                if can < part:
                    cut.add(key)
                    sale.outcome.limited |= room[payer.id] < min(part, left)
                    if payer.short == "decline" and not sale.delivered:
                        return key
            if takes_the_rest and key not in cut:
                parts = by_largest_remainder(rest[key], weights)
            for payer, part in zip(members, parts, strict=True):
                taken = min(part, room[payer.id], sale.money.left("payer", payer.id, src(payer)))
                rest[key] -= taken
                room[payer.id] -= taken
                sale.take(key, "payer", payer.id, src(payer), taken, key[2], cover.rate or 0)
    return None


def reaches(cover: Cover | None) -> bool:
    """Whether somebody who covers like this pays anything at all."""
    return cover is not None and bool(cover.rate or cover.unit_cents)


def src(payer: Payer) -> str:
    return f"purse:{payer.purse}" if payer.purse is not None else f"fund:{payer.fund}"


def rooms(sale: Sale, payer: Payer) -> int:
    if sale.facts is None:
        return 10**18
    rooms = [10**18]
    for ceiling in payer.ceilings:
        used = 0 if ceiling.span == "sale" else sale.facts.used(payer.id, ceiling.span, ceiling.per_purse)
        rooms.append(max(0, ceiling.cents - used))
    return min(rooms)


def returned(paid: Sequence[int], gross: int, taken_back: int) -> list[int]:
    """Cents of each share that are back once `taken_back` of a line of `gross` is: one by one, soonest due first."""
    total = half(Fraction(sum(paid) * taken_back, gross)) if gross else 0
    due = sorted((Fraction(2 * k - 1, 2 * cents), place) for place, cents in enumerate(paid) for k in range(1, cents + 1))
    back = [0] * len(paid)
    for _, place in due[:total]:
        back[place] += 1
    return back
