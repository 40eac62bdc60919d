from dataclasses import replace

import pytest

from clearing.events.basket import Line
from clearing.events.codes import Code
from clearing.terminal.identity import TerminalIdentity
from clearing.terminal.queue import NotPaired, State, TerminalLocked, TerminalQueue
from clearing.terminal.terminal import Ending, Patience, ReferenceTerminal
from clearing.terminal.transport import Answer
from clearing.values import Cents
from clearing.wire.frame import FrameType, open_envelope, unpack_map
from clearing.wire.signature import TerminalKey
from clearing.wire.tap import card_id
from tests.stall_world import ISSUER, KEY, VEGETABLES, World, but, sale, signed
from tests.terminal.links import IDENTITY, Fate, PowerCut, Till, TillClock, UncertainLink


def basket(*cents: int) -> list[Line]:
    return [Line(category=VEGETABLES, amount_cents=Cents(one)) for one in cents]


def purse(world: World, number: int = 1) -> int:
    return world.writer.purses[card_id(ISSUER, bytes([4, *([number] * 6)]))]


async def test_a_sale_shows_what_the_card_pays_and_what_is_left(till: Till, world: World) -> None:
    shown = await till.terminal.sale(basket(735, 415), world.card(cents=1_000))
    assert (shown.ending, shown.code) == (Ending.DECIDED, Code.PARTIAL)
    assert (shown.card_cents, shown.rest_cents) == (1_000, 150)
    assert purse(world) == 0


async def test_a_declined_sale_leaves_everything_to_pay(till: Till, world: World) -> None:
    shown = await till.terminal.sale(basket(735), world.card(cents=0))
    assert (shown.code, shown.card_cents, shown.rest_cents) == (Code.DECLINED, 0, 735)


async def test_numbers_rise_by_one_and_each_message_names_the_one_before(till: Till, world: World) -> None:
    card = world.card()
    for _ in range(3):
        await till.terminal.sale(basket(100), card)
    payloads = [open_envelope(raw, frame_bytes_max=4_096).payload for _, raw in till.link.sent]
    fields = [unpack_map(payload, items_max=100) for payload in payloads]
    digests = [submission.frame.digest for submission in world.writer.submissions]
    assert [field["n"] for field in fields] == [1, 2, 3]
    assert [field["h"] for field in fields] == [bytes(32), *digests[:2]]


async def test_a_second_card_confirms_a_hold_and_pays_nothing_itself(till: Till, world: World) -> None:
    held = await till.terminal.authorise(basket(600), world.card(cents=1_000))
    confirmed = await till.terminal.confirm(held.x, basket(600), world.card(2, cents=50))
    assert (confirmed.code, confirmed.card_cents, purse(world), purse(world, 2)) == (Code.APPROVED, 600, 400, 50)
    stranger = await till.terminal.confirm(held.x, basket(600), world.card(3, cents=None))
    assert (stranger.code, stranger.card_cents) == (Code.CARD_UNKNOWN, 0)


async def test_hold_capture_refund_and_reversal_move_the_purse_as_they_say(till: Till, world: World) -> None:
    card = world.card(cents=1_000)
    held = await till.terminal.authorise(basket(600), card)
    assert purse(world) == 400
    captured = await till.terminal.capture(held.x, basket(450))
    assert (captured.card_cents, purse(world)) == (450, 550)
    back = await till.terminal.refund(held.x, basket(50))
    assert (back.code, back.card_cents, purse(world)) == (Code.APPROVED, 50, 600)
    undone = await till.terminal.reverse(held.x)
    assert (undone.code, purse(world)) == (Code.APPROVED, 1_000)


@pytest.mark.parametrize("lost", [Fate.REQUEST_LOST, Fate.REPLY_LOST, Fate.DOUBLED])
async def test_a_lost_or_doubled_message_is_one_sale_and_the_same_bytes(till: Till, world: World, lost: Fate) -> None:
    till.fates([lost, lost])
    shown = await till.terminal.sale(basket(735), world.card(cents=1_000))
    assert (shown.ending, shown.card_cents, purse(world)) == (Ending.DECIDED, 735, 265)
    assert len({raw for _, raw in till.link.sent}) == 1
    assert till.queue.pending() == []


