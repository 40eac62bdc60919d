"""Law: who draws from a fund and what comes back to it is voted; coupons are sold to anybody, and nobody asks to whom."""

from typing import Final

from clearing.authoriser.bodies import Body
from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.events.bonus import BonusCover, BonusRuleSet, ShortBonus
from clearing.events.charte import Condition
from clearing.events.solidarity import SolidarityRuleSet, WhenShort
from clearing.rules.credit import bonuses
from clearing.rules.reductions import solidarity
from clearing.rules.voted.standing import draws_in_force
from clearing.values import CategoryId, DecisionId, FundId, InvalidValue, PersonId, PurseKind, Rate, rate

_RATES_MAX: Final = 20
_RATE_MAX: Final = 50_000


def read_solidarity_rule(b: Body, by: PersonId) -> SolidarityRuleSet:
    """A voted solidarity rule, as commands and founding files give it."""
    return SolidarityRuleSet(
        rule=b.id("rule"), fund=FundId(b.id("fund")), rates=_rates(b, "rates"), when_short=_when_short(b), where=b.ids("where"),
        categories=tuple(CategoryId(item) for item in b.ids("categories")), terminal_day_cents=b.cents("terminal_day_cents"),
        producer_day_cents=b.cents("producer_day_cents"), fund_day_cents=b.cents("fund_day_cents"), prices=_rates(b, "prices"),
        coupon_cents=b.cents("coupon_cents"), give_terminal_day_cents=b.cents("give_terminal_day_cents"),
        give_producer_day_cents=b.cents("give_producer_day_cents"), give_debt_cents=b.cents("give_debt_cents"),
        watch_rate=Rate(b.number("watch_rate", highest=10_000)), decision=DecisionId(b.id("decision")), by=by,
    )


def _rates(b: Body, name: str) -> tuple[Rate, ...]:
    """A list of ten-thousandths, largest first."""
    found = []
    for item in b.bodies(name):
        found.append(rate(item.number("rate", highest=_RATE_MAX), what=name, at_most=_RATE_MAX))
        item.end()
    if len(found) > _RATES_MAX:
        raise InvalidValue(f"'{name}' has at most {_RATES_MAX} entries")
    return tuple(sorted(found, reverse=True))


def _when_short(b: Body) -> WhenShort:
    value = b.text("when_short")
    if value not in list(WhenShort):
        raise InvalidValue(f"'when_short' must be one of {', '.join(WhenShort)}, not {value!r}")
    return WhenShort(value)


def read_bonus_rule(b: Body, by: PersonId) -> BonusRuleSet:
    """A voted bonus, as commands and founding files give it."""
    covers = []
    for item in b.bodies("covers"):
        covers.append(BonusCover(
            category=CategoryId(item.id("category")), product=item.optional("product", item.text),
            rate=rate(item.number("rate", highest=_RATE_MAX), what="rate of a bonus", at_most=_RATE_MAX),
        ))
        item.end()
    short = b.text("short")
    if short not in list(ShortBonus):
        raise InvalidValue(f"'short' must be one of {', '.join(ShortBonus)}, not {short!r}")
    condition = b.body("condition")
    read = BonusRuleSet(
        rule=b.id("rule"), fund=FundId(b.id("fund")), purse=PurseKind(b.id("purse")), covers=tuple(covers),
        month_cents=b.cents("month_cents"), months_valid=b.number("months_valid", lowest=1, highest=bonuses.MONTHS_MAX),
        condition=Condition(
            who=condition.ids("who"), where=condition.ids("where"), from_us=condition.optional("from_us", condition.instant),
            until_us=condition.optional("until_us", condition.instant),
        ),
        short=ShortBonus(short), decision=DecisionId(b.id("decision")), by=by,
    )  # fmt: skip
    condition.end()
    return read


def _set_solidarity_rule(o: Order) -> Result:
    return one(solidarity.decide_set_rule(read_solidarity_rule(o.body, o.by), funds=o.book.funds))


def _sell_coupons(o: Order) -> Result:
    b = o.body
    fund, number, means = FundId(b.id("fund")), b.number("number", lowest=1), b.id("means")
    return one(solidarity.decide_sell_coupons(
        draws_in_force(o.book, o.at_us), fund=fund, number=number, means=means, reference=b.text("reference"), by=o.by
    ))


def _set_bonus_rule(o: Order) -> Result:
    return one(bonuses.decide_set_rule(read_bonus_rule(o.body, o.by), funds=o.book.funds))


VERBS: Final[dict[str, Verb]] = {
    "set_solidarity_rule": _set_solidarity_rule,
    "sell_coupons": _sell_coupons,
    "set_bonus_rule": _set_bonus_rule,
}
