"""One transfer for several caisses, on the pages of both sides: proposed, read and agreed to, handed over, taken, ended."""

from datetime import date

import pytest

from clearing.authoriser.client import Between, Submission
from clearing.rules.between.joint import AskedPart
from clearing.values import BatchId, CaisseCode, Cents, OperationId, ProducerId
from clearing.wire.frame import FrameType, cut_envelopes, open_envelope
from clearing.wire.interchange import NO_FRAME, Part, Parted, Word, encode_word, parse_word
from clearing.wire.signature import TerminalKey, verify
from tests.console.open_house import CODE, House

pytestmark = pytest.mark.asyncio(loop_scope="session")
AVAL, FARM, THERE = CaisseCode("aval"), ProducerId("joint-farm"), ProducerId("farm-aval")
KEY = TerminalKey.from_seed(b"a neighbour".ljust(32, b"!"))
IBAN = "FR14 2004 1010 0505 0001 3M02 606"


async def test_one_transfer_for_two_caisses_from_the_proposal_to_the_papers(house: House) -> None:
    seen = await house.see("tess", "joint")
    assert (seen.status, "No agreement yet." in seen.text) == (200, True)
    await a_producer_with_an_account(house)
    await house.order("tess", "recognise_caisse", {
        "other": AVAL, "key": KEY.public, "decision": "ag-2026-04", "debit_cap_cents": 0, "categories": [], "from_us": 0,
    })  # fmt: skip
    await agreed_by_two(house, "hands-over", "")
    await agreed_by_two(house, "pays", "50,00")
    await handed_over_and_not_taken(house)
    await paid_for_the_other(house)
    for role in ("hands-over", "pays"):
        ended = await house.send("bruno", "joint", {"act": "end", "other": AVAL, "role": role, "reason": "by letter"})
        assert "It is ended: each caisse pays for itself." in ended.text


async def a_producer_with_an_account(house: House) -> None:
    await house.order("tess", "admit_producers", {"producers": [
        {"producer": FARM, "name": "Joint farm", "structures": []}, {"producer": "bare", "name": "Bare", "structures": []},
    ]})  # fmt: skip
    entered = await house.send("tess", f"producers/{FARM}", {"holder": "EARL JOINT FARM", "iban": IBAN})
    assert "The account" in entered.text
    proposed = (await house.book()).producers.producers[FARM].proposed
    assert proposed is not None
    await house.order("bruno", "approve_bank_details", {"producers": [{"producer": FARM, "digest": proposed.details}]})


async def agreed_by_two(house: House, role: str, cap: str) -> None:
    form = {
        "act": "propose", "other": str(AVAL), "role": role, "decision": "ag-2026-04", "cap_cents": cap,
        "from_on": "2026-01-01", "producers.0.ours": str(FARM), "producers.0.theirs": str(THERE),
        "producers.0.consent": "",
    }  # fmt: skip
    assert "Fill this in." in (await house.send("tess", "joint", form)).text
    more = await house.send("tess", "joint", {**form, "more": "producers"})
    assert 'name="producers.1.ours"' in more.html
    form["producers.0.consent"] = "her letter of 2 May"
    stranger = await house.send("tess", "joint", {**form, "producers.0.ours": "bare"})
    assert "bare has no account here that is paid to" in stranger.text
    proposed = await house.send("tess", "joint", form)
    assert "You proposed this, so another person agrees to it." in proposed.text
    assert "her letter of 2 May" in proposed.text
    waits = await house.see("bruno", "todo")
    assert "waits for another person" in waits.text
    page = await house.see("bruno", "joint")
    assert "2606" in page.text, "the last characters of the account"
    position = (await house.book()).interchange.joint_proposed[AVAL, role].position
    form = {"act": "agree", "other": str(AVAL), "role": role, "proposed": str(position)}
    done = await house.send("bruno", "joint", form)
    assert "It is agreed." in done.text
    assert (AVAL, role) in (await house.book()).interchange.joint


async def settled(house: House) -> int:
    """All that is owed is closed, and approved by the page; the batch."""
    done = await house.order("tess", "close_batch", {"closed_on": date.today().isoformat()})  # noqa: DTZ011
    number = int(str(done["batch"]))
    approved = await house.send("bruno", f"batches/{number}", {"execution_on": "2099-01-05"})
    assert f"Batch {number} is approved." in approved.text
    return number


async def handed_over_and_not_taken(house: House) -> None:
    proposed = await house.order("tess", "propose_adjustment", {
        "kind": "owe", "who": FARM, "cents": 700, "reason": "a test", "fund": "general",
    })  # fmt: skip
    await house.order("bruno", "make_adjustment", {"adjustment": proposed["adjustment"], "cents": 700})
    number = await settled(house)
    assert "Handed over to another caisse, aval" in (await house.see("tess", f"batches/{number}")).text
    assert "waits for its word" in (await house.see("audrey", "joint")).text
    writer = house.running.writers[CODE]
    raw = await writer.submit(Submission(caisse=CODE, frame=NO_FRAME, request=Between(inquiry=True)))
    server = house.running.vaults[CODE].signing_key().public
    words = [
        parse_word(verify(open_envelope(one, frame_bytes_max=4_096), FrameType.SRV_BETWEEN, server))
        for one in cut_envelopes(raw)
    ]  # fmt: skip
    [part] = [one for one in words if isinstance(one, Part)]
    assert (part.asked.producer, part.asked.theirs, part.asked.cents) == (THERE, FARM, 700)
    await say(house, Parted(handing=CODE, paying=AVAL, ref=part.ref, reason="cap"))
    page = await house.see("tess", f"batches/{number}")
    assert "Not taken by the other caisse, aval, it would advance more than it agreed to" in page.text
    assert "Make a batch of these" in page.text
    assert "it would advance more than it agreed to" in (await house.see("tess", "joint")).text
    assert "pay them yourselves" in (await house.see("tess", "todo")).text


async def paid_for_the_other(house: House) -> None:
    account = (await house.book()).interchange.joint[AVAL, "pays"].producers[0].account
    ref = OperationId(b"a part of aval's")
    asked = AskedPart(AVAL, ref, BatchId(3), FARM, THERE, 1_250, account, "2026-11-26")
    await say(house, Part(handing=AVAL, paying=CODE, ref=ref, asked=asked))
    assert (await house.book()).interchange.answered[ref].reason == ""
    assert "waits for the next batch" in (await house.see("tess", "joint")).text
    assert "Handed over by other caisses" in (await house.see("tess", f"producers/{FARM}")).text
    number = await settled(house)
    page = await house.see("bruno", f"batches/{number}")
    assert "For other caisses" in page.text
    assert "€12.50 for aval, its batch 3" in page.text
    statement = await house.see("tess", f"producers/{FARM}/statements/{number}")
    assert "€12.50 for aval, its batch 3" in statement.text
    assert f"Batch {number}" in (await house.see("tess", "joint")).text
    assert (await house.book()).settlement.batches[BatchId(number)].payouts[FARM].cents == Cents(1_950)


async def say(house: House, word: Word) -> None:
    raw = KEY.sign_envelope(FrameType.SRV_BETWEEN, encode_word(word))
    frame = verify(open_envelope(raw, frame_bytes_max=4_096), FrameType.SRV_BETWEEN, KEY.public)
    await house.running.writers[CODE].submit(Submission(caisse=CODE, frame=frame, request=Between()))
    await house.caught_up()
