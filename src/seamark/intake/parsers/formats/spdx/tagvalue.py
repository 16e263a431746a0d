"""The tag-value form of SPDX 2: lines of `Tag: value`, long texts between `<text>` and `</text>`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats.spdx.inventory import Checksum, CreationInfo, ExternalRef, Package, Relationship
from seamark.intake.parsers.kit import UnreadableReport

_SECTIONS = frozenset({"FileName", "SnippetSPDXID", "LicenseID", "Annotator", "Reviewer"})
_FIELDS = {
    "SPDXID": "ref",
    "PackageVersion": "version_info",
    "PackageSupplier": "supplier",
    "PackageOriginator": "originator",
    "PackageLicenseConcluded": "license_concluded",
    "PackageLicenseDeclared": "license_declared",
}


class Document(Struct):
    """What the lines came to."""

    name: str = ""
    version: str = ""
    info: CreationInfo = field(default_factory=lambda: CreationInfo(creators=[]))
    packages: list[Package] = field(default_factory=list)
    relationships: list[Relationship] = field(default_factory=list)


def pairs(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield tags with their values, long texts joined."""
    tag = ""
    pending: list[str] = []
    for line in lines:
        if pending:
            pending.append(line)
        else:
            if not line.strip() or line.startswith("#"):
                continue
            tag, colon, value = line.partition(":")
            if not colon:
                continue
            pending = [value.strip()]
        text = "\n".join(pending)
        if "<text>" in text and "</text>" not in text:
            continue
        pending = []
        yield tag.strip(), text.replace("<text>", "").replace("</text>", "").strip()
    if pending:
        raise UnreadableReport("The document ends inside a <text>", hint="write it again")


def read(lines: Iterable[str]) -> Document:
    """Return the document in the lines."""
    document = Document()
    package: Package | None = None
    for tag, value in pairs(lines):
        if tag == "PackageName":
            package = Package(name=value, external_refs=[], checksums=[])
            document.packages.append(package)
        elif tag in _SECTIONS:
            package = None
        elif package is not None and _of_package(package, tag, value):
            continue
        else:
            _of_document(document, tag, value)
    return document


def _of_package(package: Package, tag: str, value: str) -> bool:
    if tag in _FIELDS:
        setattr(package, _FIELDS[tag], value)
    elif tag == "PackageChecksum" and package.checksums is not None:
        algorithm, _, digest = value.partition(":")
        package.checksums.append(Checksum(algorithm.strip(), digest.strip()))
    elif tag == "ExternalRef" and package.external_refs is not None:
        category, _, rest = value.partition(" ")
        kind, _, locator = rest.strip().partition(" ")
        package.external_refs.append(ExternalRef(kind, locator.strip(), category))
    elif tag == "ExternalRefComment" and package.external_refs:
        package.external_refs[-1].comment = value
    else:
        return False
    return True


def _of_document(document: Document, tag: str, value: str) -> None:
    if tag == "SPDXVersion":
        document.version = value
    elif tag == "DocumentName":
        document.name = value
    elif tag == "Created":
        document.info.created = value
    elif tag == "Creator" and document.info.creators is not None:
        document.info.creators.append(value)
    elif tag == "Relationship":
        words = value.split()
        if len(words) >= 3:
            document.relationships.append(Relationship(words[0], words[1], words[2]))
