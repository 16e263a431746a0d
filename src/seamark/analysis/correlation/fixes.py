"""The one change that clears a finding, and what all findings of a change ask for. Pure.

| problem | kind | one fix for each |
|---|---|---|
| flaw of a package | `upgrade` | package, without its version |
| flaw of an operating system's package in an image whose base is known | `base_image` | base image, without its tag |
| licence of a package | `replace` | package: no version of it helps |
| secret | `rotate` | secret, wherever it lies |
| wrong setting | `configuration` | resource; the file where no resource is named |
| flaw in code | `code` | function or class |

Everything else has no fix of its own: the issue is the unit of work.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from seamark.analysis.correlation.signals import component_key, hash64, place_text
from seamark.analysis.correlation.versions import least_clearing
from seamark.core.assets import image_name
from seamark.core.finding import Finding, Rule
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation, ResourceLocation, WebLocation
from seamark.core.severity import Severity

UPGRADE, BASE_IMAGE, REPLACE = "upgrade", "base_image", "replace"
CODE, CONFIGURATION, ROTATE = "code", "configuration", "rotate"
KINDS = {
    UPGRADE: "Upgrade",
    BASE_IMAGE: "Base image",
    CODE: "Code",
    CONFIGURATION: "Configuration",
    ROTATE: "Rotate secret",
    REPLACE: "Replace package",
}
"""Each kind of fix with its words for people."""

MOST_KEY = 500
"""Characters of a key: databases index no long texts."""
MOST_TITLE = 500

_PACKAGES = frozenset({Kind.DEPENDENCY, Kind.CONTAINER, Kind.HOST})
_SETTINGS = frozenset({Kind.MISCONFIGURATION, Kind.CLOUD})
_IN_CODE = frozenset({Kind.CODE, Kind.WEB, Kind.PENTEST})
_OF_SYSTEMS = tuple(f"pkg:{one}/" for one in ("alpm", "apk", "deb", "ebuild", "qpkg", "rpm"))

_new = tuple.__new__


class FixKey(NamedTuple):
    """What identifies a fix within an asset (`kind`, `key`), its title, and the name of what is changed."""

    kind: str
    key: str
    title: str
    name: str


class Target(NamedTuple):
    """The version to move to, empty where none is named; `partial` where it leaves some of the issues open."""

    version: str
    partial: bool


class Planned(NamedTuple):
    """An issue, for which a fix is sought."""

    issue: str
    severity: Severity
    findings: tuple[Finding, ...]


class PlannedFix(NamedTuple):
    """A fix with the issues that it clears, the worst first, and the severity of the worst."""

    kind: str
    key: str
    title: str
    target: str
    partial: bool
    issues: tuple[str, ...]
    severity: Severity


def fix_of(finding: Finding, *, base_image: str = "", about: Rule | None = None) -> FixKey | None:
    """Return the change that clears a finding, None where no change is known that would.

    `base_image` is the base of the image that holds the package, empty where the finding is in no image, the base is
    not known, or the package is in a layer above it. `about` is the rule, where that is kept apart from the finding.
    """
    kind, location = finding.kind or Kind.CODE, finding.location
    if finding.component is not None and (kind in _PACKAGES or kind is Kind.LICENCE):
        return _of_package(finding, kind, base_image)
    if kind is Kind.SECRET:
        return _of_secret(finding, about or finding.about)
    if kind in _SETTINGS:
        if type(location) is ResourceLocation:
            return _of_setting("", location.resource)
        if type(location) is WebLocation:
            return None
        scope = location.scope if type(location) is CodeLocation else ""
        return _of_setting(place_text(finding), scope)
    if kind in _IN_CODE and type(location) is CodeLocation and location.scope:
        return _of_code(location.path, location.scope)
    return None


def _of_package(finding: Finding, kind: Kind, base_image: str) -> FixKey:
    component = finding.component
    assert component is not None  # noqa: S101 - the caller asked
    if kind is Kind.LICENCE:
        return _replacement(component_key(finding), component.name)
    if base_image and kind is not Kind.HOST and component.purl.startswith(_OF_SYSTEMS):
        return _newer_base(base_image)
    return _upgrade(component_key(finding), component.name)


@lru_cache(maxsize=65536)
def _upgrade(key: str, name: str) -> FixKey:
    return _made(UPGRADE, key, f"Upgrade {name}", name)


@lru_cache(maxsize=8192)
def _replacement(key: str, name: str) -> FixKey:
    return _made(REPLACE, key, f"Replace {name} or clear its licence", name)


@lru_cache(maxsize=1024)
def _newer_base(image: str) -> FixKey:
    name = image_name(image)
    return _made(BASE_IMAGE, name, f"Move to a newer {name}", name)


@lru_cache(maxsize=8192)
def _of_setting(path: str, resource: str) -> FixKey | None:
    if not (path or resource):
        return None
    where = f" in {path}" if path and resource else ""
    return _made(CONFIGURATION, "::".join(filter(None, (path, resource))), f"Correct {resource or path}{where}", resource or path)  # fmt: skip


def _of_code(path: str, scope: str) -> FixKey:
    key = f"{path}::{scope}"
    if len(key) <= MOST_KEY and key.isprintable():
        return _new(FixKey, (CODE, key, f"Change {scope} in {path}"[:MOST_TITLE], scope))
    return _made(CODE, key, f"Change {scope} in {path}", scope)


def _of_secret(finding: Finding, about: Rule | None) -> FixKey | None:
    location = finding.location
    # The query of an address may hold the secret itself.
    path = location.url.split("?", 1)[0] if type(location) is WebLocation else place_text(finding)
    line = location.line if type(location) is CodeLocation else None
    key = finding.secret_digest or (f"{path}:{line}" if path and line else path)
    if not key:
        return None
    what = _secret_words(finding.rule, about.title if about else "")
    return _made(ROTATE, key, f"Rotate the {what} in {path}" if path else f"Rotate the {what}", what)


_SECRETS = re.compile(
    r"key|token|secret|passw|passphrase|credential|\bpat\b|certificate|webhook|string|auth|\bjwt\b", re.IGNORECASE
)
_FOUND = re.compile(r"^(?:(?:detect(?:ed)?|hard-?coded|found|potential|possible|an?|the)\s+)+", re.IGNORECASE)


@lru_cache(maxsize=8192)
def _secret_words(rule: str, title: str) -> str:
    """Return what sort of secret a rule finds. Never from the finding's own text, which may quote the secret."""
    words = title if title and len(title) <= 60 else re.split(r"[./:]", rule)[-1].replace("-", " ").replace("_", " ")
    words = _FOUND.sub("", " ".join(words.split())).rstrip(".")
    return words if _SECRETS.search(words) else f"{words} secret".strip()


