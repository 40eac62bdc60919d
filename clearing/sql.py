"""Law: SQL lives in .sql files, named and complete; its text is made once per caisse, never per call.

A file holds blocks that open with `-- name: append_group`; `{schema}` stands for the caisse's schema. What comes before the
first block is a comment for readers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Final, Self

from clearing.values import InvalidValue

SCHEMA_FORM: Final = re.compile(r"caisse_[a-z0-9_]{1,40}")  # 47 bytes: names made from it stay below PostgreSQL's 63
NAME_LINE: Final = re.compile(r"^-- name: ([a-z][a-z0-9_]*)[ \t]*\n", re.MULTILINE)


class UnknownQuery(LookupError):
    """A name that its .sql file does not define: a fault of the program."""


def schema_name(text: object) -> str:
    """Checked maker: caisse_ and 1 to 40 of a-z 0-9 _. The one thing that is ever written into SQL text."""
    if not isinstance(text, str) or not SCHEMA_FORM.fullmatch(text):
        raise InvalidValue(f"a caisse's schema is named caisse_ and 1 to 40 of a-z, 0-9, '_', not {text!r}")
    return text


def schema_of(code: str) -> str:
    """The schema of a caisse's code: `.` and `-` become `_` (the directory of caisses refuses two codes on one schema)."""
    return schema_name("caisse_" + re.sub(r"[.-]", "_", code))


def sql_text(package: str, file: str) -> str:
    """The raw text of a .sql file that ships inside `package`."""
    return resources.files(package).joinpath(file).read_text(encoding="utf-8")


def for_schema(text: str, schema: str) -> str:
    """`{schema}` filled in; every other brace stays as it is. The schema's name is checked."""
    return text.replace("{schema}", schema_name(schema))


def named_blocks(text: str) -> dict[str, str]:
    """Split a file's text into its named queries. Raises ValueError for a name given twice or a block without SQL."""
    pieces = NAME_LINE.split(text)
    blocks: dict[str, str] = {}
    for name, body in zip(pieces[1::2], pieces[2::2], strict=True):
        if name in blocks or not body.strip():
            raise ValueError(f"the query {name} is written twice or has no text: give each name one statement")
        blocks[name] = body.strip()
    return blocks


@dataclass(frozen=True, slots=True)
class Queries:
    """The named queries of one .sql file, ready for one caisse: queries["append_group"] is the text to send."""

    texts: Mapping[str, str]

    @classmethod
    def load(cls, package: str, file: str, schema: str) -> Self:
        """Read `file` of `package` and fill in the schema. Raises InvalidValue for a schema's name, ValueError for the file."""
        blocks = named_blocks(sql_text(package, file))
        return cls({name: for_schema(text, schema) for name, text in blocks.items()})

    def __getitem__(self, name: str) -> str:
        try:
            return self.texts[name]
        except KeyError:
            raise UnknownQuery(f"no query is named {name}; there are {', '.join(sorted(self.texts))}") from None
