"""Law: the description of the API is made from the very forms that judge a body; nothing of it is written by hand twice."""

from collections.abc import Sequence
from typing import Any, Final

from clearing.authoriser.forms import FORMS
from clearing.authoriser.forms.fields import described as form_described
from clearing.console.ordering import STEP_UP
from clearing.rules.voted.offices import ALLOWED_ROLES

VERSION: Final = "1"
_CAISSE: Final = {
    "name": "caisse", "in": "path", "required": True, "description": "its code",
    "schema": {"type": "string", "pattern": "^[a-z0-9._-]{1,40}$"},
}  # fmt: skip
_KEY: Final = {
    "name": "Idempotency-Key", "in": "header", "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[ -~]+$"},
    "description": "the same key and body again is the same command: done once, answered alike (remembered for 30 days)",
}  # fmt: skip
_PROBLEM: Final = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_REFUSALS: Final = {
    "400": "no JSON, or a key that can't be one", "401": "no token, or one that is over",
    "403": "the token's offices do not do this",
    "404": "no such command", "409": "declined by the rules: recorded, and nothing else was done", "413": "too large",
    "422": "the body has not the command's form, or the key was used for another one",
    "503": "not answered; ask again with the same key",
}  # fmt: skip


def described(reads: Sequence[str]) -> dict[str, Any]:
    """OpenAPI 3.1, as plain data."""
    paths: dict[str, Any] = {
        f"/api/v1/caisses/{{caisse}}/commands/{verb}": {"post": _command(verb)} for verb in FORMS if verb not in STEP_UP
    }
    for name in reads:
        paths[f"/api/v1/caisses/{{caisse}}/{name}"] = {"get": _read(name)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "clearing, back office", "version": VERSION,
            "description": "Commands of a caisse's officers. Amounts are cents, instants microseconds UTC, bytes hex. "
                           "What needs a second factor is given in the console.",
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Problem": {
                    "type": "object", "required": ["type", "status", "detail"],
                    "properties": {
                        "type": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"},
                        "code": {"type": "string"},
                    },
                },
                "Done": {
                    "type": "object", "required": ["done", "out"],
                    "properties": {"done": {"const": True}, "out": {"type": "object"}},
                },
            },
        },
    }  # fmt: skip


def _command(verb: str) -> dict[str, Any]:
    return {
        "operationId": verb, "tags": ["commands"], "parameters": [_CAISSE, _KEY],
        "description": f"Offices that give it: {', '.join(ALLOWED_ROLES[verb])}.",
        "requestBody": {"required": True, "content": {"application/json": {"schema": form_described(FORMS[verb])}}},
        "responses": {
            "200": {"description": "done", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Done"}}}},
            **{status: {"description": text, "content": _PROBLEM} for status, text in _REFUSALS.items()},
        },
    }  # fmt: skip


def _read(name: str) -> dict[str, Any]:
    refusals = {status: {"description": _REFUSALS[status], "content": _PROBLEM} for status in ("401", "403", "503")}
    return {
        "operationId": f"read_{name}", "tags": ["reads"], "parameters": [_CAISSE],
        "responses": {
            "200": {"description": "as it stands", "content": {"application/json": {"schema": {"type": "array"}}}}, **refusals
        },
    }  # fmt: skip
