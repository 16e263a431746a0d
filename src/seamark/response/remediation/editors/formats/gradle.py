"""`build.gradle`, `build.gradle.kts` and `gradle.properties`: coordinates, plug-ins, and the variables that hold their versions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from seamark.analysis.software.order import compare
from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit, lines
from seamark.response.remediation.editors.registry import Work, editor

_ASIDE: Final = re.compile(
    r"//[^\n]*|/\*[\s\S]*?\*/|(\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')"
)
_VARIABLE: Final = re.compile(r"\$(?:\{([A-Za-z_][\w.]*)\}|([A-Za-z_]\w*))")
_FIXED: Final = re.compile(r"[0-9][A-Za-z0-9._-]*")


def without_comments(text: str) -> str:
    """Return code with its comments blanked out, so that places stay the same."""
    return _ASIDE.sub(lambda found: found[0] if found[1] else re.sub(r"[^\n]", " ", found[0]), text)


@editor(
    "gradle", title="build.gradle and build.gradle.kts", files=r"[^/]+\.gradle(?:\.kts)?", ecosystems=("maven",), kinds=(ChangeKind.BUMP, ChangeKind.OVERRIDE), read=lines
)  # fmt: skip
def edits(work: Work, path: str) -> Iterator[Splice]:
    """Raise an artifact or a plug-in; an override of one that is not named is a constraint."""
    source, change = work.source(path), work.change
    code = without_comments(source.text)
    group, _, artifact = change.name.replace(":", "/").rpartition("/")
    named = False
    for start, end in _places(code, re.escape(group), re.escape(artifact)):
        named = True
        yield from _raised(work, source, code, start, end)
    if change.kind is ChangeKind.OVERRIDE and not named:
        yield _constraint(source, code, group, artifact, change.to_version)


def _places(code: str, group: str, artifact: str) -> Iterator[tuple[int, int]]:
    """Yield where versions of an artifact are written: in its coordinates, in named arguments, and behind the id of a plug-in."""
    patterns = [
        rf"""["']{group}:{artifact}:(?P<version>[^"'@:]+)(?:[:@][^"']*)?["']""",
        rf"""\bgroup\s*[:=]\s*["']{group}["']\s*,\s*name\s*[:=]\s*["']{artifact}["']\s*,\s*version\s*[:=]\s*(?P<version>["'][^"'\n]*["']|[A-Za-z_][\w.]*)""",
    ]
    if artifact == rf"{group}\.gradle\.plugin" or not group:
        identifier = group or artifact
        patterns.append(rf"""\bid\s*\(?\s*["']{identifier}["']\s*\)?\s*version\s*\(?\s*(?P<version>["'][^"'\n]*["'])""")
    for pattern in patterns:
        for found in re.finditer(pattern, code):
            yield found.span("version")


def _raised(work: Work, source: Source, code: str, start: int, end: int) -> Iterator[Splice]:
    written = code[start:end]
    if written[:1] in {'"', "'"}:
        start, end, written = start + 1, end - 1, written[1:-1]
        bare = ""
    else:
        bare = written if re.fullmatch(r"[A-Za-z_][\w.]*", written) and "$" not in written else ""
    found = _VARIABLE.fullmatch(written)
    if found is not None or bare:
        yield from _variable(work, source, bare or (found[1] or found[2] if found else ""))
    elif not _FIXED.fullmatch(written):
        raise UnsafeEdit(
            f"{source.path} asks for {work.change.name} as {written!r} on line {source.line(start)}, which is not edited."
        )
    elif _moves(work, written):
        yield source.splice(start, end, work.change.to_version)


def _moves(work: Work, written: str) -> bool:
    change = work.change
    return (
        not (change.from_version and written != change.from_version)
        and compare("maven", written, change.to_version) != 0
    )


