"""Law: whatever the log holds is one of these; the closed list of them is catalogue.py."""

from dataclasses import Field
from typing import Any, ClassVar


class Recorded:
    """What every event has. A class of its own and no union of two hundred: who tells events apart takes what it knows by
    `match` and leaves the rest, and the type checker need not think of each of the others each time.
    """

    __slots__ = ()
    TYPE: ClassVar[int]
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
