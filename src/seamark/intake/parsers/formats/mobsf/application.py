"""What MobSF says of an application as a whole: permissions, certificate, manifest, network, secrets."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    HostLocation,
    Kind,
    Rule,
    Severity,
    WebLocation,
    first_line,
)

SEVERITIES = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "bad": Severity.HIGH,
    "insecure": Severity.HIGH,
    "dangerous": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "warning": Severity.MEDIUM,
    "low": Severity.LOW,
    "hotspot": Severity.LOW,
    "info": Severity.INFO,
    "unknown": Severity.INFO,
}
PASSED = frozenset({"good", "secure", "suppressed"})
"""Words for a check that the application passed."""
MANIFEST = "AndroidManifest.xml"
_TAG = re.compile(r"</?(?:br|strong|b|i|a|p|code|span)\b[^<>]*>")


class Application(NamedTuple):
    """The file that was looked at and the name of the application in it."""

    file: str
    name: str

    @property
    def location(self) -> CodeLocation:
        """Return the place of what is said about the application as a whole."""
        return CodeLocation(path=self.file, scope=self.name)


@lru_cache(maxsize=64)
def severity_of(word: str) -> Severity:
    """Return the severity for one of MobSF's words."""
    return SEVERITIES.get(word.strip().lower(), Severity.MEDIUM)


def values(value: Any) -> dict[str, Any]:
    """Return an object, or an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def rows(value: Any, inner: str = "") -> list[dict[str, Any]]:
    """Return the objects of a list, or of the list that newer versions keep under a name."""
    found = values(value).get(inner) if inner and isinstance(value, dict) else value
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def text(row: dict[str, Any], *names: str) -> str:
    """Return the first of these fields that holds text, without marks of HTML."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str) and value.strip():
            return plain(value)
    return ""


@lru_cache(maxsize=4096)
def plain(given: str) -> str:
    """Return a text without the marks of HTML that MobSF puts into it."""
    cleaned = _TAG.sub(" ", given) if "<" in given else given
    lines = (" ".join(line.split()) for line in html.unescape(cleaned).split("\n"))
    return "\n".join(line for line in lines if line)


def permissions(given: Any, app: Application) -> Iterator[Finding]:
    """Yield the permissions that are more than normal ones."""
    named = [{"name": name, **values(told)} for name, told in given.items()] if isinstance(given, dict) else rows(given)
    for told in named:
        name, status = text(told, "name"), text(told, "status").lower()
        if not name or status in {"normal", "signature"}:
            continue
        yield Finding(
            rule=name,
            title=f"Permission: {text(told, 'info') or name}",
            severity=severity_of(status or "info"),
            severity_given=status,
            location=CodeLocation(path=MANIFEST if name.startswith("android.") else app.file, scope=name),
            about=Rule(id=name, name=name, description=text(told, "description"), tags=("permission",)),
            description=text(told, "reason"),
        )


def certificate(given: Any, app: Application) -> Iterator[Finding]:
    """Yield what is wrong with the certificate that signs the application."""
    found = values(given).get("certificate_findings")
    for row in found if isinstance(found, list) else ():
        if not isinstance(row, list) or len(row) < 2:
            continue
        parts = [part if isinstance(part, str) else "" for part in row]
        title = plain(parts[2]) if len(parts) > 2 and parts[2] else first_line(plain(parts[1]))
        yield from _said(f"certificate: {title}", title, parts[0], plain(parts[1]), app.location)


def manifest(given: Any) -> Iterator[Finding]:
    """Yield what is wrong in an Android manifest."""
    for row in rows(given, "manifest_findings"):
        title = text(row, "title", "name")
        components = row.get("component")
        parts = components if isinstance(components, list) else [components]
        scope = ", ".join(part for part in parts if isinstance(part, str))
        rule = text(row, "rule") or f"manifest: {title}"
        place = CodeLocation(path=MANIFEST, scope=scope)
        yield from _said(rule, title, text(row, "severity", "stat"), text(row, "description", "desc"), place)


def network(given: Any, app: Application) -> Iterator[Finding]:
    """Yield what is wrong in the network security configuration of an Android application."""
    for row in rows(given, "network_findings"):
        scopes = row.get("scope")
        scope = ", ".join(str(part) for part in scopes) if isinstance(scopes, list) else text(row, "scope")
        told = text(row, "description")
        title = first_line(told)
        place = CodeLocation(path=app.file, scope=scope)
        yield from _said(f"network: {title}", title, text(row, "severity"), told, place)


def transport(given: Any, app: Application) -> Iterator[Finding]:
    """Yield exceptions to the transport security of an iOS application."""
    for row in rows(given, "ats_findings"):
        title = text(row, "issue")
        place = CodeLocation(path="Info.plist", scope=app.name)
        yield from _said(f"ats: {title}", title, text(row, "severity", "status"), text(row, "description"), place)


def _said(rule: str, title: str, word: str, told: str, place: CodeLocation) -> Iterator[Finding]:
    if not title or word.lower() in PASSED:
        return
    yield Finding(
        rule=rule,
        title=title,
        severity=severity_of(word),
        severity_given=word,
        location=place,
        about=Rule(id=rule),
        description="" if told == title else told,
    )


def firebase(urls: Any, analysis: Any, app: Application) -> Iterator[Finding]:
    """Yield Firebase databases that answer everybody."""
    for row in rows(urls):
        url = text(row, "url")
        if url and row.get("open") is True:
            yield Finding(
                rule="firebase_open",
                title="Firebase database open to everybody",
                severity=Severity.HIGH,
                kind=Kind.WEB,
                location=WebLocation(url=url),
                about=Rule(id="firebase_open"),
            )
    for row in rows(analysis):
        title = text(row, "title")
        yield from _said(f"firebase: {title}", title, text(row, "severity"), text(row, "description"), app.location)


def secrets(given: Any, app: Application) -> Iterator[Finding]:
    """Yield texts that may be secrets: `"name" : "value"`, or the bare value."""
    for entry in given if isinstance(given, list) else ():
        if not isinstance(entry, str) or not entry.strip():
            continue
        name, mark, value = entry.partition('" : "')
        yield Finding(
            rule="hardcoded_secret",
            title="Possible hard-coded secret" + (f": {name.strip(' ' + chr(34))}" if mark else ""),
            severity=Severity.MEDIUM,
            kind=Kind.SECRET,
            location=app.location,
            about=Rule(id="hardcoded_secret", cwes=(798,)),
            cwes=(798,),
            secret=(value.rstrip().removesuffix('"') if mark else entry).strip(),
        )


def trackers(given: Any, app: Application) -> Iterator[Finding]:
    """Yield the libraries in the application that track its users."""
    found = values(given).get("trackers")
    for row in rows(found):
        named = row if "name" not in row else {text(row, "name"): row.get("url")}
        for name, link in named.items():
            if name:
                yield Finding(
                    rule=f"tracker: {name}",
                    title=f"Privacy tracker: {name}",
                    severity=Severity.INFO,
                    location=app.location,
                    about=Rule(id=f"tracker: {name}", tags=("privacy",)),
                    references=(link,) if isinstance(link, str) and link.startswith("http") else (),
                )


def domains(given: Any) -> Iterator[Finding]:
    """Yield the hosts in the code that are known for malware."""
    for host, told in values(given).items():
        if text(values(told), "bad").lower() in {"yes", "true"}:
            yield Finding(
                rule="malware_domain",
                title="Host known for malware",
                severity=Severity.HIGH,
                location=HostLocation(host=host),
                about=Rule(id="malware_domain"),
            )
