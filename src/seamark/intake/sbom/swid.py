"""SWID tags (ISO/IEC 19770-2): one file is one piece of software, with links to what it needs."""

from __future__ import annotations

from seamark.core.component import Component, DependsOn
from seamark.core.errors import UnreadableReport
from seamark.core.sbom import Entry, Sbom
from seamark.intake.parsers.formats.cyclonedx.xml import Element, child, children
from seamark.intake.parsers.kit.shapes import Xml
from seamark.intake.parsers.kit.source import Source

_NEEDS = frozenset({"requires", "component", "feature"})


def read(source: Source) -> Sbom:
    """Return a document. Raises `UnreadableReport`."""
    root = Xml(source).root
    name, tag = root.get("name", ""), root.get("tagId", "")
    if not name or not tag:
        raise UnreadableReport("The SWID tag has no name or no tagId")
    files = [*root.iter("{*}File")]
    entry = Entry(
        component=Component(
            name=name,
            version=root.get("version", ""),
            ref=tag,
            hashes=tuple(_hashes(files[0])) if len(files) == 1 else (),
            supplier=_entity(root, "softwareCreator") or _entity(root, "distributor"),
        ),
        type="application",
        identifiers=(tag,),
    )
    needed = [one.get("href", "") for one in children(root, "Link") if one.get("rel", "").lower() in _NEEDS]
    targets = tuple(one.removeprefix("swid:") for one in needed if one)
    evidence = child(root, "Evidence")
    author = _entity(root, "tagCreator")
    return Sbom(
        format="swid",
        encoding="xml",
        version="2015" if "2015" in str(root.tag) else "2009" if "2009" in str(root.tag) else "",
        name=name,
        serial=tag,
        created=evidence.get("date", "") if evidence is not None else "",
        authors=(author,) if author else (),
        roots=(tag,),
        entries=(entry,),
        edges=(DependsOn(tag, targets),) if targets else (),
    )


def _entity(root: Element, role: str) -> str:
    return next((one.get("name", "") for one in children(root, "Entity") if role in one.get("role", "").split()), "")


def _hashes(file: Element) -> list[tuple[str, str]]:
    """Return the digests of a file, whose attributes are named by the address of the algorithm (`…xmlenc#sha256`)."""
    return [
        (str(name).partition("}")[0].rpartition("#")[2].upper(), str(value))
        for name, value in file.attrib.items()
        if str(name).endswith("}hash")
    ]
