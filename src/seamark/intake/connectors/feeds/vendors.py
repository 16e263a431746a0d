"""What a vendor's document says: of flaws as such, and of its products that have them or have not."""

from __future__ import annotations

from msgspec import Struct

from seamark.core.kind import VexState


class Product(Struct, frozen=True, kw_only=True):
    """What is said of one package."""

    purl: str
    """Canonical, with its version where the document names one."""
    package: str
    """`type/namespace/name`, without version and qualifiers."""
    version: str = ""
    range: str = ""
    """A range of versions as the document writes it, such as `vers:npm/<1.2.3`."""
    within: str = ""
    """The product that the package is a part of: what is said holds for it there, not wherever it is used."""
    status: VexState
    justification: str = ""
    detail: str = ""


class Flaw(Struct, frozen=True, kw_only=True):
    """What a document says of one vulnerability."""

    name: str
    cvss: int | None = None
    """Base score in tenths, the highest of the newest version of CVSS that is given."""
    vector: str = ""
    exploitation: str = ""
    """The vendor's words on exploitation."""
    exploited: str = ""
    """The day (ISO) since when the vendor knows it to be exploited; empty where no firm statement says so."""
    products: tuple[Product, ...] = ()


class Advisory(Struct, frozen=True, kw_only=True):
    """One document."""

    publisher: str
    id: str
    version: str
    title: str
    released: str
    """RFC 3339, of this version."""
    flaws: tuple[Flaw, ...]
