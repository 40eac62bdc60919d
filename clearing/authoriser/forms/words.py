"""Law: fields that many commands share have one name and one form."""

from typing import Final

from clearing.authoriser.forms.fields import (
    RATE_MAX,
    Amount,
    Bytes,
    Day,
    Flag,
    Form,
    Id,
    Instant,
    Many,
    Month,
    Number,
    Rows,
    Share,
    Table,
    Text,
)

ACCOUNT: Final = Id(of="account")
CARD: Final = Text(of="card")  # the alias that is printed on it
CATEGORY: Final = Id(of="category")
CENTS: Final = Amount()
CONTRACT: Final = Id(of="contract")
CONVENTION: Final = Id(of="convention")
DAY: Final = Day()
DECISION: Final = Id(of="decision")
DIGEST: Final = Bytes(size=32)
FUND: Final = Id(of="fund")
FUND_IF_ANY: Final = Id(of="fund", optional=True)
GRANT: Final = Id(of="grant")
GROUPS: Final = Many(each=Id(of="group"))
KEY: Final = Bytes(size=32)
MANDATARY: Final = Id(of="mandatary")
MEMBER: Final = Id(of="member")
MONTH: Final = Month()
ORDER: Final = Id(of="order")
PERSON: Final = Id(of="person")
PLACES: Final = Many(each=Id(of="place"))
PRODUCER: Final = Id(of="producer")
PRODUCT: Final = Text(of="product")
PRODUCT_IF_ANY: Final = Text(of="product", optional=True)
PURSE: Final = Id(of="purse")
QTY_MILLI_MAX: Final = 1_000_000_000
QTY: Final = Number(lowest=1, highest=QTY_MILLI_MAX)
REASON: Final = Text()
REFERENCE: Final = Text()
SEASON: Final = Id(of="season")
TERMINAL: Final = Bytes(size=8)
UNIT: Final = Id(of="unit")

FROM_UNTIL: Final[Form] = {"from_us": Instant(optional=True), "until_us": Instant(optional=True)}
CONDITION: Final = Table(of={"who": GROUPS, "where": PLACES, **FROM_UNTIL})
EARMARK: Final = Table(of={
    "places": PLACES, "categories": Many(each=CATEGORY), **FROM_UNTIL, "alone": Flag(optional=True),
})  # fmt: skip
PORTIONS: Final = Rows(of={"product": PRODUCT, "qty_milli": QTY})
RATES: Final = Rows(of={"rate": Share(highest=RATE_MAX)}, most=20)
