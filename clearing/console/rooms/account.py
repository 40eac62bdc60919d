"""Law: a person sees every log-in and token of hers, ends those that are not, and chooses language and password."""

from typing import Final

from clearing.console.keys import PasswordRefused
from clearing.console.pages import CODE_ASKED, Answer, Visit, page
from clearing.console.passkeys import PasskeyRefused
from clearing.console.step_up import shown_to_be_her
from clearing.console.tokens import DAYS_MAX
from clearing.console.words import LANGUAGES
from clearing.rules.voted.offices import DEPUTIES, ROLES

_DAYS: Final = 90


async def act(visit: Visit) -> Answer:
    """One button of the page."""
    accounts, tokens, words = visit.console.accounts, visit.console.tokens, visit.words
    if visit.given("make"):
        return await _token(visit)
    if visit.given("new"):
        return await _password(visit)
    if (language := visit.given("language")) in LANGUAGES:
        await accounts.speak(visit.login, language)
    elif name := visit.given("end"):
        ended = await accounts.end_login(visit.login.person, name)
        await accounts.leave_notice(visit.login, words.say("It is ended.") if ended else words.say("It was over already."))
    elif name := visit.given("end_token"):
        ended = await tokens.end(visit.login.person, name)
        await accounts.leave_notice(visit.login, words.say("It is ended.") if ended else words.say("It was over already."))
    return Answer(go_to=visit.path("account"))


async def _token(visit: Visit) -> Answer:
    days, label = visit.given("days"), visit.given("label")
    roles = [role for role in visit.typed.get("roles", ()) if role in visit.roles]
    if not label or not roles or not days.isdecimal() or not 1 <= int(days) <= DAYS_MAX:
        text = visit.words.say("Say what the token is for, which of your offices it has, and for how many days (1 to 366).")
        return await _shown(visit, problem=text)
    try:
        proven = await shown_to_be_her(visit)
    except PasskeyRefused as refused:
        return await _shown(visit, problem=visit.words.refusal(visit.words.say(str(refused))))
    if isinstance(proven, Answer):
        return proven
    if not proven:
        return await _shown(visit, problem=visit.words.say(CODE_ASKED))
    return await _shown(visit, token=await visit.console.tokens.make(visit.login, label=label, roles=roles, days=int(days)))


async def _password(visit: Visit) -> Answer:
    accounts, words = visit.console.accounts, visit.words
    if visit.given("new") != visit.given("again"):
        return await _shown(visit, problem=words.say("The two new passwords differ; nothing was changed."))
    try:
        changed = await accounts.change_password(visit.login, visit.given("old"), visit.given("new"))
    except PasswordRefused as fault:
        return await _shown(visit, problem=words.refusal(str(fault)))
    if not changed:
        return await _shown(visit, problem=words.say("The old password is wrong; nothing was changed."))
    await accounts.leave_notice(visit.login, words.say("The password is changed; your other log-ins are ended."))
    return Answer(go_to=visit.path("account"))


@page("account", "My account", roles=ROLES, post=act, menu=95)
async def mine(visit: Visit) -> Answer:
    return await _shown(visit)


async def _shown(visit: Visit, *, problem: str = "", token: str = "") -> Answer:
    words, person = visit.words, visit.login.person
    logins = [
        {"name": one.name, "device": one.device or "?", "opened": words.instant(one.opened_us),
         "this": one.name == visit.login.name, "seen": words.instant(one.seen_us)}
        for one in await visit.console.accounts.open_logins(person)
    ]  # fmt: skip
    tokens = [
        {"name": one.name, "label": one.label, "roles": ", ".join(words.say(f"role {role}") for role in one.roles),
         "made": words.instant(one.made_us), "until": words.instant(one.until_us)}
        for one in await visit.console.tokens.of(person)
    ]  # fmt: skip
    return Answer("account.html", {
        "logins": logins, "tokens": tokens, "languages": LANGUAGES,
        "roles": [(role, words.say(f"role {role}")) for role in visit.roles if role not in DEPUTIES],
        "key": visit.login.key.public.hex()[:16], "problem": problem, "token": token, "days": _DAYS,
        "ask_code": not visit.login.fresh, "may_help": visit.may("propose_new_factor"),
    }, status=422 if problem else 200)  # fmt: skip
