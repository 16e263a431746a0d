"""Reads what a SAML provider says of itself: its metadata file. It is a file that somebody got; nothing is fetched."""

from __future__ import annotations

from typing import NamedTuple

from lxml import etree

from seamark.core.errors import InvalidSetting

LARGEST = 10_000_000
"""Bytes of a file."""
_SPACES = {"md": "urn:oasis:names:tc:SAML:2.0:metadata", "ds": "http://www.w3.org/2000/09/xmldsig#"}
_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"


class Told(NamedTuple):
    """A SAML provider: its name, where log-ins are sent, and what it signs with (base64)."""

    entity_id: str
    address: str
    certificate: str


def read_metadata(content: bytes) -> Told:
    """Return what a metadata file says of its one provider. Raises `InvalidSetting`."""
    if len(content) > LARGEST:
        raise InvalidSetting("The file is too large for one provider's metadata")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise InvalidSetting(f"This is no XML: {error.msg}") from None
    if root.getroottree().docinfo.doctype:  # type: ignore[union-attr]
        raise InvalidSetting("Metadata have no DOCTYPE")
    found = [
        one
        for one in root.iter(f"{{{_SPACES['md']}}}EntityDescriptor")
        if one.find("md:IDPSSODescriptor", _SPACES) is not None
    ]
    if len(found) != 1:
        raise InvalidSetting(f"The file describes {len(found)} identity providers; it must be one")
    entity = found[0]
    place = entity.find(f"md:IDPSSODescriptor/md:SingleSignOnService[@Binding='{_REDIRECT}']", _SPACES)
    keys = [
        one.findtext(".//ds:X509Certificate", "", _SPACES)
        for one in entity.findall("md:IDPSSODescriptor/md:KeyDescriptor", _SPACES)
        if one.get("use", "signing") == "signing"
    ]
    if place is None or not keys or not keys[0]:
        raise InvalidSetting("The metadata name no HTTP-Redirect log-in, or no signing certificate")
    return Told(entity.get("entityID", ""), place.get("Location", ""), "".join(str(keys[0]).split()))
