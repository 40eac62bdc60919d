"""Law: what a funder reads comes from the log alone, by the same reader as `clearing subsidy trace`."""

from clearing.rules.traced import Traced
from clearing.rules.tracing import Trace
from tests.acceptance.schemes.village import Village


def traced(caisse: Village, grant: str) -> Traced:
    """Where the money of one promise is by now."""
    trace = Trace()
    for row, event in zip(caisse.log.rows, caisse.log.events(), strict=True):
        trace.take(event, row.position, row.at_us)
    return trace.of(grant)
