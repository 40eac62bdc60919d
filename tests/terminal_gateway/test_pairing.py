from collections.abc import AsyncIterator

import pytest

from clearing.authoriser.client import Enrolment, Submission
from clearing.config import Settings
from clearing.terminal.pairing import Paired, PairingFailed, pair
from clearing.terminal.queue import TerminalQueue
from clearing.terminal.terminal import ReferenceTerminal
from clearing.terminal.transport import Answer, HttpTransport
from clearing.terminal_gateway.enrolment import EnrolmentDoor
from clearing.terminal_gateway.refusals import Refused
from clearing.terminal_gateway.taps import VaultRoom
from clearing.values import CaisseCode
from clearing.wire.certificate import certified_keys, certify
from clearing.wire.enrolment import EnrolHello, EnrolProof, encode_hello, encode_proof, parse_server_nonce
from clearing.wire.frame import FrameType, MalformedFrame
from clearing.wire.signature import TerminalKey
from tests.small_writer import Slot
from tests.stall_world import BRUME, ROOT_KEY, SERVER_KEY, World
from tests.terminal.links import Fate, TillClock, UncertainLink
from tests.terminal.test_terminal import basket

CODE = "K7Q2-9XWD"
NEW = TerminalKey.from_seed(b"n" * 32)
SECOND = 1_000_000


@pytest.fixture
def world() -> World:
    world = World()
    world.writer.slots["brume-7k2f"] = Slot(code=CODE)
    return world


@pytest.fixture
async def link(world: World) -> AsyncIterator[UncertainLink]:
    async with world.served() as address, HttpTransport(address, answer_timeout_s=30) as transport:
        yield UncertainLink(transport)


async def paired(link: UncertainLink, code: str = CODE, slot: str = "brume-7k2f") -> Paired:
    return await pair(link, slot, code, clock=TillClock())


async def test_a_till_that_knows_the_code_is_paired_and_sells(world: World, link: UncertainLink) -> None:
    done = await paired(link, "k7q2 9xwd")  # as people type it
    assert done.identity.server_keys == {SERVER_KEY.public}
    assert len(done.digits) == 9
    queue = TerminalQueue.in_memory()
    shown = await ReferenceTerminal(done.identity, queue, link, TillClock()).sale(basket(735), world.card())
    queue.close()
    assert shown.card_cents == 735


async def test_the_code_never_travels(link: UncertainLink) -> None:
    await paired(link)
    assert all(CODE.encode() not in raw and b"K7Q29XWD" not in raw for _, raw in link.sent)


async def test_five_wrong_codes_close_the_slot_for_the_right_one_too(link: UncertainLink) -> None:
    for _ in range(5):
        with pytest.raises(PairingFailed, match="ask the treasurer to open a new slot"):
            await paired(link, "WRONG-CODE")
    with pytest.raises(PairingFailed):
        await paired(link)


async def test_no_slot_and_a_wrong_code_are_told_in_the_same_words(link: UncertainLink) -> None:
    said = []
    for code, slot in (("WRONG-CODE", "brume-7k2f"), (CODE, "brume-none")):
        with pytest.raises(PairingFailed) as failed:
            await paired(link, code, slot)
        said.append(str(failed.value))
    assert said[0] == said[1]


@pytest.mark.parametrize("lost", [Fate.REQUEST_LOST, Fate.REPLY_LOST, Fate.DOUBLED])
async def test_pairing_survives_lost_and_doubled_messages(link: UncertainLink, lost: Fate) -> None:
    link.fates[:] = [lost, lost, Fate.PASSES, lost, lost]
    assert (await paired(link)).identity.epoch == 0


async def test_a_door_that_does_not_know_the_code_is_not_believed(world: World, link: UncertainLink) -> None:
    link.forge = lambda answer: Answer(status=200, body=answer.body[:-1] + bytes([answer.body[-1] ^ 1]))
    link.fates[:] = [Fate.PASSES, Fate.FORGED]
    with pytest.raises(PairingFailed, match="not talking to your caisse"):
        await paired(link)


async def test_keys_that_the_root_did_not_certify_are_not_believed(world: World, link: UncertainLink) -> None:
    world.writer.root = TerminalKey.from_seed(b"another root, with the right code"[:32])
    with pytest.raises(PairingFailed, match="no key that its root certified"):
        await paired(link)


def test_only_certified_keys_come_out_of_certificates() -> None:
    good, forged = certify(ROOT_KEY, SERVER_KEY.public), certify(NEW, NEW.public)
    assert certified_keys(ROOT_KEY.public, forged + good) == {SERVER_KEY.public}
    with pytest.raises(MalformedFrame):
        certified_keys(ROOT_KEY.public, good[:-1])


def door(world: World, settings: Settings | None = None) -> EnrolmentDoor:
    room = VaultRoom(world.room, world.directory, BRUME)
    return EnrolmentDoor(
        settings=settings or world.settings, directory=world.directory, clock_us=world.clock,
        cardrooms={BRUME: room, CaisseCode("brume-sud"): room},
    )


def hello(slot: str = "brume-7k2f", nonce: bytes = bytes(16), key: TerminalKey = NEW) -> bytes:
    frame = EnrolHello(slot=slot, key=key.public, nonce=nonce)
    return key.sign_envelope(FrameType.TERM_ENROL, encode_hello(frame))


