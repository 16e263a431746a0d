"""The door behind every parser: bounds, paths, control characters and secrets, for all formats alike."""

from __future__ import annotations

import hmac
import posixpath
import re
from functools import lru_cache
from operator import attrgetter, is_not
from typing import Any
from urllib.parse import unquote

from msgspec import Struct
from msgspec.structs import astuple, force_setattr, replace

from seamark.core.finding import Exchange, Finding, FlowStep, Patch, Rule
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation, ImageLocation
from seamark.core.report import Run

PROBLEMS = 50
"""Largest number of a run's problems that are kept."""
TITLE, TEXT, SNIPPET, EXCHANGE = 500, 16_000, 4_000, 16_000
"""Largest number of characters kept of a title, a description, a snippet, a request or answer."""
WAYS = 20
"""Largest number of ways to a dependency that are kept."""

_TELLING = 8
"""Characters from which on a piece of text can only be the secret."""
_MOST_LINES = 2**31
_CLEAN = re.compile(r"/?(?:[\w@+~-][\w@+.~-]*/)*[\w@+~-][\w@+.~-]*", re.ASCII).fullmatch
"""Paths that are clean already, and most are: nothing is to be done."""
_DRIVE = re.compile(r"^/?[A-Za-z]:(?=/)")


@lru_cache(maxsize=32768)
def clean_path(path: str) -> str:
    """Return a path as the product writes it: forward slashes, no `file:` scheme, no `./`, no `..` that can be resolved.

    Absolute paths stay absolute; only their drive letter goes, so that one checkout reads the same on every system.
    """
    if _CLEAN(path):
        return path
    cleaned = _cleaned(path)
    while cleaned != path:
        path, cleaned = cleaned, _cleaned(cleaned)
    return cleaned


def _cleaned(path: str) -> str:
    text = path.strip()
    if text.startswith("file:"):
        text = unquote(re.sub(r"^file:(//[^/]*)?", "", text))
    text = text.replace("\\", "/")
    text = _DRIVE.sub("", text)
    if not text or "://" in text:
        return text
    cleaned = posixpath.normpath(text)
    if cleaned.startswith("//"):
        cleaned = cleaned[1:]
    return "" if cleaned == "." else cleaned


