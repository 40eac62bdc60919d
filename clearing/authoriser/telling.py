"""Law: what the log says of keys and cards is told to the doors after its commit, never before."""

from dataclasses import replace

from clearing.directory import Directory, Holder, KeyEntry
from clearing.events.caisse import PersonNamed
from clearing.events.catalogue import Event
from clearing.events.members import CardIssued
from clearing.events.producers import TerminalEnrolled
from clearing.values import CaisseCode, TerminalId

TELLING = (TerminalEnrolled, PersonNamed, CardIssued)
"""The events that doors have to know of."""


class Telling:
    """Puts one caisse's keys and card versions into the directory."""

    def __init__(self, code: CaisseCode, directory: Directory) -> None:
        self._code, self._directory = code, directory
        self._kids: dict[TerminalId, bytes] = {}

    def tell(self, event: Event) -> None:
        match event:
            case TerminalEnrolled():
                self._put(event.key, Holder.TERMINAL, event.terminal, event.epoch)
            case PersonNamed():
                self._put(event.key, Holder.PERSON, event.number, event.epoch)
            case CardIssued():
                self._directory.put_card(self._code, event.card, event.key_version)
            case _:
                pass

    def _put(self, key: bytes, holder: Holder, number: TerminalId, epoch: int) -> None:
        """A new key; that of the epoch before is taken for repeats only."""
        before = self._directory.key(self._kids.get(number, b""))
        if before is not None:
            self._directory.put_key(replace(before, current=False))
        kid = self._kids[number] = key[:8]
        self._directory.put_key(
            KeyEntry(kid=kid, public_key=key, caisse=self._code, holder=holder, number=number, epoch=epoch)
        )
