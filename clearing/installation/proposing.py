"""Law: a proposal is checked as the charte it would be before a month is played under it; all its mistakes are told at once."""

import asyncio
from collections.abc import Iterable, Mapping, Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from clearing.audit.trial import Trial, tried
from clearing.audit.trial_report import TrialReport
from clearing.authoriser.bodies import Body, charte
from clearing.events.charte import Charte
from clearing.installation.opening import Installation
from clearing.rules.book import Book
from clearing.rules.voted.charte_check import check_charte
from clearing.rules.voted.products import unlisted
from clearing.values import CaisseCode, FundId, InvalidValue


def checked_proposal(
    body: dict[str, Any], votes: Iterable[Mapping[str, Any]], known: Book, funds: AbstractSet[FundId]
) -> Charte:
    """votes: that came with it; it need not be taken yet. funds: those there are, or are supposed. Raises InvalidValue."""
    body.setdefault("decision", next((one.get("decision") for one in votes), "proposal"))
    proposal = charte(Body(body, "The charte"))
    named = {weight.fund for tariff in proposal.tariffs for weight in tariff.funds}
    named |= {payer.fund for payer in proposal.payers if payer.fund is not None}
    named |= {tariff.surplus_fund for tariff in proposal.tariffs if tariff.surplus_fund is not None}
    problems = check_charte(proposal) + unlisted(proposal, known.products)
    missing = sorted(named - funds)
    problems += [f"fund {fund} does not exist: open it, or suppose it has money: --suppose {fund}=500.00" for fund in missing]
    if problems:
        raise InvalidValue("; ".join(problems))
    return proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class Trying:
    """A proposal and the months that it is played on."""

    proposal: Charte
    from_us: int
    until_us: int
    months: int = 1
    suppose: Mapping[FundId, int] = field(default_factory=dict)


async def tried_aside(installation: Installation, code: CaisseCode, trying: Trying) -> TrialReport:
    """Played in a thread of its own, with a connection of its own: whoever serves pages goes on. Raises TrialImpossible."""
    async def play() -> TrialReport:
        async with installation.reading(code) as log:
            return await tried(log, Trial(
                trying.proposal, from_us=trying.from_us, until_us=trying.until_us, months=trying.months, suppose=trying.suppose
            ))  # fmt: skip

    return await asyncio.to_thread(lambda: asyncio.run(play()))
