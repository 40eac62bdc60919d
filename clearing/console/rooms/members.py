"""Law: the desk finds a person and sees her groups, household, purses, cards and cotisation, and no purchase of hers."""

import unicodedata
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from clearing.authoriser.forms.fields import Id, Many, Text
from clearing.books.journal import periods
from clearing.console.apart import PERSONS, cards_given, member_at, names_cards
from clearing.console.open_ends import still_to_do
from clearing.console.pages import Answer, Shows, Visit, page
from clearing.console.sheets import sheet
from clearing.events.codec import decode
from clearing.events.joining import JoinAllowed, JoinAsked
from clearing.people import Record
from clearing.rules.people.members import Member, card_called
from clearing.rules.selling.facts import OWN_PURSE
from clearing.rules.treasury.cotisations import agreed_for, standings
from clearing.rules.treasury.debit_answers import came_back, still_owed
from clearing.rules.treasury.reason_codes import told as code_told
from clearing.values import CardId, MemberId

SHOWN_MAX: Final = 50
NAMES_MAX: Final = 3_000  # more names are not opened for one search: the pseudonym finds her then
ADMISSION: Final = sheet(
    {
        "member": Id(new=True), "groups": Many(each=Id()), "name": Text(optional=True),
    },
    {
        "member": "Pseudonym: small letters, digits, dot, dash; it stays in the log, so never a name",
        "groups": "Groups that the rules ask for", "name": "Name, kept sealed and apart",
    },
)  # fmt: skip
NAME_LETTERS_MIN: Final = 2
CODES: Final = (("41", "word 41"), ("43", "word 43"), ("62", "word 62"))
STATES: Final = dict(CODES)


@page("members", "Members", roles=PERSONS, menu=50, shows=Shows.PERSONS)
async def every(visit: Visit) -> Answer:
    """Found by a part of the pseudonym or of the name, or by a card's alias where that joins nothing."""
    asked = visit.request.query.get("q", "").strip()
    members = visit.book.members
    card = card_called(members, asked.upper()) or card_called(members, asked) if asked and names_cards(visit) else None
    if card is not None:
        return Answer(go_to=visit.path(f"members/{members.cards[card].member}"))
    called = await _called(visit, asked)
    found = sorted(name for name in members.members if asked.lower() in name or name in called)
    most = len(found) if visit.as_sheet else SHOWN_MAX
    rows = [_row(visit, members.members[name], called.get(name, "")) for name in found[:most]]
    return Answer("members.html", {
        "rows": rows, "asked": asked, "more": max(0, len(found) - most), "by_card": names_cards(visit),
        "by_name": bool(called) and not visit.as_sheet, "none": not members.members,
        "heads": sum(1 for one in members.members.values() if not one.gone),
    })  # fmt: skip


async def _called(visit: Visit, asked: str) -> Mapping[MemberId, str]:
    """Whose sealed name holds what was typed, and how she is called; nobody's while nothing was typed."""
    members = visit.book.members.members
    if len(asked) < NAME_LETTERS_MIN or len(members) > NAMES_MAX:
        return {}
    async with visit.console.installation.people_of(visit.code) as people:
        kept = await people.newest_of("name", [f"member:{name}" for name in members])
    names = {MemberId(subject.removeprefix("member:")): record.fields["name"] for subject, record in kept.items()}
    return {member: name for member, name in names.items() if all(part in _plain(name) for part in _plain(asked).split())}


def _plain(text: str) -> str:
    """Without accents and capitals: Élodie is found by elodie."""
    return "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one)).casefold()


def _row(visit: Visit, member: Member, called: str) -> dict[str, object]:
    live = sum(1 for _, _, card in cards_given(visit, member) if card.blocked is None)
    return {
        "name": member.member, "called": called, "page": visit.path(f"members/{member.member}"),
        "groups": ", ".join(sorted(member.groups)), "cards": live, "gone": member.gone,
    }  # fmt: skip


async def admit(visit: Visit) -> Answer:
    """One member, her name sealed apart if it was given."""
    body, problems = ADMISSION.read(visit)
    if problems:
        return _admission(visit, problems)
    name = str(body.pop("name", "") or "")
    body["groups"] = body.get("groups") or []
    told = await visit.console.orders.give(visit.login, visit.code, "admit_members", {"members": [body]})
    if not told.done:
        return _admission(visit, {}, told.why)
    if name:
        async with visit.console.installation.people_of(visit.code) as people:
            await people.keep([Record(subject=f"member:{body['member']}", kind="name", fields={"name": name})])
    await visit.console.accounts.leave_notice(visit.login, visit.words.say("{member} is a member.", member=body["member"]))
    return Answer(go_to=visit.path(f"members/{body['member']}"))


