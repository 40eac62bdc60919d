from dataclasses import replace

import pytest

from clearing.authoriser.client import Submission, TapFacts
from clearing.config import Settings
from clearing.terminal_gateway.door import Door
from clearing.terminal_gateway.refusals import Reason, Refused
from clearing.values import TerminalId
from clearing.wire.fields import DAY_MS
from clearing.wire.frame import FrameType, seal_envelope
from clearing.wire.requests import CardUrl, NewKey, Op, Request
from clearing.wire.signature import TerminalKey, prove_new_key
from clearing.wire.tap import card_id
from tests.small_writer import entry_of
from tests.stall_world import BRUME, ISSUER, KEY, PERSON_KEY, STALL, World, but, sale, signed

SECOND = 1_000_000
STRANGER = TerminalKey.from_seed(b"x" * 32)


def refusal(door: Door, raw: bytes, op: Op = Op.SALE, address: str = "192.0.2.1") -> Refused:
    with pytest.raises(Refused) as refused:
        door.admit(raw, op, address)
    return refused.value


def let_in(door: Door, request: Request, key: TerminalKey = KEY) -> Submission:
    submission = door.admit(signed(request, key), request.op, "192.0.2.1")
    assert isinstance(submission, Submission)
    return submission


def tap_of(door: Door, request: Request) -> TapFacts:
    tap = let_in(door, request).tap
    assert tap is not None
    return tap


def admitted(world: World, request: Request) -> Submission:
    return let_in(world.door(), request)


def test_a_signed_sale_passes_with_what_its_tap_says() -> None:
    world = World()
    card = world.card(cents=500)
    submission = admitted(world, sale(card))
    assert submission.caisse == BRUME
    assert submission.request == sale_seen(submission)
    assert submission.tap == TapFacts(genuine=True, card=card_id(ISSUER, card.uid), key_version=1, counter=1)
    assert submission.frame.raw == signed(sale_seen(submission))


def sale_seen(submission: Submission) -> Request:
    assert isinstance(submission.request, Request)
    return submission.request


