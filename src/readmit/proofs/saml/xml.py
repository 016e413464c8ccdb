"""XML as SAML needs it: read without DTD, entities or network, values from plain text alone (security I9, T31)."""

from __future__ import annotations

from typing import Any, Final

ASSERTION: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
PROTOCOL: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
METADATA: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
SIGNATURE: Final = "http://www.w3.org/2000/09/xmldsig#"
LONGEST: Final = 256 * 1024
"""Bytes of a document."""

Element = Any
"""An element of lxml, which has no types of its own."""


class Malformed(ValueError):
    """A document that is not read on; the text says why."""


def parser() -> Any:
    """A parser that fetches and expands nothing, and keeps comments so that they can be refused."""
    from lxml import etree

    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        no_network=True,
        huge_tree=False,
        remove_comments=False,
        remove_pis=False,
    )


def parse(raw: bytes) -> Element:
    """The root of a document. Raises Malformed."""
    from lxml import etree

    if len(raw) > LONGEST:
        raise Malformed("it is larger than 256 KB")
    if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:
        raise Malformed("it has a document type declaration, which is not read")
    try:
        raw.decode("utf-8")
        root = etree.fromstring(raw, parser())
    except UnicodeDecodeError as error:
        raise Malformed("it is not UTF-8") from error
    except etree.XMLSyntaxError as error:
        raise Malformed(f"it is no XML ({error.msg})") from error
    docinfo = root.getroottree().docinfo
    if docinfo.internalDTD is not None or docinfo.externalDTD is not None or next(root.iter(etree.Entity), None):
        raise Malformed("it has a document type declaration, which is not read")
    return root


def name(namespace: str, local: str) -> str:
    """A qualified name as lxml writes it."""
    return f"{{{namespace}}}{local}"


def text(element: Element) -> str:
    """The text of an element that has nothing but text: a comment within would split it in two. Raises Malformed."""
    if len(element):
        raise Malformed(f"a {local(element)} has something else than text in it")
    return str(element.text or "")


def local(element: Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]
