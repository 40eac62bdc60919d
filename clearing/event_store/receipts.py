"""Law: a receipt is believed only when the server's signature holds and its path leads from the event to the root it names.

Needs no network and no database: a receipt, and the server's public key.
"""

from hashlib import sha256

from clearing.event_store.proofs import InvalidProof, leaf_of_hashes, verify_inclusion
from clearing.wire.frame import FrameType, MalformedFrame, open_envelope
from clearing.wire.receipts import Receipt, parse_receipt
from clearing.wire.signature import BadSignature, verify

RECEIPT_BYTES_MAX = 128 * 1024


def read_receipt(envelope: bytes, server_key: bytes) -> Receipt:
    """The receipt, proved. Raises InvalidProof with what does not hold."""
    try:
        frame = verify(open_envelope(envelope, frame_bytes_max=RECEIPT_BYTES_MAX), FrameType.SRV_RECEIPT, server_key)
        receipt = parse_receipt(frame.payload)
    except (BadSignature, MalformedFrame) as fault:
        raise InvalidProof(f"this is not a receipt signed by that server: {fault}") from fault
    leaf = leaf_of_hashes(
        receipt.sq, receipt.at, receipt.ty, receipt.sv, sha256(receipt.pub).digest(), receipt.hp, receipt.he, receipt.hr
    )
    if not verify_inclusion(leaf, receipt.sq - 1, receipt.sz, receipt.path, receipt.root):
        raise InvalidProof(
            "the event this receipt shows is not in the log it names; keep the receipt and tell the caisse"
        )
    return receipt
