"""Law: what goes back depends only on how much of each line has been taken back in all, never on how many refunds it took.

Of a line, half up of (paid x taken back / sold) goes back in all; that total's cents come from the shares pro rata, each
share's k-th cent when (k - 1/2) of its cents are due, so that no share ever has to return less than before and a line taken
back whole returns every share whole. Within a share the lots used last are refilled first, as if less had been bought.
Source: domain.md section 2, rule 7.
"""

from collections.abc import Sequence
from fractions import Fraction

from clearing.events.basket import Line, LotUse, Share
from clearing.values import CategoryId, Cents, ProducerId, half_up

Key = tuple[CategoryId, str | None, ProducerId]


def refund(
    sold: Sequence[Line],
    shares: Sequence[Share],
    already: Sequence[Line],
    taken_back: Sequence[Line],
    *,
    producer: ProducerId,
) -> tuple[Share, ...] | None:
    """The shares (cents and lots to give back, `line` into `sold`) for goods taken back at full price.

    sold: the captured lines, less what was not sold; shares: who paid them; already: lines of earlier refunds; producer: payee
    of a line that names none. A surplus goes back pro rata too (step "surplus", on top of the goods).
    None: more is taken back than was sold of some line, or something that was not sold.
    """
    bought, before, now = (_totals(lines, producer) for lines in (sold, already, taken_back))
    after = {key: before.get(key, 0) + now.get(key, 0) for key in {**before, **now}}
    if any(cents > bought.get(key, 0) for key, cents in after.items()):
        return None
    back: list[Share] = []
    for key in now:
        goods = [share for share in shares if share.step != "surplus" and _key(sold[share.line], producer) == key]
        surplus = [share for share in shares if share.step == "surplus" and _key(sold[share.line], producer) == key]
        for group in (goods, surplus):
            back += _given_back(group, bought[key], before.get(key, 0), after[key])
    return tuple(back)


def _key(line: Line, producer: ProducerId) -> Key:
    return (line.category, line.product, line.payee or producer)


def _totals(lines: Sequence[Line], producer: ProducerId) -> dict[Key, int]:
    totals: dict[Key, int] = {}
    for line in lines:
        key = _key(line, producer)
        totals[key] = totals.get(key, 0) + line.amount_cents
    return totals


def _given_back(shares: Sequence[Share], sold_cents: int, before: int, after: int) -> list[Share]:
    paid = [int(share.cents) for share in shares]
    gone, due = (_in_all(paid, half_up(cents, sum(paid), sold_cents or 1)) for cents in (before, after))
    back: list[Share] = []
    for share, start, end in zip(shares, gone, due, strict=True):
        if end > start:
            back.append(share._replace(cents=Cents(end - start), lots=_refilled(share.lots, start, end)))
    return back


def _in_all(paid: Sequence[int], total: int) -> list[int]:
    """Spread `total` (0 to sum(paid)) over what each share paid. A larger total never gives a share less; the largest gives
    each all that it paid. Equal claims: first listed first.
    """
    whole = sum(paid)
    parts = [int(half_up(total, cents, whole)) if whole else 0 for cents in paid]
    payers = [place for place, cents in enumerate(paid) if cents]
    for _ in range(total - sum(parts)):  # too few: the cent that is due soonest goes back too
        parts[min(payers, key=lambda i: (Fraction(2 * parts[i] + 1, paid[i]), i))] += 1
    for _ in range(sum(parts) - total):  # too many: the cent that was due last stays
        parts[max(payers, key=lambda i: (Fraction(2 * parts[i] - 1, paid[i]), i))] -= 1
    return parts


def _refilled(lots: Sequence[LotUse], start: int, end: int) -> tuple[LotUse, ...]:
    """The lots that hold the share's cents start to end, counted from the lot used last."""
    back: list[LotUse] = []
    passed = 0
    for use in reversed(lots):
        cents = min(end, passed + use.cents) - max(start, passed)
        passed += use.cents
        if cents > 0:
            back.append(LotUse(lot=use.lot, cents=Cents(cents)))
    return tuple(back)
