"""What waits for a person is told with its day and a command that can be given as it stands; when it is done it is gone."""

import re
import shlex
from collections.abc import Sequence

import pytest

from clearing.cli.parser import read_words
from clearing.cli.waiting import waits_told
from clearing.events.accounts import AccountProposed, MandataryProposed, RevocationProposed
from clearing.events.caisse import DecisionApproved, PersonProposed
from clearing.events.catalogue import Event
from clearing.events.closing import ClosureProposed
from clearing.events.corrections import CorrectionProposed, EntryName
from clearing.events.cotisations import LegalBasisProposed
from clearing.events.grants import CreditsFrozen, TransferConfirmed, TransferProposed
from clearing.events.interchange import WriteOffProposed
from clearing.events.joining import JoinProposed
from clearing.events.opening import OpeningProposed, OpeningTotals
from clearing.events.producers import BankDetailsProposed
from clearing.rules.book import Book
from clearing.rules.telling.waiting import Wait, Waiting
from clearing.values import Cents, FundId, MemberId, MicroTime, OperationId, PersonId, ProducerId
from tests.between.test_netting import market
from tests.given_when_then import Story, given, paris
from tests.rules.test_accounts import ACCOUNT
from tests.rules.test_contracts import funded
from tests.rules.test_cotisations import CLUB, RULE, agree, confirm, count, receive
from tests.rules.test_decisions import vote
from tests.rules.test_exceptions import GUARANTEE, end, late_capture, number
from tests.rules.test_orders import PLACE, basket, give, ordering
from tests.sayings import (
    AMINA,
    BRUNO,
    FOUNDED,
    MARKET,
    VOTE,
    Till,
    card_of,
    grant,
    member,
    monthly,
    producer,
    received,
)
from tests.three_caisses import AVAL, BRUME, Region


def waits(history: Sequence[Event], instants: Sequence[int], at_us: int) -> list[Wait]:
    book, waiting = Book(), Waiting()
    for event, when_us in zip(history, instants, strict=True):
        book.apply(event, book.position + 1, when_us)
        waiting.take(book, event, when_us)
    return waiting.told(book, at_us)


def of(story: Story, at: str = "") -> list[Wait]:
    return waits(story.history, story.instants, paris(at) if at else story.instants[-1] + 1)


def filled(command: str) -> list[str]:
    """The words of a command with what a person fills in."""
    texts = {"EUROS": "1.00", "NUMBER": "bl-1", "FILE": "examples/opening.toml"}
    return [texts.get(word, word.lower() if word.isupper() else word) for word in shlex.split(command)]


def commands_are_given_as_they_stand(found: Sequence[Wait]) -> None:
    for one in found:
        assert one.commands
        for command in one.commands:
            assert read_words(filled(command)).entry.run, command


def only(found: Sequence[Wait]) -> Wait:
    [one] = found
    commands_are_given_as_they_stand(found)
    return one


def test_a_quiet_caisse_has_nothing_waiting() -> None:
    found = of(given(*MARKET))
    assert found == []
    assert list(waits_told(found)) == ["0 things waiting for somebody."]


def test_a_vote_waits_for_another_officer_until_she_approved_it() -> None:
    story = given(*MARKET, vote(), at="2026-05-04 09:00:00")
    one = only(of(story))
    assert (one.day, one.commands) == ("2026-05-04", ("decision approve ag-2026-05",))
    assert f"another officer than {AMINA}" in one.told
    assert of(story.and_given(DecisionApproved(decision=vote().decision, by=BRUNO))) == []