def test_every_bit_of_a_tap_counts() -> None:
    world = World(settings=Settings(key_requests_burst=1_000))
    request, door = sale(world.card()), world.door()
    assert isinstance(request.card, CardUrl)
    evidence = request.card.p + request.card.c
    for bit in range(len(evidence) * 8):
        bent = bytearray(evidence)
        bent[bit // 8] ^= 1 << (bit % 8)
        forged = but(request, card=CardUrl(bytes(bent[:16]), bytes(bent[16:])), n=bit + 2)
        assert tap_of(door, forged) == TapFacts(genuine=False)


def test_a_card_at_another_version_is_checked_with_its_own_key_and_asked_for_once() -> None:
    world = World()
    card, door = world.card(version=3), world.door()
    for n in range(1, 5):
        tap = tap_of(door, sale(card, n=n))
        assert (tap.genuine, tap.key_version, tap.counter) == (True, 3, n)
    assert world.room.asked == 2  # which card it is, then its key at version 3


def test_a_card_personalised_again_leaves_its_old_key_behind() -> None:
    world = World()
    old, door = world.card(version=1), world.door()
    assert tap_of(door, sale(old, n=1)).genuine
    new = world.card(version=2)
    fresh, stale = tap_of(door, sale(new, n=2)), tap_of(door, sale(old, n=3))
    assert (fresh.genuine, fresh.key_version, stale) == (True, 2, TapFacts(genuine=False))


def test_a_card_nobody_issued_is_checked_at_version_one() -> None:
    world = World()
    tap = admitted(world, sale(world.card(cents=None))).tap
    assert tap is not None
    assert (tap.genuine, tap.key_version) == (True, 1)


def test_made_up_cards_take_no_place_in_the_memory_of_keys() -> None:
    world = World(settings=Settings(card_key_cache_max=1))
    door, first, second = world.door(), world.card(1), world.card(2)
    for n, card in enumerate([first, first, second, first], start=1):
        door.admit(signed(sale(card, n=n)), Op.SALE, "a")
    assert len(door.taps) == 1
    assert world.room.asked == 3  # the second card pushed the first one out, so the first was asked for again


def test_a_message_without_a_tap_has_no_facts_of_one() -> None:
    world = World()
    request = but(sale(world.card()), op=Op.CAP, card=None, original=sale(world.card()).x)
    assert admitted(world, request).tap is None


def test_an_old_epochs_key_is_passed_on_for_its_repeats() -> None:
    world = World()
    world.directory.put_key(replace(entry_of(BRUME, STRANGER.public, STALL, 1), current=False))
    submission = let_in(world.door(), but(sale(world.card()), epoch=1), STRANGER)
    assert sale_seen(submission).epoch == 1


def test_the_401_is_the_same_for_every_fault_of_a_key() -> None:
    world = World()
    door, request = world.door(), sale(world.card())
    good = signed(request)
    faults = {
        Reason.UNKNOWN_KEY: signed(request, STRANGER),
        Reason.BAD_SIGNATURE: good[:-1] + bytes([good[-1] ^ 1]),
        Reason.OTHER_TERMINAL: signed(but(request, terminal=TerminalId(b"stall-02"))),
    }
    said = {reason: refusal(door, raw) for reason, raw in faults.items()}
    assert {reason: refused.reason for reason, refused in said.items()} == {reason: reason for reason in faults}
    assert {(refused.status, refused.text, refused.outcome) for refused in said.values()} == {
        (401, said[Reason.UNKNOWN_KEY].text, "not-processed")
    }


@pytest.mark.parametrize(
    "raw",
    [
        signed(sale(World().card()), PERSON_KEY),
        signed(sale(World().card()), KEY, FrameType.TERM_BATCH),
        signed(sale(World().card()), KEY, FrameType.PERSON_CMD),
        signed(but(sale(World().card()), epoch=1)),
    ],
    ids=["a person's key", "a batch's type", "a command's type", "another epoch"],
)
def test_a_key_speaks_only_for_itself_and_in_its_own_type(raw: bytes) -> None:
    assert refusal(World().door(), raw).status == 401


@pytest.mark.parametrize("op", [Op.AUTH, Op.CAP, Op.REV, Op.REF, Op.ROTATE])
def test_a_sale_on_another_path_is_refused(op: Op) -> None:
    world = World()
    assert refusal(world.door(), signed(sale(world.card())), op).status == 400


def test_a_payload_is_not_decoded_before_its_signature_held() -> None:
    nonsense = b"\xc1 not msgpack"
    forged = seal_envelope(KEY.kid, nonsense, bytes(64))
    assert refusal(World().door(), forged).status == 401
    assert refusal(World().door(), KEY.sign_envelope(FrameType.TERM_REQ, nonsense)).status == 400


def test_junk_from_one_address_does_not_silence_a_terminal_at_another() -> None:
    world = World(settings=Settings(address_refusals_burst=3, address_refusals_per_s=1, key_requests_burst=2))
    door, request = world.door(), sale(world.card())
    good = signed(request)
    forged = good[:-1] + bytes([good[-1] ^ 1])  # the terminal's own key id, seen by the attacker
    assert [refusal(door, forged, address="192.0.2.66").status for _ in range(5)] == [401, 401, 401, 429, 429]
    assert let_in(door, request).caisse == BRUME


def test_honest_terminals_behind_one_address_do_not_empty_its_bucket() -> None:
    world = World(settings=Settings(address_refusals_burst=1, address_refusals_per_s=1))
    door, card = world.door(), world.card()
    passed = [door.admit(signed(sale(card, n=n)), Op.SALE, "192.0.2.1") for n in range(1, 50)]
    assert len(passed) == 49


def test_a_key_that_asks_too_often_is_told_when_to_come_again() -> None:
    world = World(settings=Settings(key_requests_burst=2, key_requests_per_s=1))
    door, request = world.door(), sale(world.card())
    for _ in range(2):
        let_in(door, request)
    refused = refusal(door, signed(request))
    assert (refused.status, refused.reason, refused.retry_after_s) == (429, Reason.KEY_LIMIT, 1)
    world.clock.now_us += SECOND
    assert let_in(door, request).caisse == BRUME


def test_while_the_log_is_read_no_terminal_is_told_that_it_is_unknown() -> None:
    world = World()
    good, stranger = signed(sale(world.card())), signed(sale(world.card()), STRANGER)
    world.directory.ready[BRUME] = False
    assert {refusal(world.door(), raw).status for raw in (good, stranger)} == {503}
    world.directory.ready[BRUME] = True
    assert refusal(world.door(), stranger).status == 401


def test_a_rotation_brings_a_key_that_proves_itself() -> None:
    world = World()
    plain = but(sale(world.card()), op=Op.ROTATE, card=None)
    proof = prove_new_key(STRANGER, terminal=STALL, epoch=0)
    good = but(plain, new_key=NewKey(STRANGER.public, proof))
    stolen = but(plain, new_key=NewKey(PERSON_KEY.public, proof))
    assert sale_seen(admitted(world, good)).new_key == NewKey(STRANGER.public, proof)
    assert refusal(world.door(), signed(stolen), Op.ROTATE).status == 400


@pytest.mark.parametrize("op", [Op.DRAW, Op.GIVE])
def test_a_draw_that_names_more_than_its_day_is_refused_and_one_of_the_day_passes(op: Op) -> None:
    world = World()
    drawn = but(sale(world.card()), op=op, card=None, price_choice=20)
    refused = refusal(world.door(), signed(drawn), op)
    assert (refused.status, refused.reason, "names its day only" in refused.text) == (400, Reason.MALFORMED, True)
    assert let_in(world.door(), but(drawn, ts_ms=1_500_000_000_000 // DAY_MS * DAY_MS)).tap is None


@pytest.mark.parametrize("offline", [1, 2, 3])
def test_what_was_sold_offline_is_no_question_and_is_not_decided_like_one(offline: int) -> None:
    world = World()
    sold = sale(world.card(), 735)
    told = but(sold, offline=offline, offline_cents=sold.amount_cents, offline_lines=(sold.amount_cents,))
    refused = refusal(world.door(), signed(told))
    assert (refused.status, refused.reason) == (400, Reason.MALFORMED)
    assert "keep it queued" in str(refused)
