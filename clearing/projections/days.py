"""Law: what a civil day was: how often each code was answered, and which payer paid which cents for what."""

from collections import defaultdict
from datetime import date

from clearing.events.interchange import InterchangeSold
from clearing.events.sales import CaptureDecided
from clearing.projections.operations import operation
from clearing.projections.page import Page, Writes, write

FILE = "days.sql"


def writes(page: Page) -> Writes:
    """A hold is answered on its day and paid on the day of its capture."""
    answers: dict[tuple[date, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    paid: dict[tuple[date, str, str, str, str], int] = defaultdict(int)
    for sold in page.sold:
        for code, sums in sold.answers.items():
            _add(answers[sold.day, "sale", code], sums)
        for key, cents in sold.paid.items():
            paid[(sold.day, *key)] += cents
    for _, _, day, event in page.recorded:
        done = operation(event)
        if done is None:
            continue
        _add(answers[day, done.kind, done.code], [1, done.amount_cents, done.approved_cents])
        if isinstance(event, CaptureDecided):
            for share in event.shares:
                paid[day, share.step, share.payer, share.source, event.lines[share.line].category] += share.cents
        elif isinstance(event, InterchangeSold):  # who of the other caisse paid is not known here
            source = f"interchange:{event.issuer}"
            for line, cents in zip(event.lines, event.approved_lines, strict=True):
                if cents:
                    paid[day, "interchange", event.issuer, source, line.category] += cents
    return [
        *write("answer", [(*key, *sums) for key, sums in sorted(answers.items())]),
        *write("pay", [(*key, cents) for key, cents in sorted(paid.items())]),
    ]


def _add(sums: list[int], more: list[int]) -> None:
    for place, number in enumerate(more):
        sums[place] += number
