"""Law: XML from outside is parsed without entities, networks or surprises, and only so much of it.

A document type, an entity, a file that is too large or nested too deep is refused before anything is made of it.
"""

import re
from collections.abc import Iterator
from typing import Final

from lxml import etree

from clearing.bank.statement import Unreadable
from clearing.bank.texts import FILE_BYTES_MAX, plain

DEPTH_MAX: Final = 40
ELEMENTS_MAX: Final = 1_000_000
_ISO: Final = re.compile(r"urn:iso:std:iso:20022:tech:xsd:((?:pain|camt|pacs|auth)\.[0-9]{3}\.[0-9]{3}\.[0-9]{2})")
_DOCTYPE: Final = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


class Message:
    """One ISO message: its name ("camt.053.001.08") and the element below Document."""

    def __init__(self, name: str, root: etree._Element) -> None:
        self.name, self.root = name, root

    @property
    def kind(self) -> str:
        """ "camt.053" """
        return self.name[:8]


def parsed(content: bytes) -> Message:
    """Raises Unreadable."""
    if len(content) > FILE_BYTES_MAX:
        raise Unreadable(f"The file has more than {FILE_BYTES_MAX >> 20} MiB; ask the bank for a shorter span of days.")
    if _DOCTYPE.search(content) or _DOCTYPE.search(content.replace(b"\0", b"")):
        raise Unreadable("The file declares a document type or entities, which no bank's file does: it was not opened.")
    reader = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, reader)
    except etree.XMLSyntaxError as fault:
        where = f" in line {fault.lineno}" if fault.lineno else ""
        raise Unreadable(f"The file breaks off, or is no XML{where}: download it from the bank once more.") from None
    except ValueError:
        raise Unreadable("The file is no XML that can be read: download it from the bank once more.") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable("The file declares a document type, which no bank's file does: it was not opened.")
    _limit(root)
    return _message(root)


def _limit(root: etree._Element) -> None:
    elements, depth = 0, 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        elements += event == "start"
        if depth > DEPTH_MAX or elements > ELEMENTS_MAX:
            raise Unreadable("The file is nested deeper, or has more elements, than any bank's statement: it was not read.")


def _message(root: etree._Element) -> Message:
    name = etree.QName(root)
    found = _ISO.fullmatch(name.namespace or "")
    if found is None or name.localname != "Document" or not len(root):
        said = plain(name.namespace or name.localname, 80)
        raise Unreadable(f"This is XML, but no message of a bank that is known here ({said}): choose a camt.053 statement, a "
                         "camt.054 notification or a pain.002 status report.")  # fmt: skip
    return Message(found[1], root[0])


def one(element: etree._Element | None, *path: str) -> etree._Element | None:
    """The first child along a path, whatever the namespace's version; None when there is none."""
    for name in path:
        if element is None:
            return None
        element = element.find(f"{{*}}{name}")
    return element


def every(element: etree._Element | None, name: str) -> Iterator[etree._Element]:
    """All children of that name."""
    return iter(()) if element is None else element.iterfind(f"{{*}}{name}")


def said(element: etree._Element | None, *path: str) -> str:
    """The text at the end of a path, trimmed; "" when there is none."""
    found = one(element, *path)
    return "" if found is None or found.text is None else found.text.strip()


def first_said(element: etree._Element | None, *paths: tuple[str, ...]) -> str:
    """The first path that leads to a text."""
    return next((text for path in paths if (text := said(element, *path))), "")