def _variable(work: Work, source: Source, name: str) -> Iterator[Splice]:
    """Yield the piece of the variable that holds a version: of this script, or of `gradle.properties` beside or above it."""
    short = name.rpartition(".")[2]
    places = [*_declared(source, short)]
    folder = source.path.rpartition("/")[0]
    while not places:
        for each in ("gradle.properties", "build.gradle", "build.gradle.kts"):
            path = f"{folder}/{each}" if folder else each
            if path in work.files and path != source.path:
                places += _declared(work.source(path), short)
        if not folder:
            break
        folder = folder.rpartition("/")[0]
    if len(places) != 1:
        raise UnsafeEdit(
            f"{source.path} takes the version of {work.change.name} from {name}, which the files set {'nowhere' if not places else 'in several places'}."
        )
    held, start, end = places[0]
    _refuse_shared(work, source, short)
    if not _FIXED.fullmatch(held.text[start:end]):
        raise UnsafeEdit(f"{held.path} derives {name} on line {held.line(start)}.")
    if _moves(work, held.text[start:end]):
        yield held.splice(start, end, work.change.to_version)


def _declared(source: Source, name: str) -> list[tuple[Source, int, int]]:
    escaped = re.escape(name)
    if source.path.endswith(".properties"):
        found = re.finditer(rf"^[ \t]*{escaped}[ \t]*[=:][ \t]*(?P<value>\S+)[ \t]*(?=\r?$)", source.text, re.MULTILINE)
        return [(source, *each.span("value")) for each in found]
    code = without_comments(source.text)
    patterns = (
        rf"""(?<![\w$]){escaped}(?:\s*:\s*String)?\s*=\s*["'](?P<value>[^"'\n]*)["']""",
        rf"""(?:\bset\s*\(\s*|\bextra\s*\[\s*)["']{escaped}["']\s*(?:,|\]\s*=)\s*["'](?P<value>[^"'\n]*)["']""",
        rf"""(?:[\[,]\s*){escaped}\s*:\s*["'](?P<value>[^"'\n]*)["']""",
        rf"""\bval\s+{escaped}\s+by\s+extra\s*\(\s*["'](?P<value>[^"'\n]*)["']""",
    )
    return [(source, *each.span("value")) for pattern in patterns for each in re.finditer(pattern, code)]


def _refuse_shared(work: Work, source: Source, name: str) -> None:
    group = work.change.name.replace(":", "/").rpartition("/")[0]
    use = rf"""["']([\w.-]+):([\w.-]+):\$(?:\{{(?:[\w.]*\.)?{re.escape(name)}\}}|{re.escape(name)}\b)"""
    for found in re.finditer(use, without_comments(source.text)):
        if found[1].split(".")[:3] != group.split(".")[:3]:
            raise UnsafeEdit(
                f"{source.path} gives {name} to {found[1]}:{found[2]} as well, which may have no version {work.change.to_version}."
            )


def _constraint(source: Source, code: str, group: str, artifact: str, version: str) -> Splice:
    if not re.fullmatch(r"[\w.-]+:[\w.-]+", f"{group}:{artifact}"):
        raise UnsafeEdit(f"{group}/{artifact} is no artifact with its group.")
    found = re.search(r"^dependencies[ \t]*\{", code, re.MULTILINE)
    if found is None:
        raise UnsafeEdit(f"{source.path} has no dependencies to which a constraint could be added.")
    following = re.compile(r"[ \t]*\r?\n([ \t]+)\S").match(code, found.end())
    unit = following[1] if following else "    "
    quote = '"' if source.path.endswith(".kts") else "'"
    written = f"implementation({quote}{group}:{artifact}:{version}{quote})"
    text = source.newline.join(("", f"{unit}constraints {{", f"{unit}{unit}{written}", f"{unit}}}"))
    if not following and not re.compile(r"[ \t]*\r?\n").match(code, found.end()):
        raise UnsafeEdit(f"{source.path} writes its dependencies in a way that cannot be edited.")
    return source.splice(found.end(), found.end(), text, 3)


def read_properties(text: str) -> dict[str, str]:
    """Return the properties of a file."""
    found = re.finditer(r"^[ \t]*([^#!\s=:]+)[ \t]*[=:][ \t]*(.*?)[ \t]*\r?$", text, re.MULTILINE)
    return {each[1]: each[2] for each in found}