@pytest.mark.parametrize("lost", [Fate.REQUEST_LOST, Fate.REPLY_LOST])
async def test_after_eight_seconds_without_an_answer_the_sale_is_undone(till: Till, world: World, lost: Fate) -> None:
    started_ms = till.clock.now_ms
    till.fates([lost] * 33)
    shown = await till.terminal.sale(basket(735), world.card(cents=1_000))
    assert (shown.ending, shown.card_cents, shown.rest_cents) == (Ending.NO_ANSWER, 0, 735)
    assert till.clock.now_ms - started_ms <= 8_000
    assert [message.op for message in till.queue.pending()] == ["rev"]
    again = await till.terminal.sale(basket(100), world.card(2))
    assert again.ending is Ending.DECIDED
    assert (purse(world), till.queue.pending()) == (1_000, [])


async def test_a_sale_that_arrives_after_its_reversal_pays_nothing(till: Till, world: World) -> None:
    till.fates([Fate.REQUEST_LOST] * 32)
    await till.terminal.sale(basket(735), world.card(cents=1_000))
    late_path, late_bytes = till.link.sent[0]
    await till.link.post(late_path, late_bytes)
    assert purse(world) == 1_000
    assert [code for code, _ in world.writer.outcomes.values()][-1] is Code.LATE_AFTER_REVERSAL


@pytest.mark.parametrize("dark", [Fate.DARK_BEFORE, Fate.DARK_AFTER])
@pytest.mark.parametrize("then", [[], [Fate.REPLY_LOST], [Fate.REQUEST_LOST]])
async def test_a_power_cut_at_any_point_leaves_no_sale_that_nobody_saw(
    till: Till, world: World, dark: Fate, then: list[Fate]
) -> None:
    till.fates([dark])
    with pytest.raises(PowerCut):
        await till.terminal.sale(basket(735), world.card(cents=1_000))
    till.switch_off()
    till.switch_on()
    till.fates(then)
    left = await till.terminal.resume()
    while left:
        left = await till.terminal.flush()
    assert (purse(world), till.queue.pending()) == (1_000, [])
    last = till.queue.last_purchase()
    assert last is not None
    assert last.state is State.GIVEN_UP


async def test_a_power_cut_while_undoing_goes_on_undoing(till: Till, world: World) -> None:
    till.fates([Fate.REPLY_LOST] * 32 + [Fate.DARK_BEFORE])
    with pytest.raises(PowerCut):
        await till.terminal.sale(basket(735), world.card(cents=1_000))
    assert purse(world) == 265
    till.switch_off()
    till.switch_on()
    assert await till.terminal.resume() == 0
    assert purse(world) == 1_000


async def test_after_a_power_cut_the_numbers_go_on(till: Till, world: World) -> None:
    till.fates([Fate.DARK_BEFORE])
    with pytest.raises(PowerCut):
        await till.terminal.sale(basket(100), world.card())
    till.switch_off()
    till.switch_on()
    await till.terminal.resume()
    await till.terminal.sale(basket(100), world.card())
    numbers = [
        unpack_map(open_envelope(raw, frame_bytes_max=4_096).payload, items_max=100)["n"] for _, raw in till.link.sent
    ]
    assert numbers == [1, 2, 3]


async def test_a_refund_that_finds_no_answer_waits_and_is_done_once(till: Till, world: World) -> None:
    card = world.card(cents=1_000)
    sold = await till.terminal.sale(basket(800), card)
    till.fates([Fate.REPLY_LOST] * 40)
    shown = await till.terminal.refund(sold.x, basket(300))
    assert (shown.ending, len(till.queue.pending())) == (Ending.QUEUED, 1)
    till.fates([])
    assert await till.terminal.flush() == 0
    assert purse(world) == 500


async def test_an_answer_that_the_caisse_did_not_sign_is_no_answer(till: Till, world: World) -> None:
    stranger = TerminalKey.from_seed(b"z" * 32)

    def forge(answer: Answer) -> Answer:
        payload = open_envelope(answer.body, frame_bytes_max=4_096).payload
        return replace(answer, body=stranger.sign_envelope(FrameType.SRV_RESP, payload))

    till.link.forge = forge
    till.fates([Fate.FORGED] * 32)
    shown = await till.terminal.sale(basket(735), world.card(cents=1_000))
    assert (shown.ending, shown.card_cents) == (Ending.NO_ANSWER, 0)


