"""Law: two people with keys, who command nothing: for tests that look at what a founding would say."""

from pathlib import Path

from clearing.installation.office import Officer
from clearing.values import PersonId
from clearing.wire.signature import TerminalKey
from loadtests.fleet import CODE, Office


def two_people() -> Office:
    return Office(*(
        Officer(
            person=PersonId(name), key=TerminalKey.generate(), epoch=1, caisse=CODE, socket=Path("nowhere"), now_ms=lambda: 1
        )
        for name in ("amina", "bruno")
    ))
