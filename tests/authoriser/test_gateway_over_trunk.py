"""Law: a gateway in another process is the writer's own door: same answers, same keys; what it can't know it says honestly."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from clearing.authoriser.client import Answer, EnrolmentRefused, OutcomeUnknown, Overloaded, Submission
from clearing.authoriser.trunk import Framing, Kind
from clearing.authoriser.trunk_server import TrunkServer
from clearing.directory import Directory, Holder
from clearing.events.codes import Code
from clearing.events.sales import SaleDecided
from clearing.installation.serving import Routes
from clearing.postgres import Embedded
from clearing.terminal.virtual_card import VirtualCard
from clearing.terminal_gateway import writers
from clearing.terminal_gateway.door import CardAwaited
from clearing.terminal_gateway.refusals import Refused
from clearing.terminal_gateway.writers import Address, Writers
from clearing.values import CaisseCode, OperationId
from clearing.wire.batch import Batch, item_evidence, seal_batch
from clearing.wire.certificate import certified_keys
from clearing.wire.enrolment import parse_enrolled
from clearing.wire.fields import TimeMs
from clearing.wire.requests import NewKey, Op
from clearing.wire.signature import TerminalKey, prove_new_key
from tests.authoriser.asking import codes, count, logged_of, read, request_of
from tests.authoriser.test_pairing import KEY as PAIRED_KEY, SECRET as PAIRING_SECRET, WRONG_SECRET, open_slot, proof
from tests.authoriser.test_pipeline import held
from tests.authoriser.trunked import UID, WAIT_S, Gateway, Site, behind_a_trunk, dialled, free_port, until
from tests.living_caisse import AMINA, CODE, STALL, STALL_KEY, Caisse, living_caisse


@pytest.fixture(params=["unix", "tcp"])
async def site(caisse: Caisse, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    async with behind_a_trunk(caisse, tmp_path, request.param) as site:
        yield site


async def test_a_sale_is_decided_and_its_repeat_gets_the_same_bytes_from_any_gateway(site: Site) -> None:
    raw = site.sale()
    async with site.gateway() as one, site.gateway() as other:
        first = await one.ask(raw)
        assert read(first).rc is Code.APPROVED
        again = await asyncio.gather(*[gateway.ask(raw) for gateway in (one, other) for _ in range(10)])
        assert set(again) == {first}
        assert count(one.telemetry, "clearing_link_in_flight") == 0
    assert len(await logged_of(site.caisse, SaleDecided)) == 1
    row = (await site.caisse.log.read(read(first).sq - 1, 1))[0]
    assert row.evidence == raw


async def test_a_gateway_learns_keys_certificates_and_rooms_and_no_secret_that_forges(site: Site) -> None:
    async with site.gateway() as gateway:
        entry = gateway.directory.terminal(STALL_KEY.kid)
        assert entry == site.caisse.directory.terminal(STALL_KEY.kid)
        certificate = gateway.known.certificates[CODE]
        assert certified_keys(site.vault.root_public, certificate) == {site.vault.signing_key().public}
        assert gateway.known.rooms[CODE].kmeta == site.vault.kmeta
        assert {one.holder for one in gateway.directory.keys_of(CODE)} == {Holder.TERMINAL, Holder.PERSON}


async def test_a_key_enrolled_later_and_one_that_is_retired_are_told(site: Site) -> None:
    new = TerminalKey.from_seed(b"n" * 32)
    proved = NewKey(new.public, prove_new_key(new, terminal=STALL, epoch=1))
    async with site.gateway() as gateway:
        rotation = site.caisse.asked(Op.ROTATE, {}, new_key=proved, amount_cents=0)
        assert read(await gateway.ask(rotation.frame.raw)).rc is Code.APPROVED
        await until(lambda: gateway.directory.terminal(new.kid) is not None)
        fresh, old = gateway.directory.terminal(new.kid), gateway.directory.terminal(STALL_KEY.kid)
        assert fresh is not None
        assert old is not None
        assert (fresh.epoch, fresh.current, old.current) == (2, True, False)
        assert await gateway.ask(rotation.frame.raw)  # the old key still asks for its repeats
    async with site.gateway() as later:
        told = later.directory.terminal(STALL_KEY.kid)
        assert told is not None
        assert not told.current


async def test_a_card_that_is_issued_again_leaves_its_old_taps_behind(site: Site) -> None:
    async with site.gateway() as gateway:
        assert read(await gateway.ask(site.sale())).rc is Code.APPROVED
        assert read(await gateway.ask(site.sale())).rc is Code.APPROVED
        assert gateway.telemetry.registry.get_sample_value("clearing_cache_misses_total", {"cache": "card_keys"}) == 1
        renewed = await site.issue(2)
        await until(lambda: len(gateway.door.taps) == 0)
        assert read(await gateway.ask(site.sale(card=site.card))).rc is Code.TAP_VIOLATION
        assert read(await gateway.ask(site.sale(card=renewed))).rc is Code.APPROVED


async def test_a_card_issued_again_while_its_key_is_on_the_way_is_asked_for_again(site: Site) -> None:
    async with site.gateway() as gateway:
        awaited = gateway.door.admit(site.sale(), None, "127.0.0.1")
        assert isinstance(awaited, CardAwaited)
        completing = asyncio.create_task(gateway.door.completed(awaited))
        await asyncio.sleep(0)
        gateway.known.forget(site.vault.card_id(UID))
        assert (await completing).tap is not None
        assert len(gateway.door.taps) == 0


async def test_a_card_that_nobody_issued_is_14_and_not_an_unknown_key(site: Site) -> None:
    keys = site.vault.personalise(bytes([4, 9, 9, 9, 9, 9, 9]), 1)
    strange = VirtualCard(uid=keys.uid, k1_meta=keys.k1, k2=keys.k2, version=1, random=bytes)
    async with site.gateway() as gateway:
        assert read(await gateway.ask(site.sale(card=strange))).rc is Code.CARD_UNKNOWN


async def test_a_hundred_sales_of_one_turn_go_in_one_frame_and_come_back_in_order(site: Site) -> None:
    async with site.gateway(in_flight_max=500) as gateway:
        submissions = [await gateway.admitted(site.sale({"fruit-veg": 1})) for _ in range(100)]
        answers = await asyncio.gather(*[gateway.trunk.submit(one) for one in submissions])
        assert codes(answers) == [Code.APPROVED] * 100
        assert [read(answer).n for answer in answers] == [request_of(one).n for one in submissions]


async def test_who_has_too_much_in_flight_is_told_that_nothing_was_processed(site: Site) -> None:
    async with site.gateway(in_flight_max=3) as gateway:
        submissions = [await gateway.admitted(site.sale({"fruit-veg": 1})) for _ in range(5)]
        outcomes = await asyncio.gather(*[gateway.trunk.submit(one) for one in submissions], return_exceptions=True)
        assert [type(one) for one in outcomes] == [bytes] * 3 + [Overloaded] * 2
        assert count(gateway.telemetry, "clearing_link_refused_total", reason="full") == 2


async def test_a_writer_that_is_not_ready_lets_nobody_in_until_it_is(site: Site) -> None:
    async with site.gateway() as gateway:
        site.caisse.directory.set_ready(CODE, ready=False)
        await until(lambda: not gateway.ready())
        with pytest.raises(Refused) as refused:
            await gateway.ask(site.sale())
        assert (refused.value.status, refused.value.outcome) == (503, "not-processed")
        site.caisse.directory.set_ready(CODE, ready=True)
        await until(gateway.ready)
        assert read(await gateway.ask(site.sale())).rc is Code.APPROVED


async def test_a_full_inbox_comes_back_as_not_processed(site: Site) -> None:
    site.caisse.writer.stop()
    await site.caisse.running
    async with AsyncExitStack() as stack:
        gateway = Gateway(address=site.address)
        stack.push_async_callback(gateway.trunk.close)
        await until(lambda: CODE in gateway.trunk.caisses)
        gateway.directory.set_ready(CODE, ready=True)
        with pytest.raises(Overloaded) as refused:
            await gateway.ask(site.sale())
        assert refused.value.retry_after_s == 1


async def test_a_writer_that_goes_leaves_what_it_had_unknown_and_the_rest_not_processed(site: Site) -> None:
    async with site.gateway() as gateway, AsyncExitStack() as stack:
        await gateway.ask(site.sale())
        sent, unsent = [await gateway.admitted(site.sale()) for _ in range(2)]
        await stack.enter_async_context(held(site.caisse))
        in_flight = asyncio.create_task(gateway.trunk.submit(sent))
        await until(site.caisse.writer._flies)
        heard: list[Answer] = []
        site.go()
        gateway.trunk.post(unsent, heard.append)  # in this turn: the trunk has not written it
        assert gateway.trunk._line is not None
        gateway.trunk.lost(gateway.trunk._line)
        with pytest.raises(OutcomeUnknown):
            await in_flight
        assert [type(one) for one in heard] == [Overloaded]
        await until(lambda: not gateway.ready())
        with pytest.raises(Refused, match="NOT PROCESSED"):
            await gateway.ask(site.sale())
        gateway.trunk.post(unsent, heard.append)
        assert isinstance(heard[1], Overloaded)
        assert count(gateway.telemetry, "clearing_link_refused_total", reason="absent") == 1


async def test_a_writer_that_comes_back_is_found_and_answers_from_the_log(site: Site) -> None:
    raw = site.sale()
    async with site.gateway() as gateway:
        first = await gateway.ask(raw)
        for _ in range(3):
            site.go()
            await until(lambda: not gateway.ready())
            await site.serve()
            await until(gateway.ready)
            assert await gateway.ask(raw) == first
            assert read(await gateway.ask(site.sale())).rc is Code.APPROVED
    assert len(await logged_of(site.caisse, SaleDecided)) == 4


async def test_a_card_key_that_can_not_be_fetched_is_no_verdict_on_the_tap(site: Site) -> None:
    async with site.gateway() as gateway:
        awaited = gateway.door.admit(site.sale(), None, "127.0.0.1")
        assert isinstance(awaited, CardAwaited)
        completing = asyncio.create_task(gateway.door.completed(awaited))
        await asyncio.sleep(0)
        site.go()
        assert gateway.trunk._line is not None
        gateway.trunk.lost(gateway.trunk._line)
        with pytest.raises(Refused, match="NOT PROCESSED"):
            await completing


async def test_a_pairing_goes_over_the_trunk_and_its_refusal_too(site: Site) -> None:
    await open_slot(site.caisse)
    async with site.gateway() as gateway:
        with pytest.raises(EnrolmentRefused):
            await gateway.trunk.submit(proof(WRONG_SECRET))
        answer = parse_enrolled(await gateway.trunk.submit(proof(PAIRING_SECRET)))
        await until(lambda: gateway.directory.terminal(PAIRED_KEY.kid) is not None)
        entry = gateway.directory.terminal(PAIRED_KEY.kid)
        assert entry is not None
        assert (entry.number, entry.epoch) == (answer.terminal, 1)


@pytest.mark.parametrize("kind", ["unix", "tcp"])
async def test_a_batch_is_handed_over_once_and_its_items_are_evidence_by_place(
    server: Embedded, tmp_path: Path, kind: str
) -> None:
    async with living_caisse(server) as caisse, behind_a_trunk(caisse, tmp_path, kind) as site, site.gateway() as gateway:
        items = tuple(site.sale({"fruit-veg": 1}) for _ in range(20))
        raw = seal_batch(STALL_KEY, Batch(
            terminal=STALL, epoch=1, n=900, x=OperationId(bytes(16)), ts_ms=TimeMs(0), items=items, previous=bytes(32)
        ))  # fmt: skip
        await gateway.ask(site.sale())
        submissions = [one for one in gateway.door.admit_batch(raw, "127.0.0.1") if isinstance(one, Submission)]
        answers = await asyncio.gather(*[gateway.trunk.submit(one) for one in submissions])
        assert codes(answers) == [Code.APPROVED] * 20
        assert await asyncio.gather(*[gateway.trunk.submit(one) for one in submissions]) == answers
        rows, digest = await caisse.log.read(read(answers[0]).sq - 1, 100), sha256(raw).digest()
        assert [row.evidence for row in rows] == [item_evidence(digest, place) for place in range(20)]
        async with caisse.place.connection() as admin:
            stored = await admin.fetch(f"SELECT digest, frame FROM {caisse.schema}.batch_frames")
        assert [(one["digest"], one["frame"]) for one in stored] == [(digest, raw)]


async def test_who_says_what_a_gateway_does_not_say_is_hung_up_on(site: Site) -> None:
    bads: list[tuple[Kind, list[Any]]] = [
        (Kind.ANSWERS, [[]]), (Kind.ASK, [[[1, "brume"]]]), (Kind.CARDS, [1, "other", [UID]]),
        (Kind.CARDS, [1, "brume", [b"u"]]), (Kind.ASK, [[[1, "brume", "sale", b"junk", bytes(32), None]]]), (Kind.ASK, [7]),
    ]  # fmt: skip
    for kind, values in bads:
        reader, writer = await dialled(site.address)
        framing = Framing(site.address.secret, server=False)
        writer.write(framing.greeting)
        if site.address.secret is not None:
            list(framing.feed(await reader.readexactly(len(framing.greeting))))
        writer.write(framing.frame(kind, *values))
        async with asyncio.timeout(WAIT_S):
            while await reader.read(1 << 16):
                pass
        writer.close()
    async with site.gateway() as gateway:
        assert read(await gateway.ask(site.sale())).rc is Code.APPROVED


async def test_whoever_is_not_one_of_us_gets_nothing(site: Site) -> None:
    """Over TCP: without the secret there is no word of the writer's but its nonce."""
    reader, writer = await dialled(site.address)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    async with asyncio.timeout(WAIT_S):
        heard = await reader.read(-1)
    writer.close()
    if site.address.secret is not None:
        assert len(heard) == 36
    assert site.vault.kmeta not in heard or site.address.path is not None


