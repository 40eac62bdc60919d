"""Law: an assertion that comes with a command counts only if a passkey of that very person made it over that very command.

The writer asks this before it decides, the audit again from the log alone; a command may come without any.
"""

from clearing.rules.book import Book
from clearing.wire.commands import Command
from clearing.wire.passkey import Assertion, BadAssertion, approval_challenge, passkey_name, verify_assertion


def assertion_fault(assertion: Assertion, command: Command, book: Book) -> str | None:
    """Why it does not count; None when it does. book: before the command."""
    known = book.factors.passkeys.get(passkey_name(assertion.credential))
    person = book.caisse.by_number.get(command.person)
    if known is None or person is None or known.person != person.person:
        return "the passkey that came with the command is no passkey of this person here"
    challenge = approval_challenge(caisse=command.caisse, person=command.person, digest=command.digest)
    try:
        verify_assertion(assertion, challenge=challenge, site=known.site, algorithm=known.algorithm, key=known.key)
    except BadAssertion as fault:
        return f"the passkey's approval does not hold: {fault}"
    return None
