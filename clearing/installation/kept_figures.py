"""Law: what takes the whole log to know is reckoned once a night beside the proofs and kept, so that a page reads a file.

No evidence itself: what is recorded stands in the log. A file that can't be read is as if there were none.
"""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from clearing.events.proofs import ProofFigure, ProofResult
from clearing.installation.home import Home, write_private
from clearing.rules.treasury.proofs import agrees, holds, told
from clearing.rules.treasury.runway import Flows, Gauge, gauge
from clearing.values import CaisseCode

_ROADS: Final = ("log", "book", "shown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The newest proofs that were taken here. failed: proof -> its first figure that differs, in words. gauge: in and out over
    the twelve months up to their day; months: the same by (month, in, out). signed: the newest day whose proofs were recorded
    from here. spent_cents, spent_days: of all funds lately, for the runway. public: what everybody may read of funds and
    months, None when it was not reckoned."""

    day: str
    up_to: int
    at_us: int
    recorded: bool
    failed: dict[str, str]
    gauge: Gauge
    signed: str
    results: tuple[ProofResult, ...] = ()
    months: tuple[tuple[str, int, int], ...] = ()
    spent_cents: int = 0
    spent_days: int = 0
    public: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """up_to: the position of all roads. flows: by civil day up to there. funds: ids of all. public: what everybody may read of
    funds and months, None when the book broke. sealed: the log takes nothing in any more."""

    up_to: int
    results: tuple[ProofResult, ...]
    flows: Flows
    funds: tuple[str, ...] = ()
    public: dict[str, Any] | None = None
    sealed: bool = False

    @property
    def ok(self) -> bool:
        return all(map(holds, self.results))

    def body(self, day: date) -> dict[str, object]:
        """Of the command that records them."""
        return {"day": day.isoformat(), "up_to": self.up_to, "results": as_sent(self.results)}


def keep(home: Home, code: CaisseCode, taken: Taken, day: date, at_us: int, *, recorded: bool) -> Kept:
    flow, before, on = taken.flows.gauge(day), kept(home, code), day.isoformat()
    spent, days = taken.flows.spent_lately(taken.funds, day)
    signed = on if recorded or taken.sealed else "" if before is None else before.signed
    found = Kept(
        day=on, up_to=taken.up_to, at_us=at_us, recorded=recorded, failed=failed_of(taken.results), gauge=flow, signed=signed,
        results=taken.results, months=taken.flows.by_month(day), spent_cents=spent, spent_days=days, public=taken.public,
    )  # fmt: skip
    said = {
        "day": on, "up_to": found.up_to, "at_us": at_us, "recorded": recorded, "failed": found.failed,
        "in_cents": flow.in_cents, "out_cents": flow.out_cents, "signed": signed, "results": as_sent(found.results),
        "months": found.months, "spent_cents": spent, "spent_days": days, "public": found.public,
    }  # fmt: skip
    write_private(home.daily_proofs(code), json.dumps(said).encode())
    return found


def failed_of(results: tuple[ProofResult, ...]) -> dict[str, str]:
    return {
        one.proof: told(next(figure for figure in one.figures if not agrees(figure))) for one in results if not holds(one)
    }


def kept(home: Home, code: CaisseCode) -> Kept | None:
    """None when none were taken here, or what was kept can't be read."""
    try:
        said: Any = json.loads(home.daily_proofs(code).read_bytes())
        return Kept(
            day=str(said["day"]), up_to=int(said["up_to"]), at_us=int(said["at_us"]), recorded=bool(said["recorded"]),
            failed={str(name): str(text) for name, text in dict(said["failed"]).items()},
            gauge=gauge(int(said["in_cents"]), int(said["out_cents"])), signed=str(said["signed"]),
            results=_results(said.get("results", [])), spent_cents=int(said.get("spent_cents", 0)),
            spent_days=int(said.get("spent_days", 0)), public=said.get("public"),
            months=tuple((str(month), int(came), int(paid)) for month, came, paid in said.get("months", [])),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError):
        return None


def as_sent(results: tuple[ProofResult, ...]) -> list[dict[str, object]]:
    """As the command that records them has them; a road that leads nowhere is left out."""
    return [
        {"proof": one.proof, "compared": one.compared, "figures": [
            {"name": figure.name} | {
                road: cents for road, cents in zip(_ROADS, figure[1:], strict=True) if cents is not None
            } for figure in one.figures
        ]} for one in results
    ]  # fmt: skip


def _results(said: Any) -> tuple[ProofResult, ...]:
    return tuple(
        ProofResult(str(one["proof"]), int(one["compared"]), tuple(
            ProofFigure(str(figure["name"]), *(figure.get(road) for road in _ROADS)) for figure in one["figures"]
        )) for one in said
    )  # fmt: skip