async def test_a_trunk_closes_although_the_other_end_never_greets() -> None:
    """Another program has the port."""
    silent = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    gateway = Gateway(address=Address(port=port, secret=b"t" * 32))
    await until(lambda: gateway.trunk._dialled is not None)
    async with asyncio.timeout(WAIT_S):
        await gateway.trunk.close()
    assert gateway.trunk._connecting.done()
    silent.close()


async def test_a_greeting_that_comes_alone_opens_the_trunk_too() -> None:
    """The writer's nonce, and its first word in a later read."""
    secret, spoke = b"t" * 32, asyncio.Event()

    async def writer_of(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framing = Framing(secret, server=True)
        list(framing.feed(await reader.readexactly(36)))
        writer.write(framing.greeting)
        await spoke.wait()
        writer.write(framing.frame(Kind.CAISSE, CODE, bytes(16), b"") + framing.frame(Kind.READY, CODE, True))

    server = await asyncio.start_server(writer_of, "127.0.0.1", 0)
    gateway = Gateway(address=Address(port=server.sockets[0].getsockname()[1], secret=secret))
    await until(lambda: gateway.trunk._dialled is not None and gateway.trunk._dialled._framing.open)
    spoke.set()
    await until(gateway.ready)
    assert gateway.trunk._line is not None
    await gateway.trunk.close()
    server.close()


async def test_writers_that_nobody_knows_yet_are_not_asked(tmp_path: Path) -> None:
    gateway = Gateway(address=Address(path=tmp_path / "nobody.trunk"))
    heard: list[Answer] = []
    strange = Submission(caisse=CaisseCode("nowhere"), frame=proof(PAIRING_SECRET).frame, request=proof(PAIRING_SECRET).request)
    Writers([gateway.trunk], retry_after_s=7).post(strange, heard.append)
    assert isinstance(heard[0], Overloaded)
    assert heard[0].retry_after_s == 7
    await gateway.trunk.close()


async def test_trunks_over_tcp_need_a_secret() -> None:
    server = TrunkServer(
        authoriser=Routes({}, 1), directory=Directory(), vaults={}, frame_bytes_max=4_096, port=free_port()
    )
    with pytest.raises(ValueError, match="needs a shared secret"):
        await server.start()


async def test_the_desks_command_and_a_sale_over_the_trunk_meet_in_one_log(site: Site) -> None:
    async with site.gateway() as gateway:
        sale = site.sale()
        selling = asyncio.create_task(gateway.ask(sale))
        done = await site.caisse.command(AMINA, "receive_money", {"fund": "general", "cents": 100, "reference": "gift"})
        assert done.rc is Code.APPROVED
        assert read(await selling).rc is Code.APPROVED


async def test_under_load_requests_wait_for_each_other_and_share_a_frame(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "TURN_S", 0.3)
    async with site.gateway() as gateway:
        frames: list[int] = []
        submission = await gateway.admitted(site.sale())
        monkeypatch.setattr(writers._Line, "send", lambda _line, _kind, *values: frames.append(len(values[0])))
        answers: list[Answer] = []

        async def post() -> None:
            gateway.trunk.post(submission, answers.append)
            await asyncio.sleep(0)
            await asyncio.sleep(0)

        for _ in range(writers.BUSY):
            await post()
        assert frames == [1] * (writers.BUSY - 1), "who comes before the load goes at once"
        for _ in range(9):
            await post()
        await until(lambda: len(frames) == writers.BUSY)
        assert frames[-1] == 10
        assert not answers
