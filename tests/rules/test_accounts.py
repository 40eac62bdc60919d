"""Two people open an account, name and revoke its mandataries; two cards buy what is large; a revoked card pays nothing."""

from typing import Any

import pytest

from clearing.events.accounts import (
    AccountOpened,
    AccountProposed,
    MandataryNamed,
    MandataryProposed,
    MandataryRevoked,
    PurchaseConfirmed,
    RevocationProposed,
)
from clearing.events.catalogue import Event
from clearing.events.members import CardBlocked, CardIssued
from clearing.events.sales import CaptureDecided
from clearing.rules.collective import accounts
from clearing.values import Cents, MemberId, OperationId, PersonId
from clearing.wire.requests import Op, Request
from tests.given_when_then import Command, Story, given
from tests.sayings import (
    AMINA,
    BRUNO,
    CADENET,
    CHLOE,
    FOUNDED,
    Till,
    card,
    card_of,
    line,
    member,
    own_money,
    producer,
    received,
    terminal,
)

GOUT = MemberId("gout")
LIMIT = 20_000


def issued(alias: str) -> CardIssued:
    return CardIssued(card=card_of(alias), key_version=1, member=GOUT, alias=alias, by=BRUNO)


def named(mandatary: str, purchase: int = 50_000, month: int = 80_000) -> MandataryNamed:
    return MandataryNamed(
        account=GOUT, mandatary=mandatary, card=card_of(mandatary), purchase_cents=Cents(purchase), month_cents=Cents(month),
        named_by=(AMINA, BRUNO),
    )


ACCOUNT: tuple[Event, ...] = (
    *FOUNDED, received(1_000_000), CADENET, member("gout"), issued("aline"), issued("boris"), issued("carla"), *producer(),
    terminal(), own_money(300_000, "gout", "credit"),
    AccountProposed(account=GOUT, two_person_cents=Cents(LIMIT), by=AMINA),
    AccountOpened(account=GOUT, two_person_cents=Cents(LIMIT), opened_by=(AMINA, BRUNO)),
    named("aline"), named("boris"),
)  # fmt: skip


def confirm(till: Till, of: Request, *lines: Any, x: bytes | None = None) -> Request:
    return till.ask(Op.DLV, *(lines or of.lines), original=OperationId(x or of.x))


def spent(story: Story, who: str = "aline") -> int:
    return story.book.accounts.spent.get((GOUT, who, "2026-05"), 0)


def propose_card(mandatary: str, card: str, by: PersonId = AMINA) -> Command:
    return lambda book, _at: accounts.decide_propose_mandatary(book.accounts, book.members, MandataryProposed(
        account=GOUT, mandatary=mandatary, card=card_of(card), purchase_cents=Cents(100), month_cents=Cents(100), by=by
    ))  # fmt: skip


def name_card(mandatary: str, card: str, by: PersonId, cents: int = 100) -> Command:
    return lambda book, _at: accounts.decide_name_mandatary(book.accounts, book.members, MandataryProposed(
        account=GOUT, mandatary=mandatary, card=card_of(card), purchase_cents=Cents(cents), month_cents=Cents(100), by=by
    ))  # fmt: skip


def propose_end(mandatary: str, by: PersonId = AMINA) -> Command:
    return lambda book, _at: accounts.decide_propose_revocation(book.accounts, account=GOUT, mandatary=mandatary, by=by)


def end(mandatary: str, by: PersonId = BRUNO) -> Command:
    return lambda book, _at: accounts.decide_revoke(book.accounts, account=GOUT, mandatary=mandatary, by=by)


def test_a_purchase_within_the_limits_is_a_sale_like_any_other() -> None:
    till = Till()
    story = given(*ACCOUNT).when(till.sale(line("veg", 12_000)), till.tap("aline")).then_pays("00", 12_000)
    assert (story.account("owed:garden"), spent(story)) == (12_000, 12_000)


@pytest.mark.row(15)
def test_a_sale_above_the_limit_by_one_tap_is_refused_with_its_reason() -> None:
    till = Till()
    story = given(*ACCOUNT).when(till.sale(line("veg", LIMIT + 1)), till.tap("aline")).then("12", answer="12")
    assert story.account("owed:garden") == 0


