"""NuGet: project files, `Directory.Packages.props` and `packages.config`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from seamark.analysis.software.order import compare
from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit
from seamark.response.remediation.editors.notation.xml_ import (
    Element,
    add_child,
    plain,
    read_xml,
    set_attribute,
    set_text,
)
from seamark.response.remediation.editors.registry import Work, editor

_ITEMS: Final = frozenset(
    {"PackageReference", "PackageVersion", "GlobalPackageReference", "PackageDownload", "DotNetCliToolReference"}
)
_PROPERTY: Final = re.compile(r"\$\(([A-Za-z_][\w.-]*)\)")
_FIXED: Final = re.compile(r"(?P<open>\[?)(?P<version>[0-9][A-Za-z0-9.+-]*)(?P<close>\]?)")


@editor(
    "nuget", title="Project files and Directory.Packages.props of NuGet", files=r"[^/]+\.(?:cs|fs|vb)proj|Directory\.(?:Packages|Build)\.(?:props|targets)|[^/]+\.(?:props|targets)",
    ecosystems=("nuget",), kinds=(ChangeKind.BUMP, ChangeKind.OVERRIDE), read=plain,
)  # fmt: skip
def edits(work: Work, path: str) -> Iterator[Splice]:
    """Raise a package wherever its version stands; an override of one that is not named becomes a reference of its own."""
    source = work.source(path)
    root = read_xml(source)
    named = False
    for node in root.walk():
        if node.name not in _ITEMS or _called(node).lower() != work.change.name.lower():
            continue
        named = True
        yield from _item(work, source, root, node)
    if work.change.kind is ChangeKind.OVERRIDE and not named:
        yield _added(work, source, root)


def _called(node: Element) -> str:
    return node.attributes.get("Include") or node.attributes.get("Update") or ""


def _item(work: Work, source: Source, root: Element, node: Element) -> Iterator[Splice]:
    for name in ("Version", "VersionOverride"):
        child = node.child(name)
        written = node.attributes.get(name, child.text.strip() if child is not None else "")
        if not written:
            continue
        found = _PROPERTY.fullmatch(written)
        if found is not None:
            yield from _property(work, source, root, found[1])
        elif (new := _new(work, source, written, node)) is not None:
            yield (
                set_attribute(source, node, name, new)
                if name in node.attributes or child is None
                else set_text(source, child, new)
            )


def _new(work: Work, source: Source, written: str, node: Element) -> str | None:
    change = work.change
    found = _FIXED.fullmatch(written)
    if found is None or bool(found["open"]) != bool(found["close"]):
        raise UnsafeEdit(
            f"{source.path} asks for {change.name} as {written!r} on line {source.line(node.start)}, which is not edited."
        )
    if change.from_version and compare("nuget", found["version"], change.from_version) != 0:
        return None
    if compare("nuget", found["version"], change.to_version) == 0:
        return None
    return found["open"] + change.to_version + found["close"]


def _property(work: Work, source: Source, root: Element, name: str) -> Iterator[Splice]:
    """Yield the piece of the property that holds a version: of this file, or of one that MSBuild reads from a folder above."""
    folder, paths = source.path.rpartition("/")[0], [source.path]
    while True:
        prefix = f"{folder}/" if folder else ""
        paths += [f"{prefix}{each}" for each in ("Directory.Packages.props", "Directory.Build.props")]
        if not folder:
            break
        folder = folder.rpartition("/")[0]
    for path in dict.fromkeys(paths):
        if path not in work.files:
            continue
        own = work.source(path)
        top = root if path == source.path else read_xml(own)
        held = [
            each
            for each in top.walk()
            if each.name == name and each.above is not None and each.above.name == "PropertyGroup"
        ]
        if len(held) > 1 or any(
            "Condition" in each.attributes or "Condition" in (each.above.attributes if each.above else {})
            for each in held
        ):
            raise UnsafeEdit(f"{path} sets {name} in several places or under a condition.")
        if held:
            new = _new(work, own, held[0].text.strip(), held[0])
            if new is not None:
                yield set_text(own, held[0], new)
            return
    raise UnsafeEdit(
        f"{source.path} takes the version of {work.change.name} from {name}, which none of the files sets."
    )


def _added(work: Work, source: Source, root: Element) -> Splice:
    central = source.path.endswith("Directory.Packages.props")
    if central and not any(
        each.name == "CentralPackageTransitivePinningEnabled" and each.text.strip().lower() == "true"
        for each in root.walk()
    ):
        raise UnsafeEdit(
            f"{source.path} does not pin what others pull in (CentralPackageTransitivePinningEnabled), so that an entry would not count."
        )
    item = "PackageVersion" if central else "PackageReference"
    if (
        not central
        and not root.attributes.get("Sdk")
        and not any(each.name == "PackageReference" for each in root.walk())
    ):
        raise UnsafeEdit(f"{source.path} names no packages; those of such a project stand in packages.config.")
    groups = [
        each
        for each in root.children
        if each.name == "ItemGroup"
        and "Condition" not in each.attributes
        and any(one.name == item for one in each.children)
    ]
    if not re.fullmatch(r"[\w.-]+", work.change.name):
        raise UnsafeEdit(f"{work.change.name!r} is no name of a package.")
    line = f'<{item} Include="{work.change.name}" Version="{work.change.to_version}" />'
    if groups:
        return add_child(source, groups[-1], [line], 6)
    return add_child(source, root, ["<ItemGroup>", f"\t{line}", "</ItemGroup>"], 6)


@editor("packages-config", title="packages.config", files=r"packages\.config", ecosystems=("nuget",), read=plain)
def config_edits(work: Work, path: str) -> Iterator[Splice]:
    """Raise a package, where no project beside it names the folder of the old version."""
    source, change = work.source(path), work.change
    for node in read_xml(source).walk():
        if node.name != "package" or node.attributes.get("id", "").lower() != change.name.lower():
            continue
        written = node.attributes.get("version", "")
        if change.from_version and compare("nuget", written, change.from_version) != 0:
            continue
        folder = f"{change.name}.{written}\\".lower().encode()
        for other, data in work.files.items():
            if (
                other.rpartition("/")[0] == path.rpartition("/")[0]
                and other.endswith("proj")
                and folder in data.lower()
            ):
                raise UnsafeEdit(
                    f"{other} names the folder of {change.name} {written}, which the package manager of the IDE has to change."
                )
        if compare("nuget", written, change.to_version) != 0:
            yield set_attribute(source, node, "version", change.to_version)
        if node.attributes.get("allowedVersions"):
            raise UnsafeEdit(f"{path} allows only {node.attributes['allowedVersions']} of {change.name}.")