async def test_the_answer_to_another_message_is_no_answer(till: Till, world: World) -> None:
    card = world.card(cents=10_000)
    await till.terminal.sale(basket(100), card)
    first = next(iter(world.writer.replies.values()))[1]
    till.link.forge = lambda answer: replace(answer, body=first)
    till.fates([Fate.FORGED] * 32)
    assert (await till.terminal.sale(basket(735), card)).ending is Ending.NO_ANSWER


@pytest.mark.parametrize("body", [b"", b"<html>hotel login</html>", b"\x94\x01\xc4\x08" + bytes(100)])
async def test_a_page_of_some_network_is_no_answer(till: Till, world: World, body: bytes) -> None:
    till.link.forge = lambda _answer: Answer(status=200, body=body)
    till.fates([Fate.FORGED] * 2)
    assert (await till.terminal.sale(basket(735), world.card())).ending is Ending.DECIDED


async def test_a_busy_caisse_is_asked_again_with_the_same_bytes(till: Till, world: World) -> None:
    world.writer.full, world.writer.dying = 2, 1
    shown = await till.terminal.sale(basket(735), world.card(cents=1_000))
    assert (shown.ending, purse(world)) == (Ending.DECIDED, 265)
    assert (len(till.link.sent), len({raw for _, raw in till.link.sent})) == (4, 1)


async def test_a_till_that_is_not_known_says_what_to_do(till: Till, world: World) -> None:
    world.directory._terminals.clear()
    shown = await till.terminal.sale(basket(735), world.card())
    assert (shown.ending, shown.rest_cents, len(till.link.sent)) == (Ending.REFUSED, 735, 1)
    assert "Pair the terminal again" in shown.text
    assert till.queue.pending() == []


async def test_a_copied_till_stops_selling_when_the_caisse_notices(till: Till, world: World) -> None:
    await till.link.post("/v1/sale", signed(but(sale(world.card(2)), n=1)))  # the copy sold first
    shown = await till.terminal.sale(basket(735), world.card())
    assert (shown.code, shown.card_cents) == (Code.CONFLICT, 0)
    with pytest.raises(TerminalLocked, match="pair this till again"):
        await till.terminal.sale(basket(735), world.card())


async def test_a_rotation_changes_the_key_and_numbers_start_anew(till: Till, world: World) -> None:
    await till.terminal.sale(basket(100), world.card())
    shown = await till.terminal.rotate()
    assert shown.code is Code.APPROVED
    identity = till.queue.identity()
    assert identity is not None
    assert (identity.epoch, identity.key.public == KEY.public) == (1, False)
    assert (await till.terminal.sale(basket(100), world.card(2))).code is Code.APPROVED


@pytest.mark.parametrize("fate", [Fate.DARK_BEFORE, Fate.DARK_AFTER])
async def test_a_rotation_survives_a_power_cut_with_one_new_key(till: Till, world: World, fate: Fate) -> None:
    till.fates([fate])
    with pytest.raises(PowerCut):
        await till.terminal.rotate()
    till.switch_off()
    till.switch_on()
    assert (await till.terminal.sale(basket(100), world.card())).code is Code.APPROVED
    identity = till.queue.identity()
    assert identity is not None
    assert identity.epoch == 1


async def test_a_second_rotation_waits_for_the_first(till: Till) -> None:
    till.fates([Fate.REPLY_LOST] * 40)
    await till.terminal.rotate()
    till.fates([])
    assert (await till.terminal.rotate()).code is Code.APPROVED
    identity = till.queue.identity()
    assert identity is not None
    assert identity.epoch == 1


def test_a_till_without_a_caisse_says_that_it_must_be_paired(link: UncertainLink) -> None:
    queue = TerminalQueue.in_memory()
    with pytest.raises(NotPaired, match="pair it with --pair SLOT"):
        ReferenceTerminal(None, queue, link, TillClock(), patience=Patience())
    queue.close()


def test_the_queue_knows_more_of_its_rotations_than_an_old_file(link: UncertainLink) -> None:
    queue = TerminalQueue.in_memory()
    rotated = TerminalIdentity(
        terminal=IDENTITY.terminal, epoch=3, key=TerminalKey.from_seed(b"3" * 32), server_keys=IDENTITY.server_keys
    )
    queue.adopt(rotated)
    ReferenceTerminal(IDENTITY, queue, link, TillClock())
    identity = queue.identity()
    queue.close()
    assert identity is not None
    assert identity.epoch == 3
