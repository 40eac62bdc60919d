"""Law: a person sees every log-in of hers, ends those that are not, and chooses the language; her offices are the caisse's."""

from clearing.console.pages import Answer, Visit, page
from clearing.console.words import LANGUAGES
from clearing.rules.voted.offices import ROLES


async def act(visit: Visit) -> Answer:
    """One button of the page."""
    accounts, words = visit.console.accounts, visit.words
    if (language := visit.given("language")) in LANGUAGES:
        await accounts.speak(visit.login, language)
    elif name := visit.given("end"):
        ended = await accounts.end_login(visit.login.person, name)
        await accounts.leave_notice(
            visit.login, words.say("That log-in is ended.") if ended else words.say("It was over already.")
        )
    return Answer(go_to=visit.path("account"))


@page("account", "My account", roles=ROLES, post=act, menu=95)
async def mine(visit: Visit) -> Answer:
    words = visit.words
    rows = [
        {
            "name": one.name,
            "device": one.device or "?",
            "opened": words.instant(one.opened_us),
            "seen": words.instant(one.seen_us),
            "this": one.name == visit.login.name,
        }
        for one in await visit.console.accounts.open_logins(visit.login.person)
    ]
    return Answer(
        "account.html",
        {
            "rows": rows,
            "languages": LANGUAGES,
            "roles": [words.say(f"role {role}") for role in visit.roles],
            "key": visit.login.key.public.hex()[:16],
        },
    )
