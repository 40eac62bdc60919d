"""Law: whether two caisses pay one producer to the same account is told by 16 bytes, made alike of it by who may open it.

The salted digest of an account is another one in each caisse; under the home's key the same account has the same name in all of
its caisses, and tells nothing to who has not that key.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from clearing.installation.opening import Installation
from clearing.rules.stalls.producers import Producer
from clearing.values import CaisseCode, ProducerId


class Named(NamedTuple):
    """A producer of two caisses, as a person names it. consent: where its own agreement is kept."""

    ours: ProducerId
    theirs: ProducerId
    consent: str


class NoAccount(Exception):
    """A producer has no account to pay to now; the text says who, and what to do."""


async def with_accounts(
    installation: Installation, code: CaisseCode, producers: Mapping[ProducerId, Producer], named: Sequence[Named], *,
    at_us: int,
) -> list[object]:
    """The lines of the command that proposes the agreement. Raises NoAccount, NotKept."""
    details = {one.ours: producers[one.ours].details_at(at_us) if one.ours in producers else b"" for one in named}
    missing = [producer for producer, digest in details.items() if not digest]
    if missing:
        raise NoAccount(f"{missing[0]} has no account here that is paid to: enter and approve one first "
                        f"(clearing producer bank {missing[0]} --name NAME --iban IBAN)")  # fmt: skip
    async with installation.people_of(code) as people:
        records = await people.read(sorted(set(details.values())))
        return [
            {
                "ours": one.ours, "theirs": one.theirs, "details": details[one.ours],
                "account": people.pseudonym(f"account {records[details[one.ours]].fields['iban']}"), "consent": one.consent,
            }
            for one in named
        ]  # fmt: skip
