"""Law: a till is paired by a code that is shown once; its digits, compared with its screen, say that it is this one."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from clearing.authoriser.forms.fields import Id
from clearing.console.pages import Answer, Visit, page
from clearing.console.rooms.cards import give, notice
from clearing.console.rooms.producers import SEERS
from clearing.console.sheets import sheet
from clearing.events.codec import decode
from clearing.events.producers import TerminalEnrolled
from clearing.installation.pairing import PAIRING_MINUTES, digits_shown, draw_slot
from clearing.rules.stalls.producers import Terminal
from clearing.values import TerminalId
from clearing.vault import Vault

LOOKED_UP_MAX: Final = 200  # of more terminals only each one's own page says when it last asked
PAIRING: Final = sheet({"producer": Id(of="producer")}, {"producer": "Producer that sells with it"})


async def pair(visit: Visit) -> Answer:
    """The page that answers is the only place where the code ever stands; opened again it is gone."""
    if not visit.may("open_slot"):
        raise web.HTTPForbidden(reason="Your office does not give this command.")
    body, problems = PAIRING.read(visit)
    if problems:
        return await _listed(visit, problems)
    producer = str(body["producer"])
    slot = draw_slot(visit.code, now_us=visit.at_us)
    told = await visit.console.orders.give(visit.login, visit.code, "open_slot", slot.body(producer), secret=slot.secret)
    if not told.done:
        return await _listed(visit, {}, told.why)
    return Answer("pairing.html", {
        "slot": slot.name, "code": slot.code, "producer": producer, "minutes": PAIRING_MINUTES,
        "until": visit.words.instant(slot.expires_us),
    })  # fmt: skip


@page("terminals", "Terminals", menu=15, roles=SEERS, post=pair)
async def every(visit: Visit) -> Answer:
    return await _listed(visit, {})


async def _listed(visit: Visit, problems: dict[str, str], why: str = "") -> Answer:
    """The one paired last comes first: its digits are to be compared."""
    producers, words = visit.book.producers, visit.words
    seen = await _last_asked(visit, list(producers.terminals) if len(producers.terminals) <= LOOKED_UP_MAX else [])
    rows = [
        {
            "number": number.hex(), "page": visit.path(f"terminals/{number.hex()}"),
            "producer": producers.producers[one.producer].name,
            "state": words.say("suspended" if one.suspended else "sells"),
            "seen": words.instant(seen[number]) if number in seen else "",
        }
        for number, one in reversed(producers.terminals.items())
    ]  # fmt: skip
    first = {"producer": visit.request.query.get("producer", "")}
    waiting = sum(1 for slot in producers.slots.values() if not slot.closed and slot.expires_us > visit.at_us)
    return Answer("terminals.html", {
        "rows": rows, "fields": PAIRING.drawn(visit, problems=problems, first=first), "why": visit.words.refusal(why),
        "producers": bool(producers.producers), "waiting": waiting, "may_pair": visit.may("open_slot"),
        "looked_up": len(rows) <= LOOKED_UP_MAX,
    }, status=422 if problems or why else 200)  # fmt: skip


async def _last_asked(visit: Visit, terminals: Sequence[TerminalId]) -> dict[TerminalId, int]:
    """When each of them was last answered, in microseconds; without those that never asked."""
    async with visit.console.installation.reading(visit.code) as log:
        last = {one: at for one in terminals if (at := await log.last_answered(one)) is not None}
        instants = await log.instants(list(last.values()))
    return {one: instants[at] for one, at in last.items() if at in instants}


def _terminal(visit: Visit) -> Terminal:
    text = visit.asked("terminal")
    try:
        found = visit.book.producers.terminals.get(TerminalId(bytes.fromhex(text)))
    except ValueError:
        found = None
    if found is None:
        raise web.HTTPNotFound(reason="There is no such terminal.")
    return found


_ACTS: Final = {"suspend": "suspend_terminal", "resume": "resume_terminal"}


async def act(visit: Visit) -> Answer:
    """Stop it at once, or let it sell again."""
    terminal, verb = _terminal(visit), _ACTS.get(visit.given("act"))
    if verb is None:
        raise web.HTTPBadRequest(reason="Open the page again and press one of its buttons.")
    told = await give(visit, verb, {"terminal": terminal.terminal})
    if not told.done:
        return await _shown(visit, told.why)
    said = "The terminal sells nothing any more." if verb == "suspend_terminal" else "The terminal sells again."
    await notice(visit, said)
    return Answer(go_to=visit.path(f"terminals/{terminal.terminal.hex()}"))


@page("terminals/{terminal}", "Terminal", roles=SEERS, post=act)
async def one(visit: Visit) -> Answer:
    return await _shown(visit)


async def _shown(visit: Visit, why: str = "") -> Answer:
    """Its digits are made again from what it signed when it was paired; when it last asked stands in the log."""
    terminal = _terminal(visit)
    name = terminal.terminal.hex()
    async with visit.console.installation.reading(visit.code) as log:
        rows = await log.events_of(f"terminal/{name}")
    digits, since = "", 0
    for row in rows:
        event = decode(row.type, row.schema_version, row.public, row.private)
        if isinstance(event, TerminalEnrolled):
            since = row.at_us
            root = Vault.open(visit.console.installation.home.vault(visit.code)).root_public
            digits = digits_shown(row.evidence, root) if event.slot is not None else ""
    seen = (await _last_asked(visit, [terminal.terminal])).get(terminal.terminal)
    quiet_days = (visit.at_us - seen) // 86_400_000_000 if seen is not None else 0
    return Answer("terminal.html", {
        "number": name, "producer": visit.book.producers.producers[terminal.producer].name, "id": terminal.producer,
        "suspended": terminal.suspended, "epoch": terminal.epoch, "key": terminal.key.hex()[:16], "digits": digits,
        "since": visit.words.day(datetime.fromtimestamp(since // 1_000_000, UTC).date()),
        "seen": visit.words.instant(seen) if seen is not None else "", "quiet_days": quiet_days,
        "why": visit.words.refusal(why),
    }, status=422 if why else 200)  # fmt: skip
