"""Law: how a caisse stands is told in figures that each lead to where they come from, with the day they are of.

What takes the whole log to know was reckoned the night before (installation/kept_figures.py); the rest is the book's, now.
"""

from datetime import date
from typing import Final

from clearing.console.charts import columns, marks, stacked
from clearing.console.pages import Visit
from clearing.installation.kept_figures import Kept, kept
from clearing.rules.calendar import civil_date
from clearing.rules.stalls.payouts import NOT_OURS, UNDER_WAY
from clearing.rules.stalls.settlement import BatchState
from clearing.rules.telling.waiting_settling import DEPUTIES_AFTER_DAYS
from clearing.rules.treasury.proofs import FIRST, ISSUED, PROOFS
from clearing.rules.treasury.runway import DAYS_MIN, THRESHOLD_CENTS, lasting

SOON_TENTHS: Final = 30
OLD_DAYS: Final = 2
"""Proofs of an earlier day than that are an alert."""
_MARKS: Final = (70, 90)
Figure = dict[str, str]


def newest(visit: Visit) -> Kept | None:
    return kept(visit.console.installation.home, visit.code)


def today(visit: Visit) -> date:
    return visit.book.caisse.calendar.day(visit.at_us)


def figures(visit: Visit, found: Kept | None) -> list[Figure]:
    """Outstanding, owed, at the bank; with the day where a figure is not of this moment."""
    book, words = visit.book, visit.words
    owed = sum(one.net_cents() for one in book.settlement.owed.values())
    ours = UNDER_WAY - NOT_OURS
    under_way = sum(
        one.cents for batch in book.settlement.batches.values() for one in batch.payouts.values() if one.state in ours
    )
    bank, purses = book.bank.last_known(), None if found is None else _purses(found)
    rows = [
        ("Left on cards", words.euros(purses) if purses is not None else "", found.day if found is not None else "", "proofs"),
        ("Owed to producers, in no batch yet", words.euros(owed), "", "batches"),
        ("In batches that the bank has not paid yet", words.euros(under_way), "", "batches"),
        ("At the bank, by its last statement", words.euros(bank[1]) if bank is not None else "",
         bank[0] if bank is not None else "", "bank"),
    ]  # fmt: skip
    return [
        {"called": words.say(called), "amount": amount or words.say("not known yet"),
         "day": words.say("on {day}", day=words.day(day)) if day else "", "page": _page(visit, path)}
        for called, amount, day, path in rows
    ]  # fmt: skip


def _page(visit: Visit, path: str) -> str:
    if path == "bank" and not visit.opens("bank"):
        return visit.path("do/import_statement") if visit.may("import_statement") else ""
    return visit.path(path) if visit.opens(path) else ""


def _purses(found: Kept) -> int | None:
    total = next((one.figures[0] for one in found.results if one.proof == ISSUED and one.figures), None)
    if total is None or total.name != FIRST[ISSUED]:
        return None
    return next((cents for cents in total[1:] if cents is not None), None)


def runway_said(visit: Visit, found: Kept | None) -> dict[str, str]:
    """How long the money lasts and how that was reckoned. months: in digits, "" when it can't be said."""
    words = visit.words
    there = sum(fund.there_cents() for fund in visit.book.funds.values())
    if found is None or found.spent_days < DAYS_MIN:
        why = words.say("It takes {days} days of purchases to say how long the money lasts.", days=DAYS_MIN)
        return {"months": "", "why": f"{words.say('{amount} are there and not engaged.', amount=words.euros(there))} {why}"}
    lasts = lasting(there, found.spent_cents, found.spent_days, civil_date(found.day))
    spent = words.say(
        "{amount} are there and not engaged; {spent} were given out in the {days} days up to {day}.",
        amount=words.euros(there), spent=words.euros(lasts.spent_cents), days=lasts.days, day=words.day(found.day),
    )  # fmt: skip
    if lasts.tenths is None or lasts.runs_out is None:
        return {"months": "", "why": f"{spent} {words.say('So it does not run out.')}"}
    months = words.number(lasts.tenths)
    ends = words.say(
        "That is {amount} a month, so it lasts {months} months, until {day}. Announced money counts when it came.",
        amount=words.euros(lasts.a_month_cents), months=months, day=words.day(lasts.runs_out),
    )  # fmt: skip
    to_come = sum(fund.to_come_cents() for fund in visit.book.funds.values())
    if to_come > 0:
        then = lasting(there + to_come, found.spent_cents, found.spent_days, civil_date(found.day)).runs_out
        ends += " " + words.say(
            "With the {amount} that are announced and have not come, until {day}.", amount=words.euros(to_come),
            day=words.day(then or lasts.runs_out),
        )  # fmt: skip
    return {"months": months, "why": f"{spent} {ends}", "soon": "yes" if lasts.tenths < SOON_TENTHS else ""}


