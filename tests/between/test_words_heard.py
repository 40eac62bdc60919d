"""A caisse that does not listen keeps nobody else from hearing; a word that answers no question is no word."""

from typing import Any

import pytest

from clearing.authoriser import abroad
from clearing.authoriser.client import Deliver, Overloaded, Submission
from clearing.rules.between.abroad import EndAsked
from clearing.rules.between.interchange import Twin
from clearing.values import CaisseCode, Cents, OperationId
from clearing.wire.frame import FrameType, MalformedFrame, open_envelope
from clearing.wire.interchange import End, Ended, Word, encode_word, parse_word
from clearing.wire.signature import verify
from tests.living_caisse import AMINA
from tests.three_caisses import AVAL, BRUME, CRETE, SERVERS, Region, recognition

REF = OperationId(bytes(16))


def twins(region: Region, issuer: CaisseCode) -> set[Twin]:
    return {half.twin for half in region.desks[BRUME].book.interchange.halves.values() if half.issuer == issuer}


async def test_a_caisse_whose_writer_is_down_keeps_no_word_from_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    region = Region()
    region.sell(BRUME, AVAL, fruit_veg=500)
    region.sell(BRUME, CRETE, fruit_veg=300)
    post = region.wires.post

    def without_aval(submission: Submission, deliver: Deliver) -> None:
        if submission.caisse == AVAL:
            deliver(Overloaded(1))
        else:
            post(submission, deliver)

    with monkeypatch.context() as down:
        down.setattr(region.wires, "post", without_aval)
        assert await region.carrier.sweep(BRUME) == 1
    assert (twins(region, AVAL), twins(region, CRETE)) == ({Twin.OPEN}, {Twin.MATCHED})
    await region.sweep()
    assert twins(region, AVAL) == {Twin.MATCHED}


async def test_a_caisse_that_turns_every_word_away_does_not_fill_the_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(abroad, "ENDS_MAX", 3)
    region = Region()
    for _ in range(4):
        region.sell(BRUME, AVAL, fruit_veg=500)
    region.desks[AVAL].order(AMINA, "recognise_caisse", recognition(BRUME, key=SERVERS[CRETE].public))
    for _ in range(3):
        region.sell(BRUME, CRETE, fruit_veg=300)
    for _ in range(3):
        await region.sweep()
    assert (twins(region, AVAL), twins(region, CRETE)) == ({Twin.OPEN}, {Twin.MATCHED})


def said(word: Word) -> Word:
    envelope = SERVERS[AVAL].sign_envelope(FrameType.SRV_BETWEEN, encode_word(word))
    return parse_word(verify(open_envelope(envelope, frame_bytes_max=4_096), FrameType.SRV_BETWEEN, SERVERS[AVAL].public))


@pytest.mark.parametrize(("effect", "outcome"), [("captured", "released"), ("captured", "undone"), ("reversed", "captured")])
def test_an_issuer_answers_what_it_was_told_or_nothing(effect: str, outcome: str) -> None:
    names: dict[str, Any] = {"acquirer": BRUME, "issuer": AVAL, "ref": REF, "effect": effect}
    refused = Ended(**names, outcome="refused")
    assert said(refused) == refused
    with pytest.raises(MalformedFrame, match="'oc' must be one of"):
        said(Ended(**names, outcome=outcome))


@pytest.mark.parametrize("day", ["", "2026-02-30", "20260501", "2026-W18-5", "zzzz"])
def test_the_day_of_an_end_is_a_day_that_can_be_netted(day: str) -> None:
    def end(on: str) -> End:
        return End(acquirer=BRUME, issuer=AVAL, ref=REF, asked=EndAsked(BRUME, REF, "captured", Cents(1), on))

    assert said(end("2026-05-01")) == end("2026-05-01")
    with pytest.raises(MalformedFrame):
        said(end(day))