@pytest.mark.row(15)
def test_two_cards_buy_what_one_may_not() -> None:
    till = Till()
    hold = till.auth(line("veg", 30_000))
    story = given(*ACCOUNT).when(hold, till.tap("aline")).then_pays("00", 30_000)
    story.when(till.capture(hold, line("veg", 30_000))).then("12")
    story.when(confirm(till, hold), till.tap("boris")).then("00", approved_cents=30_000)
    story.when(till.capture(hold, line("veg", 29_000))).then_pays("00", 29_000)
    assert (story.account("owed:garden"), story.account("held"), spent(story)) == (29_000, 0, 29_000)


def test_the_same_mandatary_can_not_be_the_second() -> None:
    till = Till()
    hold = till.auth(line("veg", 30_000))
    story = given(*ACCOUNT).when(hold, till.tap("aline"))
    story.when(confirm(till, hold), till.tap("aline")).then("12", approved_cents=0)
    story.when(till.capture(hold, line("veg", 30_000))).then("12")


def test_a_card_without_a_mandate_is_nobodys_second() -> None:
    till = Till()
    hold = till.auth(line("veg", 30_000))
    story = given(*ACCOUNT, member(), card())
    story.when(hold, till.tap("aline"))
    for stranger in ("m-1", "carla"):
        story.when(confirm(till, hold), till.tap(stranger)).then("62", answer="14")


def test_a_confirmation_is_of_the_goods_that_are_held_and_of_nothing_else() -> None:
    till = Till()
    hold, small = till.auth(line("veg", 30_000)), till.auth(line("veg", 100))
    story = given(*ACCOUNT).when(hold, till.tap("aline")).when(small, till.tap("aline"))
    story.when(confirm(till, hold, line("veg", 31_000)), till.tap("boris")).then("12")
    story.when(confirm(till, small), till.tap("boris")).then("12")
    story.when(confirm(till, hold, x=b"n" * 16), till.tap("boris")).then("25")


def test_a_second_card_comes_too_late_after_the_hold_expired() -> None:
    till = Till()
    hold = till.auth(line("veg", 30_000))
    story = given(*ACCOUNT).when(hold, till.tap("aline")).at("2026-06-20 09:00:00")
    story.when(confirm(till, hold), till.tap("boris")).then("84")
    assert not story.book.accounts.waiting


def test_a_tap_that_confirmed_once_confirms_nothing_again() -> None:
    till = Till()
    first, second = till.auth(line("veg", 30_000)), till.auth(line("veg", 25_000))
    story = given(*ACCOUNT).when(first, till.tap("aline")).when(second, till.tap("aline"))
    tap = till.tap("boris")
    story.when(confirm(till, first), tap).then("00").when(confirm(till, second), tap).then("63")


def test_the_same_confirmation_under_another_number_is_the_same_operation() -> None:
    till = Till()
    hold = till.auth(line("veg", 30_000))
    story = given(*ACCOUNT).when(hold, till.tap("aline"))
    once, tap = confirm(till, hold), till.tap("boris")
    story.when(once, tap).then("00")
    again = till.ask(Op.DLV, *hold.lines, original=hold.x, x=once.x)
    story.when(again, tap)
    assert type(story.last).__name__ == "OperationRepeated"


@pytest.mark.row(15)
def test_a_revoked_mandatary_is_refused_at_once_and_the_stall_learns_nothing() -> None:
    till = Till()
    story = given(*ACCOUNT, named("carla")).when(propose_end("aline")).when(end("aline"))
    assert isinstance(story.last, MandataryRevoked)
    story.when(till.sale(line("veg", 100)), till.tap("aline")).then("62", answer="14")
    story.when(till.sale(line("veg", 100)), till.tap("boris")).then("00")


def test_a_revocation_takes_two_people_and_a_blocked_card_takes_one() -> None:
    till = Till()
    story = given(*ACCOUNT).when(end("aline")).then("25").when(propose_end("aline")).when(end("aline", AMINA)).then("12")
    assert isinstance(story.history[-1], RevocationProposed)
    story.and_given(CardBlocked(card=card_of("aline"), code="62", by=BRUNO))
    story.when(till.sale(line("veg", 100)), till.tap("aline")).then("62", answer="14")


