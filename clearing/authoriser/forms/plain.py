"""Law: in JSON a body is the same body: bytes are hex, everything else is what it is.

Nothing is guessed: a number that is written as a text stays a text, and the form says so.
"""

from collections.abc import Mapping
from typing import Any

from clearing.authoriser.forms.fields import Bytes, Field, Form, Rows, Table


def from_json(form: Form, said: Any) -> Any:
    """A decoded JSON value as the body that the form is for; what has another form is left for `check` to name."""
    if not isinstance(said, dict):
        return said
    return {name: _value(form[name], value) if name in form else value for name, value in said.items()}


def _value(one: Field, value: Any) -> Any:
    match one:
        case Bytes() if isinstance(value, str):
            try:
                return bytes.fromhex(value)
            except ValueError:
                return value
        case Rows() if isinstance(value, list):
            return [from_json(one.of, row) for row in value]
        case Table():
            return from_json(one.of, value)
        case _:
            return value


def to_json(value: Any) -> Any:
    """What came out of a command, or a body, for JSON."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(name): to_json(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(one) for one in value]
    return value
