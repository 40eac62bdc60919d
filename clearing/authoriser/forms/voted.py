"""Law: what is voted."""

from typing import Final

from clearing.authoriser.forms.fields import (
    RATE_MAX,
    Amount,
    Bytes,
    Choice,
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
    Text,
)
from clearing.authoriser.forms.words import (
    CATEGORY,
    CENTS,
    CONDITION,
    DAY,
    DECISION,
    FUND,
    FUND_IF_ANY,
    GROUPS,
    PLACES,
    PRODUCT_IF_ANY,
    PURSE,
    RATES,
)
from clearing.events.bonus import ShortBonus
from clearing.events.charte import Short, Span
from clearing.events.solidarity import WhenShort
from clearing.rules.credit.amounts import FORMS as CREDIT_FORMS, SHORT
from clearing.rules.people.households import LEAVING, SEPARATION
from clearing.rules.voted.decisions import BODIES, METHODS

_DAYS: Final = Number(lowest=1, highest=400, optional=True)
_WEIGHT: Final = Number(lowest=1, highest=1_000_000, optional=True)
_VOTES: Final[Form] = {"votes_for": Number(), "votes_against": Number(), "abstained": Number()}
_RULING: Final[Form] = {"ruling": DECISION, "from_us": Instant(optional=True)}


def _covers(highest: int) -> Rows:
    return Rows(of={
        "category": CATEGORY, "product": PRODUCT_IF_ANY, "rate": Share(highest=highest, optional=True),
        "unit_cents": Amount(optional=True),
    })  # fmt: skip


FORMS: Final[dict[str, Form]] = {
    "record_decision": {
        "decision": Id(new=True), "title": Text(), "body": Choice(words=BODIES), "method": Choice(words=METHODS),
        "taken_on": DAY, **_VOTES, "drawn": Number(optional=True),
        "tallies": Rows(of={"college": Id(), **_VOTES}), "scope": Text(optional=True),
        "minutes_sha256": Bytes(size=32, or_empty=True), "minutes_link": Text(optional=True),
        "effective_on": Day(optional=True), "ends_on": Day(optional=True),
    },
    "approve_decision": {"decision": Id(of="unapproved")},
    "suspend_decision": {"decision": DECISION, **_RULING},
    "resume_decision": {"decision": Id(of="suspended"), **_RULING},
    "annul_decision": {"decision": Id(of="ruled"), **_RULING},
    "adopt_charte": {
        "version": Number(lowest=1), "decision": DECISION, "effective_us": Instant(), "categories": Many(each=Id()),
        "payers": Rows(of={
            "id": Id(new=True), "purse": Id(of="purse", optional=True), "fund": FUND_IF_ANY, "covers": _covers(10_000),
            "condition": CONDITION,
            "ceilings": Rows(of={"span": Choice(words=tuple(Span)), "cents": CENTS, "per_purse": Flag(optional=True)}),
            "short": Choice(words=tuple(Short), optional=True), "rank": Number(optional=True), "weight": _WEIGHT,
        }),
        "tariffs": Rows(of={
            "id": Id(new=True), "covers": _covers(RATE_MAX), "condition": CONDITION,
            "funds": Rows(of={"fund": FUND, "weight": _WEIGHT}), "surplus_fund": FUND_IF_ANY,
            "short": Choice(words=tuple(Short), optional=True),
        }),
        "hold_days": _DAYS, "refund_lot_days": _DAYS,
        "order_accepted": Flag(optional=True), "capture_tolerance": Share(highest=5_000, optional=True),
    },
    "set_allocation_rule": {
        "rule": Id(new=True), "purse": PURSE, "fund": FUND, "cents_each": CENTS, "months_valid": Number(lowest=1, highest=24),
        "who": GROUPS, "decision": DECISION, "form": Choice(words=CREDIT_FORMS, optional=True),
        "further_cents": Amount(optional=True), "classes": Rows(of={"credit_class": Id(of="class"), "cents": CENTS}),
        "after_cotisation": Flag(optional=True), "first_period": Month(optional=True), "last_period": Month(optional=True),
        "short": Choice(words=SHORT, optional=True), "short_fund": FUND_IF_ANY, "lapse_to": FUND_IF_ANY,
        "rollover_max_cents": Amount(optional=True), "notice_days": Number(optional=True),
    },
    "set_household_rules": {
        "separation": Choice(words=SEPARATION), "leaving": Choice(words=LEAVING), "decision": DECISION,
    },
    "set_emergency_rule": {
        "rule": Id(new=True), "purse": PURSE, "fund": FUND, "each_max_cents": CENTS, "day_max_cents": CENTS,
        "days_valid": Number(lowest=1, highest=366), "groups": GROUPS, "decision": DECISION,
    },
    "set_solidarity_rule": {
        "rule": Id(new=True), "fund": FUND, "rates": RATES, "when_short": Choice(words=tuple(WhenShort)), "where": PLACES,
        "categories": Many(each=CATEGORY), "terminal_day_cents": CENTS, "producer_day_cents": CENTS, "fund_day_cents": CENTS,
        "prices": RATES, "coupon_cents": CENTS, "give_terminal_day_cents": CENTS, "give_producer_day_cents": CENTS,
        "give_debt_cents": CENTS, "watch_rate": Share(), "decision": DECISION,
    },
    "set_bonus_rule": {
        "rule": Id(new=True), "fund": FUND, "purse": PURSE,
        "covers": Rows(of={"category": CATEGORY, "product": PRODUCT_IF_ANY, "rate": Share(highest=RATE_MAX)}),
        "month_cents": CENTS, "months_valid": Number(lowest=1, highest=24), "condition": CONDITION,
        "short": Choice(words=tuple(ShortBonus)), "decision": DECISION,
    },
    "set_cotisation_rule": {
        "rule": Id(new=True), "fund": FUND, "minimum_cents": CENTS, "step_cents": CENTS,
        "levels": Rows(of={"label": Text(), "cents": CENTS}), "free": Flag(), "means": Many(each=Id()), "over_is_gift": Flag(),
        "decision": DECISION,
    },
}  # fmt: skip
