"""Law: a bound fund's euro can only be named by rules that stay inside its earmark: by category, place and time.

Checked when rules are adopted, not at the till: what the rules allow is then inside by itself. A purse that holds, or ever
held, credit of a bound fund is bound as the fund is.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from clearing.events.charte import Charte, Condition, Cover
from clearing.events.funds import UNBOUND, Earmark
from clearing.values import WHOLE, FundId, PurseKind

Sources = Mapping[str, list[tuple[FundId, Earmark]]]
"""Source ("fund:<id>", "purse:<kind>") -> the bound funds whose money is in it."""
_CIVIL: Final = ZoneInfo("UTC")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def problem_of(earmark: Earmark) -> str | None:
    """What is wrong with an earmark by itself."""
    if earmark.from_us is not None and earmark.until_us is not None and earmark.from_us >= earmark.until_us:
        return "The earmark ends before it begins: put the end after the beginning."
    return None


def within(narrow: Earmark, wide: Earmark, zone: ZoneInfo = _CIVIL) -> list[str]:
    """In which respects the one allows more than the other, in the words of the other; empty when it stays inside."""
    wider = []
    if wide.places and not (narrow.places and set(narrow.places) <= set(wide.places)):
        wider.append(f"places {', '.join(wide.places)}")
    if wide.categories and not (narrow.categories and set(narrow.categories) <= set(wide.categories)):
        wider.append(f"categories {', '.join(wide.categories)}")
    if wide.from_us is not None and (narrow.from_us is None or narrow.from_us < wide.from_us):
        wider.append(f"from {_instant(wide.from_us, zone)}")
    if wide.until_us is not None and (narrow.until_us is None or narrow.until_us > wide.until_us):
        wider.append(f"until {_instant(wide.until_us, zone)}")
    return wider


def bound_sources(every: Mapping[FundId, Earmark], pairs: Iterable[tuple[FundId, PurseKind]]) -> Sources:
    """every: the earmark of each fund. pairs: which fund fills which purse."""
    bound = {name: earmark for name, earmark in every.items() if earmark != UNBOUND}
    found: dict[str, list[tuple[FundId, Earmark]]] = {f"fund:{name}": [(name, earmark)] for name, earmark in bound.items()}
    if bound:
        for fund, purse in sorted(pairs):
            if fund in bound:
                found.setdefault(f"purse:{purse}", []).append((fund, bound[fund]))
    return found


def outside(charte: Charte, sources: Sources, zone: ZoneInfo = _CIVIL) -> list[str]:
    """Where the charte would let a bound fund's money out of its earmark, with the payer's name and what to write."""
    if not sources:
        return []
    problems: list[str] = []
    for tariff in charte.tariffs:
        lowering = [cover for cover in tariff.covers if cover.rate is None or cover.rate < WHOLE]
        for each in tariff.funds:
            for fund, earmark in sources.get(f"fund:{each.fund}", ()):
                what = f"tariff {tariff.id!r} takes from fund {fund}, which is bound"
                problems += _leaks(what, lowering, tariff.condition, charte, earmark, zone)
    for payer in charte.payers:
        source = f"purse:{payer.purse}" if payer.purse is not None else f"fund:{payer.fund}"
        paying = [cover for cover in payer.covers if cover.rate != 0 and cover.unit_cents != 0]
        for fund, earmark in sources.get(source, ()):
            takes = f"from fund {fund}" if payer.fund is not None else f"from purse {payer.purse}, which fund {fund} fills"
            what = f"payer {payer.id!r} takes {takes}, which is bound"
            problems += _leaks(what, paying, payer.condition, charte, earmark, zone)
    return problems


def _leaks(
    what: str, covers: Iterable[Cover], condition: Condition, charte: Charte, earmark: Earmark, zone: ZoneInfo
) -> Iterator[str]:
    named = list(dict.fromkeys(cover.category for cover in covers))
    if not named:
        return
    foreign = [name for name in named if earmark.categories and name not in earmark.categories]
    if foreign:
        yield f"{what}: take {', '.join(foreign)} out of its covers (inside are {', '.join(earmark.categories)})"
    if earmark.places and not (condition.where and set(condition.where) <= set(earmark.places)):
        yield f"{what}: write where = {_listed(earmark.places)}, or fewer of them"
    begins_us = max(charte.effective_us, condition.from_us or 0)
    if earmark.from_us is not None and begins_us < earmark.from_us:
        yield f"{what}: write from = {_instant(earmark.from_us, zone)}, or later"
    if earmark.until_us is not None and (condition.until_us is None or condition.until_us > earmark.until_us):
        yield f"{what}: write until = {_instant(earmark.until_us, zone)}, or earlier"


def _listed(names: Iterable[str]) -> str:
    quoted = [f'"{name}"' for name in names]
    return f"[{', '.join(quoted)}]"


def _instant(at_us: int, zone: ZoneInfo = _CIVIL) -> str:
    """As it is written in a charte's file."""
    moment = (_EPOCH + timedelta(microseconds=at_us)).astimezone(zone)
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def allowed(earmark: Earmark, *, category: str, places: Iterable[str], at_us: int) -> bool:
    """Whether a cent of the fund may be spent like this: what the checks above promise, said directly."""
    if earmark.categories and category not in earmark.categories:
        return False
    if earmark.places and not set(earmark.places).intersection(places):
        return False
    return (earmark.from_us or 0) <= at_us and (earmark.until_us is None or at_us < earmark.until_us)
