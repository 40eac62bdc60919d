"""Law: payers are asked in order over the lines; each takes the least of what it has left, its ceilings, its own rounded rate
of the price to pay, and the unpaid rest.

Only when no payer of a line was cut short and their rates reach 10,000 does the last also take the cents rounding left.
Source: domain.md section 2, Payers and rule 1.
"""

from collections.abc import Sequence

from clearing.events.basket import Share
from clearing.rules.selling.lines import FundedLine
from clearing.rules.selling.run import Room, Run
from clearing.rules.selling.sources import CardRoom, Source
from clearing.rules.selling.terms import Chain, Claim, IndexedPayer, Terms
from clearing.values import WHOLE, Cents, ProducerId, PurseKind, Rate, half_up, largest_remainder

_new = tuple.__new__
Chained = list[tuple[FundedLine, Chain]]


def ask_payers(run: Run, lines: Sequence[FundedLine], terms: Terms) -> FundedLine | None:
    """Let every rank take its part. Returns the first line that a payer with short "decline" can't fully carry, else None."""
    plain = terms.plain
    chained: Chained = []
    for line in lines:
        if line.eligible:
            chain = None if line.product is not None or line.qty_milli else plain.get(line.category)
            chained.append((line, terms.chain(line) if chain is None else chain))
    for place, rank in enumerate(terms.ranks):
        declined = _ask_one(run, rank[0], place, chained) if len(rank) == 1 else _ask_rank(run, place, chained)
        if declined is not None:
            return declined
    return None


def _rated(claim: Claim, line: FundedLine) -> int:
    if claim.unit_cents is None:
        return half_up(claim.rate, line.price_to_pay_cents)
    return claim.unit_cents * line.sold_units


def _spare(chain: Chain, place: int, line: FundedLine) -> bool:
    """The cents that rounding left are this rank's, if nobody was cut short."""
    return place == chain.last and chain.rates >= WHOLE and not line.short


def _left_by_rounding(claim: Claim, chain: Chain, place: int, line: FundedLine) -> int:
    """The whole rest, for a last rank whose own rate rounds to nothing."""
    return line.rest_cents if claim.unit_cents is None and _spare(chain, place, line) else 0


def _ask_one(run: Run, payer: IndexedPayer, place: int, chained: Chained) -> FundedLine | None:
    """A payer alone in its rank; kept apart and plain because nearly every payer is (measured: 2 us for 3 lines)."""
    source, room = run.sources.of(payer.holder), run.room(payer) if payer.ceilings else None
    shares, take, payer_id, name = run.shares, source.take, payer.id, payer.source
    for line, chain in chained:
        claim, rest = chain.claims[place], line.rest_cents
        if claim is None or not rest:
            continue
        if claim.whole:
            wanted: int = line.price_to_pay_cents
        else:
            wanted = _rated(claim, line) or _left_by_rounding(claim, chain, place, line)
        if not wanted:
            continue
        run.eligible = True
        if wanted > rest:
            wanted = rest
        able = source.left_cents if room is None or source.left_cents < room.cents else room.cents
        if able < wanted:
            line.short = True
            run.cut_short(wanted, source.left_cents, room, source)
            if payer.declines and not run.delivered:
                return line
            wanted = able
        elif wanted < rest and _spare(chain, place, line):
            wanted = min(rest, able)
        if wanted:  # as _take does
            line.rest_cents -= wanted
            line.paid_cents += wanted
            if room is not None:
                room.cents -= wanted
            fields = line.request_lines[0], payer_id, "payer", name, claim.rate, wanted, line.payee, take(wanted)
            shares.append(_new(Share, fields))
    return None


def _ask_rank(run: Run, place: int, chained: Chained) -> FundedLine | None:
    for line, chain in chained:
        claim = chain.claims[place]
        if claim is None or not line.rest_cents:
            continue
        rated = _rated(claim, line) or _left_by_rounding(claim, chain, place, line)
        if rated:
            run.eligible = True
            if not _several(run, line, claim, rated, chain, place):
                return line
    return None


def _several(run: Run, line: FundedLine, claim: Claim, rated: int, chain: Chain, place: int) -> bool:
    """Payers of one rank: one rounded amount by largest remainder; a part that one can't carry is nobody else's in the rank.

    False: the line is not to be sold.
    """
    weights = [payer.weight for payer in claim.members]
    asked = [(payer, run.sources.of(payer.holder), run.room(payer)) for payer in claim.members]
    parts = largest_remainder(min(rated, line.rest_cents), weights)
    promised: dict[Source | CardRoom, int] = {}  # two of a rank may pay from one purse, or by one card's limit
    for (payer, source, room), part in zip(asked, parts, strict=True):
        before, card = promised.get(source, 0), source.card_room
        able = _able(source, room, before)
        if card is not None:
            able = min(able, card.cents - promised.get(card, 0))
            promised[card] = promised.get(card, 0) + min(part, able)
        promised[source] = before + min(part, able)
        if able < part:
            line.short = True
            run.cut_short(part, source.left_cents - before, room, source)
            if payer.declines and not run.delivered:
                return False
    if _spare(chain, place, line):
        parts = largest_remainder(line.rest_cents, weights)
    for (payer, source, room), part in zip(asked, parts, strict=True):
        cents = min(part, _able(source, room, 0))
        if cents:
            _take(run, line, claim, payer, source, room, cents)
    return True


def _able(source: Source, room: Room | None, promised: int) -> int:
    left = source.left_cents - promised
    return left if room is None else min(left, room.cents)


def _take(
    run: Run, line: FundedLine, claim: Claim, payer: IndexedPayer, source: Source, room: Room | None, cents: int
) -> None:
    line.rest_cents -= cents
    line.paid_cents += cents
    if room is not None:
        room.cents -= cents
    # in the order of Share's fields: 0.2 us against 0.7 by name, and a sale has several
    fields = (line.request_lines[0], payer.id, "payer", payer.source, claim.rate, cents, line.payee, source.take(cents))
    run.shares.append(_new(Share, fields))


def take_surplus(run: Run, lines: Sequence[FundedLine], own: PurseKind) -> None:
    """After all goods, own money as far as it goes; payee is the fund ("fund:<id>"), never the producer."""
    for line in lines:
        if line.surplus is None:
            continue
        tariff, fund, rate = line.surplus
        source = run.sources.of(("surplus", tariff, f"purse:{own}"))
        cents = min(half_up(rate, line.sold_cents), source.left_cents)
        if cents:
            run.shares.append(Share(
                line=line.request_lines[0], payer=tariff, step="surplus", source=f"purse:{own}", rate=Rate(rate),
                cents=Cents(cents), payee=ProducerId(fund), lots=source.take(cents),
            ))  # fmt: skip