@page("members/new", "New member", roles=("desk", "treasurer"), shows=Shows.PERSONS, post=admit)
async def new(visit: Visit) -> Answer:
    return _admission(visit, {})


def _admission(visit: Visit, problems: dict[str, str], why: str = "") -> Answer:
    return Answer("member_new.html", {
        "fields": ADMISSION.drawn(visit, problems=problems), "why": visit.words.refusal(why),
    }, status=422 if problems or why else 200)  # fmt: skip


@page("members/{member}", "Member", roles=PERSONS, shows=Shows.PERSONS)
async def one(visit: Visit) -> Answer:
    return await person_page(visit)


async def person_page(visit: Visit, *, why: str = "") -> Answer:
    """why: what was declined of a form on it."""
    member = member_at(visit)
    async with visit.console.installation.people_of(visit.code) as people:
        kept = await people.newest(f"member:{member.member}", "name")
    return Answer("member.html", {
        "member": member.member, "name": kept.fields["name"] if kept is not None else "", "gone": member.gone,
        "groups": sorted(member.groups), "purses": list(_purses(visit, member)), "cards": list(cards_shown(visit, member)),
        "credits": list(_credits(visit, member)), "eaters": list(_eaters(visit, member)),
        "cotisation": _cotisation(visit, member), "by_card": names_cards(visit),
        "owed": _owed(visit, member.member), "open": still_to_do(visit, member.member) if member.gone else (),
        "why": visit.words.refusal(why), "do": _prepared(visit, member),
        "looked": await _looked(visit, member), "may_issue": visit.may("issue_cards") and not member.gone,
    }, status=422 if why else 200)  # fmt: skip


async def _looked(visit: Visit, member: Member) -> list[dict[str, object]]:
    """Every look at her purchases, the newest first: she is told."""
    found: list[dict[str, object]] = []
    async with visit.console.installation.reading(visit.code) as log:
        for row in await log.events_of(f"member/{member.member}"):
            if row.type in (JoinAsked.TYPE, JoinAllowed.TYPE):
                event = decode(row.type, row.schema_version, row.public, row.private)
                asked = isinstance(event, JoinAsked)
                by = ", ".join((event.by,) if isinstance(event, JoinAsked) else getattr(event, "allowed_by", ()))
                found.append({
                    "when": visit.words.instant(row.at_us), "by": by, "asked": asked, "reason": getattr(event, "reason", ""),
                })  # fmt: skip
    return found[::-1]


def _purses(visit: Visit, member: Member) -> Iterator[dict[str, str]]:
    """What can be spent now, and what lapses next; credit that was granted and not touched yet is in it."""
    allocation, words = visit.book.allocation, visit.words
    for kind in sorted({*(purse.kind for purse in member.purses), *allocation.grants}):
        lots = allocation.spendable(member, kind, visit.at_us)
        ending = next((lot for lot in lots if lot.expires_us is not None), None)
        lapse = ""
        if ending is not None and ending.expires_us is not None:
            together = sum(lot.cents for lot in lots if lot.expires_us == ending.expires_us)
            until = words.instant(ending.expires_us)
            lapse = words.say("{amount} until {instant}", amount=words.euros(together), instant=until)
        yield {
            "kind": words.say("Own money") if kind == OWN_PURSE else kind, "lapse": lapse,
            "cents": words.euros(sum(lot.cents for lot in lots)),
        }


def _credits(visit: Visit, member: Member) -> Iterator[dict[str, str]]:
    """Of each voted credit that she is in: what came this month, and when the next one does."""
    allocation, words = visit.book.allocation, visit.words
    today = visit.book.caisse.calendar.day(visit.at_us)
    month, following = list(periods(today.isoformat()[:7], (today.replace(day=1) + timedelta(days=32)).isoformat()[:7]))
    for rule in allocation.rules.values():
        if member.gone or (rule.who and not set(rule.who) & set(member.groups)) or month < rule.first_period:
            continue
        cohort = allocation.cohorts.get(f"{rule.rule}/{month}")
        now = words.say("not given yet")
        if cohort is not None:
            now = words.euros(cohort.given_cents(member)) if cohort.reached(member) else words.say("nothing")
        ends = bool(rule.last_period) and following > rule.last_period
        yield {
            "rule": rule.rule, "now": now,
            "next": words.say("none") if ends else words.say("from {day} on", day=words.day(f"{following}-01")),
        }  # fmt: skip


def cards_shown(visit: Visit, member: Member) -> Iterator[dict[str, object]]:
    """Cards with their state; unnamed where an alias would join a person and her purchases."""
    given = cards_given(visit, member)
    for place, (tag, name, card) in enumerate(given):
        yield {
            "called": card_said(visit, card.alias, len(given) - place),
            "page": visit.path(f"members/{member.member}/cards/{tag}"),
            "state": visit.words.say(STATES[card.blocked.value]) if card.blocked is not None else visit.words.say("pays"),
            "blocked": card.blocked is not None, "limits": limits_said(visit, name),
        }  # fmt: skip


