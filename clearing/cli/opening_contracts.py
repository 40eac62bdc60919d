"""Law: a running contract is written as three lists, itself, its instalments and its baskets, each row with the line it is on.

`assembled` puts them together by the contract's name; a row of a contract that is not in the list is told with its line.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from clearing.cli.lists import Row
from clearing.installation.amounts import read_euros
from clearing.installation.slips import Slips
from clearing.rules.amap.brought import SKIPPED
from clearing.rules.calendar import civil_date, period_start
from clearing.rules.treasury.cotisations import EVERY
from clearing.values import InvalidValue, identifier

Item = dict[str, object]
Place = tuple[Path, int]
_QTY_DIGITS: Final = 3
PARTS: Final = {"instalments": "instalment", "baskets": "basket"}
"""List of a contract's parts -> what the rules call one of them."""


def read_arrear(row: Row, _zone: ZoneInfo) -> Item:
    every = row.get("every") or "monthly"
    if every not in EVERY:
        raise InvalidValue(f"'every' is {', '.join(EVERY)}, not {every!r}")
    return {
        "member": identifier(row["member"], what="'member'"),
        "rule": identifier(row.get("rule") or "cotisation", what="'rule'"),
        "period": f"{period_start(row['month']):%Y-%m}", "months": EVERY[every],
        "due_cents": read_euros(row["due"], what="'due'"),
        "paid_cents": read_euros(row.get("paid") or "0.00", what="'paid'"),
    }  # fmt: skip


def read_contract(row: Row, _zone: ZoneInfo) -> Item:
    item: Item = {
        "contract": identifier(row["contract"], what="'contract'"), "season": identifier(row["season"], what="'season'"),
        "member": identifier(row["member"], what="'member'"),
        "portions": [read_portion(one) for one in row["portion"].split("+")],
        "held_cents": read_euros(row.get("held") or "0.00", what="'held'"),
    }  # fmt: skip
    if row.get("fund"):
        item["fund"] = identifier(row["fund"], what="'fund'")
    for column, name in (("joins", "joins_on"), ("fund_until", "fund_until"), ("fetched_until", "delivered_until"),
                         ("price_from", "price_from")):  # fmt: skip
        if row.get(column):
            item[name] = _day(row[column], column)
    if row.get("worth_before"):
        item["before_cents"] = read_euros(row["worth_before"], what="'worth_before'")
    return item


def read_portion(text: str) -> Item:
    """ "basket" or "eggs=0.5". Raises InvalidValue."""
    product, sign, number = text.partition("=")
    whole_part, dot, part = (number if sign else "1").replace(",", ".").partition(".")
    written = whole_part.isdecimal() and (part.isdecimal() or not dot) and len(part) <= _QTY_DIGITS
    if not product or not written or not (whole_part + part).strip("0"):
        raise InvalidValue(f"A portion is written NAME or NAME=QUANTITY, like basket or eggs=0.5, not {text}")
    return {"product": product, "qty_milli": int(whole_part) * 1_000 + int(part.ljust(_QTY_DIGITS, "0"))}


def read_instalment(row: Row, _zone: ZoneInfo) -> Item:
    """With what was paid of it, which `assembled` makes payments of."""
    return {
        "contract": identifier(row["contract"], what="'contract'"), "due_on": _day(row["due"], "due"),
        "cents": read_euros(row["amount"], what="'amount'"),
        "fund_cents": read_euros(row.get("fund_part") or "0.00", what="'fund_part'"),
        "paid_cents": read_euros(row.get("paid") or "0.00", what="'paid'"), "means": row.get("means") or "cheque",
        "fund_paid_cents": read_euros(row.get("fund_paid") or "0.00", what="'fund_paid'"), "reference": row.get("reference"),
    }  # fmt: skip


def read_basket(row: Row, _zone: ZoneInfo) -> Item:
    basket: Item = {
        "contract": identifier(row["contract"], what="'contract'"), "on": _day(row["day"], "day"), "outcome": row["outcome"],
    }  # fmt: skip
    if row.get("to"):
        basket["to_on"] = _day(row["to"], f"to, where it is {SKIPPED},")
    return basket


def _day(text: str, column: str) -> str:
    return civil_date(text, what=f"'{column}'").isoformat()


def assembled(
    body: dict[str, object], places: dict[str, list[Place]], slips: Slips, lists: Mapping[str, list[Item]]
) -> None:
    """lists: instalments and baskets. Puts each into its contract in body["contracts"]; their places are then
    "instalment/2" (of the second contract)."""
    contracts: list[Item] = body["contracts"]  # type: ignore[assignment]  # items that read_contract made
    numbers = {str(one["contract"]): number for number, one in enumerate(contracts, start=1)}
    for contract in contracts:
        contract |= {"instalments": [], "baskets": [], "payments": []}
    for name, part in PARTS.items():
        for item, place in zip(lists[name], places.pop(name), strict=True):
            number = numbers.get(str(item["contract"]))
            if number is None:
                slips.add(*place, f"there is no contract {item['contract']} in the list of contracts; add its line")
                continue
            places.setdefault(f"{part}/{number}", []).append(place)
            _put(contracts[number - 1], name, {key: value for key, value in item.items() if key != "contract"})
    for name in ("arrears", "contracts"):  # a list without them has the digest that it had before there were any
        if not body[name]:
            del body[name]


def _put(contract: Item, name: str, item: Item) -> None:
    listed: list[Item] = contract[name]  # type: ignore[assignment]  # made above
    listed.append(item)
    if name != "instalments":
        return
    payments: list[Item] = contract["payments"]  # type: ignore[assignment]  # made above
    number, means, given = len(listed), item.pop("means"), item.pop("reference")
    for payer, cents in (("household", item.pop("paid_cents")), ("fund", item.pop("fund_paid_cents"))):
        if cents:
            paper = given if given and payer == "household" else f"paper {number}{' fund' if payer == 'fund' else ''}"
            payments.append({
                "instalment": number, "payer": payer, "cents": cents, "means": means if payer == "household" else "fund",
                "reference": paper,
            })  # fmt: skip
