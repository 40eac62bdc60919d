"""Law: what members pay in is seen by member and month; what lies in the box is counted by two before it goes to the bank."""

from typing import Final

from clearing.console.pages import Answer, Shows, Visit, page
from clearing.rules.treasury.cotisations import standings

MONEY: Final = ("treasurer", "approver", "auditor", "desk")
SHOWN_MAX: Final = 300


@page("cotisations", "Cotisations", roles=MONEY, menu=54, shows=Shows.PERSONS)
async def every(visit: Visit) -> Answer:
    """Who owes what until this month, the most first; the boxes; what was counted."""
    book, words = visit.book, visit.words
    month = f"{book.caisse.calendar.day(visit.at_us):%Y-%m}"
    rows: list[tuple[int, dict[str, str]]] = []
    for member in {*book.cotisations.agreements, *(member for member, _, _ in book.cotisations.unpaid)}:
        open_ = [one for one in standings(book.cotisations, member, until=month) if one.open_cents() > 0]
        cents = sum(one.open_cents() for one in open_)
        if cents:
            rows.append(
                (
                    cents,
                    {
                        "member": member,
                        "open": words.euros(cents),
                        "since": words.month(min(one.period for one in open_)),
                        "receive": visit.path(
                            f"do/receive_cotisation?member={member}&period={min(one.period for one in open_)}&then=cotisations"
                        ),
                    },
                )
            )
    rows.sort(key=lambda row: (-row[0], row[1]["member"]))
    return Answer(
        "cotisations.html",
        {
            "rows": [row for _, row in rows[:SHOWN_MAX]],
            "more": max(0, len(rows) - SHOWN_MAX),
            "members": len(rows),
            "total": words.euros(sum(cents for cents, _ in rows)),
            "boxes": _boxes(visit),
            "counted": _counted(visit),
            "agreed": len(book.cotisations.agreements),
            "rules": len(book.cotisations.rules),
        },
    )


def _boxes(visit: Visit) -> list[dict[str, str]]:
    counted: dict[str, int] = {}
    for one in visit.book.takings.counted.values():
        counted[one.account] = counted.get(one.account, 0) + one.cents
    return [
        {
            "name": visit.words.say(f"word {box}"),
            "cents": visit.words.euros(cents),
            "left": visit.words.euros(cents - counted.get(box, 0)),
            "count": visit.path(f"do/count_deposit?account={box}&then=cotisations"),
        }
        for box, cents in visit.book.takings.in_box.items()
    ]


def _counted(visit: Visit) -> list[dict[str, object]]:
    return [
        {
            "number": number,
            "account": visit.words.say(f"word {one.account}"),
            "cents": visit.words.euros(one.cents),
            "by": one.by,
            "own": one.by == visit.login.person,
            "confirm": visit.path(f"do/confirm_deposit?deposit={number}&then=cotisations"),
        }
        for number, one in visit.book.takings.counted.items()
    ]
