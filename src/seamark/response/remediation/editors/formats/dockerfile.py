"""Dockerfiles: the images of FROM and COPY --from, behind build arguments as well."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.notation.docker import Instruction, instructions
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit, lines
from seamark.response.remediation.editors.references import matches, moved, put, same_image, split
from seamark.response.remediation.editors.registry import Work, editor

_FROM: Final = re.compile(r"(?:--[^\s=]+=\S+\s+|\\\s*\n\s*)*(?P<image>\S+)(?:\s+[Aa][Ss]\s+(?P<name>\S+))?")
_COPIED: Final = re.compile(r"--from=(?P<image>\S+)")
_ARGUMENT: Final = re.compile(r"""(?P<name>[A-Za-z_]\w*)=(?P<quote>["']?)(?P<value>[^\s"']*)(?P=quote)""")
_VARIABLE: Final = re.compile(r"\$(?:\{([A-Za-z_]\w*)(?::?-[^}]*)?\}|([A-Za-z_]\w*))")


@editor(
    "dockerfile", title="Dockerfiles", files=r"(?:[^/]+[.-])?(?i:dockerfile|containerfile)(?:[.-][^/]+)?", kinds=(ChangeKind.IMAGE,), read=lines
)  # fmt: skip
def edits(work: Work, path: str) -> Iterator[Splice]:
    """Move base images and images that are copied from; stages are none."""
    source = work.source(path)
    arguments: dict[str, tuple[int, int, str]] = {}
    stages: set[str] = set()
    for each in instructions(source.text):
        rest = source.text[each.start : each.end]
        if each.word == "ARG" and not stages:
            for found in _ARGUMENT.finditer(rest):
                arguments[found["name"]] = (
                    each.start + found.start("value"),
                    each.start + found.end("value"),
                    found["value"],
                )
        elif each.word == "FROM":
            found_from = _FROM.match(rest)
            if found_from is not None:
                if found_from["image"].lower() not in stages:
                    yield from _reference(work, source, each, found_from, arguments)
                stages.add((found_from["name"] or f"stage {len(stages)}").lower())
        elif each.word in {"COPY", "ADD", "RUN"}:
            for found_copy in _COPIED.finditer(rest):
                if found_copy["image"].lower() not in stages and not found_copy["image"].isdigit():
                    yield from _reference(work, source, each, found_copy, {})


def _reference(
    work: Work, source: Source, at: Instruction, match: re.Match[str], arguments: dict[str, tuple[int, int, str]]
) -> Iterator[Splice]:  # fmt: skip
    written, start = match["image"], at.start + match.start("image")
    where = f"{source.path} on line {source.line(start)}"
    if "$" not in written:
        quote = written[0] if written[0] in "\"'" else ""
        new = moved(written.strip("\"'"), work.change, where)
        if new is not None:
            yield source.splice(start, start + len(written), f"{quote}{new}{quote}")
        return
    filled = _VARIABLE.sub(lambda found: _default(found, arguments), written)
    name, tag, digest = split(filled)
    if not same_image(name, work.change) or not matches(tag, digest, work.change):
        return
    yield from _argument(work, source, written, start, arguments)


def _default(found: re.Match[str], arguments: dict[str, tuple[int, int, str]]) -> str:
    known = arguments.get(found[1] or found[2])
    return known[2] if known is not None else "$"


def _argument(
    work: Work, source: Source, written: str, at: int, arguments: dict[str, tuple[int, int, str]]
) -> Iterator[Splice]:
    """Yield the piece of the build argument that holds a reference, its tag, or its digest."""
    change = work.change
    where = f"{source.path} on line {source.line(at)}"
    whole = _VARIABLE.fullmatch(written)
    if whole is not None:
        start, end, value = arguments[whole[1] or whole[2]]
        new = moved(value, change, where)
        if new is not None:
            yield source.splice(start, end, new)
        return
    name, tag, digest = split(written)
    variable = _VARIABLE.fullmatch(tag)
    if "$" in digest or (digest and variable is None):
        raise UnsafeEdit(f"{where} puts {change.name} together from several arguments, which is not edited.")
    if variable is not None and not digest:
        start, end, value = arguments[variable[1] or variable[2]]
        wanted = put(value, "", change, where)
        if not wanted.tag or wanted.digest:
            raise UnsafeEdit(
                f"{where} takes the tag of {change.name} from an argument, in which a digest has no place."
            )
        _refuse_other_uses(source, variable[1] or variable[2], change.name, where)
        if value != wanted.tag:
            yield source.splice(start, end, wanted.tag)
        return
    if "$" in tag or digest:
        raise UnsafeEdit(f"{where} puts {change.name} together from several arguments, which is not edited.")
    # The variable is in the name, a mirror's say: the tag stands here.
    new_tag = put(tag, "", change, where)
    text = name + (f":{new_tag.tag}" if new_tag.tag else "") + (f"@{new_tag.digest}" if new_tag.digest else "")
    if text != written:
        yield source.splice(at, at + len(written), text)


def _refuse_other_uses(source: Source, name: str, image: str, where: str) -> None:
    """Raise where one argument is the tag of several images: another one may have no such tag."""
    use = re.compile(
        rf"^[ \t]*FROM\s[^\n]*?(?P<image>[^\s:]+):\$(?:\{{{name}[^}}]*\}}|{name}\b)", re.MULTILINE | re.IGNORECASE
    )
    if len({each["image"] for each in use.finditer(source.text)}) > 1:
        raise UnsafeEdit(f"{where} uses the argument {name} for several images, of which {image} is one.")
