"""What identifies a finding: several signals, strong to weak, each a 64-bit hash; 0 stands for "not available".

| signal | same value means |
|---|---|
| `content` | the tool says exactly the same as before, to the letter |
| `tool` | the tool's own fingerprint and rule |
| `context` | same rule, file and normalised code |
| `moved` | same rule and normalised code, in whatever file |
| `code` | same rule and normalised code of the finding's own lines |
| `scope` | same rule, file, and function, class or resource |
| `place` | same rule at the same place, by the meaning of place for its kind |
| `loose` | same rule and message in the same file, at whatever line |
| `shape` | spans as many lines and columns |

Severity, descriptions and versions are in none of them but `content`: a problem that is rated anew stays the problem it was.
"""

from __future__ import annotations

import re
import struct
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from seamark.core.component import package_key
from seamark.core.finding import Finding
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation, HostLocation, ImageLocation, ResourceLocation, WebLocation


class Signals(NamedTuple):
    """The signals of one finding but `content`, and its line (0: none)."""

    tool: int = 0
    context: int = 0
    moved: int = 0
    scope: int = 0
    place: int = 0
    loose: int = 0
    line: int = 0
    file: int = 0
    """The file, 0 where there is none."""
    text: int = 0
    """Rule and message, in whatever file."""
    column: int = 0
    code: int = 0
    """Rule and normalised code of the finding's own lines, without those around it, in whatever file."""
    shape: int = 0
    """How many lines and columns it spans: the same after a move or another indentation."""


_BYTES = struct.Struct(f"<{len(Signals._fields)}q")


def pack(signs: Signals) -> bytes:
    """Return signals as bytes, eight for each."""
    return _BYTES.pack(*signs)


def unpack(data: bytes) -> Signals:
    """Return signals from what `pack` wrote; those that an earlier version did not have yet are not available."""
    return Signals(*_BYTES.unpack(data.ljust(_BYTES.size, b"\0")))


_LONG = struct.Struct("<q")


def hash64(text: str) -> int:
    """Return a signed 64-bit hash of a text, never 0: it fits a database's BIGINT and is the same everywhere."""
    return _LONG.unpack(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())[0] or 1


def hash_content(encoded: bytes) -> int:
    """Return the hash of a finding's full encoded content."""
    return _LONG.unpack(blake2b(encoded, digest_size=8).digest())[0] or 1


def signals(finding: Finding) -> Signals:
    """Return what identifies a finding."""
    location = finding.location
    rule = finding.rule
    tool = 0
    if finding.fingerprints:
        name, value = finding.fingerprints[0]
        tool = hash64(f"tool\0{rule}\0{name}\0{value}")
    if finding.component is not None and finding.kind in _PACKAGE_KINDS:
        return _package(finding, tool)
    kind = type(location)
    if kind is CodeLocation:
        return _code(finding, location, tool)  # type: ignore[arg-type]
    if kind is WebLocation:
        return _web(finding, location, tool)  # type: ignore[arg-type]
    where = place_text(finding)
    place = hash64(f"place\0{rule}\0{where}\0{message_key(finding.title)}")
    return Signals(tool=tool, place=place, loose=hash64(f"loose\0{rule}\0{where}"))


_PACKAGE_KINDS = frozenset({Kind.DEPENDENCY, Kind.CONTAINER, Kind.HOST, Kind.LICENCE})


def _package(finding: Finding, tool: int) -> Signals:
    """A package's flaw is told by flaw, package and where it is listed; never by version, score or path in the tree."""
    name = vulnerability_name(finding)
    package = component_key(finding)
    where = place_text(finding)
    place = hash64(f"package\0{name}\0{package}\0{where}")
    version = finding.component.version if finding.component else ""
    return Signals(
        tool=tool, scope=hash64(f"package version\0{name}\0{package}\0{version}\0{where}"), place=place,
        loose=hash64(f"package anywhere\0{name}\0{package}"),
    )  # fmt: skip


def vulnerability_name(finding: Finding) -> str:
    """Return the name by which a package's flaw is identified: the first (CVE before others), else the rule."""
    return finding.vulnerabilities[0] if finding.vulnerabilities else finding.rule


def component_key(finding: Finding) -> str:
    """Return the package without its version."""
    component = finding.component
    if component is None:
        return ""
    return (package_key(component.purl) if component.purl else "") or component.name.lower()


def _code(finding: Finding, location: CodeLocation, tool: int) -> Signals:
    rule, path = finding.rule, location.path
    if finding.kind is Kind.SECRET and finding.secret_digest:
        digest = finding.secret_digest
        return Signals(
            tool=tool, context=hash64(f"secret\0{rule}\0{path}\0{digest}"), moved=hash64(f"secret\0{rule}\0{digest}"),
            place=hash64(f"place\0{rule}\0{path}\0{location.line}"), loose=hash64(f"loose\0{rule}\0{path}"), line=location.line or 0,
        )  # fmt: skip
    message = message_key(
        finding.title if finding.about is None or finding.about.title != finding.title else finding.description
    )
    context = moved = scope = code = 0
    if location.snippet and (shown := code_key(location.snippet)):
        moved = hash64(f"code\0{rule}\0{shown}")
        context = hash64(f"code\0{rule}\0{path}\0{shown}")
        own = _own_code(location)
        code = hash64(f"code\0{rule}\0{own}") if own else moved
    if location.scope:
        scope = hash64(f"scope\0{rule}\0{path}\0{location.scope}\0{message}")
    place = hash64(f"place\0{rule}\0{path}\0{location.line}\0{location.column}")
    return Signals(
        tool=tool, context=context, moved=moved, scope=scope, place=place, loose=hash64(f"loose\0{rule}\0{path}\0{message}"),
        line=location.line or 0, file=hash64(f"file\0{path}"), text=hash64(f"text\0{rule}\0{message}"),
        column=location.column or 0, code=code, shape=_shape(location),
    )  # fmt: skip


