"""Law: a passkey answers one challenge, minutes old, of one log-in; a counter that does not rise is that of a copy.

Registered ones are in the log of each caisse where they approve; here is what a log-in needs: credential ids, and how often
each has signed.
"""

import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import asyncpg

from clearing.console import keys
from clearing.console.accounts import TEXTS, Login
from clearing.values import PersonId
from clearing.wire.passkey import ED25519, ES256, Assertion, BadAssertion, passkey_name, verify_assertion

ASKED_US: Final = 5 * 60 * 1_000_000
CHALLENGE_BYTES: Final = 32
REGISTER, LOG_IN, PROVE, APPROVE = "register", "log-in", "prove", "approve"
ANSWER_FIELDS: Final = ("challenge", "credential", "authenticator", "client", "signature")
"""What the script fills into a form, as base64url without padding."""
COPIED: Final = "This passkey's count went backwards, as that of a copy does. End it and register another one."
UNKNOWN: Final = "This passkey is not one of yours here."
ELSEWHERE: Final = "The passkey was asked by a page of another address; open the console where you registered it."
UNUSABLE: Final = "This passkey can't be registered here; try another one, or another browser."
NO_ANSWER: Final = "No passkey answered; use the code of your app instead, or try again."
TOO_OLD: Final = "This question is more than five minutes old, or was answered already; ask for the passkey again."
_COSE: Final = {-7: ES256, -8: ED25519}


@dataclass(frozen=True, slots=True)
class Site:
    """origin: as a browser shows the console, "https://caisse.example.org"."""

    origin: str

    @property
    def id(self) -> str:
        """The relying party's id: the host's name."""
        return self.origin.partition("://")[2].partition(":")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """One that a person registered. credential: its id; key: as the log keeps it; signed: how often, as it says."""

    credential: bytes
    algorithm: str
    key: bytes
    site: str
    label: str
    signed: int
    made_us: int
    used_us: int = 0

    @property
    def name(self) -> bytes:
        """As the log knows it."""
        return passkey_name(self.credential)


class PasskeyRefused(ValueError):
    """What the browser or the passkey said does not hold; the text says why and what to do."""


