"""Law: a report of contracts is read from the book; members stand there by pseudonym, unless the desk asks for their names."""

from collections.abc import Mapping

from clearing.installation.amounts import counted, euros
from clearing.rules.amap.contracts import Contract, Contracts, Season
from clearing.rules.amap.deliveries import fetcher
from clearing.rules.book import Book
from clearing.values import WHOLE, ContractId, MemberId, ProducerId, SeasonId

Names = Mapping[MemberId, str]


def seasons(book: Book, today: str) -> list[str]:
    """All seasons, and their contracts in a line each."""
    lines: list[str] = []
    for name, season in book.contracts.seasons.items():
        last = max(season.days)
        lines.append(f"{name}: {season.title}, {season.producer}, {len(season.days)} deliveries until {last}, {season.mode}")
        lines += [f"  {_in_a_line(one, contract, today)}" for one, contract in _of(book.contracts, name)]
    return lines or ["No season yet; open one with: clearing contract season SEASON --producer PRODUCER --first YYYY-MM-DD"]


def _of(contracts: Contracts, season: SeasonId) -> list[tuple[ContractId, Contract]]:
    return [(name, contract) for name, contract in contracts.contracts.items() if contract.season == season]


def _in_a_line(name: ContractId, contract: Contract, today: str) -> str:
    paid = contract.household_paid() + contract.fund_paid()
    late = sum(due.household_cents - due.household_paid for due in contract.dues if due.due_on <= today)
    state = f"ended {contract.ended_on}".strip() if contract.ended_on is not None else "runs"
    said = f"{name:20} {contract.member:16} {euros(contract.total_cents):>10} EUR, paid {euros(paid):>10}, {state}"
    said += f", {euros(late)} overdue" if late > 0 else ""
    return said + (f", {euros(contract.unfunded_cents())} that nobody pays" if contract.unfunded_cents() else "")


def shown(book: Book, name: ContractId, today: str) -> list[str]:
    """One contract whole: instalments, deliveries, what to do next."""
    contract = book.contracts.contracts[name]
    season = book.contracts.season_of(contract)
    portions = ", ".join(f"{_qty(one.qty_milli)} {one.product}" for one in contract.portions)
    how = "through the caisse" if season.through() else "recorded only: the household pays the producer"
    lines = [
        f"{name}: {contract.member} with {season.producer}, {portions}, {euros(contract.total_cents)} EUR ({how})",
        *instalments(contract, today), *_days(book.contracts, contract, season),
    ]
    if contract.ended_on is not None:
        lines.append(f"Ended{f' after {contract.ended_on}' if contract.ended_on else ''}.")
    if contract.refundable_cents:
        lines.append(f"{euros(contract.refundable_cents)} EUR go back to the household: clearing contract refund {name}")
    if contract.unfunded_cents():
        lines.append(f"After {contract.fund_until} the fund pays no more: {euros(contract.unfunded_cents())} EUR are nobody's. "
                     f"Ask the household, then: clearing contract takeover {name} --agreed HOW")
        lines.append(f"Or let the contract become smaller: clearing contract shrink {name}")  # fmt: skip
    return lines


def _qty(milli: int) -> str:
    whole, part = divmod(milli, 1_000)
    return f"{whole}.{part:03d}".rstrip("0").rstrip(".")


def instalments(contract: Contract, today: str) -> list[str]:
    """A line per instalment with who pays what of it."""
    lines = []
    for number, due in enumerate(contract.dues, start=1):
        parts = [f"household {euros(due.household_cents)}"]
        if due.fund_cents:
            parts.append(f"{contract.fund} {euros(due.fund_cents)}" if contract.is_funded(due) else
                         f"nobody {euros(due.fund_cents - due.fund_paid)}")  # fmt: skip
        missing = due.household_cents - due.household_paid
        state = "cancelled" if not due.household_cents + due.fund_cents else "paid" if not missing else (
            f"{euros(missing)} {'overdue' if due.due_on < today else 'to come'}"
        )
        lines.append(f"  instalment {number:2} on {due.due_on}  {euros(due.household_cents + due.fund_cents):>10} EUR  "
                     f"{', '.join(parts)}  {state}")  # fmt: skip
    return lines


