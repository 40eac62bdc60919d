"""Law: what asks for a second factor is given with a code that is minutes old at most, or with a passkey that signs the very
command; a passkey's answer stays beside the command as evidence.

With a passkey the form comes twice: the first time the command is made, signed with the officer's key and held, and a page asks
for the passkey over its digest; the second time the answer is put beside that envelope, and just that one is sent.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from clearing.authoriser.forms import FORMS
from clearing.authoriser.forms.fields import Amount, Day
from clearing.console.ordering import STEP_UP, Told
from clearing.console.pages import CODE_ASKED, Answer, Visit, proved
from clearing.console.passkeys import ANSWER_FIELDS, APPROVE, PROVE, PasskeyRefused, answered, asked
from clearing.values import PersonId
from clearing.wire.commands import COMMAND_BYTES_MAX, person_number
from clearing.wire.frame import open_envelope, unpack_plain
from clearing.wire.passkey import approval_challenge, with_assertion
from clearing.wire.signature import payload_digest

NO_FACTOR: Final = Told(False, CODE_ASKED)
"""Neither a fresh second factor nor a right code: nothing was sent."""
NONE_HERE: Final = "You have no passkey in this caisse yet: register one under My account, or use the code of your app."
BY_PASSKEY: Final = "passkey"
_OURS: Final = frozenset({"with", "one-time-code", *ANSWER_FIELDS})


async def ordered(visit: Visit, verb: str, body: dict[str, object]) -> Told | Answer:
    """Give a command that asks for a second factor, or the page that asks for the passkey."""
    if visit.given("with") == BY_PASSKEY:
        return await _passkey_asked(visit, verb, body)
    if visit.given("challenge"):
        return await _approved(visit, verb, body)
    if verb in STEP_UP and not await proved(visit):
        return NO_FACTOR
    return await visit.console.orders.give(visit.login, visit.code, verb, body)


async def _passkey_asked(visit: Visit, verb: str, body: dict[str, object]) -> Told | Answer:
    known = [one for one in await visit.console.passkeys.of(visit.login.person) if one.name in visit.book.factors.passkeys]
    if not known:
        return Told(False, NONE_HERE)
    envelope = visit.console.orders.officer(visit.login, visit.code).signed(verb, body)
    digest = payload_digest(open_envelope(envelope, frame_bytes_max=COMMAND_BYTES_MAX).payload)
    over = approval_challenge(caisse=visit.code, person=person_number(PersonId(visit.login.person)), digest=digest)
    challenge = await visit.console.passkeys.ask(visit.login, APPROVE, over=over, held=envelope)
    return passkey_page(visit, asked(challenge, visit.console.site, known), verb=verb, says=list(_said(visit, verb, body)))


def _said(visit: Visit, verb: str, body: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """What the command says, as its form calls it; of a list how many stand in it."""
    words = visit.words
    for name, value in body.items():
        match FORMS[verb][name], value:
            case Amount(), int():
                text = words.euros(value)
            case Day(), str():
                text = words.day(value)
            case _, bytes():
                text = value.hex()
            case _, list():
                text = str(len(value))
            case _, dict() | bool() | None:
                continue
            case _:
                text = str(value)
        yield words.term(f"field {verb}.{name}", f"field {name}"), text


def passkey_page(
    visit: Visit, options: Mapping[str, object], *, verb: str = "", says: Sequence[tuple[str, str]] = ()
) -> Answer:
    """Asks for the passkey and sends the same form again with its answer. verb, says: of the command that it signs."""
    again = [(name, value) for name, values in visit.typed.items() if name not in _OURS for value in values]
    return Answer("passkey.html", {
        "options": options, "again": again, "verb": verb, "says": says, "back": visit.request.path_qs,
    })  # fmt: skip


async def _approved(visit: Visit, verb: str, body: dict[str, object]) -> Told:
    passkeys = visit.console.passkeys
    try:
        challenge, assertion = answered(visit.typed)
        envelope = await passkeys.taken(visit.login, APPROVE, challenge)
        said = unpack_plain(open_envelope(envelope, frame_bytes_max=COMMAND_BYTES_MAX).payload)
        if (said["v"], said["b"], said["c"]) != (verb, body, visit.code):
            return Told(False, "The form says something else than what the passkey signed; nothing was sent. Begin again.")
        await passkeys.judge(visit.login, assertion, challenge, visit.console.site)
    except PasskeyRefused as refused:
        return Told(False, str(refused))
    await visit.console.accounts.proved(visit.login)
    return await visit.console.orders.give_again(visit.login, visit.code, with_assertion(envelope, assertion))


async def shown_to_be_her(visit: Visit) -> bool | Answer:
    """The same for what is no command: whether a second factor is fresh, or the page that asks for the passkey.

    Raises PasskeyRefused.
    """
    passkeys = visit.console.passkeys
    if visit.given("with") == BY_PASSKEY:
        known = await passkeys.of(visit.login.person)
        return passkey_page(visit, asked(await passkeys.ask(visit.login, PROVE), visit.console.site, known))
    if visit.given("challenge"):
        challenge, assertion = answered(visit.typed)
        await passkeys.taken(visit.login, PROVE, challenge)
        await passkeys.judge(visit.login, assertion, challenge, visit.console.site)
        await visit.console.accounts.proved(visit.login)
        return True
    return await proved(visit)
