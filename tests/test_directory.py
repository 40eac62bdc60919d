"""Law: a terminal's key is one caisse's; a person leads several caisses with one key, and none forgets it for another."""

import pytest

from clearing.directory import Directory, Holder, KeyEntry, KeyIdTaken
from clearing.values import CaisseCode, TerminalId

BRUME, VAL = CaisseCode("brume"), CaisseCode("val")
ANNA = b"anna-key" + bytes(24)
LOOKALIKE = b"anna-key" + b"x" * 24  # the same key id
STALL = b"stallkey" + bytes(24)


def entry(caisse: CaisseCode, key: bytes, holder: Holder, number: bytes = b"12345678") -> KeyEntry:
    return KeyEntry(kid=key[:8], public_key=key, caisse=caisse, holder=holder, number=TerminalId(number), epoch=1)


def test_a_person_leads_two_caisses_with_one_key() -> None:
    directory = Directory()
    for caisse in (BRUME, VAL):
        assert directory.free_for_person(caisse, ANNA)
        directory.put_key(entry(caisse, ANNA, Holder.PERSON))
        assert not directory.free_for_person(caisse, ANNA)
    assert [directory.person(caisse, ANNA[:8]) for caisse in (BRUME, VAL)] == [
        entry(caisse, ANNA, Holder.PERSON) for caisse in (BRUME, VAL)
    ]
    assert directory.terminal(ANNA[:8]) is None, "a person does not sell"
    directory.serve(VAL)  # its writer loads its log again
    assert directory.person(VAL, ANNA[:8]) is None
    assert list(directory.keys_of(BRUME)) == [entry(BRUME, ANNA, Holder.PERSON)]
    assert not directory.free_for_terminal(ANNA)
    directory.serve(BRUME)
    assert directory.free_for_terminal(ANNA)


def test_a_key_id_belongs_to_one_key() -> None:
    directory = Directory()
    directory.put_key(entry(BRUME, ANNA, Holder.PERSON))
    assert not directory.free_for_person(VAL, LOOKALIKE)
    assert not directory.free_for_terminal(LOOKALIKE)
    with pytest.raises(KeyIdTaken, match="make a new key"):
        directory.put_key(entry(VAL, LOOKALIKE, Holder.TERMINAL))
    assert directory.person(BRUME, ANNA[:8]) == entry(BRUME, ANNA, Holder.PERSON)


def test_a_terminals_key_is_nobody_elses() -> None:
    directory = Directory()
    directory.put_key(entry(BRUME, STALL, Holder.TERMINAL))
    assert not directory.free_for_terminal(STALL)
    assert not directory.free_for_person(BRUME, STALL)
    assert not directory.free_for_person(VAL, STALL)
