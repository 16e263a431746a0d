"""`Gemfile`, gemspecs and `Gemfile.lock`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from seamark.intake.discovery.syntax import field, find, parse, text
from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit, lines
from seamark.response.remediation.editors.registry import Work, editor
from seamark.response.remediation.editors.requirement import raised

_CALLS: Final = frozenset({"gem", "add_dependency", "add_runtime_dependency", "add_development_dependency"})
_ELSEWHERE: Final = frozenset({"git", "github", "path", "gist", "bitbucket"})


@editor(
    "gem", title="Gemfile and gemspecs", files=r"Gemfile|gems\.rb|[^/]+\.gemspec", ecosystems=("gem",), kinds=(ChangeKind.BUMP, ChangeKind.OVERRIDE), read=lines
)  # fmt: skip
def edits(work: Work, path: str) -> Iterator[Splice]:
    """Raise a gem; an override of one that is not named is asked for as well."""
    source = work.source(path)
    root = parse(source.utf8, "ruby").root_node
    if root.has_error:
        raise UnsafeEdit(f"{path} is no Ruby that can be read.")
    named = False
    for call in find(root, "ruby", "call"):
        arguments = field(call, "arguments")
        if text(field(call, "method")) not in _CALLS or arguments is None or not arguments.named_children:
            continue
        if _literal(arguments.named_children[0]) == work.change.name:
            named = True
            yield from _raised(work, source, arguments)
    if work.change.kind is ChangeKind.OVERRIDE and not named and not path.endswith(".gemspec"):
        end = len(source.text)
        gap = "" if not source.text or source.text.endswith("\n") else source.newline
        yield source.splice(end, end, f'{gap}gem "{work.change.name}", ">= {work.change.to_version}"{source.newline}')


def _literal(node: Node) -> str:
    """Return the text of a string without anything to be filled in, empty for anything else."""
    if node.type != "string" or any(each.type == "interpolation" for each in node.named_children):
        return ""
    return text(node)[1:-1] if text(node)[:1] in {'"', "'"} else ""


def _raised(work: Work, source: Source, arguments: Node) -> Iterator[Splice]:
    rest = arguments.named_children[1:]
    options = {text(field(each, "key")).strip(":'\"") for each in rest if each.type == "pair"}
    if options & _ELSEWHERE:
        raise UnsafeEdit(f"{source.path} takes {work.change.name} from a repository or a folder, not by its version.")
    asked = [each for each in rest if each.type == "string"]
    if any(each.type not in {"string", "pair", "comment"} for each in rest) or not all(
        _literal(each) for each in asked
    ):
        raise UnsafeEdit(
            f"{source.path} computes what it asks for on line {source.line(source.at(arguments.start_byte))}."
        )
    if not asked:
        first = source.at(arguments.named_children[0].end_byte)
        yield source.splice(first, first, f', ">= {work.change.to_version}"')
        return
    new = _joined(work, ", ".join(_literal(each) for each in asked))
    if new is None:
        return
    parts = new.split(", ")
    quote = text(asked[0])[0]
    start, end = source.at(asked[0].start_byte), source.at(asked[-1].end_byte)
    if len(parts) == len(asked):
        for node, part in zip(asked, parts, strict=True):
            if part != _literal(node):
                yield source.splice(source.at(node.start_byte) + 1, source.at(node.end_byte) - 1, part)
    else:
        yield source.splice(start, end, ", ".join(f"{quote}{part}{quote}" for part in parts))


def _joined(work: Work, asked: str) -> str | None:
    change = work.change
    return raised(asked, ecosystem="gem", name=change.name, current=change.from_version, wanted=change.to_version)


@editor(
    "gem-lock",
    title="Gemfile.lock",
    files=r"Gemfile\.lock|gems\.locked",
    ecosystems=("gem",),
    kinds=(ChangeKind.BUMP, ChangeKind.OVERRIDE),
    read=lines,
)
def lock_edits(work: Work, path: str) -> Iterator[Splice]:
    """Replace the version of a gem, its checksum where one is kept, and what the Gemfile asks for."""
    source, change = work.source(path), work.change
    name, old = re.escape(change.name), re.escape(change.from_version)
    remote = re.compile(r"^(?:GIT|PATH)\r?\n(?:[ \t]+[^\n]*\n)*?    " + name + r" \(", re.MULTILINE)
    if remote.search(source.text):
        raise UnsafeEdit(f"{path} takes {change.name} from a repository or a folder, not by its version.")
    found = list(re.finditer(rf"^    {name} \((?P<version>{old})(?P<platform>-[^)]+)?\)", source.text, re.MULTILINE))
    for match in found:
        yield source.splice(*match.span("version"), change.to_version)
    if not found:
        return
    for match in re.finditer(
        rf"^  {name} \((?P<version>{old})(?P<platform>-[^)]+)?\)(?: sha256=(?P<sha>[0-9a-f]{{64}}))?",
        source.text,
        re.MULTILINE,
    ):
        if match["sha"] is None:
            continue
        given = work.known("sha256" + (match["platform"] or ""))
        if not given:
            raise UnsafeEdit(
                f"{path} keeps checksums, and that of {change.name} {change.to_version}{match['platform'] or ''} is not known; run bundle lock --update {change.name}."
            )
        yield source.splice(*match.span("version"), change.to_version)
        yield source.splice(*match.span("sha"), given)
    asked = re.search(rf"^DEPENDENCIES\r?\n(?:  [^\n]*\n)*?  {name} \((?P<asked>[^)]+)\)", source.text, re.MULTILINE)
    if asked is not None and _gemfile_changes(work, path):
        new = _joined(work, asked["asked"])
        if new is not None:
            yield source.splice(*asked.span("asked"), new)


def _gemfile_changes(work: Work, path: str) -> bool:
    return any(
        work.beside(path, each) in work.change.manifests for each in ("Gemfile", "gems.rb") if work.beside(path, each)
    )