def mask(secret: str) -> str:
    """Return what may be shown of a secret: the first four characters of a long one, never more than a fifth."""
    shown = min(4, len(secret) // 5)
    return f"{secret[:shown]}…({len(secret)} characters)"


def digest(secret: str, key: bytes) -> str:
    """Return the keyed hash of a secret, 128 bits in hexadecimal: equal secrets meet, nobody can guess them back."""
    keyed = _keyed(key).copy()
    keyed.update(secret.strip().encode("utf-8", "surrogatepass"))
    return keyed.hexdigest()[:32]


@lru_cache(maxsize=64)
def _keyed(key: bytes) -> hmac.HMAC:
    """Return the hash with the key worked in, which costs more than hashing a secret."""
    return hmac.new(key, digestmod="sha256")


def _bounded(text: str, limit: int) -> str:
    if "\x00" in text:
        text = text.replace("\x00", "")
    return text if len(text) <= limit else text[: limit - 1] + "…"


def tidy(finding: Finding, kind: Kind, key: bytes) -> Finding:
    """Return the finding as it may leave the parser. Costs next to nothing where nothing is to be done."""
    if finding.secret:
        finding = _without_secret(finding, key)
    if finding.kind is None:
        force_setattr(finding, "kind", kind)  # made by the parser a moment ago: nobody else has it
    title, rule, description, remedy = finding.title, finding.rule, finding.description, finding.remedy
    location = finding.location
    tidied = location
    if type(location) is CodeLocation:
        tidied = _code(location)
    elif type(location) is ImageLocation and location.path:
        path = clean_path(location.path)
        tidied = location if path == location.path else replace(location, path=path)
    if (
        tidied is location
        and title
        and len(title) <= TITLE
        and title.isprintable()
        and rule.isprintable()
        and len(rule) <= TITLE
        and len(description) <= TEXT
        and "\x00" not in description
        and len(remedy) <= TEXT
        and "\x00" not in remedy
        and finding.exchange is None
        and not finding.flow
        and not finding.patches
        and len(finding.dependency_paths) <= WAYS
    ):
        return finding
    changes = _changes(finding)
    if tidied is not location:
        changes["location"] = tidied
    return replace(finding, **changes) if changes else finding


def _changes(finding: Finding) -> dict[str, Any]:
    """Return what is to be changed of a finding, its location apart."""
    changes: dict[str, Any] = {}
    title = finding.title
    if len(title) > TITLE or not title.isprintable() or not title:
        changes["title"] = _one_line(title) or _one_line(finding.rule) or "Untitled finding"
    if not finding.rule.isprintable() or len(finding.rule) > TITLE:
        changes["rule"] = _one_line(finding.rule)
    for name, text in (("description", finding.description), ("remedy", finding.remedy)):
        if len(text) > TEXT or "\x00" in text:
            changes[name] = _bounded(text, TEXT)
    exchange = finding.exchange
    if exchange is not None:
        request, response = _bounded(exchange.request, EXCHANGE), _bounded(exchange.response, EXCHANGE)
        if request is not exchange.request or response is not exchange.response:
            changes["exchange"] = Exchange(request, response)
    if finding.flow:
        changes["flow"] = tuple(_step(step) for step in finding.flow[:100])
    if len(finding.dependency_paths) > WAYS:
        changes["dependency_paths"] = finding.dependency_paths[:WAYS]
    if finding.patches:
        changes["patches"] = tuple(_patch(patch) for patch in finding.patches)
    return changes


def _one_line(text: str) -> str:
    """Return a text on one line, without characters that cannot be shown."""
    line = " ".join(text.split())
    if not line.isprintable():
        line = "".join(letter for letter in line if letter.isprintable() or letter.isspace())
    return _bounded(line, TITLE)


def _step(step: FlowStep) -> FlowStep:
    location = _code(step.location)
    return step if location is step.location else replace(step, location=location)


def tidy_run(run: Run) -> Run:
    """Return the run with the paths of its scope written as those of its findings are, and few enough problems."""
    scope = None if run.scope is None else tuple(clean_path(path) or path for path in run.scope)
    if scope == run.scope and len(run.problems) <= PROBLEMS:
        return run
    return replace(run, scope=scope, problems=run.problems[:PROBLEMS])


def _code(location: CodeLocation) -> CodeLocation:
    given, number, snippet = location.path, location.line, location.snippet
    path = clean_path(given)
    line = number if number is None or 0 < number < _MOST_LINES else None
    if path == given and line is number and len(snippet) <= SNIPPET and "\x00" not in snippet:
        return location
    return replace(location, path=path, line=line, snippet=_bounded(snippet, SNIPPET))


def _patch(patch: Patch) -> Patch:
    return replace(
        patch,
        replacements=tuple(replace(edit, path=clean_path(edit.path)) for edit in patch.replacements),
    )


def _without_secret(finding: Finding, key: bytes) -> Finding:
    """Return the finding with its secret masked everywhere a person could read it."""
    secret = finding.secret
    if _is_redacted(secret):
        # What is left identifies nothing.
        return replace(finding, secret=secret[:80], secret_digest=finding.secret_digest)
    masked, pieces = mask(secret), _pieces(secret)
    short = len(secret) < _TELLING
    changes: dict[str, Any] = {"secret": masked, "secret_digest": digest(secret, key), "flow": (), "patches": ()}
    # Short secrets are words that also stand in names of files and rules, where they give nothing away.
    names, values = (_NO_NAMES, _values_but_names(finding)) if short else (_TELLABLE, _values(finding))
    _redact(names, values, pieces, masked, changes)
    if short and isinstance(location := finding.location, CodeLocation):
        changes["location"] = replace(location, snippet=_redacted(location.snippet, pieces, masked))
    return replace(finding, **changes)


def _pieces(secret: str) -> list[str]:
    """Return the texts to be masked, longest first: a long secret may be shown in part, so each of its lines is one."""
    if secret.isprintable() and secret.strip() == secret:
        return [secret]
    lines = [line.strip() for line in secret.splitlines() if len(line.strip()) >= _TELLING]
    return sorted({secret, secret.strip(), *lines}, key=len, reverse=True)


_UNTOLD = frozenset(
    {"secret", "secret_digest", "severity", "severity_given", "kind", "flow", "patches"}
    | {"confidence", "cwes", "epss", "verification", "reach", "row"}
)
"""Fields of a finding that no secret stands in, and those that go altogether."""
_NAMES = frozenset({"rule", "about", "location", "component", "vulnerabilities"})
_TELLABLE = tuple(name for name in Finding.__struct_fields__ if name not in _UNTOLD)
_NO_NAMES = tuple(name for name in _TELLABLE if name not in _NAMES)
_values, _values_but_names = attrgetter(*_TELLABLE), attrgetter(*_NO_NAMES)


def _is_redacted(secret: str) -> bool:
    """Tell whether the tool itself has made a secret unreadable."""
    return "***" in secret or "redacted" in secret.lower() or len(secret.strip("*")) < 4 or not secret.strip("*.•xX…")


def _redacted(value: Any, pieces: list[str], masked: str) -> Any:
    """Return a value with all pieces of a secret replaced in its texts; the very value where there are none."""
    kind = type(value)
    if kind is str:
        for piece in pieces:
            value = value.replace(piece, masked)
        return value
    if kind is tuple:
        inner = [_redacted(each, pieces, masked) for each in value]
        return tuple(inner) if any(map(is_not, inner, value)) else value
    if kind is Rule and not _holds(_all_texts(value), pieces):
        return value
    if isinstance(value, Struct):
        changed: dict[str, Any] = {}
        _redact(value.__struct_fields__, astuple(value), pieces, masked, changed)
        return replace(value, **changed) if changed else value
    return value


def _redact(
    names: tuple[str, ...], values: tuple[Any, ...], pieces: list[str], masked: str, changes: dict[str, Any]
) -> None:
    """Add the values in which a piece of a secret stands to the changes, without it."""
    for name, value in zip(names, values, strict=True):
        if not value:
            continue
        kind = type(value)
        if kind is str:
            redacted = value
            for piece in pieces:
                redacted = redacted.replace(piece, masked)
        elif kind is int:
            continue
        else:
            redacted = _redacted(value, pieces, masked)
        if redacted is not value:
            changes[name] = redacted


@lru_cache(maxsize=4096)
def _all_texts(rule: Rule) -> str:
    """Return the texts of a rule in one: thousands of findings share it, and hardly any has its secret there."""
    lists = ("\n".join(rule.tags), "\n".join(rule.references))
    return "\n".join((rule.id, rule.name, rule.title, rule.description, rule.remedy, *lists))


def _holds(text: str, pieces: list[str]) -> bool:
    return any(piece in text for piece in pieces)
