"""Law: an ISO 20022 message is a tree of one namespace; the same facts make the same bytes."""

from lxml import etree


class IsoTree:
    """Writes elements of one namespace below a root called Document."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self.root = etree.Element(self._tag("Document"), nsmap={None: namespace})

    def branch(self, parent: etree._Element, *path: str) -> etree._Element:
        for name in path:
            parent = etree.SubElement(parent, self._tag(name))
        return parent

    def leaf(self, parent: etree._Element, name: str, text: str) -> etree._Element:
        leaf = etree.SubElement(parent, self._tag(name))
        leaf.text = text
        return leaf

    def written(self) -> bytes:
        return etree.tostring(self.root, xml_declaration=True, encoding="UTF-8", pretty_print=True)

    def _tag(self, name: str) -> str:
        return f"{{{self._namespace}}}{name}"


def decimal(amount_cents: int) -> str:
    """Integer cents as the text of an amount in euros."""
    return f"{amount_cents // 100}.{amount_cents % 100:02d}"
