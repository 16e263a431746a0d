"""Version catalogues of Gradle (`libs.versions.toml`)."""

from __future__ import annotations

from collections.abc import Iterator

from seamark.analysis.software.order import compare
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit
from seamark.response.remediation.editors.notation.toml_ import Document, Toml, inside, plain, read_toml, set_string
from seamark.response.remediation.editors.registry import Work, editor


@editor(
    "version-catalogue",
    title="Version catalogues of Gradle",
    files=r"[^/]+\.versions\.toml",
    ecosystems=("maven",),
    read=plain,
)
def edits(work: Work, path: str) -> Iterator[Splice]:
    """Raise a library or plug-in where the catalogue holds its version, behind a reference as well."""
    source = work.source(path)
    document = read_toml(source)
    for section in ("libraries", "plugins"):
        for alias in dict.fromkeys(str(way[1]) for way, _ in document.values if len(way) > 1 and way[0] == section):
            yield from _entry(work, source, document, section, alias)


def _entry(work: Work, source: Source, document: Document, section: str, alias: str) -> Iterator[Splice]:
    wanted = work.change.name.replace("/", ":")
    short = document.get(section, alias)
    if short is not None and short.string is not None:
        name, _, version = short.string.rpartition(":")
        if _called(section, name) == wanted and _moves(work, version):
            yield inside(source, short, len(name) + 1, len(short.string), work.change.to_version)
        return
    if _called(section, _name(document, section, alias)) != wanted:
        return
    reference = document.get(section, alias, "version", "ref")
    if reference is not None and reference.string is not None:
        yield from _referred(work, source, document, reference.string)
        return
    yield from _version(work, source, document, (section, alias, "version"))


def _called(section: str, name: str) -> str:
    return f"{name}:{name}.gradle.plugin" if section == "plugins" else name


def _name(document: Document, section: str, alias: str) -> str:
    def said(key: str) -> str:
        node = document.get(section, alias, key)
        return (node.string or "") if node is not None else ""

    return said("id") if section == "plugins" else said("module") or f"{said('group')}:{said('name')}"


def _referred(work: Work, source: Source, document: Document, reference: str) -> Iterator[Splice]:
    group = work.change.name.replace("/", ":").partition(":")[0]
    for way, node in document.walk():
        if way[0] == "libraries" and way[2:] == ("version", "ref") and node.string == reference:
            other = _name(document, "libraries", str(way[1])).partition(":")[0]
            if other.split(".")[:3] != group.split(".")[:3]:
                raise UnsafeEdit(
                    f"{source.path} gives the version {reference} to {other} as well, which may have no version {work.change.to_version}."
                )
    yield from _version(work, source, document, ("versions", reference))


def _version(work: Work, source: Source, document: Document, way: tuple[str, ...]) -> Iterator[Splice]:
    node = document.get(*way)
    if node is None:
        raise UnsafeEdit(f"{source.path} gives {work.change.name} no version that could be raised.")
    if node.string is None:
        yield from _rich(work, source, document, way)
    elif _moves(work, node.string):
        _refuse_range(source, node)
        yield set_string(source, node, work.change.to_version)


def _rich(work: Work, source: Source, document: Document, way: tuple[str, ...]) -> Iterator[Splice]:
    """Yield the pieces of a version that is a table: `strictly`, `require`, `prefer`."""
    told = [node for key in ("strictly", "require", "prefer") if (node := document.get(*way, key)) is not None]
    if len(told) != 1 or document.get(*way, "reject") is not None:
        raise UnsafeEdit(f"{source.path} asks for {work.change.name} in several ways at once.")
    _refuse_range(source, told[0])
    if _moves(work, told[0].string or ""):
        yield set_string(source, told[0], work.change.to_version)


def _refuse_range(source: Source, node: Toml) -> None:
    if any(sign in (node.string or "") for sign in "[]()+,"):
        raise UnsafeEdit(f"{source.path} asks for a range on line {source.line(node.start)}, which is not edited.")


def _moves(work: Work, written: str) -> bool:
    change = work.change
    return (
        not (change.from_version and written != change.from_version)
        and compare("maven", written, change.to_version) != 0
    )
