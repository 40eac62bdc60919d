"""Law: to everything outside, this is an NTAG 424 DNA: the same URL, the same counter, the same answers to a reader.

Source: wire.md sections 1 and 2; NXP AN12196, NFC Forum type 4 tag. Dice are passed in.
"""

from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from clearing.values import CaisseCode
from clearing.wire.tap import COUNTER_MAX, KEY_BYTES, UID_BYTES, BadTap, card_url, sun_mac

NDEF_APPLICATION: Final = bytes.fromhex("d2760000850101")
CAPABILITY_FILE: Final = 0xE103
NDEF_FILE: Final = 0xE104

_CAPABILITIES: Final = bytes.fromhex("001720010000ff0406e104010000000506e10500808283000000000000000000")
_OK: Final = bytes.fromhex("9000")
_FILE_NOT_FOUND: Final = bytes.fromhex("6a82")
_WRONG_LENGTH: Final = bytes.fromhex("6700")
_WRONG_OFFSET: Final = bytes.fromhex("6b00")
_NO_FILE_SELECTED: Final = bytes.fromhex("6985")
_UNKNOWN_COMMAND: Final = bytes.fromhex("6d00")
_UNKNOWN_CLASS: Final = bytes.fromhex("6e00")
_HTTPS: Final = 0x04  # NFC Forum URI prefix
_FILLER_BYTES: Final = 5
_HOST_MAX: Final = 128  # the record with the URL must stay a short one
_ANY_CAISSE: Final = CaisseCode("caisse")


class VirtualCard:
    """One personalised card. counter: of the last read; random(n): n bytes that hide a card's taps from each other."""

    def __init__(
        self,
        *,
        uid: bytes,
        k1_meta: bytes,
        k2: bytes,
        version: int,
        random: Callable[[int], bytes],
        counter: int = 0,
        host: str = "localhost",
        caisse: CaisseCode = _ANY_CAISSE,
    ) -> None:
        """host and caisse: of the URL in the NDEF file. Raises ValueError for a UID, key or host of another length."""
        if len(uid) != UID_BYTES or len(k1_meta) != KEY_BYTES or len(k2) != KEY_BYTES or len(host) > _HOST_MAX:
            raise ValueError(
                f"a card has a UID of {UID_BYTES} bytes, keys of {KEY_BYTES} and a host of at most {_HOST_MAX}"
            )
        self.uid: Final = uid
        self.version: Final = version
        self.counter = counter
        self._k1_meta: Final = k1_meta
        self._k2: Final = k2
        self._random: Final = random
        self._address: Final = (host, caisse)
        self._in_application = False
        self._file: int | None = None
        self._content = b""

    def tap(self) -> tuple[bytes, bytes]:
        """(p, c) of the next read; counts it. Raises BadTap when the card has been read as often as it can count."""
        if self.counter >= COUNTER_MAX:
            raise BadTap("this card's counter is at its end; personalise a new card")
        self.counter += 1
        filler = self._random(_FILLER_BYTES)
        data = b"\xc7" + self.uid + self.counter.to_bytes(3, "little") + filler
        cipher = Cipher(AES(self._k1_meta), CBC(bytes(16))).encryptor()
        return cipher.update(data) + cipher.finalize(), sun_mac(self._k2, self.uid, self.counter)

    @property
    def caisse(self) -> None:
        """A card in the hand is the till's own caisse's, unless its address is read."""
        return

    def url(self, host: str, caisse: CaisseCode) -> str:
        """The address a telephone would open at the next tap."""
        return card_url(host, caisse, *self.tap())

    def apdu(self, command: bytes) -> bytes:
        """Answer one ISO 7816 command as the card does: select by name, select file, read binary. Two status bytes last."""
        if len(command) < 4:
            return _WRONG_LENGTH
        match tuple(command[:4]):
            case (0x00, 0xA4, 0x04, _):
                return self._select_application(command[5 : 5 + command[4]] if len(command) > 4 else b"")
            case (0x00, 0xA4, 0x00, _):
                return self._select_file(command[5:7])
            case (0x00, 0xB0, high, low):
                return self._read_binary(high << 8 | low, command[4:])
            case (0x00, _, _, _):
                return _UNKNOWN_COMMAND
            case _:
                return _UNKNOWN_CLASS

    def _select_application(self, name: bytes) -> bytes:
        self._in_application, self._file = name == NDEF_APPLICATION, None
        return _OK if self._in_application else _FILE_NOT_FOUND

    def _select_file(self, number: bytes) -> bytes:
        chosen = int.from_bytes(number, "big")
        if not self._in_application or chosen not in (CAPABILITY_FILE, NDEF_FILE):
            return _FILE_NOT_FOUND
        self._file, self._content = chosen, b""
        return _OK

    def _read_binary(self, offset: int, length: bytes) -> bytes:
        if self._file is None:
            return _NO_FILE_SELECTED
        if len(length) != 1:
            return _WRONG_LENGTH
        if not self._content:  # the card counts once per selection: a reader fetches one URL in several parts
            self._content = _CAPABILITIES if self._file == CAPABILITY_FILE else self._ndef()
        if offset >= len(self._content):
            return _WRONG_OFFSET
        return self._content[offset : offset + (length[0] or 256)] + _OK

    def _ndef(self) -> bytes:
        address = self.url(*self._address).removeprefix("https://").encode()
        record = b"\xd1\x01" + bytes([len(address) + 1]) + b"U" + bytes([_HTTPS]) + address
        return len(record).to_bytes(2, "big") + record
