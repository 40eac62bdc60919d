"""Law: a person registers a passkey herself, with a fresh second factor, by a command that tells the log its key."""

from typing import Final

from clearing.console.pages import CODE_ASKED, Answer, Visit, page, proved
from clearing.console.passkeys import REGISTER, Passkey, PasskeyRefused, registered, taken_challenge, to_register
from clearing.console.rooms.cards import notice
from clearing.events.factors import PasskeyAdded
from clearing.rules.voted.offices import ROLES

LABEL_CHARS_MAX: Final = 40


async def act(visit: Visit) -> Answer:
    """Begin a registration, take what the browser made, use one here that is known elsewhere, or end one."""
    try:
        if visit.given("attestation"):
            return await _registered(visit)
        if name := visit.given("end"):
            return await _ended(visit, name)
        if not await proved(visit):
            return await _shown(visit, problem=CODE_ASKED)
        if name := visit.given("use"):
            return await _used_here(visit, name)
        return await _begun(visit)
    except PasskeyRefused as refused:
        return await _shown(visit, problem=str(refused))


async def _begun(visit: Visit) -> Answer:
    label = visit.given("label")
    if not label or len(label) > LABEL_CHARS_MAX:
        return await _shown(visit, problem="Give the passkey a name of your own, like: my phone.")
    console, person = visit.console, visit.login.person
    challenge = await console.passkeys.ask(visit.login, REGISTER, held=label.encode())
    options = to_register(challenge, console.site, await console.passkeys.of(person), person)
    return Answer("passkey_new.html", {"options": options, "label": label})


async def _registered(visit: Visit) -> Answer:
    console = visit.console
    challenge = taken_challenge(visit.typed)
    label = (await console.passkeys.taken(visit.login, REGISTER, challenge)).decode()
    made = registered(visit.typed, challenge, console.site, label=label, at_us=console.now_us())
    return await _added(visit, made, new=True)


async def _added(visit: Visit, one: Passkey, *, new: bool) -> Answer:
    body: dict[str, object] = {
        "passkey": one.name, "algorithm": one.algorithm, "key": one.key, "site": one.site, "label": one.label,
    }
    told = await visit.console.orders.give(visit.login, visit.code, "add_passkey", body)
    if not told.done:
        return await _shown(visit, problem=told.why)
    if new:
        await visit.console.passkeys.keep(visit.login.person, one)
    await notice(visit, "The passkey {label} is registered: it lets you in, and signs what asks for a second factor.",
                 label=one.label)  # fmt: skip
    return Answer(go_to=visit.path("account/passkeys"))


async def _named(visit: Visit, name: str) -> Passkey | None:
    known = await visit.console.passkeys.of(visit.login.person)
    return next((one for one in known if one.name.hex() == name), None)


async def _used_here(visit: Visit, name: str) -> Answer:
    known = await _named(visit, name)
    if known is None:
        return await _shown(visit, problem="This passkey was ended meanwhile.")
    return await _added(visit, known, new=False)


async def _ended(visit: Visit, name: str) -> Answer:
    """In the log of this caisse, and for log-ins everywhere."""
    known = await _named(visit, name)
    here = next((one for one in visit.book.factors.of(visit.login.person) if one.passkey.hex() == name), None)
    if here is not None:
        told = await visit.console.orders.give(visit.login, visit.code, "remove_passkey", {"passkey": here.passkey})
        if not told.done:
            return await _shown(visit, problem=told.why)
    if known is not None:
        await visit.console.passkeys.forget(visit.login.person, known.credential)
    await notice(visit, "It is ended.")
    return Answer(go_to=visit.path("account/passkeys"))


@page("account/passkeys", "My passkeys", roles=ROLES, post=act)
async def mine(visit: Visit) -> Answer:
    return await _shown(visit)


async def _shown(visit: Visit, *, problem: str = "") -> Answer:
    words, here = visit.words, {one.passkey: one for one in visit.book.factors.of(visit.login.person)}
    known = {one.name: one for one in await visit.console.passkeys.of(visit.login.person)}
    rows = [_row(visit, name, known.get(name), here.get(name)) for name in {**known, **here}]
    return Answer("passkeys.html", {
        "rows": rows, "problem": words.refusal(words.say(problem)) if problem else "", "ask_code": not visit.login.fresh,
        "label": visit.given("label"),
    }, status=422 if problem else 200)  # fmt: skip


def _row(visit: Visit, name: bytes, known: Passkey | None, here: PasskeyAdded | None) -> dict[str, object]:
    words = visit.words
    if known is None:
        state = words.say("lets nobody in any more; end it here too")
    elif here is None:
        state = words.say("lets you in, but does not sign in this caisse")
    else:
        state = words.say("lets you in and signs here")
    return {
        "name": name.hex(), "label": known.label if known else here.label if here else "", "state": state,
        "made": words.instant(known.made_us) if known else "", "used": words.instant(known.used_us) if known and known.used_us
        else "", "use": known is not None and here is None,
    }  # fmt: skip
