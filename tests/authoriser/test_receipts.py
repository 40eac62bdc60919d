"""Law: a receipt proves the public part of a sale without the caisse's help, and shows nothing else of it."""

import asyncio
from dataclasses import replace

import pytest

from clearing.event_store.proofs import InvalidProof
from clearing.event_store.receipts import read_receipt
from clearing.events.codec import encode
from clearing.events.codes import Code
from clearing.events.sales import SaleDecided
from clearing.values import OperationId
from clearing.wire.frame import FrameType
from clearing.wire.receipts import encode_receipt
from clearing.wire.replies import parse_reply
from clearing.wire.requests import Op
from tests.living_caisse import SERVER_KEY, living_caisse, payload_of
from tests.postgres_server import running_server


def test_a_receipt_proves_a_sale_offline_and_any_change_to_it_is_noticed() -> None:
    async def scenario() -> None:
        with running_server() as server:
            async with living_caisse(server) as caisse:
                sold, _ = await caisse.sell({"fruit-veg": 735, "other": 290})
                for cents in range(1, 20):
                    await caisse.sell({"fruit-veg": cents})
                raw = await caisse.writer.submit(caisse.asked(Op.RECEIPT, {}, original=sold.x))
                receipt = read_receipt(raw, SERVER_KEY.public)
                event = caisse.writer.book.operations[sold.terminal, sold.x].event
                assert isinstance(event, SaleDecided)
                assert receipt.pub == encode(event).public
                assert b"m-1" not in receipt.pub, "the member is in the private part"
                forged = replace(receipt, pub=receipt.pub[:-1] + bytes([receipt.pub[-1] ^ 1]))
                with pytest.raises(InvalidProof, match="not in the log"):
                    read_receipt(SERVER_KEY.sign_envelope(FrameType.SRV_RECEIPT, encode_receipt(forged)), SERVER_KEY.public)
                with pytest.raises(InvalidProof, match="not a receipt signed"):
                    read_receipt(raw[:-1] + bytes([raw[-1] ^ 1]), SERVER_KEY.public)
                unknown = caisse.asked(Op.RECEIPT, {}, original=OperationId(b"n" * 16))
                assert parse_reply(payload_of(await caisse.writer.submit(unknown))).rc is Code.ORIGINAL_NOT_FOUND

    asyncio.run(scenario())
