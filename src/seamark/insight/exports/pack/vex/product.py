"""What is said of a product's components, made ready for any form: one word for each vulnerability and component."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from hashlib import sha256
from typing import Final

import msgspec
from msgspec import Struct

from seamark.core.finding import Vex
from seamark.core.kind import VexState
from seamark.core.sbom import Entry, Sbom

_IDS: Final = uuid.UUID("5b8f7f0a-1f1c-5d3e-8f49-6a3c7a1b9d20")
_NO_NAME: Final = re.compile(r"[^a-z0-9]+")
# Where one place is affected the product is, whatever was said of the others.
_STRONGEST: Final = (
    VexState.AFFECTED,
    VexState.UNDER_INVESTIGATION,
    VexState.FIXED,
    VexState.NOT_AFFECTED,
    VexState.FALSE_POSITIVE,
)
JUSTIFICATIONS: Final = frozenset({
    "component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist",
})  # fmt: skip
"""The words that OpenVEX and CSAF share."""


class Author(Struct, frozen=True):
    """Who says it."""

    name: str
    namespace: str
    """An address that stands for the author, such as that of the installation."""


class Said(Struct, frozen=True):
    """What is said of a vulnerability in one component of a product."""

    vulnerability: str
    aliases: tuple[str, ...]
    component: Entry
    vex: Vex


class Product(Struct, frozen=True):
    """A product with all that is said of its components, sorted."""

    name: str
    purl: str
    """Names the product itself."""
    at: str
    """When it was said, in UTC."""
    author: Author
    said: tuple[Said, ...]

    def id(self, form: str) -> str:
        """Return what names this document in the world: another content, another name."""
        told = sha256(msgspec.json.encode((form, self.name, self.at, self.author, self.said))).hexdigest()
        return f"urn:uuid:{uuid.uuid5(_IDS, told)}"


def product_of(name: str, whole: Sbom, author: Author, at: str) -> Product:
    """Return what an inventory's statements say of its components. Where they contradict each other, the worse word counts."""
    slug = _NO_NAME.sub("-", name.lower()).strip("-") or "application"
    return Product(name, f"pkg:generic/{slug}", at, author, tuple(_said(whole)))


def impact(vex: Vex) -> str:
    """Return why something is not affected, in a sentence."""
    if vex.state is VexState.FALSE_POSITIVE:
        return vex.detail or "A false positive: the component does not have this vulnerability."
    return vex.detail or "It was judged not to be affected; the decision is kept with its reason."


def action(vex: Vex) -> str:
    """Return what is done about what is affected, in a sentence."""
    return vex.detail or "; ".join(vex.response) or "It is tracked until it is fixed."


def _said(whole: Sbom) -> Iterator[Said]:
    entries = {one.component.ref: one for one in whole.entries}
    strongest: dict[tuple[str, str], Said] = {}
    for statement in whole.statements:
        for ref in statement.refs:
            if (component := entries.get(ref)) is None:
                continue
            said = Said(statement.vulnerability, statement.aliases, component, statement.vex)
            known = strongest.get((statement.vulnerability, ref))
            if known is None or _STRONGEST.index(said.vex.state) < _STRONGEST.index(known.vex.state):
                strongest[statement.vulnerability, ref] = said
    for key in sorted(strongest):
        yield strongest[key]