def test_one_mandatary_alone_buys_nothing() -> None:
    till = Till()
    story = given(*ACCOUNT).when(propose_end("aline")).when(end("aline"))
    story.when(till.sale(line("veg", 100)), till.tap("boris")).then("78", answer="14")


@pytest.mark.row(15)
def test_limits_count_per_purchase_and_per_civil_month() -> None:
    till = Till()
    story = given(*ACCOUNT[:-2], named("aline", 15_000, 20_000), named("boris"))
    story.when(till.sale(line("veg", 15_001)), till.tap("aline")).then("61", answer="05")
    story.when(till.sale(line("veg", 15_000)), till.tap("aline")).then("00")
    story.when(till.sale(line("veg", 5_001)), till.tap("aline")).then("61")
    story.at("2026-06-01 00:00:00").when(till.sale(line("veg", 5_001)), till.tap("aline")).then("00")


def test_what_comes_back_counts_no_longer_in_its_month() -> None:
    till = Till()
    sale, hold = till.sale(line("veg", 9_000)), till.auth(line("veg", 8_000))
    story = given(*ACCOUNT).when(sale, till.tap("aline")).when(hold, till.tap("aline"))
    assert spent(story) == 17_000
    story.when(till.refund(sale, line("veg", 4_000))).when(till.reverse(hold))
    assert spent(story) == 5_000
    story.when(till.reverse(sale))
    assert spent(story) == 0


def test_what_a_capture_releases_counts_no_longer() -> None:
    till = Till()
    hold = till.auth(line("veg", 8_000))
    story = given(*ACCOUNT).when(hold, till.tap("boris")).when(till.capture(hold, line("veg", 7_000)))
    assert spent(story, "boris") == 7_000
    assert isinstance(story.last, CaptureDecided)
    story.when(till.reverse(story.last.op.x))
    assert spent(story, "boris") == 0


def test_naming_takes_two_people_who_saw_the_same() -> None:
    story = given(*ACCOUNT).when(name_card("carla", "carla", BRUNO)).then("25")
    story.when(propose_card("carla", "carla")).when(name_card("carla", "carla", AMINA)).then("12")
    story.when(name_card("carla", "carla", BRUNO, 101)).then("12")
    story.when(name_card("carla", "carla", BRUNO)).then("00", named_by=(AMINA, BRUNO))


def test_a_card_is_one_mandatarys_and_of_the_account() -> None:
    story = given(*ACCOUNT, member(), card())
    story.when(propose_card("dora", "aline")).then("12").when(propose_card("dora", "m-1")).then("12")


def test_an_account_is_opened_and_its_limit_changed_by_two_people() -> None:
    def propose(cents: int, by: PersonId = AMINA) -> Command:
        return lambda book, _at: accounts.decide_propose_account(
            book.accounts, book.members, account=GOUT, two_person_cents=Cents(cents), by=by
        )

    def confirmed(cents: int, by: PersonId) -> Command:
        return lambda book, _at: accounts.decide_open_account(
            book.accounts, account=GOUT, two_person_cents=Cents(cents), by=by
        )

    story = given(*ACCOUNT).when(propose(LIMIT)).then("12").when(propose(30_000))
    story.when(confirmed(30_000, AMINA)).then("12").when(confirmed(40_000, BRUNO)).then("12")
    story.when(confirmed(30_000, CHLOE)).then("00")
    assert story.book.accounts.open[GOUT].two_person_cents == 30_000
    assert set(story.book.accounts.open[GOUT].mandataries) == {"aline", "boris"}


def test_a_confirmation_moves_no_cent() -> None:
    till = Till()
    hold = till.auth(line("veg", 30_000))
    story = given(*ACCOUNT).when(hold, till.tap("aline"))
    before = dict(story.ledger.balances)
    story.when(confirm(till, hold), till.tap("boris"))
    assert isinstance(story.last, PurchaseConfirmed)
    assert story.ledger.balances == before
