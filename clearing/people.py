"""Law: events never carry a name or an account; both lie here, sealed under a key per subject, and shredding that key erases.

A record is addressed by the salted SHA-256 that events carry of it, so every proof still verifies when the record is gone.
Source: wire.md section 8, personal data. The key-encryption key is a file of mode 0400 outside PostgreSQL.
"""

import hashlib
import json
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import asyncpg
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from clearing.sql import Queries

SALT_BYTES: Final = 16
PSEUDONYM_BYTES: Final = 16
_MODE: Final = 0o400
_FILE: Final = "people.sql"
_PACKAGE: Final = "clearing"


class PeopleClosed(Exception):
    """Personal data can't be opened: the key file is missing, readable by others, or of another home. Says what to do."""


class NotKept(LookupError):
    """No record has this digest: it was shredded, or the key file and the database are of different installations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One version of what is known of a subject. fields: plain texts, "name" and "iban" for instance.

    subject: "producer:<id>", "member:<id>" or "caisse". kind: "bank" or "name".
    """

    subject: str
    kind: str
    fields: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sealed:
    digest: bytes
    record: Record
    sealed: bytes


def open_key(path: Path) -> bytes:
    """The key-encryption key of an installation. Raises PeopleClosed."""
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise PeopleClosed(f"{path} can be read by others; run 'chmod 0400 {path}', and think who may have read it")
            key = file.read(SecretBox.KEY_SIZE + 1)
    except OSError as fault:
        raise PeopleClosed(f"{path} can't be read ({fault.strerror}); put its copy back from the safe") from fault
    if len(key) != SecretBox.KEY_SIZE:
        raise PeopleClosed(f"{path} is not a key of {SecretBox.KEY_SIZE} bytes; put its copy back from the safe")
    return key


def make_key(path: Path) -> bytes:
    """The key of this file; a new one is drawn when there is none yet. Raises PeopleClosed."""
    if not path.exists():
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
        try:
            os.fchmod(file, _MODE)  # the process's umask must not decide who reads a key
            os.write(file, os.urandom(SecretBox.KEY_SIZE))
            os.fsync(file)
        finally:
            os.close(file)
    return open_key(path)


async def install(admin: asyncpg.Connection, schema: str) -> None:
    """Make the role and both tables of a caisse; harmless when they are there. admin: may become clearing_owner."""
    texts = Queries.load(_PACKAGE, _FILE, schema)
    async with admin.transaction():
        await admin.execute(texts["make_role"])
        await admin.execute(texts["become_owner"])
        await admin.execute(texts["create"])


class People:
    """The personal data of one caisse. connection: of the role clearing_clerk."""

    def __init__(self, connection: asyncpg.Connection, schema: str, key: bytes) -> None:
        self._connection: Final = connection
        self._box: Final = SecretBox(key)
        self._pseudonyms: Final = hashlib.blake2b(key, digest_size=32, person=b"pseudonyms").digest()
        self._texts: Final = Queries.load(_PACKAGE, _FILE, schema)

    def pseudonym(self, text: str) -> bytes:
        """16 bytes that are the same for the same text, and tell nothing to who has not this installation's key."""
        return hashlib.blake2b(text.encode(), digest_size=PSEUDONYM_BYTES, key=self._pseudonyms).digest()

    async def keep(self, records: Sequence[Record]) -> list[bytes]:
        """Seal and store all of them, or none; their digests in the same order."""
        async with self._connection.transaction():
            keys = await self._keys_of(sorted({record.subject for record in records}))
            sealed = [_seal(keys[record.subject], record) for record in records]
            rows = [(one.digest, one.record.subject, one.record.kind, one.sealed) for one in sealed]
            await self._connection.executemany(self._texts["keep"], rows)
        return [one.digest for one in sealed]

    async def read(self, digests: Sequence[bytes]) -> dict[bytes, Record]:
        """The records of these digests. Raises NotKept when one of them is not there any more."""
        rows = await self._connection.fetch(self._texts["by_digest"], list(digests))
        found = {bytes(row["digest"]): self._open(row) for row in rows}
        missing = [digest.hex()[:16] for digest in digests if digest not in found]
        if missing:
            raise NotKept(f"the records {', '.join(missing)} are not kept here any more; enter them again")
        return found

    async def read_kept(self, digests: Sequence[bytes]) -> dict[bytes, Record]:
        """The records of those of these digests that were not erased."""
        rows = await self._connection.fetch(self._texts["by_digest"], list(digests))
        return {bytes(row["digest"]): self._open(row) for row in rows}

    async def newest(self, subject: str, kind: str) -> Record | None:
        """The last version entered; None when there is none."""
        row = await self._connection.fetchrow(self._texts["newest"], subject, kind)
        return None if row is None else self._open(row)

    async def newest_of(self, kind: str, subjects: Sequence[str]) -> dict[str, Record]:
        """The last version entered of each subject that has one."""
        rows = await self._connection.fetch(self._texts["newest_of"], list(subjects), kind)
        return {row["subject"]: self._open(row) for row in rows}

    async def shred(self, subject: str) -> bool:
        """Erase everything of one subject by its key first. False when nothing was kept."""
        async with self._connection.transaction():
            gone = await self._connection.execute(self._texts["shred_key"], subject)
            await self._connection.execute(self._texts["shred_records"], subject)
        return not gone.endswith(" 0")

    async def _keys_of(self, subjects: Sequence[str]) -> dict[str, bytes]:
        """Each subject's own key; a new subject gets one."""
        known = await self._connection.fetch(self._texts["keys"], subjects)
        fresh = sorted(set(subjects) - {row["subject"] for row in known})
        made = [(subject, bytes(self._box.encrypt(os.urandom(SecretBox.KEY_SIZE)))) for subject in fresh]
        if made:
            await self._connection.executemany(self._texts["keep_key"], made)
            known = await self._connection.fetch(self._texts["keys"], subjects)  # somebody else's may have come first
        return {row["subject"]: self._unseal(self._box, row["sealed_key"]) for row in known}

    def _open(self, row: asyncpg.Record) -> Record:
        key = self._unseal(self._box, row["sealed_key"])
        plain = self._unseal(SecretBox(key), row["sealed"])
        if hashlib.sha256(plain).digest() != bytes(row["digest"]):
            raise PeopleClosed(f"the record {bytes(row['digest']).hex()[:16]} was changed; restore the database")
        said = json.loads(plain[SALT_BYTES:])
        if (said["subject"], said["kind"]) != (row["subject"], row["kind"]):
            raise PeopleClosed(f"the record of {row['subject']} was exchanged for another one; restore the database")
        return Record(subject=said["subject"], kind=said["kind"], fields=said["fields"])

    @staticmethod
    def _unseal(box: SecretBox, sealed: bytes) -> bytes:
        try:
            return bytes(box.decrypt(bytes(sealed)))
        except CryptoError as fault:
            raise PeopleClosed(
                "the key file does not open this caisse's personal data; put back the key file of this installation"
            ) from fault


def _seal(key: bytes, record: Record) -> _Sealed:
    """The salt keeps a digest in the log from being guessed: there are few producers, and account numbers are no secret."""
    said = {"subject": record.subject, "kind": record.kind, "fields": dict(record.fields)}
    plain = os.urandom(SALT_BYTES) + json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    return _Sealed(digest=hashlib.sha256(plain).digest(), record=record, sealed=bytes(SecretBox(key).encrypt(plain)))
