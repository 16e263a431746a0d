"""`pom.xml`: dependencies, managed ones, BOMs, parents, plug-ins, and the properties that hold their versions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from seamark.analysis.software.order import compare
from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit
from seamark.response.remediation.editors.notation.xml_ import Element, add_child, plain, read_xml, set_text
from seamark.response.remediation.editors.registry import Work, editor

_PROPERTY: Final = re.compile(r"\$\{([^}]+)\}")
_NAMED: Final = ("dependency", "parent", "plugin", "extension", "path")
_MOST_PARENTS: Final = 10


@editor(
    "maven", title="pom.xml", files=r"(?:[^/]*\.)?pom(?:\.xml)?|pom[^/]*\.xml", ecosystems=("maven",), kinds=(ChangeKind.BUMP, ChangeKind.OVERRIDE), read=plain
)  # fmt: skip
def edits(work: Work, path: str) -> Iterator[Splice]:
    """Raise an artifact where it or a property of this POM or a parent holds its version; an override is managed."""
    source = work.source(path)
    root = read_xml(source)
    group, _, artifact = work.change.name.replace(":", "/").rpartition("/")
    named = managed = False
    for node in _named(root, group, artifact):
        managed |= "dependencyManagement" in node.way or node.name == "parent"
        version = node.child("version")
        if version is None:
            continue
        named = True
        yield from _raised(work, source, root, version)
    if work.change.kind is ChangeKind.OVERRIDE and not managed and not named:
        yield _managed(work, source, root, group, artifact)


def _named(root: Element, group: str, artifact: str) -> Iterator[Element]:
    for node in root.walk():
        if node.name in _NAMED and "exclusion" not in node.way and node.said("artifactId") == artifact:
            default = "org.apache.maven.plugins" if node.name == "plugin" else ""
            said = node.said("groupId") or default
            if said == group or (said in {"${project.groupId}", "${groupId}"} and _own_group(root) == group):
                yield node


def _own_group(root: Element) -> str:
    parent = root.child("parent")
    return root.said("groupId") or (parent.said("groupId") if parent else "")


def _raised(work: Work, source: Source, root: Element, version: Element) -> Iterator[Splice]:
    change, written = work.change, version.text.strip()
    found = _PROPERTY.fullmatch(written)
    if found is not None:
        yield from _property(work, source, root, found[1])
    elif "${" in written or re.search(r"[\[\](),]", written) or written in {"LATEST", "RELEASE"}:
        raise UnsafeEdit(
            f"{source.path} asks for {change.name} as {written!r} on line {source.line(version.start)}, which is not edited."
        )
    elif _moves(written, work):
        yield set_text(source, version, change.to_version)


def _moves(written: str, work: Work) -> bool:
    """Tell whether a version is the one to replace: the current one, and below the wanted one."""
    change = work.change
    if change.from_version and written != change.from_version:
        return False
    return compare("maven", written, change.to_version) != 0


def _property(work: Work, source: Source, root: Element, name: str) -> Iterator[Splice]:
    if name in {"project.version", "version", "revision", "project.parent.version"}:
        raise UnsafeEdit(f"{source.path} gives {work.change.name} the version of the project itself.")
    at: tuple[Source, Element] | None = (source, root)
    for _ in range(_MOST_PARENTS):
        if at is None:
            break
        own, top = at
        held = [
            each
            for each in top.walk()
            if each.name == name and each.above is not None and each.above.name == "properties"
        ]
        if len(held) > 1:
            raise UnsafeEdit(f"{own.path} sets {name} in several places (profiles).")
        if held:
            _refuse_shared(work, own, top, name)
            value = held[0].text.strip()
            if "${" in value:
                raise UnsafeEdit(f"{own.path} derives {name} from another property.")
            if _moves(value, work):
                yield set_text(own, held[0], work.change.to_version)
            return
        at = _parent(work, own, top)
    raise UnsafeEdit(
        f"{source.path} takes the version of {work.change.name} from {name}, which none of the files sets."
    )


def _refuse_shared(work: Work, source: Source, root: Element, name: str) -> None:
    """Raise where artifacts of other groups have their version from the same property: they may have no such version."""
    group = work.change.name.replace(":", "/").rpartition("/")[0]
    for node in root.walk():
        if node.name in _NAMED and node.said("version") == f"${{{name}}}" and (other := node.said("groupId")) != group:
            if _family(other) == _family(group):
                continue
            raise UnsafeEdit(
                f"{source.path} gives {name} to {other}:{node.said('artifactId')} as well, which may have no version {work.change.to_version}."
            )


def _family(group: str) -> tuple[str, ...]:
    return tuple(group.split(".")[:3])


def _parent(work: Work, source: Source, root: Element) -> tuple[Source, Element] | None:
    """Return the POM above, where it is among the files."""
    parent = root.child("parent")
    if parent is None:
        return None
    relative = parent.child("relativePath")
    way = relative.text.strip() if relative is not None else "../pom.xml"
    parts = source.path.split("/")[:-1]
    for step in way.split("/"):
        if step == "..":
            if not parts:
                return None
            parts.pop()
        elif step not in {"", "."}:
            parts.append(step)
    for path in ("/".join(parts), "/".join([*parts, "pom.xml"])):
        if way and path in work.files and path != source.path:
            above = work.source(path)
            return above, read_xml(above)
    return None


def _managed(work: Work, source: Source, root: Element, group: str, artifact: str) -> Splice:
    if not group or not re.fullmatch(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+", f"{group}/{artifact}"):
        raise UnsafeEdit(f"{work.change.name} is no artifact with its group.")
    entry = [
        "<dependency>",
        f"\t<groupId>{group}</groupId>",
        f"\t<artifactId>{artifact}</artifactId>",
        f"\t<version>{work.change.to_version}</version>",
        "</dependency>",
    ]
    section = root.child("dependencyManagement")
    inner = section.child("dependencies") if section else None
    if inner is not None:
        return add_child(source, inner, entry, 4)
    if section is not None:
        return add_child(source, section, ["<dependencies>", *(f"\t{each}" for each in entry), "</dependencies>"], 5)
    lines = [
        "<dependencyManagement>",
        "\t<dependencies>",
        *(f"\t\t{each}" for each in entry),
        "\t</dependencies>",
        "</dependencyManagement>",
    ]
    return add_child(source, root, lines, 6)