PROPOSED: dict[str, tuple[Event, str]] = {
    "person": (PersonProposed(person=PersonId("dora"), key=bytes(32), roles=("welcome",), by=AMINA), "person confirm dora"),
    "closing": (
        ClosureProposed(last_day="2026-12-31", ends_us=MicroTime(9), heirs=(), decision=VOTE, by=AMINA), "caisse close-confirm",
    ),
    "opening": (
        OpeningProposed(as_of="2026-04-30", digest=bytes(32), totals=OpeningTotals(1, Cents(2), Cents(3), 600), by=AMINA),
        "opening accept FILE",
    ),
    "account": (AccountProposed(account=MemberId("m-1"), two_person_cents=Cents(1), by=AMINA), "collective open m-1"),
    "bank": (BankDetailsProposed(producer=ProducerId("garden"), details=bytes(32), by=AMINA), "producer bank-approve garden"),
    "basis": (LegalBasisProposed(text="t", articles="200", over_contribution=False, by=AMINA), "taxreceipt enter"),
    "transfer": (
        TransferProposed(
            transfer=1, fund=FundId("general"), to=FundId("safety"), cents=Cents(500), reason="r", decision=VOTE, by=AMINA
        ),
        "fund transfer-confirm 1",
    ),
    "correction": (
        CorrectionProposed(entry=EntryName("instalment", "c-1", "chèque 12"), right=None, reason="r", by=AMINA),
        "correct confirm instalment 'chèque 12' --contract c-1",
    ),
    "look": (JoinProposed(member=MemberId("m-1"), reason="a card was copied", by=AMINA), "member join-allow m-1"),
    "write-off": (
        WriteOffProposed(
            ref=OperationId(bytes(16)), other=BRUME, cents=500, fund=FundId("general"), decision=VOTE, reason="r", by=AMINA
        ),
        f"interchange write-off-confirm {bytes(16).hex()}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", PROPOSED)
def test_each_proposal_waits_for_another_person(what: str) -> None:
    event, command = PROPOSED[what]
    story = given(*MARKET, *GUARANTEE, at="2026-05-02 09:00:00").at("2026-05-06 10:00:00").and_given(event)
    one = only(of(story, "2026-05-09 10:00:00"))
    assert (one.day, one.commands) == ("2026-05-06", (command,))


def test_a_months_credit_waits_until_it_is_given_and_not_while_credits_are_frozen() -> None:
    story = given(*FOUNDED, member(), received(100_000), monthly(5_000)).at("2026-06-01 08:00:00")
    one = only(of(story, "2026-06-03 08:00:00"))
    assert (one.day, one.commands) == ("2026-06-01", ("grant 2026-06 --rule monthly",))
    frozen = of(given(*FOUNDED, monthly(5_000), CreditsFrozen(decision=VOTE, by=AMINA)), "2026-06-03 08:00:00")
    assert frozen == []
    assert of(story.when(grant("2026-06")), "2026-06-03 08:00:00") == []


def test_accounts_of_many_producers_are_approved_by_one_command() -> None:
    second = (*producer(ProducerId("farm")), BankDetailsProposed(producer=ProducerId("farm"), details=bytes(32), by=AMINA))
    one = only(of(given(*MARKET, PROPOSED["bank"][0], *second)))
    assert (one.told, one.commands) == (
        "the bank accounts of 2 producers wait for another person", ("producer bank-approve garden farm",)
    )  # fmt: skip


def test_a_transfer_that_was_confirmed_waits_no_more() -> None:
    event, _ = PROPOSED["transfer"]
    done = TransferConfirmed(transfer=1, fund=FundId("general"), to=FundId("safety"), cents=Cents(500), by=BRUNO)
    assert of(given(*MARKET, *GUARANTEE, event, done)) == []


def test_who_buys_for_an_account_is_named_and_revoked_by_two() -> None:
    named = MandataryProposed(
        account=MemberId("gout"), mandatary="dora", card=card_of("dora"), purchase_cents=Cents(1),
        month_cents=Cents(1), by=AMINA,
    )
    revoked = RevocationProposed(account=MemberId("gout"), mandatary="aline", by=AMINA)
    found = of(given(*ACCOUNT, named, revoked))
    assert {one.commands[0] for one in found} == {"collective name gout dora", "collective revoke gout aline"}
    commands_are_given_as_they_stand(found)


def test_cash_waits_in_the_box_and_then_for_who_counts_it_too() -> None:
    story = given(*CLUB, RULE).at("2026-05-03 10:00:00").when(receive(2_000, means="cash"))
    box = only(of(story, "2026-05-09 10:00:00"))
    assert (box.day, box.told) == ("2026-05-03", "20.00 EUR of cash are in the box")
    assert box.commands == ("deposit count cash EUROS",)
    story.at("2026-05-05 10:00:00").when(count(1_500))
    found = of(story)
    told = [one.told.split(" are ")[0].split(", is")[0] for one in found]
    assert told == ["5.00 EUR of cash", "deposit 1, 15.00 EUR of cash"]
    commands_are_given_as_they_stand(found)
    assert len(of(story.when(confirm(1_500)))) == 1


def test_arrears_are_told_together_since_their_first_month_without_a_name() -> None:
    story = given(*CLUB, RULE).when(agree(1_000)).when(agree(2_000, owner="m-2"))
    one = only(of(story, "2026-06-10 10:00:00"))
    assert (one.day, one.told) == ("2026-05-01", "60.00 EUR of cotisations are open, of 2 members")
    assert "m-1" not in one.told


def test_the_end_of_a_funds_part_waits_from_thirty_days_before_and_instalments_once_they_are_due() -> None:
    story = funded()
    assert not [one for one in of(story, "2026-07-31 10:00:00") if one.by]
    found = of(story, "2026-08-01 10:00:00")
    [ends] = [one for one in found if one.by]
    assert (ends.day, ends.commands) == ("2026-08-31", ("contract takeover c-1 --agreed HOW", "contract shrink c-1"))
    [due] = [one for one in found if not one.by]
    assert re.fullmatch(r"[0-9]+\.[0-9]{2} EUR of [0-9]+ instalments of contracts are due", due.told)
    commands_are_given_as_they_stand(found)


def test_an_order_waits_for_its_second_mandatary_and_when_it_is_held_too_long() -> None:
    story = ordering()
    give(story, "place_order", {**PLACE, "lines": basket(("veg", 90_000, "garden"))})
    assert only(of(story)).commands == ("order confirm o-1 --mandatary NAME",)
    give(story, "confirm_order", {"order": "o-1", "mandatary": "boris"}, BRUNO)
    assert of(story, "2026-05-09 09:00:00") == []
    late = only(of(story, "2026-05-10 09:00:00"))
    assert (late.day, late.told) == ("2026-05-02", "order o-1 holds 900.00 EUR for longer than 7 days")


def test_a_disputed_line_waits_for_two_people_one_after_the_other() -> None:
    story = ordering()
    give(story, "place_order", {**PLACE, "lines": basket(("veg", 4_000, "garden"), ("veg", 2_500, "farm-01"))})
    give(story, "dispute_line", {"order": "o-1", "line": 1, "reason": "rotten"})
    assert only(of(story)).commands == ("order settle o-1 2 EUROS --reason TEXT",)
    give(story, "propose_dispute_end", {"order": "o-1", "line": 1, "cents": 1_500, "reason": "half"})
    assert only(of(story)).commands == ("order agree o-1 2",)


def test_open_exceptions_are_counted_since_the_oldest_until_two_people_ended_them() -> None:
    story, _ = late_capture(Till(), *GUARANTEE)
    one = only(of(story))
    assert (one.day, one.told, one.commands) == ("2026-05-20", "1 exception is open", ("exceptions",))
    body = {"exception": number(story), "how": "refused", "consent": False, "reason": "never left"}
    give(story, "propose_exception_end", body, BRUNO)
    assert only(of(story)).commands == (f"exception resolve {number(story)}",)
    end(story, "refused")
    assert of(story) == []


async def test_sales_between_caisses_wait_for_a_word_for_netting_and_for_the_transfer() -> None:
    region = Region()
    region.sell(BRUME, AVAL, fruit_veg=700)
    day = region.next_day()
    told = [one.told for one in at_desk(region)]
    assert any("have no word of theirs" in one for one in told)
    region = Region()
    await market(region)
    day = region.next_day()
    [unnetted] = [one for one in at_desk(region) if "not netted" in one.told]
    assert unnetted.commands == (f"interchange net {day}",)
    region.net(day)
    [unpaid] = [one for one in at_desk(region) if "of the netting" in one.told]
    assert (unpaid.day, unpaid.told) == (day, f"4.00 EUR of the netting of {day} are to be paid to the other caisses")
    commands_are_given_as_they_stand([unnetted, unpaid])


def at_desk(region: Region) -> list[Wait]:
    log = region.desks[BRUME].log
    return waits(log.events(), [row.at_us for row in log.rows], log.rows[-1].at_us + 86_400_000_000)


def test_the_oldest_stands_first_and_a_deadline_says_by_when() -> None:
    story = given(*MARKET, vote(), at="2026-05-04 09:00:00")
    lines = list(waits_told([*of(story), Wait("2026-08-31", "contract c-1: ...", ("contract shrink c-1",), by=True)]))
    assert lines[0] == "2 things waiting for somebody:"
    assert re.match(r"  since 2026-05-04 +decision ag-2026-05 .*: clearing decision approve ag-2026-05$", lines[1])
    assert lines[2].startswith("  by 2026-08-31 ")
