"""Law: a status report of the bank answers the debits of a collection as a person's list would, and nothing that is known."""

from typing import Any

from clearing.bank.documents import parsed
from clearing.bank.pain002 import StatusReport, read_pain002
from clearing.installation.debits_answered import ROWS_A_COMMAND, DebitsAnswered, answer_debits, answered_debits
from clearing.rules.treasury.debits import DebitState
from tests.bank.samples import pain002
from tests.given_when_then import Story
from tests.rules.debit_sayings import answer, club, propose, said, send


def sent() -> Story:
    return send(propose(club("m-1", "m-2")).then("00"))


def report(*payments: tuple[str, str, str], answered: str = "M", **more: Any) -> StatusReport:
    return read_pain002(parsed(pain002(*payments, answered=answered, **more)))


def references(story: Story) -> list[str]:
    return [debit.row.reference for debit in story.book.debits.collections[1].debits.values()]


def rows(found: DebitsAnswered | None) -> list[tuple[object, object, object]]:
    assert found is not None
    return [(row["debit"], row["state"], row["code"]) for row in found.rows]


def test_each_payment_is_answered_by_its_end_to_end_id() -> None:
    story = sent()
    first, second = references(story)
    found = answered_debits(report((first, "ACSC", ""), (second, "RJCT", "AC04"), ("X-1", "ACSC", "")), story.book)
    assert rows(found) == [(first, "executed", ""), (second, "rejected", "AC04")]
    assert found is not None
    assert [one.end_to_end for one in found.strange] == ["X-1"]


def test_a_word_of_all_the_file_is_said_of_each_debit_that_has_no_answer_yet() -> None:
    story = sent()
    first, second = references(story)
    answer(story, said("executed", "m-1")).then("00")
    assert rows(answered_debits(report(group="RJCT", reason="AM04"), story.book)) == [(second, "rejected", "AM04")]
    assert first not in {one for one, _, _ in rows(answered_debits(report(group="ACCP"), story.book))}


def test_what_the_book_says_already_is_counted_and_not_given_again() -> None:
    story = sent()
    first, _ = references(story)
    answer(story, said("executed", "m-1")).then("00")
    found = answered_debits(report((first, "ACSC", "")), story.book)
    assert (rows(found), found and found.known) == ([], 1)


def test_a_file_that_was_refused_as_a_copy_says_nothing_of_the_first_ones_debits() -> None:
    story = sent()
    found = answered_debits(report(group="RJCT", reason="DUPL"), story.book)
    assert (rows(found), found and found.copy) == ([], True)
    first, _ = references(story)
    assert rows(answered_debits(report((first, "RJCT", "AM05")), story.book)) == [(first, "unknown", "AM05")]


def test_an_answer_to_another_file_is_no_answer_to_a_collection() -> None:
    assert answered_debits(report(("X-1", "ACSC", ""), answered="brume-B000001"), sent().book) is None


async def test_many_answers_are_given_in_commands_that_others_can_sell_between() -> None:
    given: list[int] = []

    async def give(verb: str, body: dict[str, object]) -> dict[str, object]:
        assert (verb, body["collection"]) == ("answer_collection", 7)
        some = body["rows"]
        assert isinstance(some, list)
        given.append(len(some))
        return {}

    await answer_debits(DebitsAnswered(7, rows=[{"debit": f"D-{place}"} for place in range(ROWS_A_COMMAND + 1)]), give)
    assert given == [ROWS_A_COMMAND, 1]


def test_the_answers_are_taken_by_the_rules_as_they_are() -> None:
    story = sent().at("2026-05-20 18:00:00")
    first, second = references(story)
    found = answered_debits(report((first, "ACSC", ""), (second, "RJCT", "AC04")), story.book)
    assert found is not None
    answer(story, *found.rows).then("00")
    states = [debit.state for debit in story.book.debits.collections[1].debits.values()]
    assert states == [DebitState.EXECUTED, DebitState.REJECTED]
