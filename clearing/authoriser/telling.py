"""Law: what the log says of keys and cards is told to the doors after its commit, never before."""

from dataclasses import replace

from clearing.directory import Directory, Holder, KeyEntry
from clearing.events.caisse import PersonNamed
from clearing.events.catalogue import Event
from clearing.events.households import CardBound
from clearing.events.members import CardIssued
from clearing.events.producers import TerminalEnrolled
from clearing.values import CaisseCode, TerminalId

TELLING = (TerminalEnrolled, PersonNamed, CardIssued, CardBound)
"""The events that doors have to know of."""


class Telling:
    """Puts one caisse's keys and card versions into the directory."""

    def __init__(self, code: CaisseCode, directory: Directory) -> None:
        self._code, self._directory = code, directory
        self._kids: dict[TerminalId, bytes] = {}

    def tell(self, event: Event) -> None:
        match event:
            case TerminalEnrolled():
                self._retire(self._directory.terminal(self._kids.get(event.terminal, b"")))
                self._put(event.key, Holder.TERMINAL, event.terminal, event.epoch)
            case PersonNamed():
                self._retire(self._directory.person(self._code, self._kids.get(event.number, b"")))
                self._put(event.key, Holder.PERSON, event.number, event.epoch)
            case CardIssued() | CardBound():
                self._directory.put_card(self._code, event.card, event.key_version)
            case _:
                pass

    def _retire(self, before: KeyEntry | None) -> None:
        """The key of an ended epoch is taken for repeats only."""
        if before is not None:
            self._directory.put_key(replace(before, current=False))

    def _put(self, key: bytes, holder: Holder, number: TerminalId, epoch: int) -> None:
        kid = self._kids[number] = key[:8]
        self._directory.put_key(
            KeyEntry(kid=kid, public_key=key, caisse=self._code, holder=holder, number=number, epoch=epoch)
        )
