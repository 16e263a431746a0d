"""CycloneDX 1.6: a document of its own with the components that something is said of."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from seamark.core.sbom import Sbom, Statement
from seamark.insight.exports.pack.vex.product import Product
from seamark.intake.sbom.write_cyclonedx import write as write_sbom

TYPE: Final = "application/vnd.cyclonedx+json"


def write(product: Product, whole: Sbom) -> bytes:
    """Return the document, with the inventory's subject and the components that the product's statements speak of."""
    named = {one.component.component.ref for one in product.said}
    document = replace(
        whole,
        serial=product.id("cyclonedx"),
        created=product.at,
        entries=tuple(one for one in whole.entries if one.component.ref in named),
        edges=(),
        statements=tuple(
            Statement(vulnerability=one.vulnerability, aliases=one.aliases, vex=one.vex, refs=(one.component.component.ref,))
            for one in product.said
        ),
    )  # fmt: skip
    return write_sbom(document)