def card_said(visit: Visit, alias: str, number: int) -> str:
    return alias if names_cards(visit) else visit.words.say("Card {number}", number=number)


def limits_said(visit: Visit, card: CardId) -> str:
    limit, words = visit.book.card_limits.limits.get(card), visit.words
    if limit is None:
        return words.say("none")
    said = (
        ("{amount} a sale", limit.sale_cents), ("{amount} a day", limit.day_cents), ("{amount} a month", limit.month_cents),
    )
    return ", ".join(words.say(text, amount=words.euros(cents)) for text, cents in said if cents is not None)


def _eaters(visit: Visit, member: Member) -> Iterator[dict[str, str]]:
    for name, eater in visit.book.members.eaters.get(member.member, {}).items():
        change = ""
        if eater.next_period:
            month = visit.words.month(eater.next_period)
            change = visit.words.say("{kind} from {month} on", kind=eater.next_class, month=month)
        yield {"name": name, "kind": eater.credit_class, "change": change}


def _cotisation(visit: Visit, member: Member) -> dict[str, str]:
    """What was agreed for this month, what has not arrived, and what came back."""
    cotisations, words = visit.book.cotisations, visit.words
    period = visit.book.caisse.calendar.day(visit.at_us).isoformat()[:7]
    agreed = agreed_for(cotisations, member.member, period)
    open_cents = sum(one.open_cents() for one in standings(cotisations, member.member, until=period))
    said = ""
    if agreed is not None:
        every = {1: "{amount} a month", 3: "{amount} a quarter", 12: "{amount} a year"}[agreed.every_months]
        said = words.say(every, amount=words.euros(agreed.cents))
    return {
        "back": _came_back(visit, member.member), "agreed": said,
        "means": words.say(f"word {agreed.means}") if agreed is not None else "",
        "open": words.euros(open_cents) if open_cents > 0 else "", "ahead": words.euros(-open_cents) if open_cents < 0 else "",
    }


def _came_back(visit: Visit, member: MemberId) -> str:
    """What the bank took back of hers and is owed still; her credit and her card are as they were."""
    words, book = visit.words, visit.book
    owed = [
        (debit, cents) for _, debit in came_back(book.debits)
        if debit.row.member == member and (cents := still_owed(book.cotisations, debit))
    ]  # fmt: skip
    if not owed:
        return ""
    debit, total = owed[0][0], sum(cents for _, cents in owed)
    return words.say(
        "A debit came back on {day}: {amount} are owed ({reason}). Her credit and her card stay as they are.",
        day=words.day(debit.on) if debit.on else words.say("a day that is not known"), amount=words.euros(total),
        reason=words.refusal(code_told(debit.code, debit.text)),
    )


def _owed(visit: Visit, member: MemberId) -> dict[str, str] | None:
    """Own money that goes back to who left."""
    households, words = visit.book.households, visit.words
    cents = households.owed.get(member, 0)
    if not cents:
        return None
    seen = households.proposed.get(member)
    by = seen.by if seen is not None else ""
    return {"cents": words.euros(cents), "by": by, "amount": f"{cents // 100},{cents % 100:02d}"}


_PREPARED: Final = (
    ("change_groups", "Change groups", "member={member}{groups}"),
    ("join_household", "A person joins the household", "eaters.0.member={member}"),
    ("separate_household", "Part with a purse of her own", "members/{member}/part"),
    ("agree_cotisation", "Agree on a cotisation", "member={member}"),
    ("receive_cotisation", "A cotisation arrived", "member={member}"),
    ("credit_purse", "Put own money or credit into a purse", "member={member}"),
    ("bind_card", "Bind a spare card", "member={member}"),
    ("leave_caisse", "She moves away, has died or leaves the caisse", "members/{member}/leave"),
    ("propose_adjustment", "Put right what no sale or refund explains", "adjustments?of=member&member={member}"),
)  # fmt: skip
"""verb -> what it is called here, and what its form knows already, or the page that is made for it."""


def _prepared(visit: Visit, member: Member) -> list[tuple[str, str]]:
    """(page, text) of commands whose form is filled in already; where it comes back to is this person."""
    groups = "".join(f"&groups={group}" for group in sorted(member.groups))
    return [
        (visit.path(where if "/" in where or "?" in where else f"do/{verb}?{where}&then=members/{member.member}"), text)
        for verb, text, known in _PREPARED
        if visit.may(verb) and not member.gone
        for where in (known.format(member=member.member, groups=groups),)
    ]