def _made(kind: str, key: str, title: str, name: str) -> FixKey:
    key, title = _printable(key), _printable(title)
    if len(key) > MOST_KEY:
        key = f"{key[: MOST_KEY - 17]}~{hash64(key) & 0xFFFFFFFFFFFFFFFF:016x}"
    return FixKey(kind, key, title if len(title) <= MOST_TITLE else f"{title[: MOST_TITLE - 1]}…", _printable(name)[:MOST_TITLE])  # fmt: skip


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(sign if sign.isprintable() else " " for sign in text)


def upgrade_title(name: str, version: str) -> str:
    """Return the title of an upgrade to a version, or where none is named."""
    return f"Upgrade {name} to {version}" if version else f"Upgrade or replace {name}"


def target_of(fixed: Iterable[Sequence[str]], current: Iterable[str] = ()) -> Target:
    """Return the least version that clears every issue that can be cleared.

    `fixed` has for each issue the versions that fix it, one for each line of releases that has one, or none; `current`
    are the versions in use, below which nothing is looked for unless only lower ones are named. A version clears an issue
    where it is at or above a fixed one of its own line, or above them all.
    """
    listed = [tuple(version for version in one if version.strip()) for one in fixed]
    named = {one for one in listed if one}
    version = least_clearing(named, current)
    return Target(version, bool(version) and not all(listed))


def group(issues: Sequence[Planned]) -> list[PlannedFix]:
    """Return the fixes of one asset's issues: those first that clear most of the worst severity, then of the next.

    An issue is cleared by the first change that one of its findings names; those without one are left out.
    """
    members: dict[tuple[str, str], tuple[FixKey, list[Planned]]] = {}
    for issue in issues:
        fix = next((found for finding in issue.findings if (found := fix_of(finding)) is not None), None)
        if fix is not None:
            members.setdefault((fix.kind, fix.key), (fix, []))[1].append(issue)
    return [_planned(fix, cleared) for fix, cleared in sorted(members.values(), key=_rank)]


def _rank(one: tuple[FixKey, list[Planned]]) -> tuple[object, ...]:
    numbers = Counter(issue.severity for issue in one[1])
    return (*(-numbers[severity] for severity in reversed(Severity)), one[0].title, one[0])


def _planned(fix: FixKey, cleared: list[Planned]) -> PlannedFix:
    target, title = Target("", partial=False), fix.title
    if fix.kind == UPGRADE:
        current = {one.component.version for issue in cleared for one in issue.findings if one.component is not None}
        target = target_of((named for issue in cleared for named in _named(issue)), current)
        title = upgrade_title(fix.name, target.version)
    worst_first = sorted(cleared, key=lambda issue: -issue.severity)
    return PlannedFix(fix.kind, fix.key, title, *target, tuple(one.issue for one in worst_first), worst_first[0].severity)  # fmt: skip


def _named(issue: Planned) -> list[tuple[str, ...]]:
    """Return what each finding of an issue names as fixed; one that names none says nothing where another does."""
    return [one.fixed_versions for one in issue.findings if any(one.fixed_versions)] or [()]