def proofs_said(visit: Visit, found: Kept | None) -> list[Figure]:
    """Each of the five with its day and whether it holds."""
    words = visit.words
    if found is None:
        return []
    return [
        {"called": words.say(f"proof {proof}"), "state": words.say("does not hold" if proof in found.failed else "holds"),
         "kind": "bad" if proof in found.failed else "good", "day": words.day(found.day),
         "page": f"{visit.path('proofs')}#{proof}" if visit.opens("proofs") else ""}
        for proof in PROOFS
    ]  # fmt: skip


def alerts(visit: Visit, found: Kept | None, runway: dict[str, str]) -> list[tuple[str, str]]:
    """(page, sentence) of what somebody should look at before anything else."""
    words, told = visit.words, list[tuple[str, str]]()
    proofs = visit.path("proofs") if visit.opens("proofs") else ""
    told += ends(visit)
    if found is None:
        told.append((proofs, words.say("The five proofs were not taken here yet: take them once by hand.")))
    else:
        told += [(proofs, words.say("The proof does not hold: {proof}", proof=words.say(f"proof {one}")))
                 for one in found.failed]  # fmt: skip
        if (today(visit) - civil_date(found.day)).days > OLD_DAYS:
            told.append((proofs, words.say("The newest proofs are of {day}.", day=words.day(found.day))))
        warned = found.gauge.warning()
        if warned is not None:
            text = "{percent} of the threshold are passed: prepare the declaration to the regulator now."
            told.append(("", words.say(text, percent=words.percent(warned * 100))))
    told += [
        (visit.path(f"batches/{number}") if visit.opens("batches") else "",
         words.say("Batch {number} waits for its approval since {day}.", number=number, day=words.day(batch.closed.closed_on)))
        for number, batch in visit.book.settlement.batches.items() if batch.state is BatchState.CLOSED and batch.under_way()
        and (today(visit) - civil_date(batch.closed.closed_on)).days > DEPUTIES_AFTER_DAYS
    ]  # fmt: skip
    told += [
        (visit.path(f"funds/{name}") if visit.opens("funds/{fund}") else "",
         words.say("Fund {name}: more is engaged than came.", name=fund.name))
        for name, fund in visit.book.funds.items() if fund.free_cents() < 0
    ]  # fmt: skip
    if runway.get("soon"):
        told.append((visit.path("funds") if visit.opens("funds") else "",
                     words.say("The money lasts {months} months.", months=runway["months"])))  # fmt: skip
    return told


def ends(visit: Visit) -> list[tuple[str, str]]:
    """(page, sentence) where credits are frozen or the caisse closes: whoever opens a page hears of it."""
    words, closing = visit.words, visit.book.closing
    page = visit.path("closing") if visit.opens("closing") else ""
    if closing.sealed:
        return [(page, words.say("The caisse is closed and sealed: every account is empty. Keep the log, its keys, the books "
                                 "and the reports."))]  # fmt: skip
    if closing.confirmed is not None:
        text = "The last day was {day}: no card pays any more. What is left is paid out, then the log is sealed."
        if visit.at_us < closing.ends_us:
            text = "The caisse closes: cards pay until the end of {day}. Nobody is credited any more."
        return [(page, words.say(text, day=words.day(closing.confirmed.last_day)))]
    if closing.frozen:
        text = "Credits are frozen by decision {decision}: what members have stays theirs, nothing new is given."
        return [(page, words.say(text, decision=closing.frozen))]
    return []


def gauge_drawn(visit: Visit, found: Kept | None) -> dict[str, object] | None:
    """In and out over twelve months against the threshold, and by month; None before the first night."""
    if found is None:
        return None
    words, gauge = visit.words, found.gauge
    return {
        "in": words.euros(gauge.in_cents), "out": words.euros(gauge.out_cents),
        "both": words.euros(gauge.in_cents + gauge.out_cents), "percent": words.percent(gauge.percent * 100),
        "whole": words.euros(THRESHOLD_CENTS), "day": words.day(found.day),
        "bar": stacked((("in", gauge.in_cents), ("out", gauge.out_cents)), THRESHOLD_CENTS),
        "marks": marks(_MARKS, [words.percent(one * 100) for one in _MARKS]),
        "columns": columns([(("in", came), ("out", paid)) for _, came, paid in found.months]),
        "months": [(words.month(month), words.euros(came), words.euros(paid)) for month, came, paid in found.months],
    }  # fmt: skip
