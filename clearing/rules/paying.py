"""Law: payers are asked in order over the lines; each takes the least of what it has left, its ceilings, its own rounded rate
of the price to pay, and the unpaid rest.

Only when no payer of a line was cut short and their rates reach 10,000 does the last also take the cents rounding left.
Source: domain.md section 2, Payers and rule 1.
"""

from collections.abc import Sequence

from clearing.events.basket import Share
from clearing.events.charte import Cover, Short
from clearing.rules.items import UNIT_MILLI, Item
from clearing.rules.pricing import Run
from clearing.rules.sources import Source
from clearing.rules.terms import Asked
from clearing.values import WHOLE, Cents, PayerId, ProducerId, PurseKind, Rate, half_up, largest_remainder

Claim = tuple[int, Sequence[Asked], Item, Cover]  # place of the rank, its payers of this line, the line, the rate that counts


def ask_payers(run: Run, items: Sequence[Item], ranks: Sequence[Sequence[Asked]]) -> Item | None:
    """Let every rank take its part. Returns the first line that a payer with short "decline" can't fully carry, else None."""
    for place, members, item, cover in _claims(items, ranks):
        rated = half_up(cover.rate, item.price) if cover.rate is not None else _per_unit(item, cover)
        if rated:
            run.eligible = True
            last = place == item.last and item.rates >= WHOLE
            paid = _one(run, members[0], item, cover, rated, last) if len(members) == 1 else (
                _several(run, members, item, cover, rated, last))  # fmt: skip
            if not paid:
                return item
    return None


def _claims(items: Sequence[Item], ranks: Sequence[Sequence[Asked]]) -> list[Claim]:
    """Who may take of which line, in order; leaves on each line its rates' sum and the place of its last payer."""
    claims: list[Claim] = []
    for place, rank in enumerate(ranks):
        for item in items:
            if not item.eligible:
                continue
            matches = [(asked, cover) for asked in rank if (cover := asked.covers.match(item)) is not None]
            if matches:
                cover = matches[0][1]  # check_charte sees to it that payers of one rank have the same covers
                item.rates += cover.rate or 0
                item.last = place
                claims.append((place, [asked for asked, _ in matches], item, cover))
    return claims


def _per_unit(item: Item, cover: Cover) -> int:
    return (cover.unit_cents or 0) * (item.sold_milli // UNIT_MILLI)


def _one(run: Run, asked: Asked, item: Item, cover: Cover, rated: int, last: bool) -> bool:
    """False: the line can't be sold. Kept apart from _several because nearly every claim is of this kind."""
    wanted = min(rated, item.rest)
    source = run.sources.of(("payer", asked.payer.id, asked.source))
    room = min(source.left_cents, asked.room_cents)
    if room < wanted:
        if not _cut_short(run, asked, item, source.left_cents, wanted):
            return False
        wanted = room
    elif last and not item.short:
        wanted = min(item.rest, room)
    _take(run, asked, item, cover, source, wanted)
    return True


def _several(run: Run, members: Sequence[Asked], item: Item, cover: Cover, rated: int, last: bool) -> bool:
    """Payers of one rank: one rounded amount by largest remainder; a part that one can't carry is nobody else's in the rank."""
    weights = [asked.payer.weight for asked in members]
    sources = [run.sources.of(("payer", asked.payer.id, asked.source)) for asked in members]
    parts = largest_remainder(min(rated, item.rest), weights)
    promised: dict[Source, int] = {}  # two of a rank may pay from one purse
    for asked, source, part in zip(members, sources, parts, strict=True):
        left = source.left_cents - promised.get(source, 0)
        if min(left, asked.room_cents) < part and not _cut_short(run, asked, item, left, part):
            return False
        promised[source] = promised.get(source, 0) + min(part, left, asked.room_cents)
    if last and not item.short:
        parts = largest_remainder(item.rest, weights)
    for asked, source, part in zip(members, sources, parts, strict=True):
        _take(run, asked, item, cover, source, min(part, source.left_cents, asked.room_cents))
    return True


def _cut_short(run: Run, asked: Asked, item: Item, left_cents: int, wanted: int) -> bool:
    """Note why a payer can't give all it owes; False when that means that the line is not sold."""
    if asked.room_cents < min(wanted, left_cents):
        run.limited = run.limited or asked.room_span
    else:
        run.short = True
    item.short = True
    return run.delivered or asked.payer.short is Short.NEXT


def _take(run: Run, asked: Asked, item: Item, cover: Cover, source: Source, cents: int) -> None:
    if not cents:
        return
    item.rest -= cents
    asked.room_cents -= cents
    run.shares.append(Share(
        line=item.lines[0], payer=asked.payer.id, step="payer", source=asked.source, rate=cover.rate or Rate(0),
        cents=Cents(cents), payee=item.payee, lots=source.take(cents),
    ))  # fmt: skip


def take_surplus(run: Run, items: Sequence[Item], own: PurseKind) -> None:
    """After all goods, own money as far as it goes; payee is the fund ("fund:<id>"), never the producer."""
    for item in items:
        if item.surplus is None or not item.sold:
            continue
        tariff, fund, rate = item.surplus
        source = run.sources.of(("surplus", tariff, f"purse:{own}"))
        cents = min(half_up(rate, item.sold), source.left_cents)
        if cents:
            run.shares.append(Share(
                line=item.lines[0], payer=PayerId(tariff), step="surplus", source=f"purse:{own}", rate=Rate(rate),
                cents=Cents(cents), payee=ProducerId(fund), lots=source.take(cents),
            ))  # fmt: skip