def _days(contracts: Contracts, contract: Contract, season: Season) -> list[str]:
    values = contract.values() if contract.stretch() else {}
    lines = []
    for day in sorted(contract.weights):
        outcome = contract.outcomes.get(day, "")
        worth = f"{euros(values[day]):>8} EUR" if day in values else " " * 12
        swapped = f", fetched by {fetcher(contracts, contract, day)}" if day in contract.swaps else ""
        lost = f", crop {_percent(season.losses[day])}" if day in season.losses else ""
        lines.append(f"  delivery on {day} {worth}  {outcome}{swapped}{lost}".rstrip())
    return lines


def _percent(rate: int) -> str:
    return f"{rate // 100} %" if not rate % 100 else f"{rate // 100}.{rate % 100:02d} %"


def sheet(book: Book, season: SeasonId, on: str, names: Names) -> list[str]:
    """The attendance sheet of a distribution as CSV; `contract deliver` reads it back with its last column filled in."""
    known = book.contracts.seasons[season]
    rate = known.losses.get(on, WHOLE)
    rows = ["contract;fetched by;portion;crop;taken"]
    for name, contract in _of(book.contracts, season):
        if contract.weights.get(on) and contract.outcomes.get(on) != "skipped":
            who = fetcher(book.contracts, contract, on)
            factor = contract.weights[on]
            portion = " + ".join(f"{_qty(one.qty_milli * factor)} {one.product}" for one in contract.portions)
            rows.append(f"{name};{names.get(who, who)};{portion};{_percent(rate)};{contract.outcomes.get(on, '')}")
    return rows


def statement(book: Book, producer: ProducerId, today: str) -> list[str]:
    """What a producer contracted, delivered, received and may expect, by season."""
    lines: list[str] = []
    for name, season in book.contracts.seasons.items():
        if season.producer != producer:
            continue
        contracts = [contract for _, contract in _of(book.contracts, name)]
        total = sum(one.total_cents for one in contracts)
        delivered = sum(one.consumed_cents(today) for one in contracts)
        received = sum(one.paid_over_cents if season.through() else one.household_paid() for one in contracts)
        received += sum(one.fund_paid() for one in contracts)
        waiting = sum(one.held_cents - one.refundable_cents for one in contracts)
        unfunded = sum(one.unfunded_cents() for one in contracts)
        lines += [
            f"{name}: {season.title}, {counted(len(contracts), 'contract')}",
            f"  contracted   {euros(total):>12} EUR", f"  delivered    {euros(delivered):>12} EUR",
            f"  received     {euros(received):>12} EUR", f"  to come      {euros(total - received - unfunded):>12} EUR",
        ]
        if season.through():
            lines.append(f"  at the caisse{euros(waiting):>12} EUR, to be paid over when due")
        if unfunded:
            lines.append(f"  nobody's     {euros(unfunded):>12} EUR, since a fund's part ended")
    return lines or [f"{producer} has no season of contracts."]


def told_end(done: Mapping[str, object], through: bool) -> str:
    """What leaving means in money, of the event's own figures."""

    def cents(name: str) -> int:
        return int(str(done[name]))

    said = [f"Consumed {euros(cents('consumed_cents'))} EUR."]
    back, due = cents("back_household_cents"), cents("due_household_cents")
    if back:
        who = "the caisse gives back to the household" if through else "the producer gives back to the household"
        said.append(f"{euros(back)} EUR {who}.")
    if due:
        said.append(f"{euros(due)} EUR are still due from the household.")
    if cents("back_fund_cents"):
        said.append(f"{euros(cents('back_fund_cents'))} EUR are the fund's again.")
    if cents("cancelled_cents"):
        said.append(f"Instalments of {euros(cents('cancelled_cents'))} EUR are cancelled: give the cheques back.")
    if cents("unfunded_cents"):
        said.append(f"{euros(cents('unfunded_cents'))} EUR were consumed and nobody pays them.")
    return " ".join(said)