def _own_code(location: CodeLocation) -> str:
    """Return the normalised code of the finding's own lines, where the tool shows lines around them."""
    line = location.line
    if line is None or location.snippet_line is None:
        return code_key(location.snippet)
    first = max(line - location.snippet_line, 0)
    last = max((location.end_line or line) - location.snippet_line, first)
    return code_key("\n".join(location.snippet.splitlines()[first : last + 1]))


def _shape(location: CodeLocation) -> int:
    """Return a hash of how far the finding extends, 0 where the tool gives only its beginning."""
    if location.line is None or location.column is None or location.end_column is None:
        return 0
    lines = (location.end_line or location.line) - location.line
    return hash64(f"shape\0{lines}\0{location.end_column - location.column}")


def _web(finding: Finding, location: WebLocation, tool: int) -> Signals:
    path = url_template(location.url)
    place = hash64(f"web\0{finding.rule}\0{location.method}\0{path}\0{location.parameter}")
    return Signals(tool=tool, place=place, loose=hash64(f"web\0{finding.rule}\0{path}"))


_NUMBERS = re.compile(r"\d+")


@lru_cache(maxsize=65536)
def message_key(text: str) -> str:
    """Return a message without its numbers: line numbers and counts in it change with the code."""
    return _NUMBERS.sub("#", text[:300])


_LINE_NUMBER = re.compile(r"^\s*\d+[\s:|]", re.MULTILINE)
_SPACE = re.compile(r"\s+")


def code_key(snippet: str) -> str:
    """Return code without indentation, spacing and printed line numbers."""
    lines = snippet.splitlines()
    if lines and all(_LINE_NUMBER.match(line) for line in lines if line.strip()):
        snippet = _LINE_NUMBER.sub("", snippet)
    return _SPACE.sub("", snippet)


_SEGMENT = re.compile(r"/(?:\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,})(?=/|$)", re.IGNORECASE)
_ORIGIN = re.compile(r"^[a-z][a-z0-9+.-]*://([^/?#]*)", re.IGNORECASE)


@lru_cache(maxsize=65536)
def url_template(url: str) -> str:
    """Return the path of an address with its ids as `{id}`, without host, query and fragment."""
    path = _ORIGIN.sub("", url).split("?", 1)[0].split("#", 1)[0]
    previous = None
    while previous != path:
        previous, path = path, _SEGMENT.sub("/{id}", path)
    return path.rstrip("/") or "/"


def place_text(finding: Finding) -> str:
    """Return where a finding is, as one text without its line."""
    location = finding.location
    if isinstance(location, CodeLocation):
        return location.path
    if isinstance(location, WebLocation):
        return location.url
    if isinstance(location, ResourceLocation):
        return location.resource
    if isinstance(location, HostLocation):
        return f"{location.host}:{location.port}" if location.port is not None else location.host
    if isinstance(location, ImageLocation):
        return location.path or location.image.split("@")[0].rpartition(":")[0] or location.image
    return ""


def of_package(finding: Finding) -> bool:
    """Tell whether a finding is about a package, whose flaw says what it is wherever the package lies."""
    return finding.component is not None and finding.kind in _PACKAGE_KINDS


class Block(NamedTuple):
    """Where findings have to meet to be one issue. Those of one `keyed` block are, without further look."""

    text: str
    keyed: bool


def block_of(finding: Finding, group: int, ref: str = "") -> Block:
    """Return the block of a finding: the same flaw in the same package, else its file, route or resource.

    `group` is the number of the vulnerability's alias group, 0 where there is none. `ref` is the branch that is not the default one:
    its lines are others. A package's flaw is the same on all of them.
    """
    if of_package(finding):
        flaw = str(group) if group else f"{finding.kind}:{vulnerability_name(finding)}"
        return Block(f"package\0{flaw}\0{_package_name(finding)}", keyed=True)
    location = finding.location
    if type(location) is CodeLocation and location.path:
        return _file_block(ref, location.path)
    if isinstance(location, WebLocation):
        return Block(f"route\0{ref}\0{url_template(location.url)}", keyed=False)
    if where := place_text(finding):
        return Block(f"resource\0{ref}\0{where}", keyed=False)
    return Block(f"nowhere\0{finding.rule}\0{message_key(finding.title)}", keyed=True)


@lru_cache(maxsize=65536)
def _file_block(ref: str, path: str) -> Block:
    return Block(f"file\0{ref}\0{path.removeprefix('./')}", keyed=False)


@lru_cache(maxsize=65536)
def _short(name: str) -> str:
    return re.split(r"[/:]", name)[-1].lower().replace("_", "-").replace(".", "-")


def _package_name(finding: Finding) -> str:
    """Return a package's bare name: tools differ in how they write namespaces, and the flaw narrows it down."""
    assert finding.component is not None  # noqa: S101 - the caller asked
    key = component_key(finding)
    return _short(key.partition("/")[2] or key)
