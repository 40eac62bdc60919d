"""Law: what a producer gets with a transfer adds up to it, day by day; it names no card and no member."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from clearing.books.layout import Column, Fonts
from clearing.books.paper import Paper
from clearing.books.words import Words
from clearing.rules.calendar import civil_date
from clearing.settlement.calendar import local_time
from clearing.settlement.statement import Adjustment, Section, StatementHead, StatementRow, agreeing


def remittance_advice(head: StatementHead, rows: Iterable[StatementRow], fonts: Fonts, words: Words) -> bytes:
    """One page for one payout, day by day. Raises StatementMismatch."""
    ordered = agreeing(head, rows)
    paper = _begun("advice", head, fonts, words)
    paper.text(words.said(
        "advice-text", amount=words.money(head.payout_cents), day=words.day(head.execution_date), reference=head.reference
    ))  # fmt: skip
    paper.text(words.said("advice-how"), small=True)
    _days(paper, head, ordered, words)
    return paper.pdf()


def producer_statement(head: StatementHead, rows: Iterable[StatementRow], fonts: Fonts, words: Words) -> bytes:
    """The same with every sale below its day. Raises StatementMismatch."""
    ordered = agreeing(head, rows)
    paper = _begun("statement", head, fonts, words)
    _days(paper, head, ordered, words)
    paper.heading(words.said("each-sale"))
    columns = [Column(words.said("day"), 34), Column(words.said("hour"), 14), Column(words.said("sale"), 30), *_amounts(words)]
    paper.table(columns, [_sale(row, head, words) for row in ordered])
    for section in head.sections:
        if section.rows:
            paper.text(_for(section, words))
            paper.table(columns, [_sale(row, head, words) for row in section.ordered()])
    paper.text(words.said("statement-note"), small=True)
    return paper.pdf()


def tax_receipt(text: str, *, caisse: str, year: int, number: int, issued: str, fonts: Fonts, words: Words) -> bytes:
    """The receipt's own text, line by line: what its digest is of stays the text."""
    title = words.said("tax-receipt", year=year, number=number)
    paper = Paper(fonts, words, title=title, caisse=caisse, dated=civil_date(issued))
    for line in text.splitlines()[1:]:
        paper.text(line or " ")
    return paper.pdf()


def _begun(title: str, head: StatementHead, fonts: Fonts, words: Words) -> Paper:
    paper = Paper(fonts, words, title=words.said(title), caisse=head.caisse_name, dated=head.execution_date)
    paper.pairs([
        (words.said("producer"), head.producer_name), (words.said("batch"), str(head.batch_id)),
        (words.said("pay-day"), words.day(head.execution_date)), (words.said("reference"), head.reference),
        (words.said("amount"), words.money(head.payout_cents)),
    ])  # fmt: skip
    return paper


def _days(paper: Paper, head: StatementHead, ordered: Sequence[StatementRow], words: Words) -> None:
    """Where other caisses are paid for, each has its own table and sum, and the transfer stands below them all."""
    if not head.sections:
        _table(paper, head, ordered, head.adjustments, words, sums=(words.said("payout"), head.payout_cents))
        return
    own_cents = head.payout_cents - sum(section.cents for section in head.sections)
    paper.heading(head.caisse_name)
    _table(paper, head, ordered, head.adjustments, words, sums=(words.said("total"), own_cents))
    for section in head.sections:
        paper.heading(_for(section, words))
        _table(paper, head, section.ordered(), section.adjustments, words, sums=(words.said("total"), section.cents))
    paper.pairs([(words.said("payout"), words.money(head.payout_cents))])


def _for(section: Section, words: Words) -> str:
    return words.said("for-caisse", caisse=section.caisse_name, batch=section.batch_id)


def _table(
    paper: Paper, head: StatementHead, ordered: Sequence[StatementRow], adjustments: Sequence[Adjustment], words: Words, *,
    sums: tuple[str, int],
) -> None:
    columns = [Column(words.said("day"), 30), Column(words.said("sales"), 14, right=True), *_amounts(words)]
    found: list[list[str]] = []
    for day, rows in groupby(ordered, key=lambda row: local_time(row.at_us, head.zone).date()):
        of = list(rows)
        found.append([words.day(day), str(len(of)), *_sums(of, words)])
    found.append([words.said("statement-sum"), str(len(ordered)), *_sums(ordered, words)])
    found += [[one.label, "", "", "", "", words.money(one.amount_cents)] for one in adjustments]
    paper.table(columns, found, sums=(sums[0], "", "", "", "", words.money(sums[1])))


def _amounts(words: Words) -> list[Column]:
    return [Column(words.said(name), 24, right=True) for name in ("goods", "card", "refunded", "owed")]


def _sums(rows: Sequence[StatementRow], words: Words) -> list[str]:
    return [words.money(sum(cents)) for cents in zip(
        *((row.goods_cents, row.card_cents, row.refunded_cents, row.owed_cents) for row in rows), strict=True
    )] or [words.money(0)] * 4  # fmt: skip


def _sale(row: StatementRow, head: StatementHead, words: Words) -> list[str]:
    when = local_time(row.at_us, head.zone)
    return [words.day(when.date()), f"{when:%H:%M}", row.sale_id, *_sums([row], words)]
