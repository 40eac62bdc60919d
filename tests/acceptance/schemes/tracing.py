"""Law: what a funder promised is recorded as its letter binds it, and read back by the reader of `clearing subsidy trace`."""

from clearing.events.funds import Earmark
from clearing.rules.ledger.traced import Traced
from clearing.rules.ledger.tracing import Trace
from clearing.values import FundId
from tests.acceptance.schemes.village import Village


def earmark(caisse: Village, fund: str) -> Earmark:
    return caisse.book.funds[FundId(fund)].earmark


def promised(caisse: Village, grant: str, fund: str, cents: int, *parts: int, funder: str, purpose: str) -> None:
    """A letter that binds the money as its fund is bound, and the parts of it that arrived."""
    said = earmark(caisse, fund)
    bound = {"places": list(said.places), "categories": list(said.categories), "from_us": said.from_us,
             "until_us": said.until_us, "alone": said.alone}  # fmt: skip
    caisse.order("notify_subsidy", grant=grant, funder=funder, fund=fund, cents=cents, purpose=purpose, earmark=bound,
                 reference="letter")  # fmt: skip
    for part in parts:
        caisse.order("receive_subsidy", grant=grant, cents=part, reference="bank line")


def traced(caisse: Village, grant: str) -> Traced:
    """Where the money of one promise is by now."""
    trace = Trace()
    for row, event in zip(caisse.log.rows, caisse.log.events(), strict=True):
        trace.take(event, row.position, row.at_us)
    return trace.of(grant)