def proof(server_nonce: bytes, slot: str = "brume-7k2f") -> bytes:
    frame = EnrolProof(slot=slot, key=NEW.public, nonce=bytes(16), server_nonce=server_nonce, mac=bytes(32))
    return NEW.sign_envelope(FrameType.TERM_ENROL, encode_proof(frame))


def greeted(door: EnrolmentDoor, raw: bytes) -> bytes:
    answer = door.admit(raw, "192.0.2.1")
    assert isinstance(answer, bytes)
    return parse_server_nonce(answer)


def refused(door: EnrolmentDoor, raw: bytes) -> int:
    with pytest.raises(Refused) as away:
        door.admit(raw, "192.0.2.1")
    return away.value.status


def test_the_same_hello_gets_the_same_nonce_and_another_gets_another(world: World) -> None:
    open_door = door(world)
    assert greeted(open_door, hello()) == greeted(open_door, hello())
    assert greeted(open_door, hello()) != greeted(open_door, hello(nonce=b"another nonce 16"))


def test_a_proof_reaches_the_writer_only_with_the_nonce_it_was_given(world: World) -> None:
    open_door = door(world)
    nonce = greeted(open_door, hello())
    submission = open_door.admit(proof(nonce), "192.0.2.1")
    assert isinstance(submission, Submission)
    assert isinstance(submission.request, Enrolment)
    assert (submission.caisse, submission.request.slot, submission.request.server_nonce) == (BRUME, "brume-7k2f", nonce)
    assert refused(open_door, proof(bytes(16))) == 401
    assert refused(open_door, proof(nonce, slot="brume-other")) == 401


def test_the_second_call_may_come_to_another_gateway(world: World) -> None:
    nonce = greeted(door(world), hello())
    assert isinstance(door(world).admit(proof(nonce), "192.0.2.1"), Submission)


def test_every_bit_of_a_nonce_counts_and_it_is_bound_to_what_was_said(world: World) -> None:
    open_door = door(world, Settings(enrol_requests_burst=1_000))
    nonce = greeted(open_door, hello())
    for bit in range(len(nonce) * 8):
        bent = bytearray(nonce)
        bent[bit // 8] ^= 1 << (bit % 8)
        assert refused(open_door, proof(bytes(bent))) == 401
    assert refused(open_door, proof(greeted(open_door, hello(nonce=b"another nonce 16")))) == 401
    assert refused(open_door, proof(greeted(open_door, hello(key=TerminalKey.from_seed(b"o" * 32))))) == 401


def test_a_gateway_that_knows_no_caisse_yet_greets_nobody(world: World) -> None:
    world.directory.ready.clear()
    assert refused(door(world), hello()) == 503


def test_a_nonce_is_over_after_ten_minutes(world: World) -> None:
    open_door = door(world)
    nonce = greeted(open_door, hello())
    world.clock.now_us += 599 * SECOND
    assert isinstance(open_door.admit(proof(nonce), "192.0.2.1"), Submission)
    world.clock.now_us += SECOND
    assert refused(open_door, proof(nonce)) == 401
    assert len(open_door) == 0


def test_the_table_of_nonces_stays_bounded(world: World) -> None:
    open_door = door(world, Settings(pairing_nonces_max=3, enrol_requests_burst=1_000))
    for number in range(50):
        greeted(open_door, hello(nonce=number.to_bytes(16, "big")))
        assert len(open_door) <= 3


def test_pairing_has_its_own_bucket_for_each_address(world: World) -> None:
    open_door = door(world, Settings(enrol_requests_burst=2))
    for _ in range(2):
        greeted(open_door, hello())
    assert refused(open_door, hello()) == 429
    assert isinstance(open_door.admit(hello(), "192.0.2.2"), bytes)


def test_a_frame_signed_by_another_key_than_it_brings_is_refused(world: World) -> None:
    frame = EnrolHello(slot="brume-7k2f", key=NEW.public, nonce=bytes(16))
    raw = SERVER_KEY.sign_envelope(FrameType.TERM_ENROL, encode_hello(frame))
    assert refused(door(world), raw) == 401


@pytest.mark.parametrize(
    ("slot", "caisse"), [("brume-1", "brume"), ("brume-sud-1", "brume-sud"), ("brume.1", "brume"), ("autre-1", None)]
)
def test_among_several_caisses_the_slots_name_opens_with_its_caisse(
    world: World, slot: str, caisse: str | None
) -> None:
    world.directory.ready[CaisseCode("brume-sud")] = True
    open_door = door(world)
    if caisse is None:
        assert refused(open_door, hello(slot=slot)) == 401
    else:
        raw = proof(greeted(open_door, hello(slot=slot)), slot=slot)
        submission = open_door.admit(raw, "192.0.2.1")
        assert isinstance(submission, Submission)
        assert submission.caisse == caisse


def test_a_proof_waits_for_a_caisse_that_is_starting(world: World) -> None:
    open_door = door(world)
    nonce = greeted(open_door, hello())
    world.directory.ready[BRUME] = False
    assert refused(open_door, proof(nonce)) == 503