class Passkeys:
    """All passkeys of an installation, and the questions that are open."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", now_us: Callable[[], int]) -> None:
        self._pool, self._now_us = pool, now_us

    async def of(self, person: PersonId) -> Sequence[Passkey]:
        rows = await self._pool.fetch(TEXTS["passkeys_of"], person)
        return [Passkey(**{name: value for name, value in row.items() if name != "person"}) for row in rows]

    async def keep(self, person: PersonId, one: Passkey) -> None:
        await self._pool.execute(
            TEXTS["keep_passkey"], one.credential, person, one.algorithm, one.key, one.site, one.label, one.signed, one.made_us
        )

    async def forget(self, person: PersonId, credential: bytes) -> None:
        await self._pool.execute(TEXTS["forget_passkey"], person, credential)

    async def ask(self, login: Login, purpose: str, *, over: bytes | None = None, held: bytes = b"") -> bytes:
        """A challenge for this log-in alone. over: what it has to be, for a command; held: given back with the answer."""
        challenge = os.urandom(CHALLENGE_BYTES) if over is None else over
        at_us = self._now_us()
        await self._pool.execute(TEXTS["forget_challenges"], at_us - 4 * ASKED_US)
        await self._pool.execute(
            TEXTS["hold_challenge"], sha256(challenge).digest(), login.person, purpose, keys.name_of(login.cookie), held, at_us
        )
        return challenge

    async def taken(self, login: Login, purpose: str, challenge: bytes) -> bytes:
        """What was held with it; the challenge is used up. Raises PasskeyRefused."""
        row = await self._pool.fetchrow(
            TEXTS["take_challenge"], sha256(challenge).digest(), purpose, keys.name_of(login.cookie), self._now_us() - ASKED_US
        )
        if row is None or row["person"] != login.person:
            raise PasskeyRefused(TOO_OLD)
        return bytes(row["held"])

    async def judge(self, login: Login, assertion: Assertion, challenge: bytes, site: Site) -> None:
        """Whether a passkey of hers signed it, of this very address, and was not copied. Raises PasskeyRefused."""
        known = next((one for one in await self.of(login.person) if one.credential == assertion.credential), None)
        if known is None or known.site != site.id:
            raise PasskeyRefused(UNKNOWN)
        try:
            signed = verify_assertion(
                assertion, challenge=challenge, site=site.id, algorithm=known.algorithm, key=known.key
            )
        except BadAssertion as fault:
            raise PasskeyRefused(f"The passkey's answer does not hold: {fault}.") from None
        if json.loads(assertion.client_data)["origin"] != site.origin:
            raise PasskeyRefused(ELSEWHERE)
        if await self._pool.fetchval(TEXTS["use_passkey"], known.credential, signed, self._now_us()) is None:
            raise PasskeyRefused(COPIED)


def registered(typed: Mapping[str, Sequence[str]], challenge: bytes, site: Site, *, label: str, at_us: int) -> Passkey:
    """What a browser answers to navigator.credentials.create, as it is kept. Raises PasskeyRefused."""
    from webauthn import verify_registration_response
    from webauthn.helpers import decode_credential_public_key
    from webauthn.helpers.cose import COSEAlgorithmIdentifier
    from webauthn.helpers.exceptions import WebAuthnException

    credential, client, attestation = (in_text(_given(typed, name)) for name in ("credential", "client", "attestation"))
    try:
        made = verify_registration_response(
            credential={
                "id": credential, "rawId": credential, "type": "public-key",
                "response": {"clientDataJSON": client, "attestationObject": attestation},
            },
            expected_challenge=challenge, expected_rp_id=site.id, expected_origin=site.origin, require_user_verification=True,
            supported_pub_key_algs=[COSEAlgorithmIdentifier(number) for number in _COSE],
        )  # fmt: skip
        public = decode_credential_public_key(made.credential_public_key)
    except (WebAuthnException, ValueError, KeyError, TypeError) as fault:
        raise PasskeyRefused(UNUSABLE) from fault
    algorithm, x = _COSE[public.alg], getattr(public, "x", b"")
    key = x if algorithm == ED25519 else bytes([2 + (getattr(public, "y", b"\0")[-1] & 1)]) + x
    return Passkey(
        credential=made.credential_id, algorithm=algorithm, key=key, site=site.id, label=label, signed=made.sign_count,
        made_us=at_us,
    )  # fmt: skip


def answered(typed: Mapping[str, Sequence[str]]) -> tuple[bytes, Assertion]:
    """(challenge, assertion) that the script filled in. Raises PasskeyRefused when it filled in nothing that can be read."""
    challenge, credential, authenticator, client, signature = (_given(typed, name) for name in ANSWER_FIELDS)
    if not all((challenge, credential, authenticator, client, signature)):
        raise PasskeyRefused(NO_ANSWER)
    return challenge, Assertion(
        credential=credential, authenticator_data=authenticator, client_data=client, signature=signature
    )


def taken_challenge(typed: Mapping[str, Sequence[str]]) -> bytes:
    """The one that a form gives back."""
    return _given(typed, "challenge")


def _given(typed: Mapping[str, Sequence[str]], name: str) -> bytes:
    text = (typed.get(name) or ("",))[0]
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""


def in_text(raw: bytes) -> str:
    """As browsers write bytes: base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def asked(challenge: bytes, site: Site, known: Sequence[Passkey]) -> dict[str, object]:
    """What the script gives to navigator.credentials.get."""
    return {
        "challenge": in_text(challenge), "rpId": site.id,
        "credentials": [in_text(one.credential) for one in known if one.site == site.id],
    }  # fmt: skip


def to_register(challenge: bytes, site: Site, known: Sequence[Passkey], person: PersonId) -> dict[str, object]:
    """What the script gives to navigator.credentials.create. user: a number that says nothing of the person."""
    return asked(challenge, site, known) | {
        "person": person, "user": in_text(sha256(f"clearing passkey user {person}".encode()).digest()),
        "algorithms": list(_COSE),
    }  # fmt: skip
