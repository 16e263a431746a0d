"""`pyproject.toml`: the dependencies of PEP 621 and PEP 735, of Poetry and of uv."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit
from seamark.response.remediation.editors.notation.toml_ import (
    Document,
    Path,
    Toml,
    add_item,
    inside,
    plain,
    read_toml,
    set_string,
)
from seamark.response.remediation.editors.pep508 import asked, normal, raise_specifier
from seamark.response.remediation.editors.registry import Work, editor
from seamark.response.remediation.editors.requirement import raised

_UV: Final = ("constraint-dependencies", "override-dependencies", "dev-dependencies")


@editor(
    "pyproject", title="pyproject.toml", files=r"pyproject\.toml", ecosystems=("pypi",), kinds=(ChangeKind.BUMP, ChangeKind.OVERRIDE), read=plain
)  # fmt: skip
def edits(work: Work, path: str) -> Iterator[Splice]:
    """Raise a package wherever the project asks for it; an override of one that it does not name is a constraint of uv or a dependency of Poetry."""
    source = work.source(path)
    document = read_toml(source)
    named = False
    for way, node in document.walk():
        wanted = asked(node.string) if node.string is not None and _lists(way) else None
        if wanted is not None and normal(wanted.name) == normal(work.change.name):
            named = True
            _refuse_sources(source, document, wanted.name)
            piece = raise_specifier(node.string or "", work.change)
            if piece is not None:
                yield inside(source, node, *piece)
        elif _is_poetry(way) and normal(str(way[-1])) == normal(work.change.name):
            named = True
            yield from _poetry(work, source, node)
    if work.change.kind is ChangeKind.OVERRIDE and not named:
        yield _added(work, source, document)


def _lists(way: Path) -> bool:
    """Tell whether a value stands in a list of requirements."""
    match way:
        case ("project", "dependencies", int()) | ("build-system", "requires", int()):
            return True
        case ("project", "optional-dependencies", str(), int()) | ("dependency-groups", str(), int()):
            return True
        case ("tool", "uv", key, int()):
            return key in _UV
        case ("tool", "pdm", "dev-dependencies", str(), int()):
            return True
    return False


def _is_poetry(way: Path) -> bool:
    match way:
        case ("tool", "poetry", "dependencies" | "dev-dependencies", str()):
            return True
        case ("tool", "poetry", "group", str(), "dependencies", str()):
            return True
    return False


def _poetry(work: Work, source: Source, node: Toml) -> Iterator[Splice]:
    if node.members is not None:
        told = dict(node.members)
        version = told.get(("version",))
        if version is None:
            raise UnsafeEdit(f"{source.path} takes {work.change.name} from an address or a folder, not by its version.")
        node = version
    if node.string is None:
        raise UnsafeEdit(
            f"{source.path} asks for {work.change.name} in several ways on line {source.line(node.start)}."
        )
    change = work.change
    new = raised(node.string, ecosystem="pypi", name=change.name, current=change.from_version, wanted=change.to_version)
    if new is not None:
        yield set_string(source, node, new)


def _refuse_sources(source: Source, document: Document, name: str) -> None:
    for way, _ in document.walk():
        if (
            way[:3] == ("tool", "uv", "sources")
            and len(way) > 4
            and normal(str(way[3])) == normal(name)
            and way[4] in {"git", "url", "path", "workspace"}
        ):
            raise UnsafeEdit(
                f"{source.path} takes {name} from an address or a folder ([tool.uv.sources]), not by its version."
            )


def _added(work: Work, source: Source, document: Document) -> Splice:
    requirement = f"{work.change.name}>={work.change.to_version}"
    if work.change.manager == "poetry" or (
        not work.change.manager and document.table("tool", "poetry", "dependencies")
    ):
        table = document.table("tool", "poetry", "dependencies")
        if table is None:
            raise UnsafeEdit(f"{source.path} has no table of Poetry's dependencies.")
        at = source.end_of_line(table.end)
        return source.splice(at, at, f'{source.newline}{work.change.name} = ">={work.change.to_version}"')
    known = document.get("tool", "uv", "constraint-dependencies")
    if known is not None and known.items is not None:
        return add_item(source, known, f'"{requirement}"')
    line = f'constraint-dependencies = ["{requirement}"]'
    table = document.table("tool", "uv")
    if table is not None:
        at = source.end_of_line(table.end)
        return source.splice(at, at, source.newline + line)
    if work.change.manager not in {"", "uv"} or (
        not work.change.manager
        and not any(each.path[:2] == ("tool", "uv") for each in document.tables)
        and "uv.lock" not in {each.rpartition("/")[2] for each in work.files}
    ):
        raise UnsafeEdit(
            f"{source.path} names {work.change.name} nowhere, and only uv and Poetry have a place for the versions of what others pull in."
        )
    end = len(source.text)
    gap = "" if source.text.endswith("\n") else source.newline
    return source.splice(end, end, f"{gap}{source.newline}[tool.uv]{source.newline}{line}{source.newline}")
